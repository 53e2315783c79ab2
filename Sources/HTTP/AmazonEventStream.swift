/// One message of an `application/vnd.amazon.eventstream` body.
package struct AmazonEventMessage: Sendable, Hashable {
  /// A header's value.
  package enum Value: Sendable, Hashable {
    case bool(Bool)
    /// A signed number of 1, 2, 4 or 8 bytes.
    case integer(Int64)
    case bytes([UInt8])
    case string(String)
    /// Milliseconds since 1970.
    case timestamp(Int64)
    /// 16 bytes.
    case uuid([UInt8])
  }
  /// The headers by name; of equal names the last one.
  package var headers: [String: Value]
  package var payload: ArraySlice<UInt8>

  /// A message.
  package init(headers: [String: Value] = [:], payload: ArraySlice<UInt8> = []) {
    self.headers = headers
    self.payload = payload
  }

  /// The header `name`, where it is a string.
  package func string(_ name: String) -> String? {
    if case .string(let text) = headers[name] { text } else { nil }
  }
}

/// Cuts bytes that arrive in any pieces into messages. A message is: its length, that of its headers, the CRC-32 of
/// both, the headers, the payload, and the CRC-32 of all before it; numbers are big-endian. Both checksums are checked,
/// so that nothing is read that was not sent.
package struct AmazonEventStreamDecoder: Sendable {
  /// The limits of Amazon's own clients.
  private static let headersLimit = 128 << 10
  private static let payloadLimit = 24 << 20
  /// Lengths and their checksum.
  private static let preludeSize = 12
  private static let checksumSize = 4

  private var pending: [UInt8] = []

  /// A decoder at the start of a body.
  package init() {}

  /// Takes the next message off the front of `bytes`. `nil` means that all of `bytes` was taken and no message is
  /// complete.
  /// - Throws: `malformed` for a wrong checksum or length and an unreadable header, `tooLarge` beyond the limits.
  package mutating func next(in bytes: inout ArraySlice<UInt8>) throws(HTTPError) -> AmazonEventMessage? {
    guard fill(to: Self.preludeSize, from: &bytes) else { return nil }
    let (size, headersSize) = try Self.lengths(pending[..<Self.preludeSize])
    guard fill(to: size, from: &bytes) else { return nil }
    let message = pending[...]
    pending = []
    let end = size - Self.checksumSize
    guard CRC32.checksum(of: message[..<end]) == Self.number(message[end...]) else {
      throw .malformed("the checksum of an event does not fit")
    }
    let payloadStart = Self.preludeSize + headersSize
    return AmazonEventMessage(
      headers: try AmazonEventHeaders.read(message[Self.preludeSize..<payloadStart]),
      payload: message[payloadStart..<end])
  }

  /// The body is over.
  /// - Throws: `truncated` in the middle of a message.
  package func finish() throws(HTTPError) {
    guard pending.isEmpty else { throw .truncated("the body ended in the middle of an event") }
  }

  /// Moves bytes into `pending` until it holds `count`; false when there are not enough yet.
  private mutating func fill(to count: Int, from bytes: inout ArraySlice<UInt8>) -> Bool {
    if pending.count < count {
      let taken = bytes.prefix(count - pending.count)
      pending.append(contentsOf: taken)
      bytes = bytes[taken.endIndex...]
    }
    return pending.count >= count
  }

  private static func lengths(_ prelude: ArraySlice<UInt8>) throws(HTTPError) -> (size: Int, headersSize: Int) {
    guard CRC32.checksum(of: prelude[..<8]) == number(prelude[8...]) else {
      throw .malformed("the checksum of an event's lengths does not fit")
    }
    let size = Int(number(prelude[..<4]))
    let headersSize = Int(number(prelude[4..<8]))
    let payloadSize = size - headersSize - preludeSize - checksumSize
    guard payloadSize >= 0 else { throw .malformed("the lengths of an event contradict each other") }
    guard headersSize <= headersLimit else {
      throw .tooLarge("an event with more than \(headersLimit) bytes of headers")
    }
    guard payloadSize <= payloadLimit else {
      throw .tooLarge("an event with more than \(payloadLimit) bytes of content")
    }
    return (size, headersSize)
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
}

/// The headers of one message: each a name of up to 255 bytes, a type, and a value whose form the type decides.
private enum AmazonEventHeaders {
  static func read(_ bytes: ArraySlice<UInt8>) throws(HTTPError) -> [String: AmazonEventMessage.Value] {
    var rest = bytes
    var headers: [String: AmazonEventMessage.Value] = [:]
    while let length = rest.popFirst() {
      guard length > 0 else { throw .malformed("an event has a header without a name") }
      let name = try text(take(Int(length), from: &rest))
      headers[name] = try value(from: &rest)
    }
    return headers
  }

  private static func value(from rest: inout ArraySlice<UInt8>) throws(HTTPError) -> AmazonEventMessage.Value {
    switch try take(1, from: &rest).first {
    case 0: .bool(true)
    case 1: .bool(false)
    case 2: .integer(try number(1, from: &rest))
    case 3: .integer(try number(2, from: &rest))
    case 4: .integer(try number(4, from: &rest))
    case 5: .integer(try number(8, from: &rest))
    case 6: .bytes(Array(try sized(from: &rest)))
    case 7: .string(try text(sized(from: &rest)))
    case 8: .timestamp(try number(8, from: &rest))
    case 9: .uuid(Array(try take(16, from: &rest)))
    default: throw .malformed("an event has a header of an unknown type")
    }
  }

  private static func take(_ count: Int, from rest: inout ArraySlice<UInt8>) throws(HTTPError) -> ArraySlice<UInt8> {
    guard rest.count >= count else { throw .malformed("a header of an event is cut off") }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  private static func sized(from rest: inout ArraySlice<UInt8>) throws(HTTPError) -> ArraySlice<UInt8> {
    let size = try take(2, from: &rest).reduce(0) { $0 << 8 | Int($1) }
    return try take(size, from: &rest)
  }

  private static func number(_ size: Int, from rest: inout ArraySlice<UInt8>) throws(HTTPError) -> Int64 {
    let bytes = try take(size, from: &rest)
    let sign: Int64 = bytes.first.map { $0 >= 0x80 ? -1 : 0 } ?? 0
    return bytes.reduce(sign) { $0 << 8 | Int64($1) }
  }

  private static func text(_ bytes: ArraySlice<UInt8>) throws(HTTPError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .malformed("a header of an event is no UTF-8")
    }
    return text
  }
}
