import Completion
import Dialects
import JSON
import Testing

@Suite("Responses: how answers end")
struct ResponsesEndTests {
  typealias Events = ResponsesDecoderTests
  let dialect = OpenAIResponses()

  func decode(_ events: [JSONValue], options: CompletionOptions = .init(), quirks: JSONObject = [:]) -> DecodedAnswer {
    dialect.decode(Events.stream(events), options: options, quirks: quirks)
  }
  func incomplete(_ reason: String, output: [JSONValue] = []) -> JSONValue {
    [
      "type": "response.incomplete",
      "response": [
        "id": "r", "status": "incomplete", "incomplete_details": ["reason": .string(reason)], "output": .array(output),
      ],
    ]
  }

  @Test("the limit, the filter and unknown reasons")
  func incomplete() {
    let cut = decode([Events.created, Events.text(0, "hi"), incomplete("max_output_tokens")])
    #expect(cut.stop == .length)
    #expect(cut.rawStop == "max_output_tokens")
    #expect(decode([Events.created, incomplete("max_output_tokens")]).stop == .length)
    #expect(decode([Events.created, Events.text(0, "hi"), incomplete("content_filter")]).stop == .contentFilter)
    #expect(decode([Events.created, incomplete("content_filter")]).error?.kind == .contentFiltered)
    let odd = decode([Events.created, Events.text(0, "hi"), incomplete("boredom")])
    #expect(odd.stop == .end)
    #expect(odd.warnings.count == 1)
  }

