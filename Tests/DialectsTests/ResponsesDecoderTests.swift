import Completion
import Dialects
import JSON
import Testing

@Suite("Responses: answers")
struct ResponsesDecoderTests {
  let dialect = OpenAIResponses()

  /// A stream of these events.
  static func stream(_ events: [JSONValue]) -> String {
    events.map { "event: \($0["type"]?.string ?? "")\ndata: \($0.text)\n\n" }.joined()
  }
  func decode(_ events: [JSONValue], options: CompletionOptions = .init(), quirks: JSONObject = [:]) -> DecodedAnswer {
    dialect.decode(Self.stream(events), options: options, quirks: quirks)
  }

  static let created: JSONValue = [
    "type": "response.created", "response": ["id": "resp_1", "model": "m", "status": "in_progress"],
  ]
  static func added(_ index: Int, _ item: JSONValue) -> JSONValue {
    ["type": "response.output_item.added", "output_index": .int(index), "item": item]
  }
  static func done(_ index: Int, _ item: JSONValue) -> JSONValue {
    ["type": "response.output_item.done", "output_index": .int(index), "item": item]
  }
  static func text(_ index: Int, _ delta: String, id: String = "msg_1") -> JSONValue {
    [
      "type": "response.output_text.delta", "output_index": .int(index), "content_index": 0, "item_id": .string(id),
      "delta": .string(delta),
    ]
  }
  static func arguments(_ index: Int, _ delta: String) -> JSONValue {
    ["type": "response.function_call_arguments.delta", "output_index": .int(index), "delta": .string(delta)]
  }
  static func completed(_ output: [JSONValue] = [], _ more: JSONObject = [:]) -> JSONValue {
    var response: JSONObject = ["id": "resp_1", "model": "m", "status": "completed", "output": .array(output)]
    response.merge(more)
    return ["type": "response.completed", "response": .object(response)]
  }
  static func message(_ text: String, id: String = "msg_1", phase: String? = nil) -> JSONValue {
    var item: JSONObject = [
      "type": "message", "id": .string(id), "role": "assistant",
      "content": [["type": "output_text", "text": .string(text)]],
    ]
    item.set("phase", phase.map(JSONValue.string))
    return .object(item)
  }
  static func call(_ name: String, id: String, _ arguments: String = "") -> JSONValue {
    [
      "type": "function_call", "id": .string("fc_\(id)"), "call_id": .string("call_\(id)"), "name": .string(name),
      "arguments": .string(arguments),
    ]
  }
  static let hi = [created, text(0, "hi"), completed()]

  // MARK: - Values over deltas

