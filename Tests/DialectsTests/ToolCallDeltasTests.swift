import Completion
import Dialects
import JSON
import Testing

@Suite("Chat completions: tool calls in every shape")
struct ToolCallDeltasTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    /// Each the `tool_calls` of one delta.
    var deltas: [String]
    /// id, name, arguments.
    var calls: [[String]]
    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(
      name: "as OpenAI sends them",
      deltas: [
        #"[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]"#,
        #"[{"index":0,"function":{"arguments":"{\"x\""}}]"#, #"[{"index":0,"function":{"arguments":":1}"}}]"#,
        #"[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}]"#,
        #"[{"index":1,"function":{"arguments":"{}"}}]"#,
      ], calls: [["a", "f", #"{"x":1}"#], ["b", "g", "{}"]]),
    Case(
      name: "alternating",
      deltas: [
        #"[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}},{"index":1,"id":"b","function":{"name":"g","arguments":"{"}}]"#,
        #"[{"index":1,"function":{"arguments":"}"}}]"#, #"[{"index":0,"function":{"arguments":"}"}}]"#,
      ], calls: [["a", "f", "{}"], ["b", "g", "{}"]]),
    Case(
      name: "without an index, matched by id",
      deltas: [
        #"[{"id":"a","function":{"name":"f","arguments":"{"}}]"#,
        #"[{"id":"b","function":{"name":"g","arguments":"{"}}]"#,
        #"[{"id":"a","function":{"arguments":"}"}}]"#, #"[{"id":"b","function":{"arguments":"}"}}]"#,
      ], calls: [["a", "f", "{}"], ["b", "g", "{}"]]),
    Case(
      name: "without an index or id after the first delta",
      deltas: [#"[{"id":"a","function":{"name":"f"}}]"#, #"[{"function":{"arguments":"{}"}}]"#],
      calls: [["a", "f", "{}"]]),
    Case(
      name: "without any index or id, each with its name",
      deltas: [
        #"[{"function":{"name":"f","arguments":"{\"x\":1}"}}]"#,
        #"[{"function":{"name":"f","arguments":"{\"x\":2}"}}]"#,
      ], calls: [["call_0", "f", #"{"x":1}"#], ["call_1", "f", #"{"x":2}"#]]),
    Case(
      name: "the id and the name again with every delta",
      deltas: [
        #"[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]"#,
        #"[{"index":0,"id":"a","function":{"name":"f","arguments":"}"}}]"#,
      ], calls: [["a", "f", "{}"]]),
    Case(
      name: "the name in pieces",
      deltas: [
        #"[{"index":0,"id":"a","function":{"name":"get_","arguments":""}}]"#,
        #"[{"index":0,"function":{"name":"weather"}}]"#,
        #"[{"index":0,"function":{"arguments":"{}"}}]"#,
      ], calls: [["a", "get_weather", "{}"]]),
    Case(
      name: "the name twice before the arguments",
      deltas: [
        #"[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]"#,
        #"[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]"#,
      ], calls: [["a", "f", "{}"]]),
    Case(
      name: "another id at the same index",
      deltas: [
        #"[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]"#,
        #"[{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}]"#,
        #"[{"index":0,"function":{"arguments":""}}]"#,
      ], calls: [["a", "f", "{}"], ["b", "g", "{}"]]),
    Case(
      name: "the same index for whole calls without ids",
      deltas: [
        #"[{"index":0,"id":"","function":{"name":"f","arguments":"{\"x\":1}"}}]"#,
        #"[{"index":0,"id":"","function":{"name":"f","arguments":"{\"x\":2}"}}]"#,
      ], calls: [["call_0", "f", #"{"x":1}"#], ["call_1", "f", #"{"x":2}"#]]),
    Case(
      name: "all calls in one delta",
      deltas: [
        #"[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":"{}"}}]"#
      ], calls: [["a", "f", "{}"], ["b", "g", "{}"]]),
    Case(
      name: "arguments as an object",
      deltas: [#"[{"index":0,"id":"a","function":{"name":"f","arguments":{"x":[1,"y"]}}}]"#],
      calls: [["a", "f", #"{"x":[1,"y"]}"#]]),
    Case(
      name: "no arguments at all",
      deltas: [
        #"[{"index":0,"id":"a","function":{"name":"f"}}]"#,
        #"[{"index":1,"id":"b","function":{"name":"g","arguments":null}}]"#,
      ],
      calls: [["a", "f", ""], ["b", "g", ""]]),
    Case(
      name: "the id after the name",
      deltas: [
        #"[{"index":0,"function":{"name":"f"}}]"#, #"[{"index":0,"id":"a","function":{"arguments":"{}"}}]"#,
      ], calls: [["a", "f", "{}"]]),
    Case(
      name: "indices with gaps",
      deltas: [
        #"[{"index":1,"id":"a","function":{"name":"f","arguments":"{}"}}]"#,
        #"[{"index":5,"id":"b","function":{"name":"g","arguments":"{}"}}]"#,
      ], calls: [["a", "f", "{}"], ["b", "g", "{}"]]),
  ]

  @Test("calls come out whole", arguments: cases)
  func shapes(_ test: Case) {
    let chunks = test.deltas.map { CompletionsDecoderTests.delta("{\"tool_calls\":\($0)}") }
    let finish = CompletionsDecoderTests.delta("{}", finish: "tool_calls")
    let answer = OpenAICompletions().decode(CompletionsDecoderTests.stream(chunks + [finish]))
    #expect(answer.calls.map { [$0.id, $0.name, $0.arguments] } == test.calls)
    #expect(answer.stop == .toolUse)
    #expect(answer.error == nil)
  }

  @Test("calls before the reason \"stop\" are calls all the same; cut off by the limit they are cut off")
  func finishReasons() {
    let call = CompletionsDecoderTests.delta(
      #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}]}"#)
    for (raw, stop) in [("stop", StopReason.toolUse), ("length", .length), ("content_filter", .contentFilter)] {
      let finish = CompletionsDecoderTests.delta("{}", finish: raw)
      #expect(OpenAICompletions().decode(CompletionsDecoderTests.stream([call, finish])).stop == stop)
    }
  }

  @Test("the old function_call is a call")
  func functionCall() {
    let answer = OpenAICompletions().decode(
      CompletionsDecoderTests.stream([
        CompletionsDecoderTests.delta(#"{"function_call":{"name":"f","arguments":""}}"#),
        CompletionsDecoderTests.delta(#"{"function_call":{"arguments":"{}"}}"#),
        CompletionsDecoderTests.delta("{}", finish: "function_call"),
      ]))
    #expect(answer.calls.map { [$0.id, $0.name, $0.arguments] } == [["call_0", "f", "{}"]])
    #expect(answer.stop == .toolUse)
  }

  @Test("a call that never gets a name makes no sense")
  func nameless() {
    let call = CompletionsDecoderTests.delta(#"{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{}"}}]}"#)
    let answer = OpenAICompletions().decode(CompletionsDecoderTests.stream([call, CompletionsDecoderTests.stop]))
    #expect(answer.error?.kind == .upstreamInvalid)
  }

  // MARK: - A forced tool as structured output

  static let forced: JSONObject = ["structuredOutput": "tool"]
  static var shape: CompletionOptions {
    var options = CompletionOptions()
    options.output = OutputFormat(schema: ["type": "object"], name: "my answer")
    return options
  }

  @Test("the forced tool's arguments are the text, streamed or whole")
  func forcedTool() {
    let calls =
      #"{"content":"Sure!","tool_calls":[{"index":0,"id":"a","function":{"name":"my_answer","arguments":"{\"x\""}}]}"#
    let rest = #"{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}"#
    let stream = CompletionsDecoderTests.stream([
      CompletionsDecoderTests.delta(calls), CompletionsDecoderTests.delta(rest, finish: "tool_calls"),
    ])
    let streamed = OpenAICompletions().decode(stream, options: Self.shape, quirks: Self.forced)
    #expect(streamed.text == #"{"x":1}"#)
    #expect(streamed.calls == [])
    #expect(streamed.stop == .end)
    #expect(streamed.warnings == ["text beside the structured answer was left out"])
    let message: JSONValue = [
      "tool_calls": [["id": "a", "function": ["name": "my_answer", "arguments": "{\"x\":1}"]]]
    ]
    let whole = OpenAICompletions().decodeWhole(
      ["choices": [["finish_reason": "stop", "message": message]]], options: Self.shape, quirks: Self.forced)
    #expect(whole.text == #"{"x":1}"#)
    #expect(whole.stop == .end)
  }

  @Test("without the forced tool, text and other calls are what they are")
  func forcedToolAbsent() {
    let delta = #"{"content":"Wait","tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#
    let stream = CompletionsDecoderTests.stream([CompletionsDecoderTests.delta(delta, finish: "tool_calls")])
    let answer = OpenAICompletions().decode(stream, options: Self.shape, quirks: Self.forced)
    #expect(answer.text == "Wait")
    #expect(answer.calls.map(\.name) == ["f"])
    #expect(answer.stop == .toolUse)
  }
}
