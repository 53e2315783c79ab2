import JSON
import JSONRPC
import TestSupport
import Testing

@Suite("What is answered, and how", .timeLimit(.minutes(1)))
struct MessageTests {
  /// One line that a client sends, and the line that answers it; errors as `{"id":…,"code":…}`, `nil` for silence.
  struct Case: CustomTestStringConvertible, Sendable {
    let sent: String
    let answer: JSONValue?
    var testDescription: String { String(sent.prefix(100)) }

    init(_ sent: String, _ answer: JSONValue?) {
      self.sent = sent
      self.answer = answer
    }
  }

  static func result(_ id: JSONValue, _ value: JSONValue) -> JSONValue { ["id": id, "result": value] }
  static func error(_ id: JSONValue, _ code: Int) -> JSONValue { ["id": id, "code": .int(code)] }

  /// A response without what every one has, and errors by their code alone.
  static func essence(_ response: JSONValue) -> JSONValue {
    if let elements = response.array { return .array(elements.map(essence)) }
    guard response["jsonrpc"] == "2.0", let id = response["id"] else { return response }
    if let result = response["result"] { return self.result(id, result) }
    guard let code = response["error"]?["code"]?.int, response["error"]?["message"]?.string?.isEmpty == false else {
      return response
    }
    return error(id, code)
  }