  @Test("a call that the limit cut off still ends")
  func cutCall() {
    let answer = decode([
      Events.created, Events.added(0, Events.call("f", id: "1")), Events.arguments(0, #"{"a"#),
      incomplete("max_output_tokens"),
    ])
    #expect(answer.calls == [.init(id: "call_1", name: "f", arguments: #"{"a"#, hasEnded: true)])
    #expect(answer.stop == .length)
  }

  @Test("a refusal")
  func refusal() {
    let answer = decode([
      Events.created,
      ["type": "response.refusal.delta", "output_index": 0, "content_index": 0, "delta": "I can"],
      ["type": "response.refusal.delta", "output_index": 0, "content_index": 0, "delta": "not"],
      ["type": "response.refusal.done", "output_index": 0, "content_index": 0, "refusal": "I cannot"],
      Events.completed([["type": "message", "id": "m", "content": [["type": "refusal", "refusal": "I cannot"]]]]),
    ])
    #expect(answer.stop == .refusal)
    #expect(answer.text == "")
    #expect(answer.warnings == ["the model refused: I cannot"])
  }

  @Test("an answer without anything is an error, unless something explains it")
  func empty() {
    #expect(decode([Events.created, Events.completed()]).error?.kind == .upstreamInvalid)
    #expect(decode([Events.created, Events.completed([Events.message("")])]).error?.kind == .upstreamInvalid)
    #expect(decode([]).error?.kind == .upstreamInvalid)
  }

  @Test("the error in a failed response, and in error events of every shape")
  func errors() {
    let failed = decode([
      Events.created, Events.text(0, "hi"),
      [
        "type": "response.failed",
        "response": ["status": "failed", "error": ["code": "rate_limit_exceeded", "message": "Slow."]],
      ],
    ])
    #expect(failed.error?.kind == .rateLimited)
    #expect(failed.error?.upstreamCode == "rate_limit_exceeded")
    #expect(failed.text == "hi")
    let flat = decode([Events.created, ["type": "error", "code": "server_error", "message": "Oops.", "param": nil]])
    #expect(flat.error?.upstreamCode == "server_error")
    #expect(flat.error?.message == "Oops.")
    let codeless = decode([Events.created, ["type": "error", "code": nil, "message": "Oops."]])
    #expect(codeless.error?.upstreamCode == nil)
    let nested = decode([
      ["type": "error", "error": ["type": "invalid_request_error", "code": "context_length_exceeded", "message": "m"]]
    ])
    #expect(nested.error?.kind == .contextOverflow)
    #expect(dialect.decode("data: {\"error\":{\"message\":\"Overloaded\"}}\n\n").error?.kind == .overloaded)
    #expect(dialect.decode("event: error\ndata: no JSON\n\n").error?.message == "no JSON")
    let flagged: JSONValue = [
      "type": "response.failed",
      "response": [
        "status": "failed",
        "error": ["code": "invalid_prompt", "message": "Your prompt was flagged as potentially violating our policy."],
      ],
    ]
    #expect(decode([flagged]).error?.kind == .contentFiltered)
    let cancelled: JSONValue = ["type": "response.cancelled", "response": ["status": "cancelled"]]
    #expect(decode([cancelled]).error?.kind == .upstreamError)
    #expect(decode([["type": "response.completed"]]).error?.kind == .upstreamInvalid)
    #expect(dialect.decode("data: {\n\n").error?.kind == .upstreamInvalid)
    #expect(dialect.decode("data: [1]\n\n").error?.kind == .upstreamInvalid)
  }

  @Test("a stream that ends before its last event is cut off, at whatever event")
  func truncation() {
    let events: [JSONValue] = [
      Events.created, Events.added(0, ["type": "reasoning", "id": "rs_1", "summary": []]),
      ["type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "hm"],
      Events.done(0, ["type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "e"]),
      Events.added(1, Events.message("")), Events.text(1, "hi"), Events.done(1, Events.message("hi")),
      Events.added(2, Events.call("f", id: "1")), Events.arguments(2, "{}"),
      Events.done(2, Events.call("f", id: "1", "{}")),
      Events.completed(),
    ]
    #expect(decode(events).error == nil)
    for count in 1..<events.count {
      let answer = decode(Array(events.prefix(count)))
      #expect(answer.error?.kind == .upstreamInvalid)
      #expect(answer.error?.message.contains("cut off") ?? false)
      #expect(answer.stop == nil)
      // `[DONE]` is no end here.
      #expect(dialect.decode(Events.stream(Array(events.prefix(count))) + "data: [DONE]\n\n").error != nil)
    }
  }

  @Test("what comes after the end is warned of once; a second end and [DONE] are not")
  func surplus() {
    let twice =
      Events.hi + [["type": "response.done", "response": ["status": "completed"]], ["type": "codex.rate_limits"]]
    #expect(dialect.decode(Events.stream(twice) + "data: [DONE]\n\n").warnings == [])
    let more = decode(Events.hi + [Events.text(0, "more"), Events.text(0, "and more")])
    #expect(more.text == "hi")
    #expect(more.stop == .end)
    #expect(more.warnings.count == 1)
  }

  @Test("Codex ends with response.done, and tells its limits in between")
  func codex() {
    let answer = OpenAICodexResponses().decode(
      Events.stream([
        Events.created, ["type": "codex.rate_limits", "plan_type": "plus"], Events.text(0, "hi"),
        ["type": "response.done", "response": ["id": "resp_1"]],
      ]))
    #expect(answer.text == "hi")
    #expect(answer.rawStop == "completed")
  }

  @Test("Codex streams even where a whole answer was asked for")
  func codexWhole() throws {
    let request = CompletionRequest(messages: [], stream: false)
    let body = Array(Events.stream(Events.hi).utf8)
    let events = try OpenAICodexResponses().decodeWhole(body, for: request, at: .test())
    #expect(DecodedAnswer(events).text == "hi")
  }

  @Test("a response that waits is no answer when it comes whole, and a stream when it is streamed")
  func background() {
    #expect(dialect.decodeWhole(["object": "response", "status": "queued", "output": []]).error?.hint != nil)
    let queued: JSONValue = [
      "type": "response.queued", "response": ["id": "resp_2", "model": "m", "status": "queued"],
    ]
    let streamed = decode([queued] + Events.hi)
    #expect(streamed.id == "resp_2")
    #expect(streamed.text == "hi")
  }

  @Test("the tier that was used, the counts and the price")
  func accounts() {
    let usage: JSONValue = [
      "input_tokens": 100, "input_tokens_details": ["cached_tokens": 60, "cache_write_tokens": 10],
      "output_tokens": 20, "output_tokens_details": ["reasoning_tokens": 15], "cost": 0.5,
    ]
    let answer = decode([
      ["type": "response.created", "response": ["id": "r", "model": "m", "service_tier": "auto"]],
      Events.text(0, "hi"), Events.completed([], ["service_tier": "priority", "usage": usage]),
    ])
    #expect(answer.tier == "priority")
    #expect(answer.usage == Usage(input: 30, output: 20, cacheRead: 60, cacheWrite: 10, reasoning: 15))
    #expect(answer.cost == 0.5)
    #expect(answer.model == "m")
  }

  @Test("the arguments of the tool that stands in for structured output are the text")
  func answerTool() {
    var options = CompletionOptions()
    options.output = OutputFormat(schema: ["type": "object"])
    let answer = decode(
      [
        Events.created, Events.text(0, "Let me see."), Events.added(1, Events.call("answer", id: "1")),
        Events.arguments(1, #"{"a":"#), Events.arguments(1, "1}"),
        Events.done(1, Events.call("answer", id: "1", #"{"a":1}"#)),
        Events.added(2, Events.call("answer", id: "2")), Events.done(2, Events.call("answer", id: "2", "{}")),
        Events.completed(),
      ], options: options, quirks: ["structuredOutput": "tool"])
    #expect(answer.text == #"{"a":1}"#)
    #expect(answer.calls == [])
    #expect(answer.stop == .end)
    #expect(answer.warnings.count == 2)
    let plain = decode(Events.hi, options: options, quirks: ["structuredOutput": "tool"])
    #expect(plain.text == "hi")
  }

  @Test("a whole answer, and a server that ignores the wish for a stream or for none")
  func whole() {
    let document: JSONValue = [
      "object": "response", "id": "resp_1", "model": "m", "status": "completed",
      "output": [Events.message("hi", phase: "final_answer"), Events.call("f", id: "1", "{}")],
    ]
    let whole = dialect.decodeWhole(document)
    #expect(whole.text == "hi")
    #expect(whole.calls.count == 1)
    #expect(whole.thoughts.first?.opaque == ["next": ["id": "msg_1", "phase": "final_answer"]])
    #expect(dialect.decode(document.text) == whole)
    #expect(
      dialect.decodeWhole(["error": ["code": "rate_limit_exceeded", "message": "m"]]).error?.kind == .rateLimited)
    #expect(dialect.decodeWhole(["detail": "Not Found"]).error?.message == "Not Found")
    #expect(dialect.decodeWhole(["hello": 1]).error?.kind == .upstreamInvalid)
    let failed: JSONValue = [
      "object": "response", "status": "failed", "error": ["code": "server_error", "message": "m"],
    ]
    #expect(dialect.decodeWhole(failed).error?.upstreamCode == "server_error")
  }
}
