package import Platform
internal import Synchronization

/// An HTTP/1.1 server on 127.0.0.1 for tests, which can misbehave on command. Every connection has a thread of its own,
/// on which the handler may block:
///
///     let upstream = try Upstream { request, exchange in
///       try exchange.send(headers: [("content-type", "text/plain")])
///       try exchange.write("half of it")
///       exchange.reset()
///     }
///     try await client.withResponse(to: HTTPRequest(url: upstream.url + "/path")) { … }
///
/// A handler that returns without `finish`, or throws, closes the connection: the client sees a truncated response.
/// The server ends when the last reference to it goes.
package final class Upstream: Sendable {
  /// Answers one request, on the connection's thread.
  package typealias Handler = @Sendable (_ request: Request, _ exchange: Exchange) throws -> Void

  private let shared: Shared
  /// Where it listens, on 127.0.0.1.
  package let port: Int

  /// Starts a server on a free port. `onConnection` is called on the connection's thread before anything is read, then
  /// `greeting` is sent: what a server of some other protocol might say first.
  package init(
    onConnection: @escaping @Sendable () -> Void = {}, greeting: String = "", _ handler: @escaping Handler
  ) throws(SystemError) {
    let listener: Int32
    (listener, port) = try Loopback.listen(port: 0, backlog: 1024)
    shared = Shared(onConnection, greeting: Array(greeting.utf8), handler)
    startThread("upstream") { [shared] in shared.accept(listener) }
  }

  deinit { stop() }

  /// `http://127.0.0.1:PORT`.
  package var url: String { "http://127.0.0.1:\(port)" }
  /// The requests so far, in the order they came.
  package var requests: [Request] { shared.state.withLock(\.requests) }
  /// How many connections clients have opened so far.
  package var connectionCount: Int { shared.state.withLock(\.connectionCount) }

  /// Cuts every connection and stops listening.
  package func stop() {
    guard shared.stop() else { return }
    // The accepting thread wakes for one more connection, sees that it is over, and closes the listener.
    if let socket = try? Loopback.connect(port: port) { close(socket) }
  }
}

/// What the threads of a server share; it outlives the `Upstream` until they have ended.
private final class Shared: Sendable {
  struct State {
    var requests: [Request] = []
    var connectionCount = 0
    var sockets: Set<Int32> = []
    var isStopped = false
  }

  let state = Mutex(State())
  private let handler: Upstream.Handler

  private let onConnection: @Sendable () -> Void

  private let greeting: [UInt8]

  init(
    _ onConnection: @escaping @Sendable () -> Void, greeting: [UInt8], _ handler: @escaping Upstream.Handler
  ) {
    self.onConnection = onConnection
    self.greeting = greeting
    self.handler = handler
  }

  /// Returns whether it was still running.
  func stop() -> Bool {
    state.withLock { state in
      guard !state.isStopped else { return false }
      state.isStopped = true
      // Under the lock: a socket leaves the set before its number can belong to another file.
      for socket in state.sockets { shutdown(socket, Int32(SHUT_RDWR)) }
      return true
    }
  }

  func accept(_ listener: Int32) {
    defer { close(listener) }
    while true {
      let socket = Platform.accept(listener, nil, nil)
      if socket < 0, errno == EINTR || errno == ECONNABORTED { continue }
      guard socket >= 0 else { return }
      let mayServe = state.withLock { state in
        guard !state.isStopped else { return false }
        state.connectionCount += 1
        state.sockets.insert(socket)
        return true
      }
      guard mayServe else {
        close(socket)
        return
      }
      startThread("upstream-conn") { self.serve(socket) }
    }
  }

  private func serve(_ socket: Int32) {
    var noDelay: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &noDelay, socklen_t(MemoryLayout.size(ofValue: noDelay)))
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    #if canImport(Darwin)
    setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &noDelay, socklen_t(MemoryLayout.size(ofValue: noDelay)))
    #endif
    let connection = Connection(socket) { ending in self.state.withLock { _ = $0.sockets.remove(ending) } }
    onConnection()
    try? connection.write(greeting)
    while let request = Request(from: connection) {
      state.withLock { $0.requests.append(request) }
      let exchange = Exchange(connection, isHead: request.method == "HEAD")
      do { try handler(request, exchange) } catch { break }
      guard exchange.isFinished, connection.isOpen else { break }
    }
    connection.close()
  }
}

/// A port of 127.0.0.1 on which nobody listens, and which nobody else gets, for as long as this lives.
package final class ClosedPort: Sendable {
  private let socket: Int32
  /// Its number.
  package let port: Int

  /// Takes a free port.
  package init() throws(SystemError) {
    (socket, port) = try Loopback.bind(port: 0)
  }

  deinit { close(socket) }
}
