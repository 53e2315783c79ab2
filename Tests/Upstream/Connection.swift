internal import Platform

/// The client has gone.
package struct Disconnected: Error {
  init() {}
}

/// One accepted connection. Confined to the thread that serves it.
final class Connection {
  private(set) var socket: Int32
  private var received: [UInt8] = []

  /// Called when a write has waited a while and the client took nothing.
  var onBlocked: (() -> Void)?
  /// Written so far, on this connection.
  private(set) var sentCount = 0

  private let onEnd: (Int32) -> Void

  /// Tells `onEnd` before the socket's number is given back to the system.
  init(_ socket: Int32, onEnd: @escaping (Int32) -> Void) {
    self.socket = socket
    self.onEnd = onEnd
  }

  var isOpen: Bool { socket >= 0 }

  /// The bytes up to and with `end`; `nil` when the client goes before that.
  func read(through end: [UInt8]) -> [UInt8]? {
    var searched = 0
    while true {
      if let index = position(of: end, from: searched) { return take(index + end.count) }
      searched = max(0, received.count - end.count)
      guard receive() else { return nil }
    }
  }

  /// The next `count` bytes; `nil` when the client goes before that.
  func read(_ count: Int) -> [UInt8]? {
    while received.count < count {
      guard receive() else { return nil }
    }
    return take(count)
  }

  /// Blocks until the client has gone.
  func waitForEnd() {
    while receive() { received = [] }
  }

  func write(_ bytes: [UInt8]) throws(Disconnected) {
    var offset = 0
    while offset < bytes.count {
      guard isOpen else { throw Disconnected() }
      let count = retryingInterrupts {
        bytes.withUnsafeBytes { send(socket, $0.baseAddress?.advanced(by: offset), $0.count - offset, sendFlags) }
      }
      if count > 0 {
        offset += count
        sentCount += count
      } else if errno == EAGAIN || errno == EWOULDBLOCK {
        waitUntilWritable()
      } else {
        throw Disconnected()
      }
    }
  }

  /// Ends the connection in good order.
  func close() {
    guard isOpen else { return }
    shutdown(socket, Int32(SHUT_RDWR))
    end()
  }

  /// Ends the connection with RST: what the client has not read yet is lost.
  func reset() {
    guard isOpen else { return }
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    end()
  }

  private func end() {
    onEnd(socket)
    Platform.close(socket)
    socket = -1
  }

  private func waitUntilWritable() {
    var descriptor = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
    if let onBlocked, poll(&descriptor, 1, 100) == 0 {
      onBlocked()
      self.onBlocked = nil
    }
    poll(&descriptor, 1, -1)
  }

  private func receive() -> Bool {
    guard isOpen else { return false }
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let count = retryingInterrupts { chunk.withUnsafeMutableBytes { recv(socket, $0.baseAddress, $0.count, 0) } }
    guard count > 0 else { return false }
    received.append(contentsOf: chunk[..<count])
    return true
  }

  private func take(_ count: Int) -> [UInt8] {
    defer { received.removeFirst(count) }
    return Array(received[..<count])
  }

  private func position(of pattern: [UInt8], from start: Int) -> Int? {
    guard received.count >= pattern.count else { return nil }
    return (start...(received.count - pattern.count)).first { received[$0...].starts(with: pattern) }
  }
}

#if canImport(Darwin)
private let sendFlags = Int32(MSG_DONTWAIT)
#else
private let sendFlags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
#endif