  /// The cases of the specification's own examples, with other words.
  static let examples: [Case] = [
    Case(#"{"jsonrpc":"2.0","method":"subtract","params":[50,8],"id":1}"#, result(1, 42)),
    Case(#"{"jsonrpc":"2.0","method":"subtract","params":[8,50],"id":2}"#, result(2, -42)),
    Case(#"{"jsonrpc":"2.0","method":"subtract","params":{"subtrahend":8,"minuend":50},"id":3}"#, result(3, 42)),
    Case(#"{"jsonrpc":"2.0","method":"note","params":[1,2,3]}"#, nil),
    Case(#"{"jsonrpc":"2.0","method":"note"}"#, nil),
    Case(#"{"jsonrpc":"2.0","method":"nobody","id":"1"}"#, error("1", -32601)),
    Case(#"{"jsonrpc":"2.0","method":"note,"params":"bar","baz]"#, error(nil, -32700)),
    Case(#"{"jsonrpc":"2.0","method":1,"params":"bar"}"#, error(nil, -32600)),
    Case(#"[{"jsonrpc":"2.0","method":"echo","params":[1],"id":"1"},{"jsonrpc":"2.0","method"]"#, error(nil, -32700)),
    Case("[]", error(nil, -32600)),
    Case("[1]", [error(nil, -32600)]),
    Case("[1,2,[]]", [error(nil, -32600), error(nil, -32600), error(nil, -32600)]),
    Case(
      #"[{"jsonrpc":"2.0","method":"subtract","params":[7,3],"id":"1"},{"jsonrpc":"2.0","method":"note"},"#
        + #"{"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":"2"},{"foo":"boo"},"#
        + #"{"jsonrpc":"2.0","method":"nobody","params":{},"id":"5"},{"jsonrpc":"2.0","method":"echo","id":"9"}]"#,
      [result("1", 4), result("2", 19), error(nil, -32600), error("5", -32601), result("9", nil)]),
    Case(#"[{"jsonrpc":"2.0","method":"note"},{"jsonrpc":"2.0","method":"note","params":[7]}]"#, nil),
  ]

  static let more: [Case] = [
    Case(#"{"jsonrpc":"2.0","method":"fail","id":4}"#, error(4, 7)),
    Case(
      #"{"jsonrpc":"2.0","method":"echo","params":{"b":1.50,"a":12345678901234567890},"id":0}"#,
      result(
        0, ["b": .number(JSONNumber(verbatim: "1.50")), "a": .number(JSONNumber(verbatim: "12345678901234567890"))])),
    Case(#"{"jsonrpc":"2.0","method":"echo","params":null,"id":1}"#, result(1, nil)),
    Case(#"{"jsonrpc":"2.0","method":"echo","id":""}"#, result("", nil)),
    Case(#"{"jsonrpc":"2.0","method":"echo","id":-7}"#, result(-7, nil)),
    Case(
      #"{"jsonrpc":"2.0","method":"echo","id":18446744073709551616}"#,
      result(.number(JSONNumber(verbatim: "18446744073709551616")), nil)),
    Case(#"{"jsonrpc":"2.0","method":"echo","id":null}"#, error(nil, -32600)),
    Case(#"{"jsonrpc":"2.0","method":"echo","id":1.5}"#, error(nil, -32600)),
    Case(#"{"jsonrpc":"2.0","method":"echo","id":1e3}"#, error(nil, -32600)),
    Case(#"{"jsonrpc":"2.0","method":"echo","id":true}"#, error(nil, -32600)),
    Case(#"{"jsonrpc":"2.0","method":"echo","id":{}}"#, error(nil, -32600)),
    Case(#"{"jsonrpc":"2.0","method":"echo","id":[1]}"#, error(nil, -32600)),
    Case(#"{"jsonrpc":"1.0","method":"echo","id":5}"#, error(5, -32600)),
    Case(#"{"jsonrpc":2.0,"method":"echo","id":5}"#, error(5, -32600)),
    Case(#"{"method":"echo","id":"x"}"#, error("x", -32600)),
    Case(#"{"method":"echo"}"#, error(nil, -32600)),
    Case(#"{"jsonrpc":"2.0","id":6}"#, error(6, -32600)),
    Case(#"{"jsonrpc":"2.0","id":6,"method":null}"#, error(6, -32600)),
    Case(#"{"jsonrpc":"2.0","id":6,"method":"echo","params":3}"#, error(6, -32600)),
    Case(#"{"jsonrpc":"2.0","id":6,"method":"echo","params":"text"}"#, error(6, -32600)),
    Case(#"{"jsonrpc":"2.0","method":"note","params":3}"#, nil),
    Case(#"{"jsonrpc":"2.0","id":"patchbay-1","result":1}"#, nil),
    Case(#"{"jsonrpc":"2.0","id":99,"error":{"code":1,"message":"?"}}"#, nil),
    Case(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}"#, nil),
    Case(#"[{"jsonrpc":"2.0","id":1,"result":1},{"jsonrpc":"2.0","method":"note","params":3}]"#, nil),
    Case(#"{"jsonrpc":"2.0","method":"$/unknown"}"#, nil),
    Case(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":12}}"#, nil),
    Case(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":{}}}"#, nil),
    Case(#"{"jsonrpc":"2.0","method":"$/cancelRequest"}"#, nil),
    Case(#"{"jsonrpc":"2.0","method":"$/unknown","id":1}"#, error(1, -32601)),
    Case("hello", error(nil, -32700)),
    Case("42", error(nil, -32600)),
    Case("\"text\"", error(nil, -32600)),
    Case("null", error(nil, -32600)),
    Case("{}", error(nil, -32600)),
    Case(String(repeating: "[", count: 100_000), error(nil, -32700)),
    Case(String(repeating: "[", count: 500) + String(repeating: "]", count: 500), [error(nil, -32600)]),
    Case(#"{"jsonrpc":"2.0","method":"echo","id":1,"id":2}"#, result(2, nil)),
  ]

  @Test("Each message has its answer in both framings", arguments: examples + more, [JSONRPC.Framing.lines, .headers])
  func answers(_ test: Case, _ framing: JSONRPC.Framing) async throws {
    try await withConnection { pair, _, _ in
      let text = Array(test.sent.utf8)
      switch framing {
      case .lines: try await pair.write([0x7B, 0x0A] + text + [0x0A])
      case .headers: try await pair.write(Array("Content-Length: 1\r\n\r\n{".utf8) + Self.framed(text))
      }
      // The lone brace settled the framing; its own answer comes first, and the end of input last.
      pair.endWriting()
      let answers = try await Self.messages(pair, framing).map(Self.essence)
      #expect(answers == [Self.error(nil, -32700)] + (test.answer.map { [$0] } ?? []))
    }
  }

  static func framed(_ text: [UInt8]) -> [UInt8] { Array("Content-Length: \(text.count)\r\n\r\n".utf8) + text }

  /// Everything the server says up to the end.
  static func messages(_ pair: RPCPair, _ framing: JSONRPC.Framing) async throws -> [JSONValue] {
    var messages: [JSONValue] = []
    while let line = try await pair.nextLine() {
      guard framing == .headers else {
        messages.append(try JSONValue(parsing: line))
        continue
      }
      let header = String(decoding: line, as: UTF8.self)
      let digits = try #require(header.wholeMatch(of: /Content-Length: ([0-9]+)\r/)?.1, "\(header)")
      #expect(try await pair.nextLine() == [0x0D])
      messages.append(try JSONValue(parsing: try await pair.nextBytes(Int(digits) ?? 0)))
    }
    return messages
  }

  @Test("An error says where the text stops being JSON")
  func parseErrorPlace() async throws {
    try await withConnection { pair, _, _ in
      try await pair.write(Self.framed(Array("{\"a\":1,\n  \"b\":}".utf8)))
      pair.endWriting()
      let answer = try #require(try await Self.messages(pair, .headers).first)
      #expect(answer["error"]?["message"]?.string?.contains("line 2, column 7") == true)
      #expect(answer["error"]?["data"] == ["kind": "parse"])
    }
  }

  @Test("A message over the limit is refused and the next one answered", arguments: [JSONRPC.Framing.lines, .headers])
  func tooLong(_ framing: JSONRPC.Framing) async throws {
    var limits = RPCLimits()
    limits.maxMessageBytes = 1000
    try await withConnection(limits: limits) { pair, _, _ in
      let long = Array(#"{"jsonrpc":"2.0","id":1,"method":"\#(String(repeating: "x", count: 300_000))"}"#.utf8)
      let good = Array(#"{"jsonrpc":"2.0","id":2,"method":"echo"}"#.utf8)
      for text in [long, good] { try await pair.write(framing == .lines ? text + [0x0A] : Self.framed(text)) }
      pair.endWriting()
      let answers = try await Self.messages(pair, framing).map(Self.essence)
      #expect(answers == [Self.error(nil, -32600), Self.result(2, nil)])
    }
  }

  @Test("A batch above the limit is one error")
  func largeBatch() async throws {
    try await withConnection { pair, _, _ in
      let batches = [1000, 1001].map { count in JSONValue.array(Array(repeating: 1, count: count)).text }
      try await pair.write(line: batches.joined(separator: "\n"))
      pair.endWriting()
      let answers = try await Self.messages(pair, .lines).map(Self.essence)
      #expect(answers == [.array(Array(repeating: Self.error(nil, -32600), count: 1000)), Self.error(nil, -32600)])
    }
  }

  @Test("An id in flight cannot be used again, and can be afterwards")
  func reusedID() async throws {
    try await withConnection { pair, _, service in
      try await pair.write(line: #"{"jsonrpc":"2.0","id":1,"method":"hold"}"#)
      try await pair.write(line: #"{"jsonrpc":"2.0","id":1,"method":"echo"}"#)
      #expect(Self.essence(try #require(try await pair.next())) == Self.error(1, -32600))
      // A string is another id than the number with the same digits.
      try await pair.write(line: #"{"jsonrpc":"2.0","id":"1","method":"echo"}"#)
      #expect(Self.essence(try #require(try await pair.next())) == Self.result("1", nil))
      service.gate.open()
      #expect(Self.essence(try #require(try await pair.next())) == Self.result(1, "held"))
      try await pair.write(line: #"{"jsonrpc":"2.0","id":1,"method":"echo"}"#)
      #expect(Self.essence(try #require(try await pair.next())) == Self.result(1, nil))
    }
  }
}
