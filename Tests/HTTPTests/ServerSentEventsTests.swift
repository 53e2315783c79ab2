import HTTP
import Testing

@Suite("Server-sent events")
struct ServerSentEventsTests {
  struct Event: Equatable, CustomStringConvertible {
    var type: String?
    var data: String
    var description: String { "\(type ?? "-"):\(data.debugDescription)" }
    init(_ data: String, _ type: String? = nil) {
      self.type = type
      self.data = data
    }
  }

  static func events(_ pieces: [[UInt8]], limit: Int = 1 << 20) throws -> [Event] {
    var decoder = ServerSentEventDecoder(limit: limit)
    return try events(pieces, with: &decoder)
  }

  static func events(_ pieces: [[UInt8]], with decoder: inout ServerSentEventDecoder) throws -> [Event] {
    var events: [Event] = []
    for piece in pieces {
      var rest = piece[...]
      while let event = try decoder.next(in: &rest) {
        events.append(Event(String(decoding: event.data, as: UTF8.self), event.type))
      }
    }
    if let event = try decoder.finish() {
      events.append(Event(String(decoding: event.data, as: UTF8.self), event.type))
    }
    return events
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var stream: String
    var events: [Event]
    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(name: "nothing", stream: "", events: []),
    Case(name: "one event", stream: "data: hello\n\n", events: [Event("hello")]),
    Case(name: "CR LF", stream: "data: a\r\n\r\ndata: b\r\n\r\n", events: [Event("a"), Event("b")]),
    Case(name: "CR", stream: "data: a\r\rdata: b\r\r", events: [Event("a"), Event("b")]),
    Case(
      name: "mixed ends", stream: "data: a\r\n\ndata: b\n\rdata: c\r\r\n", events: [Event("a"), Event("b"), Event("c")]),
    Case(name: "byte order mark", stream: "\u{FEFF}data: a\n\n", events: [Event("a")]),
    Case(name: "byte order mark later", stream: "data: a\n\n\u{FEFF}data: b\n\n", events: [Event("a")]),
    Case(name: "no space", stream: "data:a\n\n", events: [Event("a")]),
    Case(name: "one space of two", stream: "data:  a\n\n", events: [Event(" a")]),
    Case(name: "a tab is data", stream: "data:\ta\n\n", events: [Event("\ta")]),
    Case(name: "several data lines", stream: "data: a\ndata:\ndata: b\n\n", events: [Event("a\n\nb")]),
    Case(name: "data without a colon", stream: "data\n\n", events: [Event("")]),
    Case(name: "two data without a colon", stream: "data\ndata\n\n", events: [Event("\n")]),
    Case(name: "comments", stream: ": hi\n\n:\ndata: a\n: OPENROUTER PROCESSING\n\n", events: [Event("a")]),
    Case(
      name: "types", stream: "event: error\ndata: a\n\ndata: b\n\n", events: [Event("a", "error"), Event("b")]),
    Case(name: "a type without data", stream: "event: ping\n\ndata: a\n\n", events: [Event("a")]),
    Case(name: "the last type wins", stream: "event: x\nevent: y\ndata: a\n\n", events: [Event("a", "y")]),
    Case(name: "an empty type", stream: "event:\ndata: a\n\n", events: [Event("a")]),
    Case(name: "unknown fields", stream: "foo: x\ndatax: y\n data: z\ndata: a\n\n", events: [Event("a")]),
    Case(name: "end after a line", stream: "data: a\n\ndata: b\n", events: [Event("a"), Event("b")]),
    Case(name: "end inside a line", stream: "event: t\ndata: b", events: [Event("b", "t")]),
    Case(name: "end after a field without data", stream: "data: a\n\nevent: x", events: [Event("a")]),
    Case(name: "colons in data", stream: "data: {\"a\": \"b: c\"}\n\n", events: [Event("{\"a\": \"b: c\"}")]),
    Case(name: "U+2028 is data", stream: "data: a\u{2028}b\u{85}c\n\n", events: [Event("a\u{2028}b\u{85}c")]),
    Case(name: "wide characters", stream: "data: 👩‍👩‍👧 é\n\n", events: [Event("👩‍👩‍👧 é")]),
  ]

  @Test("reads each stream whole, byte by byte and split at every point", arguments: cases)
  func reads(_ test: Case) throws {
    let bytes = Array(test.stream.utf8)
    #expect(try Self.events([bytes]) == test.events)
    #expect(try Self.events(bytes.map { [$0] }) == test.events)
    for split in 0...bytes.count {
      #expect(try Self.events([Array(bytes[..<split]), [], Array(bytes[split...])]) == test.events)
    }
  }

  @Test("all streams in a row, split at every pair of points of a sample, give all events")
  func concatenation() throws {
    let good = Self.cases.filter { $0.stream.hasSuffix("\n\n") && !$0.name.contains("mark") }
    let bytes = good.flatMap { Array($0.stream.utf8) }
    let expected = good.flatMap(\.events)
    for first in stride(from: 0, to: bytes.count, by: 7) {
      for second in stride(from: first, to: bytes.count, by: 11) {
        let pieces = [Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...])]
        #expect(try Self.events(pieces) == expected)
      }
    }
  }

  @Test("remembers the last id and retry, and ignores broken ones")
  func idAndRetry() throws {
    var decoder = ServerSentEventDecoder()
    let stream = "id: 7\nretry: 3000\ndata: a\n\nid: x\0y\nretry: 5s\nretry:\n\n"
    #expect(try Self.events([Array(stream.utf8)], with: &decoder) == [Event("a")])
    #expect(decoder.lastEventID == "7")
    #expect(decoder.retryMs == 3000)
    _ = try Self.events([Array("id\n\n".utf8)], with: &decoder)
    #expect(decoder.lastEventID == "")
  }

  @Test("bytes that are not UTF-8 reach the reader as they are")
  func invalidUTF8() throws {
    var decoder = ServerSentEventDecoder()
    var rest = (Array("data: ".utf8) + [0xFF, 0xFE] + Array("\n\n".utf8))[...]
    #expect(try decoder.next(in: &rest)?.data == [0xFF, 0xFE])
  }

  @Test("a line or an event beyond the limit is an error, however it comes")
  func limit() throws {
    let line = Array("data: 0123456789".utf8)
    #expect(try Self.events([line + [0x0A, 0x0A]], limit: 16) == [Event("0123456789")])
    #expect(throws: HTTPError.tooLarge("a line of more than 15 bytes")) { try Self.events([line], limit: 15) }
    #expect(throws: HTTPError.tooLarge("a line of more than 15 bytes")) {
      try Self.events(line.map { [$0] }, limit: 15)
    }
    #expect(throws: HTTPError.tooLarge("an event of more than 20 bytes")) {
      try Self.events([line + [0x0A] + line + [0x0A, 0x0A]], limit: 20)
    }
  }

  @Test("an event inside one piece shares the piece's bytes")
  func noCopy() throws {
    let bytes = Array("event: x\ndata: {\"a\":1}\n\n".utf8)
    var decoder = ServerSentEventDecoder()
    var rest = bytes[...]
    let event = try #require(try decoder.next(in: &rest))
    let offset = bytes.withUnsafeBytes { whole in
      event.data.withUnsafeBytes { $0.baseAddress.flatMap { data in whole.baseAddress.map { data - $0 } } }
    }
    #expect(offset == 15)
  }
}
