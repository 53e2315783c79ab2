import Completion
import Dialects
import JSON
import Testing

@Suite("Responses: earlier answers")
struct ResponsesReplayTests {
  let dialect = OpenAIResponses()
  static let own = Origin(provider: "prov", api: "openai-responses", model: "model-1")
  static let other = Origin(provider: "prov", api: "openai-responses", model: "model-2")
  static let item: JSONValue = [
    "type": "reasoning", "id": "rs_1", "status": "completed", "content": [], "encrypted_content": "e",
    "summary": [["type": "summary_text", "text": "hm"]],
  ]
  static let kept: JSONValue = [
    "type": "reasoning", "id": "rs_1", "encrypted_content": "e", "summary": [["type": "summary_text", "text": "hm"]],
  ]

  static func opaque(_ opaque: JSONValue, _ text: String = "") -> Part {
    .reasoning(Reasoning(text: text, opaque: opaque))
  }

  func input(_ content: [Part], from origin: Origin = own, _ quirks: JSONObject = [:]) throws -> [JSONValue] {
    let written = try write(content, from: origin, quirks)
    return Array((written.body["input"]?.array ?? []).dropLast())
  }
  func write(_ content: [Part], from origin: Origin = own, _ quirks: JSONObject = [:]) throws -> Written {
    let answer = Message(role: .assistant, content: content, origin: origin)
    return try dialect.write(quirks, messages: [answer, Message(.user, "on")])
  }

  static let answer: [Part] = [
    .reasoning(Reasoning(text: "h")), opaque(["item": item], "m"),
    opaque(["next": ["id": "msg_1", "phase": "commentary"]]), .text("I look."),
    opaque(["next": ["id": "fc_1", "namespace": "n"]]), .call("call_1", "f", ["a": 1]),
  ]

  @Test("go back to the same model as they came: reasoning, ids, phases")
  func same() throws {
    #expect(
      try input(Self.answer).prefix(3) == [
        Self.kept,
        [
          "type": "message", "role": "assistant", "id": "msg_1", "status": "completed", "phase": "commentary",
          "content": [["type": "output_text", "text": "I look.", "annotations": []]],
        ],
        [
          "type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "namespace": "n",
          "arguments": #"{"a":1}"#,
        ],
      ])
  }

  @Test("another model gets the readable part only, and the loss of the seal is told once")
  func foreign() throws {
    let written = try write(Self.answer, from: Self.other)
    let items = written.body["input"]?.array ?? []
    #expect(items.compactMap { $0["content"]?.string } == ["h", "m", "I look.", "on"])
    #expect(items.contains { $0["type"] == "function_call" && $0["id"] == nil })
    #expect(!items.contains { $0["type"] == "reasoning" })
    #expect(written.losses == ["messages[0].content[1]"])
  }

  @Test("what was sealed with the end of the answer goes to its place")
  func late() throws {
    let items = try input([
      Self.opaque(["next": ["item": ["type": "reasoning", "id": "rs_1"]]]), Self.opaque(["next": ["id": "msg_1"]]),
      .text("hi"), Self.opaque(["next": ["items": [Self.item]]]),
    ])
    #expect(items.map { $0["type"] } == ["reasoning", "message"])
    #expect(items.first == Self.kept)
    let early = try input([
      Self.opaque(["item": ["type": "reasoning", "id": "rs_1"]], "h"), .text("hi"),
      Self.opaque(["next": ["items": [Self.item]]]),
    ])
    #expect(early.first == Self.kept)
  }

  @Test("reasoning that the provider did not keep is left out, and so are the ids that belonged to it")
  func unsealed() throws {
    let bare: JSONValue = ["item": ["type": "reasoning", "id": "rs_1", "summary": []]]
    let content = [Self.opaque(bare, "hm"), Self.opaque(["next": ["id": "fc_1"]]), .call("call_1", "f")]
    let items = try input(content)
    #expect(items.first?["type"] == "function_call")
    #expect(items.first?["id"] == nil)
    let kept = try input(content, ["replaysPlainReasoning": true])
    #expect(kept.first == ["type": "reasoning", "id": "rs_1", "summary": []])
    #expect(kept[1]["id"] == "fc_1")
    let open: JSONValue = ["item": ["type": "reasoning", "content": [["type": "reasoning_text", "text": "hm"]]]]
    #expect(try input([Self.opaque(open, "hm"), .text("hi")]).first?["content"]?[0]?["text"] == "hm")
  }

  @Test("reasoning that nothing followed is left out, which is told")
  func loose() throws {
    let written = try write([.text("hi"), Self.opaque(["item": Self.item])])
    #expect(written.body["input"]?.array?.map { $0["role"] } == ["assistant", "user"])
    #expect(written.losses == ["messages"])
    #expect(try write([Self.opaque(["item": Self.item])]).body["input"]?.array?.count == 1)
  }

  @Test("ids that are too long are left out; a text without one is a plain message")
  func ids() throws {
    let long = String(repeating: "x", count: 65)
    let items = try input([Self.opaque(["next": ["id": .string(long), "phase": "final_answer"]]), .text("hi")])
    #expect(items == [["type": "message", "role": "assistant", "phase": "final_answer", "content": "hi"]])
  }

  @Test("calls with raw text, and their results")
  func customCalls() throws {
    let answer = Message(
      role: .assistant,
      content: [Self.opaque(["next": ["id": "ctc_1", "custom": true]]), .call("c", "sh", ["input": "ls"])],
      origin: Self.own)
    let written = try dialect.write(messages: [answer, Message(role: .tool, content: [.result("c", "a.txt")])])
    #expect(
      written.body["input"] == [
        ["type": "custom_tool_call", "id": "ctc_1", "call_id": "c", "name": "sh", "input": "ls"],
        ["type": "custom_tool_call_output", "call_id": "c", "output": "a.txt"],
      ])
  }

  @Test("a decoded answer, kept as the engine keeps it, goes back as the items it came as")
  func roundTrip() throws {
    typealias Events = ResponsesDecoderTests
    let output: [JSONValue] = [
      ["type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "e"],
      Events.message("I look.", phase: "commentary"), Events.call("f", id: "1", #"{"a":1}"#),
    ]
    let request = CompletionRequest(messages: [])
    let body = JSONValue.object(["object": "response", "status": "completed", "output": .array(output)])
    var content: [Part] = []
    for event in try dialect.decodeWhole(body.bytes, for: request, at: .test()) {
      switch event {
      case .reasoningEnd(_, let opaque?, _): content.append(Self.opaque(opaque))
      case .text(let text): content.append(.text(text))
      case .toolCallStart(_, let id, let name): content.append(.call(id, name, ["a": 1]))
      default: break
      }
    }
    let items = try input(content)
    #expect(items[0] == output[0])
    #expect(items[1]["id"] == output[1]["id"])
    #expect(items[1]["phase"] == "commentary")
    for key in ["id", "call_id", "name", "arguments"] { #expect(items[2][key] == output[2][key]) }
  }
}