  @Test("what the deltas lacked is taken from the finished text, once")
  func lackingDeltas() {
    let whole = Self.message("hello")
    let fromText = decode([
      Self.created, Self.added(0, Self.message("")), Self.text(0, "he"),
      ["type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "hello"],
      ["type": "response.content_part.done", "output_index": 0, "part": ["type": "output_text", "text": "hello"]],
      Self.done(0, whole), Self.completed([whole]),
    ])
    #expect(fromText.text == "hello")
    #expect(fromText.warnings == [])
    #expect(decode([Self.created, Self.text(0, "he"), Self.done(0, whole), Self.completed()]).text == "hello")
    #expect(decode([Self.created, Self.text(0, "he"), Self.completed([whole])]).text == "hello")
    #expect(decode([Self.completed([whole])]).text == "hello")
  }

  @Test("a finished text that contradicts what was said is warned of, and changes nothing")
  func contradiction() {
    let answer = decode([Self.created, Self.text(0, "yes"), Self.done(0, Self.message("no")), Self.completed()])
    #expect(answer.text == "yes")
    #expect(answer.warnings.count == 1)
    let call = decode([
      Self.created, Self.added(0, Self.call("f", id: "1")), Self.arguments(0, #"{"a":1}"#),
      Self.done(0, Self.call("f", id: "1", #"{"a":2}"#)), Self.completed(),
    ])
    #expect(call.calls.map(\.arguments) == [#"{"a":1}"#])
    #expect(call.warnings.count == 1)
    let spaced = decode([
      Self.created, Self.added(0, Self.call("f", id: "1")), Self.arguments(0, #"{"a":1}"#),
      Self.done(0, Self.call("f", id: "1", #"{ "a": 1 }"#)), Self.completed(),
    ])
    #expect(spaced.warnings == [])
  }

  @Test("a scalar joined to the last one by the finished text is not lost")
  func graphemes() {
    let answer = decode([Self.created, Self.text(0, "e"), Self.done(0, Self.message("e\u{301}!")), Self.completed()])
    #expect(Array(answer.text.unicodeScalars) == Array("e\u{301}!".unicodeScalars))
    #expect(answer.warnings == [])
  }

  // MARK: - Items

  @Test("calls that are written at the same time do not mix")
  func parallelCalls() {
    let answer = decode([
      Self.created, Self.added(0, Self.call("f", id: "1")), Self.added(1, Self.call("g", id: "2")),
      Self.arguments(1, #"{"b""#), Self.arguments(0, #"{"a""#), Self.arguments(1, ":2}"), Self.arguments(0, ":1}"),
      Self.done(1, Self.call("g", id: "2", #"{"b":2}"#)), Self.done(0, Self.call("f", id: "1", #"{"a":1}"#)),
      Self.completed(),
    ])
    #expect(answer.calls.map(\.name) == ["f", "g"])
    #expect(answer.calls.map(\.id) == ["call_1", "call_2"])
    #expect(answer.calls.map(\.arguments) == [#"{"a":1}"#, #"{"b":2}"#])
    #expect(answer.stop == .toolUse)
    #expect(answer.thoughts.compactMap { $0.opaque?["next"]?["id"]?.string } == ["fc_1", "fc_2"])
  }

  @Test("where every event has another id, the index tells the items apart")
  func unstableIds() {
    let answer = decode([
      Self.created, Self.added(0, ["type": "reasoning", "id": "a", "summary": []]),
      Self.done(0, ["type": "reasoning", "id": "b", "summary": [], "encrypted_content": "sealed"]),
      Self.added(1, Self.message("", id: "c")), Self.text(1, "h", id: "d"), Self.text(1, "i", id: "e"),
      Self.done(1, Self.message("hi", id: "f")),
      Self.completed([
        ["type": "reasoning", "id": "g", "summary": [], "encrypted_content": "again"], Self.message("hi", id: "h"),
      ]),
    ])
    #expect(answer.text == "hi")
    // Id and sealed content belong together: both are of the event that completed the item.
    #expect(answer.thoughts.first?.opaque?["item"]?["id"] == "b")
    #expect(answer.thoughts.first?.opaque?["item"]?["encrypted_content"] == "sealed")
    #expect(answer.thoughts.count == 2)
    #expect(answer.warnings == [])
  }

  @Test("where no event has an index, the id tells the items apart, and items may end late")
  func llamaServer() {
    let answer = decode([
      ["type": "response.created", "response": ["id": "resp_1", "status": "in_progress"]],
      [
        "type": "response.output_item.added",
        "item": ["type": "reasoning", "id": "rs_1", "summary": [], "content": [], "encrypted_content": ""],
      ],
      ["type": "response.reasoning_text.delta", "item_id": "rs_1", "delta": "hm"],
      ["type": "response.output_item.added", "item": ["type": "message", "id": "msg_1", "content": []]],
      ["type": "response.output_text.delta", "item_id": "msg_1", "delta": "h"],
      [
        "type": "response.output_item.added",
        "item": ["type": "function_call", "id": "fc_1", "call_id": "c", "name": "f"],
      ],
      ["type": "response.function_call_arguments.delta", "item_id": "fc_1", "delta": "{}"],
      ["type": "response.output_text.delta", "item_id": "msg_1", "delta": "i"],
      [
        "type": "response.output_item.done",
        "item": [
          "type": "reasoning", "id": "rs_1", "summary": [], "content": [["type": "reasoning_text", "text": "hm"]],
        ],
      ],
      ["type": "response.output_item.done", "item": Self.message("hi")],
      [
        "type": "response.output_item.done",
        "item": ["type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": "{}"],
      ],
      [
        "type": "response.completed",
        "response": ["id": "resp_1", "status": "completed", "usage": ["input_tokens": 3, "output_tokens": 2]],
      ],
    ])
    #expect(answer.reasoning == "hm")
    #expect(answer.text == "hi")
    #expect(answer.calls == [.init(id: "c", name: "f", arguments: "{}", hasEnded: true)])
    #expect(answer.thoughts.first?.opaque == ["item": ["type": "reasoning", "id": "rs_1"]])
    #expect(answer.thoughts.last?.opaque?["next"]?["items"]?[0]?["content"]?[0]?["text"] == "hm")
    #expect(answer.usage?.total == 5)
  }

  @Test("items that no event brought are taken from the finished response")
  func missedItems() {
    let answer = decode([
      Self.created, Self.text(0, "hi"), Self.done(0, Self.message("hi")),
      Self.completed([Self.message("hi"), Self.call("f", id: "1", #"{"a":1}"#)]),
    ])
    #expect(answer.text == "hi")
    #expect(answer.calls.map(\.arguments) == [#"{"a":1}"#])
    #expect(answer.stop == .toolUse)
  }

  @Test("arguments that come only with the announcement count, those before the name are kept")
  func arguments() {
    let early = decode([Self.created, Self.added(0, Self.call("f", id: "1", #"{"a":1}"#)), Self.completed()])
    #expect(early.calls == [.init(id: "call_1", name: "f", arguments: #"{"a":1}"#, hasEnded: true)])
    let nameless = decode([
      Self.created, Self.arguments(0, #"{"a""#), Self.arguments(0, ":1}"),
      Self.done(0, Self.call("f", id: "1", #"{"a":1}"#)), Self.completed(),
    ])
    #expect(nameless.calls == early.calls)
    #expect(decode([Self.created, Self.arguments(0, "{}"), Self.completed()]).error?.kind == .upstreamInvalid)
  }

  @Test("where the pieces of arguments are scrambled, the finished ones count")
  func scrambledArguments() {
    let events = [
      Self.created, Self.added(0, Self.call("f", id: "1")), Self.arguments(0, "x9/k"),
      ["type": "response.function_call_arguments.done", "output_index": 0, "arguments": #"{"a":1}"#],
      Self.done(0, Self.call("f", id: "1", #"{"a":1}"#)), Self.completed(),
    ]
    let answer = decode(events, quirks: ["streamsArguments": false])
    #expect(answer.calls == [.init(id: "call_1", name: "f", arguments: #"{"a":1}"#, hasEnded: true)])
    #expect(answer.warnings == [])
    #expect(decode(events).calls.first?.arguments == "x9/k")
  }

  @Test("a call with raw text gets it as the member input, and says so for the way back")
  func customCalls() {
    let item: JSONValue = [
      "type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1", "name": "sh", "input": "ls \"a\"",
    ]
    let answer = decode([
      Self.created,
      Self.added(0, ["type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1", "name": "sh", "input": ""]),
      ["type": "response.custom_tool_call_input.delta", "output_index": 0, "delta": "ls \"a\""],
      ["type": "response.custom_tool_call_input.done", "output_index": 0, "input": "ls \"a\""],
      Self.done(0, item), Self.completed([item]),
    ])
    #expect(answer.calls.count == 1)
    #expect((try? JSONValue(parsing: answer.calls.first?.arguments ?? "")) == ["input": "ls \"a\""])
    #expect(answer.thoughts.map(\.opaque) == [["next": ["id": "ctc_1", "custom": true]]])
    #expect(answer.stop == .toolUse)
  }

  @Test("tools that the provider runs itself are no calls of the client's, nor is their text the answer's")
  func hostedTools() {
    let answer = decode([
      Self.created, Self.added(0, ["type": "web_search_call", "id": "ws_1", "status": "in_progress"]),
      ["type": "response.web_search_call.searching", "output_index": 0, "item_id": "ws_1"],
      ["type": "response.mcp_call_arguments.delta", "output_index": 0, "delta": "{}"],
      ["type": "response.something_new", "text": "x"],
      Self.done(0, ["type": "web_search_call", "id": "ws_1", "status": "completed"]),
      Self.text(1, "hi"), Self.completed(),
    ])
    #expect(answer.text == "hi")
    #expect(answer.calls == [])
    #expect(answer.warnings == [])
  }

  // MARK: - Reasoning

  @Test("of a summary and the full reasoning only what came first is shown")
  func doubleReasoning() {
    let item: JSONValue = [
      "type": "reasoning", "id": "rs_1", "summary": [["type": "summary_text", "text": "short"]],
      "content": [["type": "reasoning_text", "text": "long"]], "encrypted_content": "e",
    ]
    let streamed = decode([
      Self.created, Self.added(0, ["type": "reasoning", "id": "rs_1", "summary": []]),
      ["type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "short"],
      ["type": "response.reasoning_text.delta", "output_index": 0, "content_index": 0, "delta": "long"],
      Self.done(0, item), Self.text(1, "hi"), Self.completed([item, Self.message("hi")]),
    ])
    #expect(streamed.reasoning == "short")
    #expect(streamed.thoughts.first?.opaque == ["item": item])
    #expect(decode([Self.completed([item, Self.message("hi")])]).reasoning == "long")
  }

  @Test("each part of a summary is a thought of its own, the last one holds the item")
  func summaryParts() {
    let item: JSONValue = [
      "type": "reasoning", "id": "rs_1", "encrypted_content": "e",
      "summary": [["type": "summary_text", "text": "a"], ["type": "summary_text", "text": "b"]],
    ]
    let answer = decode([
      Self.created,
      ["type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "a"],
      ["type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 1, "delta": "b"],
      Self.done(0, item), Self.text(1, "hi"), Self.completed(),
    ])
    #expect(answer.reasoning == "ab")
    #expect(answer.thoughts.map(\.opaque) == [nil, ["item": item], ["next": ["id": "msg_1"]]])
  }

  @Test("sealed content that only the finished response holds is kept for the item it belongs to")
  func lateSeal() {
    let bare: JSONValue = ["type": "reasoning", "id": "rs_1", "summary": []]
    let sealed: JSONValue = ["type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "e"]
    let answer = decode([
      Self.created, Self.added(0, bare), Self.done(0, bare), Self.text(1, "hi"), Self.done(1, Self.message("hi")),
      Self.completed([sealed, Self.message("hi")]),
    ])
    #expect(
      answer.thoughts.map(\.opaque) == [
        ["next": ["item": ["type": "reasoning", "id": "rs_1"]]], ["next": ["id": "msg_1"]],
        ["next": ["items": [sealed]]],
      ])
    #expect(answer.text == "hi")
  }
}
