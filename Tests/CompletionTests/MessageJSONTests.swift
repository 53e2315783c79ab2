import Completion
import JSON
import Testing

@Suite("The JSON form of messages")
struct MessageJSONTests {
  static let parts: [(Part, String)] = [
    (.text("a\n\"b\""), #"{"type":"text","text":"a\n\"b\""}"#),
    (
      .image(Media(mediaType: "image/png", source: .data("iVBORw0KGgo="))),
      #"{"type":"image","mediaType":"image/png","data":"iVBORw0KGgo="}"#
    ),
    (
      .file(Media(mediaType: "application/pdf", source: .url("https://x.example/a.pdf")), name: "a.pdf"),
      #"{"type":"file","mediaType":"application/pdf","url":"https://x.example/a.pdf","name":"a.pdf"}"#
    ),
    (
      .file(Media(mediaType: "text/plain", source: .path("/tmp/a")), name: nil),
      #"{"type":"file","mediaType":"text/plain","path":"/tmp/a"}"#
    ),
    (.reasoning(Reasoning(text: "hm")), #"{"type":"reasoning","text":"hm"}"#),
    (
      .reasoning(Reasoning(text: "", signature: "c2ln", redacted: true, opaque: [["id": "r1", "n": 1]])),
      #"{"type":"reasoning","text":"","signature":"c2ln","redacted":true,"opaque":[{"id":"r1","n":1}]}"#
    ),
    (
      .toolCall(ToolCall(id: "1", name: "f", arguments: ["b": nil, "a": 12_345_678_901_234_567])),
      #"{"type":"toolCall","id":"1","name":"f","arguments":{"b":null,"a":12345678901234567}}"#
    ),
    (
      .toolCall(ToolCall(id: "1", name: "f", argumentsText: "{\"a")),
      #"{"type":"toolCall","id":"1","name":"f","arguments":{},"invalid":true,"argumentsText":"{\"a"}"#
    ),
    (
      .toolResult(ToolResult(toolCallId: "1", content: [.text("4 °C")], isError: true)),
      #"{"type":"toolResult","toolCallId":"1","content":[{"type":"text","text":"4 °C"}],"isError":true}"#
    ),
  ]

  @Test("A part is written in its documented form and read back as it was", arguments: parts)
  func roundTrip(part: Part, text: String) throws {
    #expect(part.json.text == text)
    #expect(try Part(json: JSONValue(parsing: text)) == part)
  }

  @Test("Content may be one string, and is written as parts")
  func stringContent() throws {
    let message = try Message(json: ["role": "user", "content": "hi"])
    #expect(message == Message(.user, "hi"))
    #expect(message.json == ["role": "user", "content": [["type": "text", "text": "hi"]]])
    let result = try Part(json: ["type": "toolResult", "toolCallId": "1", "content": "ok"])
    #expect(result == .toolResult(ToolResult(toolCallId: "1", content: [.text("ok")])))
  }

  @Test("The origin of a message is not part of its JSON form")
  func noOrigin() throws {
    let origin = Origin(provider: "p", api: "a", model: "m")
    let message = Message(role: .assistant, content: [.text("x")], origin: origin)
    #expect(try Message(json: message.json).origin == nil)
  }

  static let faults: [(json: String, error: String)] = [
    (#""hi""#, "must be an object, but is a string"),
    (#"{"content":"x"}"#, "role: is required"),
    (
      #"{"role":"bot","content":"x"}"#,
      #"role: must be one of "user", "assistant", "system", "tool", but is "bot""#
    ),
    (#"{"role":"user"}"#, "content: is required"),
    (#"{"role":"user","content":7}"#, "content: must be a string or an array of parts, but is a number"),
    (#"{"role":"user","content":"x","nmae":1}"#, #"nmae: is not a known field; there are "role", "content""#),
    (#"{"role":"user","content":[{"type":"text","txt":"x"}]}"#, "content[0].text: is required"),
    (
      #"{"role":"user","content":[{"type":"text","text":"x","texd":"x"}]}"#,
      #"content[0].texd: is not a known field; did you mean "text"?"#
    ),
    (
      #"{"role":"user","content":[{"type":"image","mediaType":"image/png"}]}"#,
      #"content[0]: must have exactly one of "data", "url" and "path""#
    ),
    (
      #"{"role":"user","content":[{"type":"image","mediaType":"image/png","url":"u","path":"p"}]}"#,
      #"content[0]: must have exactly one of "data", "url" and "path""#
    ),
    (
      #"{"role":"user","content":[{"type":"image","mediaType":"image/png","data":"data:image/png;base64,AAAA"}]}"#,
      #"content[0].data: is a data URL; give only what follows the comma, or use "url""#
    ),
    (
      #"{"role":"user","content":[{"type":"image","mediaType":"image/png","data":"AA=A"}]}"#,
      "content[0].data: is not base64 (RFC 4648, with padding and without line breaks)"
    ),
    (
      #"{"role":"user","content":[{"type":"image","mediaType":"image/png","data":"AAAAA"}]}"#,
      "content[0].data: is not base64 (RFC 4648, with padding and without line breaks)"
    ),
    (
      #"{"role":"assistant","content":[{"type":"toolCall","id":"1","name":"f","arguments":"{}"}]}"#,
      #"content[0].arguments: must be an object, but is "{}""#
    ),
    (
      #"{"role":"assistant","content":[{"type":"toolCall","id":"1","name":"f","arguments":{"a":1},"invalid":true}]}"#,
      #"content[0].arguments: must be empty in a call with "invalid": true"#
    ),
    (
      #"{"role":"assistant","content":[{"type":"toolCall","id":"1","name":"f","arguments":{},"argumentsText":""}]}"#,
      #"content[0].argumentsText: belongs to a call with "invalid": true"#
    ),
    (
      #"{"role":"tool","content":[{"type":"toolResult","toolCallId":"1","content":[{"type":"reasoning","text":""}]}]}"#,
      "content[0].content[0].type: must be text, image or file inside a toolResult"
    ),
  ]

  @Test("A message with a fault is refused, and the error names the field", arguments: faults)
  func fault(json: String, error: String) throws {
    let value = try JSONValue(parsing: json)
    #expect { try Message(json: value) } throws: { "\($0)" == error }
  }
}

@Suite("The JSON form of stored messages")
struct StoredMessageTests {
  private static let full = StoredMessage(
    id: "m1", message: Message(.assistant, "hi"), provider: "p", model: "m", api: "echo",
    at: "2026-01-31T09:30:00.250Z", usage: Usage(input: 1, output: 2, cacheRead: 3, cacheWrite: 4, reasoning: 1),
    stopReason: .cancelled, completionId: "c1", copied: true)
  private static let bare = StoredMessage(
    id: "m0", message: Message(.user, "hi"), provider: "p", model: "m", at: "2026-01-31T09:30:00.250Z")

  @Test("It is read back as it was", arguments: [full, bare])
  func roundTrip(message: StoredMessage) throws {
    #expect(try StoredMessage(json: message.json) == message)
    #expect(try StoredMessage(json: JSONValue(parsing: message.json.text)) == message)
  }

  @Test("What is absent is not written")
  func absent() {
    #expect(
      Self.bare.json.text
        == #"{"id":"m0","role":"user","content":[{"type":"text","text":"hi"}],"provider":"p","model":"m","#
        + #""at":"2026-01-31T09:30:00.250Z"}"#)
  }

  @Test("An assistant's message gets its origin back, a user's has none")
  func origin() throws {
    let read = try StoredMessage(json: Self.full.json)
    #expect(read.message.origin == Origin(provider: "p", api: "echo", model: "m"))
    #expect(try StoredMessage(json: Self.bare.json).message.origin == nil)
  }

  @Test("Every required field is missed by name", arguments: ["id", "role", "content", "provider", "model", "at"])
  func required(key: String) throws {
    var members = try #require(Self.full.json.object)
    members[key] = nil
    #expect { try StoredMessage(json: .object(members)) } throws: { "\($0)" == "\(key): is required" }
  }

  @Test("Usage keeps its counts, and a total that lies is not believed")
  func usage() throws {
    var usage = Usage(input: 1, output: 2, cacheRead: 3, cacheWrite: 4, reasoning: 2)
    usage.estimated = true
    #expect(usage.json["total"] == 10)
    var members = try #require(usage.json.object)
    members["total"] = 99
    #expect(try Usage(json: .object(members)) == usage)
  }

  @Test("A cost keeps a total the provider reported")
  func cost() throws {
    let cost = Cost(input: 0.1, output: 0.2, total: 0.5)
    #expect(try Cost(json: cost.json) == cost)
    #expect(Cost(input: 1, output: 2, cacheRead: 4, cacheWrite: 8).total == 15)
    #expect((cost + cost).total == 1)
  }
}
