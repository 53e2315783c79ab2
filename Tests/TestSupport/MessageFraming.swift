package import JSON

/// How messages are told apart on the wire. Written apart from the product's own code, so that a mistake there shows.
package enum Framing: Sendable, CaseIterable {
  /// One message a line.
  case lines
  /// `Content-Length: N` and a blank line before each message.
  case headers

  /// `body` as it goes over the wire.
  package func frame(_ body: [UInt8]) -> [UInt8] {
    switch self {
    case .lines: body + [0x0A]
    case .headers: Array("Content-Length: \(body.count)\r\n\r\n".utf8) + body
    }
  }
}

/// Cuts what a server says into messages, and keeps what is none.
package struct MessageReader {
  /// A message, or bytes that have no place in the stream.
  package enum Item: Sendable {
    case message(JSONValue)
    case garbage([UInt8])
  }

  private let framing: Framing
  private var buffer: [UInt8] = []

  /// Reads the given framing and nothing else.
  package init(_ framing: Framing) { self.framing = framing }

  /// Everything that `bytes` complete.
  package mutating func read(_ bytes: [UInt8]) -> [Item] {
    buffer += bytes
    var items: [Item] = []
    var start = 0
    while let end = nextFrame(from: &start) { items.append(Self.item(buffer[end])) }
    buffer.removeFirst(start)
    return items
  }

  /// What is left when the stream has ended: nothing, or half a message.
  package var rest: [UInt8] { buffer }

  /// The place of the next whole frame at or after `start`, which moves behind it.
  private func nextFrame(from start: inout Int) -> Range<Int>? {
    switch framing {
    case .lines:
      guard let end = buffer[start...].firstIndex(of: 0x0A) else { return nil }
      defer { start = end + 1 }
      return start..<end
    case .headers:
      guard let (length, body) = header(at: start), body + length <= buffer.count else { return nil }
      defer { start = body + length }
      return body..<(body + length)
    }
  }

  /// The length that the header block at `start` states, and where the message begins. A block without a length is
  /// taken for an empty message, which is garbage.
  private func header(at start: Int) -> (length: Int, body: Int)? {
    let blank = Array("\r\n\r\n".utf8)
    guard start < buffer.count,
      let end = (start...max(start, buffer.count - 4)).first(where: { buffer[$0...].starts(with: blank) })
    else { return nil }
    let lines = String(decoding: buffer[start..<end], as: UTF8.self).split(separator: "\r\n")
    let lengths = lines.compactMap { line in
      line.hasPrefix("Content-Length: ") ? Int(line.dropFirst("Content-Length: ".count)) : nil
    }
    return (lengths.first ?? 0, end + 4)
  }

  private static func item(_ bytes: ArraySlice<UInt8>) -> Item {
    do { return .message(try JSONValue(parsing: bytes)) } catch { return .garbage(Array(bytes)) }
  }
}
