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
