import HTTP
import Testing

@Suite("Amazon's event stream")
struct AmazonEventStreamTests {
  static func bytes(hex: String) -> [UInt8] {
    var digits = hex[...]
    var bytes: [UInt8] = []
    while !digits.isEmpty {
      bytes.append(UInt8(digits.prefix(2), radix: 16) ?? 0)
      digits = digits.dropFirst(2)
    }
    return bytes
  }

  /// Computed by botocore and zlib.
  static let event = bytes(
    hex: """
      0000009e00000057fe1b824f0b3a6576656e742d74797065070011636f6e74656e74426c6f636b44656c74610d3a636f6e74656e742d\
      747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b22636f6e74656e74\
      426c6f636b496e646578223a302c2264656c7461223a7b2274657874223a226869227d2c2270223a22616263227d1b86ce8e
      """)
  static let exception = bytes(
    hex: """
      0000008800000061de0175f40f3a657863657074696f6e2d747970650700137468726f74746c696e67457863657074696f6e0d3a636f\
      6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d74797065070009657863657074696f\
      6e7b226d657373616765223a22736c6f7720646f776e227d832ee072
      """)
  static let empty = bytes(hex: "000000100000000005c248eb7d98c8ff")

  static func messages(_ pieces: [ArraySlice<UInt8>]) throws -> [AmazonEventMessage] {
    var decoder = AmazonEventStreamDecoder()
    var messages: [AmazonEventMessage] = []
    for piece in pieces {
      var rest = piece
      while let message = try decoder.next(in: &rest) { messages.append(message) }
      #expect(rest.isEmpty)
    }
    try decoder.finish()
    return messages
  }

  static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }

  /// A message with these bytes for headers, and sound checksums.
  static func frame(headers: [UInt8], payload: [UInt8] = []) -> [UInt8] {
    var bytes = bigEndian(UInt32(16 + headers.count + payload.count)) + bigEndian(UInt32(headers.count))
    bytes += bigEndian(CRC32.checksum(of: bytes[...]))
    bytes += headers + payload
    return bytes + bigEndian(CRC32.checksum(of: bytes[...]))
  }

  static func header(_ name: String, _ type: UInt8, _ value: [UInt8]) -> [UInt8] {
    [UInt8(name.utf8.count)] + Array(name.utf8) + [type] + value
  }

  static func error(_ bytes: [UInt8]) -> HTTPError? {
    do {
      _ = try messages([bytes[...]])
      return nil
    } catch { return error as? HTTPError }
  }

  @Test("messages are read, wherever the stream is cut in two")
  func anySplit() throws {
    let stream = Self.event + Self.exception + Self.empty + Self.event
    let whole = try Self.messages([stream[...]])
    #expect(whole.count == 4)
    #expect(whole[0].string(":event-type") == "contentBlockDelta")
    #expect(whole[0].string(":content-type") == "application/json")
    #expect(whole[0].string(":message-type") == "event")
    #expect(whole[0].payload.elementsEqual(#"{"contentBlockIndex":0,"delta":{"text":"hi"},"p":"abc"}"#.utf8))
    #expect(whole[1].string(":exception-type") == "throttlingException")
    #expect(whole[1].payload.elementsEqual(#"{"message":"slow down"}"#.utf8))
    #expect(whole[2] == AmazonEventMessage())
    for cut in stream.indices { #expect(try Self.messages([stream[..<cut], stream[cut...]]) == whole) }
    #expect(try Self.messages(stream.indices.map { stream[$0...$0] }) == whole)
  }

  @Test("every type of header is read")
  func headerTypes() throws {
    let uuid = [UInt8](0..<16)
    let headers: [([UInt8], AmazonEventMessage.Value)] = [
      (Self.header("n0", 0, []), .bool(true)),
      (Self.header("n1", 1, []), .bool(false)),
      (Self.header("n2", 2, Self.bigEndian(Int8(-2))), .integer(-2)),
      (Self.header("n3", 3, Self.bigEndian(Int16(-300))), .integer(-300)),
      (Self.header("n4", 4, Self.bigEndian(Int32(70_000))), .integer(70_000)),
      (Self.header("n5", 5, Self.bigEndian(Int64.min)), .integer(.min)),
      (Self.header("n6", 6, [0, 3, 7, 8, 9]), .bytes([7, 8, 9])),
      (Self.header("n7", 7, [0, 2] + Array("é".utf8)), .string("é")),
      (Self.header("n8", 8, Self.bigEndian(Int64(1_767_323_045_000))), .timestamp(1_767_323_045_000)),
      (Self.header("n9", 9, uuid), .uuid(uuid)),
    ]
    let frame = Self.frame(headers: headers.flatMap(\.0), payload: [1])
    let message = try #require(try Self.messages([frame[...]]).first)
    #expect(message.headers.count == 10)
    for (index, header) in headers.enumerated() { #expect(message.headers["n\(index)"] == header.1) }
    #expect(message.payload == [1])
    #expect(message.string("n0") == nil)
  }

  @Test(
    "headers that make no sense are refused",
    arguments: [
      Self.header("a", 10, []), Self.header("", 0, []), Self.header("a", 7, [0, 5, 1]), Self.header("a", 5, [1, 2]),
      Self.header("a", 7, [0, 1, 0xFF]), Self.header("a", 9, [1]), [5, 97], [1, 97], Self.header("a", 6, [1]),
    ])
  func badHeaders(_ headers: [UInt8]) {
    guard case .malformed = Self.error(Self.frame(headers: headers)) else {
      Issue.record("\(headers) was not refused")
      return
    }
  }

  @Test("a change of any one byte is noticed", arguments: [event, exception, empty])
  func changedBytes(_ frame: [UInt8]) {
    for index in frame.indices {
      for change: UInt8 in [0x01, 0x80, 0xFF] {
        var changed = frame
        changed[index] ^= change
        #expect(Self.error(changed) != nil, "byte \(index)")
      }
    }
  }

  @Test("a body that ends in the middle of a message is no body")
  func truncated() {
    for count in Self.event.indices.dropFirst() {
      #expect(
        Self.error(Self.exception + Self.event.prefix(count)) == .truncated("the body ended in the middle of an event"))
    }
  }

  @Test("lengths beyond the limits, or that contradict each other, are refused at once")
  func limits() {
    func prelude(_ size: UInt32, _ headers: UInt32) -> [UInt8] {
      let bytes = Self.bigEndian(size) + Self.bigEndian(headers)
      return bytes + Self.bigEndian(CRC32.checksum(of: bytes[...]))
    }
    let (headers, payload) = (UInt32(128 << 10), UInt32(24 << 20))
    for (size, count) in [(headers + 17, headers + 1), (payload + 17, 0), (UInt32.max, 0)] {
      guard case .tooLarge = Self.error(prelude(size, count)) else {
        Issue.record("\(size), \(count) was not refused")
        continue
      }
    }
    for (size, count) in [(UInt32(15), UInt32(0)), (0, 0), (20, 5), (16, .max)] {
      guard case .malformed = Self.error(prelude(size, count)) else {
        Issue.record("\(size), \(count) was not refused")
        continue
      }
    }
    // The largest sound lengths are only unfinished.
    guard case .truncated = Self.error(prelude(payload + headers + 16, headers)) else {
      Issue.record("the largest event was refused")
      return
    }
  }
}
