import Completion
import Dialects
import JSON
import Testing

@Suite("Messages: answers")
struct MessagesDecoderTests {
  let dialect = AnthropicMessages()

  /// A stream of these events, each a JSON text.
  static func stream(_ events: [String]) -> String {
    events.map { event in
      let type = (try? JSONValue(parsing: event))?["type"]?.string ?? ""
      return "event: \(type)\ndata: \(event)\n\n"
    }.joined()
  }
  func decode(_ events: [String], _ change: (inout CompletionOptions) -> Void = { _ in }) -> DecodedAnswer {
    var options = CompletionOptions()
    change(&options)
    return dialect.decode(Self.stream(events), options: options)
  }

  static let start =
    #"{"type":"message_start","message":{"id":"m1","model":"c","usage":{"input_tokens":5,"output_tokens":1}}}"#
  static let stop = #"{"type":"message_stop"}"#
  static func block(_ block: String, _ index: Int = 0) -> String {
    #"{"type":"content_block_start","index":\#(index),"content_block":\#(block)}"#
  }
  static func delta(_ delta: String, _ index: Int = 0) -> String {
    #"{"type":"content_block_delta","index":\#(index),"delta":\#(delta)}"#
  }
  static func close(_ index: Int = 0) -> String { #"{"type":"content_block_stop","index":\#(index)}"# }
  static func end(_ reason: String, usage: String = "{}") -> String {
    #"{"type":"message_delta","delta":{"stop_reason":"\#(reason)","stop_sequence":null},"usage":\#(usage)}"#
  }
  static let text = [block(#"{"type":"text","text":""}"#), delta(#"{"type":"text_delta","text":"hi"}"#), close()]
  static let call = [
    block(#"{"type":"tool_use","id":"t1","name":"f","input":{}}"#, 1),
    delta(#"{"type":"input_json_delta","partial_json":"{\"a\""}"#, 1),
    delta(#"{"type":"input_json_delta","partial_json":":1}"}"#, 1), close(1),
  ]
  static let thought = [
    block(#"{"type":"thinking","thinking":"","signature":""}"#),
    delta(#"{"type":"thinking_delta","thinking":"hm"}"#), delta(#"{"type":"signature_delta","signature":"s1"}"#),
    delta(#"{"type":"signature_delta","signature":"s2"}"#), close(),
  ]

  // MARK: - Ends

  @Test(
    "every stop reason is understood",
    arguments: [
      ("end_turn", StopReason.end), ("pause_turn", .end), ("max_tokens", .length), ("stop_sequence", .stopSequence),
      ("model_context_window_exceeded", .length), ("refusal", .refusal), ("sensitive", .contentFilter),
      ("tool_use", .end), ("brand_new", .end),
    ])
  func stops(_ reason: String, _ stop: StopReason) {
    let answer = decode([Self.start] + Self.text + [Self.end(reason), Self.stop])
    #expect(answer.text == "hi")
    #expect(answer.stop == stop)
    #expect(answer.rawStop == reason)
    #expect(answer.warnings.isEmpty != ["brand_new", "pause_turn", "refusal"].contains(reason))
  }

  @Test("a refusal is an answer and tells its reason")
  func refusal() {
    let end =
      #"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"type":"refusal","explanation":"no"}}}"#
    let answer = decode([Self.start, end, Self.stop])
    #expect(answer.error == nil)
    #expect(answer.stop == .refusal)
    #expect(answer.warnings == ["the model refused: no"])
  }

  @Test("a stream that is cut at any event before its last is no answer")
  func truncation() {
    let events = [Self.start] + Self.thought + Self.call + [Self.end("tool_use"), Self.stop]
    for count in 1..<events.count {
      let answer = decode(Array(events.prefix(count)))
      #expect(answer.error?.kind == .upstreamInvalid)
      #expect(answer.error?.message.contains("cut off") == true)
      #expect(answer.stop == nil)
    }
    #expect(decode(events).error == nil)
    #expect(dialect.decode("").error?.kind == .upstreamInvalid)
  }

  @Test("what comes after the end is warned of, but not a ping")
  func afterTheEnd() {
    let events = [Self.start] + Self.text + [Self.end("end_turn"), Self.stop]
    #expect(decode(events + [#"{"type":"ping"}"#]).warnings == [])
    let answer = decode(events + Self.text)
    #expect(answer.text == "hi")
    #expect(answer.warnings.count == 1)
    #expect(dialect.decode(Self.stream(events) + "data: [DONE]\n\n").warnings == [])
  }

  @Test("an empty answer is one only where something explains it")
  func empty() {
    #expect(decode([Self.start, Self.end("end_turn"), Self.stop]).error?.kind == .upstreamInvalid)
    #expect(decode([Self.start, Self.end("sensitive"), Self.stop]).error?.kind == .contentFiltered)
    let full = decode([Self.start, Self.end("model_context_window_exceeded"), Self.stop])
    #expect(full.error?.kind == .contextOverflow)
    #expect(decode([Self.start, Self.end("max_tokens"), Self.stop]).stop == .length)
    #expect(decode([Self.start, Self.end("stop_sequence"), Self.stop]).stop == .stopSequence)
  }

  @Test(
    "an error in the middle of a stream is that error",
    arguments: [
      ("overloaded_error", "Overloaded", ErrorKind.overloaded), ("rate_limit_error", "slow", .rateLimited),
      ("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum", .contextOverflow),
      ("invalid_request_error", "input length and `max_tokens` exceed context limit: 9 + 1 > 8", .contextOverflow),
      ("authentication_error", "no", .authRejected), ("billing_error", "pay", .quotaExceeded),
      ("permission_error", "no", .authRejected), ("request_too_large", "x", .contextOverflow),
      ("timeout_error", "x", .upstreamError), ("api_error", "Internal", .upstreamError),
    ])
  func errors(_ type: String, _ message: String, _ kind: ErrorKind) {
    let error = #"{"type":"error","error":{"type":"\#(type)","message":"\#(message)"},"request_id":"r"}"#
    let answer = decode([Self.start] + Self.text + [error])
    #expect(answer.error?.kind == kind)
    #expect(answer.error?.message == message)
    #expect(answer.error?.upstreamCode == type)
    #expect(answer.error?.upstreamRequestId == "r")
    #expect(answer.text == "hi")
    // A proxy may answer with status 200 and the bare error.
    #expect(dialect.decode(error).error?.kind == kind)
  }

  @Test("bytes that are no JSON are an error")
  func garbage() {
    #expect(dialect.decode("data: {oh\n\n").error?.kind == .upstreamInvalid)
    #expect(dialect.decode("event: error\ndata: oh no\n\n").error?.message == "oh no")
    #expect(dialect.decode("{\"a\":1}").error?.kind == .upstreamInvalid)
    #expect(decode([Self.delta(#"{"type":"input_json_delta","partial_json":"x"}"#)]).error?.kind == .upstreamInvalid)
    #expect(decode([Self.block(#"{"type":"tool_use","id":"a"}"#)]).error?.kind == .upstreamInvalid)
  }

  // MARK: - Blocks

  @Test("thoughts end with their signature, in pieces or whole, shown or not")
  func thoughts() {
    let hidden = [
      Self.block(#"{"type":"thinking","thinking":"","signature":""}"#, 1),
      Self.delta(#"{"type":"signature_delta","signature":"h"}"#, 1), Self.close(1),
      Self.block(#"{"type":"redacted_thinking","data":"d"}"#, 2), Self.close(2),
      Self.block(#"{"type":"thinking","thinking":"whole","signature":"w"}"#, 3), Self.close(3),
      Self.block(#"{"type":"thinking","thinking":"","signature":""}"#, 4), Self.close(4),
      Self.delta(#"{"type":"thinking_delta","thinking":"unannounced"}"#, 5), Self.close(5),
    ]
    let answer = decode([Self.start] + Self.thought + hidden + [Self.end("end_turn"), Self.stop])
    #expect(answer.reasoning == "hmwholeunannounced")
    let block: JSONValue = ["block": ["type": "redacted_thinking", "data": "d"]]
    #expect(
      answer.thoughts == [
        .init(signature: "s1s2"), .init(signature: "h"), .init(opaque: block, redacted: true), .init(signature: "w"),
        .init(),
      ])
  }

  @Test("calls: arguments in pieces, given at once, absent, and cut off")
  func calls() {
    let whole = [Self.block(#"{"type":"tool_use","id":"t2","name":"g","input":{"b":2}}"#, 2), Self.close(2)]
    let none = [Self.block(#"{"type":"tool_use","id":"","name":"h","input":{}}"#, 3), Self.close(3)]
    let cut = Array(Self.call.prefix(2)).map { $0.replacing("\"index\":1", with: "\"index\":4") }
    let answer = decode([Self.start] + Self.call + whole + none + cut + [Self.end("max_tokens"), Self.stop])
    #expect(answer.calls.map(\.name) == ["f", "g", "h", "f"])
    #expect(answer.calls.map(\.arguments) == [#"{"a":1}"#, #"{"b":2}"#, "", #"{"a""#])
    #expect(answer.calls[2].id == "call_2")
    #expect(answer.stop == .length)
    let usual = decode([Self.start] + Self.call + [Self.end("end_turn"), Self.stop])
    #expect(usual.stop == .toolUse)
  }

  @Test("blocks of tools at the provider are kept as they came, and unknown events and deltas ignored")
  func serverTools() {
    let search = [
      Self.block(#"{"type":"server_tool_use","id":"s","name":"web_search","input":{}}"#),
      Self.delta(#"{"type":"input_json_delta","partial_json":"{\"q\":"}"#),
      Self.delta(#"{"type":"input_json_delta","partial_json":"1}"}"#), Self.close(),
      Self.block(#"{"type":"web_search_tool_result","tool_use_id":"s","content":[]}"#, 1), Self.close(1),
      #"{"type":"brand_new","index":0}"#, Self.block(#"{"type":"text","text":"a"}"#, 2),
      Self.delta(#"{"type":"citations_delta","citation":{}}"#, 2), Self.delta(#"{"type":"new_delta"}"#, 2),
      Self.delta(#"{"type":"text_delta","text":"b"}"#, 2), Self.close(2),
      Self.block(#"{"type":"compaction","content":null}"#, 3),
      Self.delta(#"{"type":"compaction_delta","content":"c"}"#, 3), Self.close(3),
    ]
    let answer = decode([Self.start] + search + [Self.end("end_turn"), Self.stop])
    #expect(answer.text == "ab")
    #expect(answer.calls == [])
    #expect(
      answer.thoughts.map(\.opaque) == [
        ["block": ["type": "server_tool_use", "id": "s", "name": "web_search", "input": ["q": 1]]],
        ["block": ["type": "web_search_tool_result", "tool_use_id": "s", "content": []]],
        ["block": ["type": "compaction", "content": "c"]],
      ])
  }

  // MARK: - Counts

  @Test("later counts replace earlier ones, but null and absent ones do not")
  func usage() {
    let start =
      #"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":5,"cache_read_input_tokens":7,"#
      + #""cache_creation":{"ephemeral_5m_input_tokens":1,"ephemeral_1h_input_tokens":2},"output_tokens":1}}}"#
    let end =
      #"{"input_tokens":null,"output_tokens":9,"output_tokens_details":{"thinking_tokens":4},"speed":"fast","#
      + #""service_tier":"standard"}"#
    let answer = decode([start] + Self.text + [Self.end("end_turn", usage: end), Self.stop])
    #expect(answer.usage == Usage(input: 5, output: 9, cacheRead: 7, cacheWrite: 3, reasoning: 4, cacheWriteLong: 2))
    #expect(answer.tier == "fast")
    let whole = decode(
      [start] + Self.text + [Self.end("end_turn", usage: #"{"cache_creation_input_tokens":8}"#), Self.stop])
    #expect((whole.usage?.cacheWrite, whole.usage?.cacheWriteLong) == (8, 2))
  }

  // MARK: - Structured output

  @Test("a forced tool's arguments are the text, and nothing else is")
  func answerTool() {
    let format: (inout CompletionOptions) -> Void = { $0.output = OutputFormat(schema: [:], name: "f") }
    let answer = decode([Self.start] + Self.text + Self.call + [Self.end("tool_use"), Self.stop], format)
    #expect(answer.text == #"{"a":1}"#)
    #expect(answer.calls == [])
    #expect(answer.stop == .end)
    #expect(answer.warnings.count == 1)
    let again = Self.call.map { $0.replacing("\"index\":1", with: "\"index\":2") }
    #expect(decode([Self.start] + Self.call + again + [Self.end("tool_use"), Self.stop], format).text == #"{"a":1}"#)
    let chatter = decode([Self.start] + Self.text + [Self.end("end_turn"), Self.stop], format)
    #expect(chatter.text == "hi")
    #expect(chatter.warnings == [])
  }

  @Test("a whole answer and the same answer streamed give the same")
  func whole() {
    let document: JSONValue = [
      "id": "m1", "type": "message", "model": "c", "role": "assistant", "stop_reason": "tool_use",
      "usage": ["input_tokens": 5, "output_tokens": 1],
      "content": [
        ["type": "thinking", "thinking": "hm", "signature": "s1s2"],
        ["type": "tool_use", "id": "t1", "name": "f", "input": ["a": 1]],
      ],
    ]
    let streamed = decode([Self.start] + Self.thought + Self.call + [Self.end("tool_use"), Self.stop])
    #expect(dialect.decodeWhole(document) == streamed)
    #expect(streamed.calls.count == 1)
    // A server that ignores `stream` sends the document all the same.
    #expect(dialect.decode(document.text) == streamed)
    #expect(dialect.decodeWhole(["type": "error", "error": ["type": "api_error", "message": "x"]]).error != nil)
  }
}
