/// TCP sockets on 127.0.0.1, which only this machine reaches. No child process inherits them; whoever asked for one
/// closes it.
package enum Loopback {
  /// A socket that listens at `port`, or at a free one when that is 0, and the port.
  /// - Throws: when the port is taken, or there are no descriptors left.
  package static func listen(port: Int, backlog: Int32) throws(SystemError) -> (socket: Int32, port: Int) {
    let bound = try bind(port: port)
    guard Platform.listen(bound.socket, backlog) == 0 else {
      let error = SystemError("listen on", "127.0.0.1:\(port)")
      close(bound.socket)
      throw error
    }
    return bound
  }

  /// A socket that has `port`, or a free one when that is 0, and does not listen there; and the port.
  /// - Throws: as `listen` does.
  package static func bind(port: Int) throws(SystemError) -> (socket: Int32, port: Int) {
    let socket = makeSocket()
    if port != 0 {
      // Else the port of a server that has just ended could not be had again for a minute.
      var on: Int32 = 1
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    }
    guard socket >= 0, withAddress(port, { Platform.bind(socket, $0, $1) }) == 0, let port = boundPort(socket) else {
      let error = SystemError("listen on", "127.0.0.1:\(port)")
      if socket >= 0 { close(socket) }
      throw error
    }
    return (socket, port)
  }

  /// A socket that is connected to `port`.
  package static func connect(port: Int) throws(SystemError) -> Int32 {
    let socket = makeSocket()
    guard socket >= 0, withAddress(port, { Platform.connect(socket, $0, $1) }) == 0 else {
      let error = SystemError("connect to", "127.0.0.1:\(port)")
      if socket >= 0 { close(socket) }
      throw error
    }
    return socket
  }

  private static func boundPort(_ socket: Int32) -> Int? {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
    }
    return status == 0 ? Int(UInt16(bigEndian: address.sin_port)) : nil
  }

  private static func makeSocket() -> Int32 {
    #if canImport(Glibc)
    let kind = Int32(SOCK_STREAM.rawValue)
    #else
    let kind = SOCK_STREAM
    #endif
    let socket = socket(AF_INET, kind, 0)
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    return socket
  }

  private static func withAddress<T>(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
