internal import Platform
internal import Synchronization

/// The connection's thread.
extension RPCConnection {
  private static let chunkSize = 64 << 10

  func run() {
    var framer = MessageFramer(limit: limits.maxMessageBytes)
    readAll(&framer)
    for continuation in requests.withLock({ $0.close() }) { continuation.resume(returning: .failure(Self.noAnswer)) }
    service.inputEnded(self)
    wait { self.calls.withLock { $0.isAtMost(0) } && self.outbox.isAtMost(0) }
    conclude(outbox.isClosed ? .outputClosed : mustStop ? .closed : .inputEnded)
  }

  private var mustStop: Bool { isClosing.load(ordering: .sequentiallyConsistent) || outbox.isClosed }

  /// Reads until the input ends or nothing more is to be read.
  private func readAll(_ framer: inout MessageFramer) {
    var chunk = [UInt8](repeating: 0, count: Self.chunkSize)
    while !mustStop {
      guard awaitEvent(readingInput: true) else { continue }
      let count = retryingInterrupts { chunk.withUnsafeMutableBytes { read(input, $0.baseAddress, $0.count) } }
      if count < 0, errno == EAGAIN || errno == EWOULDBLOCK { continue }
      if count > 0 { framer.append(chunk[..<count]) } else { framer.finish() }
      receiveAll(&framer)
      if count <= 0 { return }
    }
  }

  private func receiveAll(_ framer: inout MessageFramer) {
    while !mustStop, let frame = framer.next() {
      if let framing = framer.framing { outbox.setFraming(framing) }
      if !receive(frame) { framer.rejectLastMessage() }
      // Who floods the connection, or does not read its answers, is not read from until that is over.
      wait {
        self.calls.withLock { $0.isAtMost(self.limits.maxInFlight - 1) }
          && self.outbox.isAtMost(self.limits.hardOutboundBytes)
      }
    }
  }

  /// Waits until `condition`, which arranges for `wake` to be signalled when it may have become true, or until the
  /// connection has to stop; then everything in flight is cancelled and only the condition counts.
  private func wait(until condition: () -> Bool) {
    var isCancelled = false
    while true {
      if mustStop, !isCancelled {
        isCancelled = true
        cancelAll()
      }
      if condition() { return }
      _ = awaitEvent(readingInput: false)
    }
  }

  /// Blocks until there is input (the answer says so), `wake` was signalled, or the client is gone: a client that
  /// no longer reads is noticed without writing to it.
  private func awaitEvent(readingInput: Bool) -> Bool {
    var set = [
      pollfd(fd: wake.readEnd, events: Int16(POLLIN), revents: 0),
      pollfd(fd: outbox.isClosed ? -1 : output, events: 0, revents: 0),
      pollfd(fd: readingInput ? input : -1, events: Int16(POLLIN), revents: 0),
    ]
    guard retryingInterrupts({ Int(poll(&set, nfds_t(set.count), -1)) }) > 0 else { return false }
    if set[0].revents != 0 { wake.clear() }
    if set[1].revents != 0 { outbox.close() }
    return set[2].revents != 0
  }
}
