internal import CPlatform

/// A pipe whose ends no child process inherits unless it is told to. Whoever makes it closes both ends.
package struct Pipe: Sendable {
  /// The end to read from.
  package let reading: Int32
  /// The end to write to.
  package let writing: Int32

  /// Opens a pipe.
  package init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    guard cplatform_pipe(&ends) == 0 else { throw SystemError("open", "a pipe") }
    (reading, writing) = (ends[0], ends[1])
  }
}

/// Two sockets that are connected to each other and that no child process inherits unless it is told to: what is written
/// to one can be read from the other, which sees the end when the first is closed, or its process dies. Whoever makes it
/// closes both.
package struct SocketPair: Sendable {
  /// The end to keep.
  package let own: Int32
  /// The end for somebody else.
  package let other: Int32

  /// Connects two sockets.
  package init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    guard cplatform_socketpair(&ends) == 0 else { throw SystemError("open", "a pair of sockets") }
    (own, other) = (ends[0], ends[1])
  }
}
