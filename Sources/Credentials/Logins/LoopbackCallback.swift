internal import Completion
internal import HTTP
internal import Platform
internal import Synchronization

/// A tiny server on 127.0.0.1 that waits for a browser to bring the code of one login. It has a thread of its own until
/// it is closed, and is of no more use once it has an outcome.
final class LoopbackCallback: Sendable {
  private struct State {
    var outcome: CallbackTarget.Outcome?
    var waiter: CheckedContinuation<CallbackTarget.Outcome?, Never>?
    var isAbandoned = false
    var hasEnded = false
    var atEnd: [CheckedContinuation<Void, Never>] = []
  }

  /// Where it listens.
  let port: Int
  private let state = Mutex(State())
  private let wake: Pipe

  /// Listens at `port`, or at a free one when that is 0, for what `target` takes.
  init(port: Int, _ target: CallbackTarget) throws(SystemError) {
    let listener: Int32
    (listener, self.port) = try Loopback.listen(port: port, backlog: 16)
    do {
      wake = try Pipe()
    } catch {
      Platform.close(listener)
      throw error
    }
    let server = CallbackServer(listener: listener, wake: wake.reading, target: target)
    startThread("login") {
      server.run { outcome in self.settle(outcome) }
      self.end()
    }
  }

  /// What came back; `nil` when the waiting task is cancelled. For one task.
  func outcome() async -> CallbackTarget.Outcome? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        let isOver = state.withLock { state in
          if state.outcome != nil || state.isAbandoned { return true }
          state.waiter = waiter
          return false
        }
        if isOver { waiter.resume(returning: state.withLock(\.outcome)) }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.isAbandoned = true
        defer { state.waiter = nil }
        return state.waiter
      }
      waiter?.resume(returning: nil)
    }
  }

  /// Ends the thread and returns when the port is free again.
  func close() async {
    await withCheckedContinuation { continuation in
      let hasEnded = state.withLock { state in
        guard !state.hasEnded else { return true }
        state.atEnd.append(continuation)
        // Under the lock: afterwards the descriptor may be another file's.
        var byte: UInt8 = 0
        _ = write(wake.writing, &byte, 1)
        return false
      }
      if hasEnded { continuation.resume() }
    }
  }

  private func settle(_ outcome: CallbackTarget.Outcome) {
    let waiter = state.withLock { state in
      state.outcome = outcome
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(returning: outcome)
  }

  private func end() {
    let waiting = state.withLock { state in
      state.hasEnded = true
      Platform.close(wake.reading)
      Platform.close(wake.writing)
      defer { state.atEnd = [] }
      return state.atEnd
    }
    for continuation in waiting { continuation.resume() }
  }
}

/// The sockets of a callback. Browsers open connections that they never use, so all are waited for at once.
private struct CallbackServer: Sendable {
  let listener: Int32
  let wake: Int32
  let target: CallbackTarget

  private static let connectionLimit = 32
  private static let headLimit = 16_384

  private struct Connection {
    let socket: Int32
    var received: [UInt8] = []
  }

  /// Serves until something is written to `wake`; `settle` is called once at most. Blocks.
  func run(_ settle: (CallbackTarget.Outcome) -> Void) {
    var connections: [Connection] = []
    var isSettled = false
    _ = fcntl(listener, F_SETFL, O_NONBLOCK)
    defer { for socket in [listener] + connections.map(\.socket) { close(socket) } }
    while true {
      var entries = ([wake, listener] + connections.map(\.socket)).map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      guard retryingInterrupts({ Int(poll(&entries, nfds_t(entries.count), -1)) }) > 0, entries[0].revents == 0 else {
        return
      }
      for index in connections.indices.reversed() where entries[index + 2].revents != 0 {
        guard let answer = read(&connections[index]) else { continue }
        close(connections[index].socket, saying: answer.page)
        connections.remove(at: index)
        guard let outcome = answer.outcome, !isSettled else { continue }
        isSettled = true
        settle(outcome)
      }
      if entries[1].revents != 0 { accept(into: &connections) }
    }
  }

  private func accept(into connections: inout [Connection]) {
    let socket = Platform.accept(listener, nil, nil)
    guard socket >= 0 else { return }
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    _ = fcntl(socket, F_SETFL, O_NONBLOCK)
    #if canImport(Darwin)
    var on: Int32 = 1
    setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
    #endif
    connections.append(Connection(socket: socket))
    if connections.count > Self.connectionLimit { close(connections.removeFirst().socket) }
  }

  /// What to say, and what the login comes to; `nil` while the head is not whole.
  private func read(_ connection: inout Connection) -> (page: CallbackPage?, outcome: CallbackTarget.Outcome?)? {
    var chunk = [UInt8](repeating: 0, count: 4096)
    let count = retryingInterrupts {
      chunk.withUnsafeMutableBytes { recv(connection.socket, $0.baseAddress, $0.count, 0) }
    }
    if count < 0, errno == EAGAIN || errno == EWOULDBLOCK { return nil }
    guard count > 0 else { return (nil, nil) }
    connection.received += chunk[..<count]
    guard connection.received.count <= Self.headLimit else { return (.init(431, "That is too much."), nil) }
    let text = String(decoding: connection.received, as: UTF8.self)
    guard text.contains("\r\n\r\n") else { return nil }
    let words = text.prefix { $0 != "\r\n" }.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return (.init(400, "That is no request."), nil) }
    return answer(method: words[0], to: words[1])
  }

  private func answer(
    method: Substring, to path: Substring
  ) -> (page: CallbackPage?, outcome: CallbackTarget.Outcome?) {
    guard method == "GET" else {
      // Link checkers look before they leap; the code is not theirs to use up.
      return (CallbackPage(method == "HEAD" ? 200 : 405, "", hasBody: method != "HEAD"), nil)
    }
    guard path.prefix(while: { $0 != "?" }) == target.path else { return (.init(404, "There is nothing here."), nil) }
    do {
      let outcome = try target.outcome(ofTarget: path)
      let isLogin = if case .success = outcome { true } else { false }
      let text =
        isLogin
        ? "You are logged in as soon as the program says so. You can close this page." : "The login was refused."
      return (CallbackPage(200, text), outcome)
    } catch {
      return (CallbackPage(400, "This is not the login that is waited for: \(error.message)."), nil)
    }
  }

  private func close(_ socket: Int32, saying page: CallbackPage?) {
    if let page {
      // Smaller than any socket's buffer.
      _ = page.bytes.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, sendFlags) }
      shutdown(socket, Int32(SHUT_WR))
    }
    Platform.close(socket)
  }

  private func close(_ socket: Int32) { Platform.close(socket) }
}

/// What a browser sees. It holds nothing that the request held.
private struct CallbackPage {
  let bytes: [UInt8]

  init(_ status: Int, _ text: String, hasBody: Bool = true) {
    let html = "<!doctype html><html lang=en><meta charset=utf-8><title>patchbay</title><p>\(text)</p></html>\n"
    let head =
      "HTTP/1.1 \(status) Status\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: \(html.utf8.count)\r\n"
      + "cache-control: no-store\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n"
    bytes = Array((head + (hasBody ? html : "")).utf8)
  }
}

#if canImport(Darwin)
private let sendFlags = Int32(MSG_DONTWAIT)
#else
private let sendFlags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
#endif
