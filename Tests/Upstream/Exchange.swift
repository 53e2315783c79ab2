/// The server's side of one request. Belongs to the thread of its connection. Whatever writes throws `Disconnected`
/// when the client has gone.
package final class Exchange {
  private enum Framing { case chunked, plain }

  private let connection: Connection
  private let isHead: Bool
  private var framing = Framing.plain
  /// Whether the response is whole, so that the connection may serve another.
  private(set) var isFinished = false

  init(_ connection: Connection, isHead: Bool) {
    self.connection = connection
    self.isHead = isHead
  }

  /// How many bytes this connection has sent so far.
  package var sentCount: Int { connection.sentCount }

  /// Sends the head. The body is chunked, unless `headers` have a `content-length`, or `connection: close` for a body
  /// that ends with the connection (`close`).
  package func send(status: Int = 200, headers: [(String, String)] = []) throws(Disconnected) {
    let names = headers.map { $0.0.lowercased() }
    let isDelimited = names.contains("content-length") || names.contains("connection") || status == 204 || status == 304
    framing = isDelimited || isHead ? .plain : .chunked
    var head = "HTTP/1.1 \(status) Status\r\n"
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    if framing == .chunked { head += "transfer-encoding: chunked\r\n" }
    try connection.write(Array("\(head)\r\n".utf8))
  }

  /// Sends part of the body, as one chunk if it is chunked.
  package func write(_ bytes: [UInt8]) throws(Disconnected) {
    guard !bytes.isEmpty, !isHead else { return }
    switch framing {
    case .plain: try connection.write(bytes)
    case .chunked:
      try connection.write(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8))
    }
  }

  /// Sends text as part of the body.
  package func write(_ text: String) throws(Disconnected) { try write(Array(text.utf8)) }

  /// Ends the body.
  package func finish() throws(Disconnected) {
    if framing == .chunked { try connection.write(Array("0\r\n\r\n".utf8)) }
    isFinished = true
  }

  /// Sends bytes as they are, whatever they break.
  package func writeRaw(_ bytes: [UInt8]) throws(Disconnected) { try connection.write(bytes) }

  /// Sends text as it is, whatever it breaks.
  package func writeRaw(_ text: String) throws(Disconnected) { try connection.write(Array(text.utf8)) }

  /// Ends the connection in good order, wherever the response is: a truncated one, or the end of a `connection: close`.
  package func close() { connection.close() }

  /// Ends the connection with RST.
  package func reset() { connection.reset() }

  /// Blocks until the client has closed the connection.
  package func waitForDisconnect() { connection.waitForEnd() }

  /// Has `action` called once, on this thread, when a write has waited 100 ms and the client took nothing.
  package func whenBlocked(_ action: @escaping () -> Void) { connection.onBlocked = action }
}
