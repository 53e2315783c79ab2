import Completion
import Dialects
import JSON
import Testing

@Suite("Chat completions: answers")
struct CompletionsDecoderTests {
  let dialect = OpenAICompletions()

  /// A stream of these chunks, each a JSON text.
  static func stream(_ chunks: [String], done: Bool = true) -> String {
    chunks.map { "data: \($0)\n\n" }.joined() + (done ? "data: [DONE]\n\n" : "")
  }
  /// A chunk with this delta.
  static func delta(_ delta: String, finish: String? = nil) -> String {
    let reason = finish.map { "\"\($0)\"" } ?? "null"
    return "{\"id\":\"x\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":\(delta),\"finish_reason\":\(reason)}]}"
  }
  func decode(_ chunks: [String], done: Bool = true, quirks: JSONObject = [:]) -> DecodedAnswer {
    dialect.decode(Self.stream(chunks, done: done), quirks: quirks)
  }

  static let hi = delta(#"{"content":"hi"}"#)
  static let stop = delta("{}", finish: "stop")

  // MARK: - Text and reasoning

  @Test("of two reasoning fields with the same text, one counts, and its name is kept for the way back")
  func reasoningFields() {
    let both = decode([Self.delta(#"{"reasoning_content":"a","reasoning":"a"}"#), Self.hi, Self.stop])
    #expect(both.reasoning == "a")
    #expect(both.opaque == ["field": "reasoning_content"])
    let other = decode([Self.delta(#"{"reasoning_content":"","reasoning_text":"b"}"#), Self.hi, Self.stop])
    #expect(other.reasoning == "b")
    #expect(other.opaque == ["field": "reasoning_text"])
    #expect(decode([Self.hi, Self.stop]).opaque == nil)
  }

  @Test("pieces of reasoning details are joined, everything else in them stays as it came")
  func reasoningDetails() {
    let answer = decode([
      Self.delta(
        ##"{"reasoning":"a","reasoning_details":[{"type":"reasoning.text","text":"a","index":0,"format":"f"}]}"##),
      Self.delta(##"{"reasoning":"b","reasoning_details":[{"type":"reasoning.text","text":"b","index":0}]}"##),
      Self.delta(##"{"reasoning_details":[{"type":"reasoning.text","signature":"s","index":0,"format":null}]}"##),
      Self.delta(##"{"reasoning_details":[{"type":"reasoning.encrypted","data":"e","id":"r","index":1}]}"##),
      Self.hi, Self.stop,
    ])
    #expect(answer.reasoning == "ab")
    #expect(
      answer.opaque == [
        "field": "reasoning",
        "details": [
          ["type": "reasoning.text", "text": "ab", "index": 0, "format": "f", "signature": "s"],
          ["type": "reasoning.encrypted", "data": "e", "id": "r", "index": 1],
        ],
      ])
  }

  @Test("content may be an array of parts")
  func contentParts() {
    let answer = decode([
      Self.delta(
        #"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"},{"type":"text","text":"!"}]}]}"#),
      Self.delta(#"{"content":[{"type":"reasoning","summary":[{"type":"summary_text","text":"?"}]}]}"#),
      Self.delta(#"{"content":[{"type":"text","text":"yes"},"and",{"type":"reference","reference_ids":[1]}]}"#),
      Self.delta(#"{"content":[{"type":"hologram"}]}"#), Self.stop,
    ])
    #expect(answer.reasoning == "hm!?")
    #expect(answer.text == "yesand")
    #expect(answer.warnings == ["a content part of the unknown type \"hologram\" was left out"])
  }

  @Test("a refusal ends the answer as one")
  func refusal() {
    let answer = decode([Self.delta(#"{"refusal":"I can"}"#), Self.delta(#"{"refusal":"not"}"#), Self.stop])
    #expect(answer.stop == .refusal)
    #expect(answer.warnings == ["the model refused: I cannot"])
  }

  @Test("of several choices the first counts")
  func choices() {
    let answer = decode([
      #"{"choices":[{"index":1,"delta":{"content":"no"}},{"index":0,"delta":{"content":"yes"}}]}"#,
      #"{"choices":[{"index":1,"delta":{},"finish_reason":"length"}]}"#,
      #"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
    ])
    #expect(answer.text == "yes")
    #expect(answer.stop == .end)
  }

  @Test("id and model come from the first chunk that has them")
  func start() {
    let azure = #"{"id":"","model":"","choices":[],"prompt_filter_results":[]}"#
    let answer = decode([azure, Self.hi, Self.stop])
    #expect(answer.id == "x")
    #expect(answer.model == "m")
  }

  @Test("bytes that are not UTF-8 are replaced, not refused")
  func invalidUTF8() {
    let bytes =
      Array("data: ".utf8) + Array(#"{"choices":[{"delta":{"content":"a"#.utf8) + [0xFF]
      + Array("\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n".utf8)
    #expect(dialect.decode([bytes[...]]).text == "a\u{FFFD}")
  }

  // MARK: - Counts

  struct UsageCase: Sendable, CustomTestStringConvertible {
    var chunk: String
    var usage: Usage
    var testDescription: String { chunk }
  }

  @Test(
    "counts are found wherever servers put them",
    arguments: [
      UsageCase(
        chunk: #"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":4}}"#, usage: Usage(input: 10, output: 4)
      ),
      UsageCase(
        chunk:
          #"{"choices":[{"index":0,"delta":{},"usage":{"prompt_tokens":10,"completion_tokens":4,"cached_tokens":6}}]}"#,
        usage: Usage(input: 4, output: 4, cacheRead: 6)),
      UsageCase(
        chunk: #"{"choices":[],"x_groq":{"usage":{"prompt_tokens":10,"completion_tokens":4}}}"#,
        usage: Usage(input: 10, output: 4)),
      UsageCase(
        chunk:
          #"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":4,"prompt_cache_hit_tokens":7,"prompt_cache_miss_tokens":3}}"#,
        usage: Usage(input: 3, output: 4, cacheRead: 7)),
      UsageCase(
        chunk:
          #"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":2,"cache_write_tokens":5},"completion_tokens_details":{"reasoning_tokens":3}}}"#,
        usage: Usage(input: 3, output: 4, cacheRead: 2, cacheWrite: 5, reasoning: 3)),
      UsageCase(
        chunk:
          #"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":4,"total_tokens":20,"completion_tokens_details":{"reasoning_tokens":6}}}"#,
        usage: Usage(input: 10, output: 10, reasoning: 6)),
      UsageCase(
        chunk:
          #"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":9},"reasoning_tokens":9}}"#,
        usage: Usage(input: 0, output: 4, cacheRead: 9, reasoning: 4)),
    ])
  func usage(_ test: UsageCase) {
    #expect(decode([Self.hi, Self.stop, test.chunk]).usage == test.usage)
  }

  @Test("of counts that grow with every chunk the last stands, and null takes nothing back")
  func cumulativeUsage() {
    let chunks = (1...3).map {
      #"{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":5,"completion_tokens":\#($0)}}"#
    }
    #expect(decode(chunks + [Self.stop, #"{"choices":[],"usage":null}"#]).usage == Usage(input: 5, output: 3))
  }

  @Test("prices and the service tier are reported")
  func cost() {
    let openRouter =
      #"{"choices":[],"service_tier":"flex","usage":{"prompt_tokens":1,"completion_tokens":1,"cost":0.25}}"#
    #expect(decode([Self.hi, Self.stop, openRouter]).cost == 0.25)
    #expect(decode([Self.hi, Self.stop, openRouter]).tier == "flex")
    let perplexity = #"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"cost":{"total_cost":0.5}}}"#
    #expect(decode([Self.hi, Self.stop, perplexity]).cost == 0.5)
    #expect(decode([Self.hi, Self.stop, #"{"choices":[],"cost":{"usd":0.125}}"#]).cost == 0.125)
  }

  // MARK: - Ends

  @Test(
    "finish reasons, with the words of servers that have their own",
    arguments: [
      ("stop", .end), ("end", .end), ("eos", .end), ("length", .length), ("model_length", .length),
      ("max_tokens", .length), ("content_filter", .contentFilter), ("tool_calls", .end),
      ("stop_sequence", .stopSequence),
      ("model_context_window_exceeded", .length), ("refusal", .refusal),
    ] as [(String, StopReason)])
  func finishReasons(_ raw: String, _ stop: StopReason) {
    let answer = decode([Self.hi, Self.delta("{}", finish: raw)])
    #expect(answer.stop == stop)
    #expect(answer.rawStop == raw)
    #expect(answer.warnings == [])
  }

  @Test("a finish reason nobody knows is the end, with a warning")
  func unknownFinishReason() {
    let answer = decode([Self.hi, Self.delta("{}", finish: "bored")])
    #expect(answer.stop == .end)
    #expect(answer.warnings == ["the finish reason \"bored\" is not known; taken as the end"])
  }

  @Test("vLLM names the stop sequence that was hit")
  func stopSequence() {
    var options = CompletionOptions()
    options.stop = ["END"]
    let chunk = #"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop","stop_reason":"END"}]}"#
    #expect(dialect.decode(Self.stream([chunk]), options: options).stop == .stopSequence)
  }

  @Test(
    "some finish reasons are errors",
    arguments: [
      ("error", .upstreamError), ("network_error", .upstreamError), ("insufficient_system_resource", .overloaded),
    ] as [(String, ErrorKind)])
  func failingFinishReasons(_ raw: String, _ kind: ErrorKind) {
    let answer = decode([Self.hi, Self.delta("{}", finish: raw)])
    #expect(answer.error?.kind == kind)
    #expect(answer.error?.upstreamCode == raw)
    #expect(answer.text == "hi")
  }

  @Test(
    "without any output before them, more are",
    arguments: [
      ("content_filter", .contentFiltered), ("model_context_window_exceeded", .contextOverflow),
      ("stop", .upstreamInvalid), ("tool_calls", .upstreamInvalid),
    ] as [(String, ErrorKind)])
  func emptyAnswers(_ raw: String, _ kind: ErrorKind) {
    #expect(decode([Self.delta(#"{"role":"assistant","content":""}"#, finish: raw)]).error?.kind == kind)
  }

  @Test("an answer may be empty because of the limit or a stop sequence; a full window is another matter")
  func explainedEmptyAnswers() {
    let cut = Self.delta("{}", finish: "length")
    #expect(decode([cut]).stop == .length)
    var options = CompletionOptions()
    options.stop = ["a"]
    #expect(dialect.decode(Self.stream([Self.stop]), options: options).stop == .end)
    let counts = #"{"choices":[],"usage":{"prompt_tokens":995,"completion_tokens":0}}"#
    let bytes = Array(Self.stream([cut, counts]).utf8)
    #expect(dialect.decode([bytes[...]], model: .with { $0.contextWindow = 1000 }).error?.kind == .contextOverflow)
    #expect(dialect.decode([bytes[...]], model: .with { $0.contextWindow = 2000 }).stop == .length)
  }

  @Test("a stream that just ends was cut off")
  func cutOff() {
    #expect(decode([Self.hi], done: false).error?.kind == .upstreamInvalid)
    #expect(decode([Self.hi], done: false).error?.message.contains("cut off") == true)
    #expect(decode([Self.hi, Self.stop], done: false).stop == .end)
    #expect(dialect.decode("").error?.kind == .upstreamInvalid)
    #expect(dialect.decode(Self.stream([Self.hi], done: false) + "data: {\"choi").error?.kind == .upstreamInvalid)
  }

  @Test("[DONE] without a finish reason ends an answer that has begun, with a warning")
  func doneWithoutReason() {
    #expect(decode([Self.hi]).stop == .end)
    #expect(decode([Self.hi]).warnings == ["the provider ended its answer without saying why"])
    #expect(decode([]).error?.kind == .upstreamInvalid)
    let call = Self.delta(#"{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{}"}}]}"#)
    #expect(decode([call]).stop == .toolUse)
  }

  @Test("a server that never gives a reason may end as it likes")
  func supportsFinishReason() {
    for done in [true, false] {
      let answer = decode([Self.hi], done: done, quirks: ["supportsFinishReason": false])
      #expect(answer.stop == .end)
      #expect(answer.warnings == [])
    }
    #expect(decode([], done: false, quirks: ["supportsFinishReason": false]).error?.kind == .upstreamInvalid)
  }

  @Test("what comes after the end is left out, with a warning")
  func afterTheEnd() {
    let late = dialect.decode(Self.stream([Self.hi, Self.stop]) + Self.stream([Self.hi, Self.hi], done: false))
    #expect(late.text == "hi")
    #expect(late.warnings == ["the provider went on after the end of its answer"])
    let afterReason = decode([Self.hi, Self.stop, Self.hi])
    #expect(afterReason.text == "hihi")
    #expect(afterReason.warnings == ["the provider went on after it had given a finish reason"])
  }

  // MARK: - Errors

  struct ErrorCase: Sendable, CustomTestStringConvertible {
    var body: String
    var kind: ErrorKind
    var message: String
    var testDescription: String { body }
  }

  @Test(
    "an error inside a 200 fails the answer, in whatever shape it comes",
    arguments: [
      ErrorCase(
        body: "data: {\"error\":{\"message\":\"boom\",\"type\":\"server_error\"}}\n\n", kind: .upstreamError,
        message: "boom"),
      ErrorCase(
        body: "event: error\ndata: {\"message\":\"slow\",\"code\":429}\n\n", kind: .rateLimited, message: "slow"),
      ErrorCase(
        body: "event: error\ndata: \"gone\"\n\n", kind: .upstreamError, message: "gone"),
      ErrorCase(body: "event: error\ndata: out of luck\n\n", kind: .upstreamError, message: "out of luck"),
      ErrorCase(
        body: "data: 7\n\n", kind: .upstreamInvalid, message: "the provider sent a number instead of an answer"),
      ErrorCase(body: "data: {\"error\":\"plain\"}\n\n", kind: .upstreamError, message: "plain"),
      ErrorCase(
        body: "data: {\"object\":\"error\",\"message\":\"m\",\"code\":40303}\n\n", kind: .upstreamError, message: "m"),
      ErrorCase(
        body: "{\"error\":{\"code\":402,\"message\":\"Insufficient credits\"}}", kind: .quotaExceeded,
        message: "Insufficient credits"),
      ErrorCase(
        body: "[{\"error\":{\"code\":503,\"message\":\"x\",\"status\":\"UNAVAILABLE\"}}]", kind: .overloaded,
        message: "x"),
      ErrorCase(body: "{\"detail\":\"no\"}", kind: .upstreamError, message: "no"),
      ErrorCase(
        body: "data: {\"error\":{\"message\":\"This model's maximum context length is 10 tokens\",\"code\":\"x\"}}\n\n",
        kind: .contextOverflow, message: "This model's maximum context length is 10 tokens"),
      ErrorCase(
        body:
          "data: {\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}],\"error\":{\"code\":502,\"message\":\"Provider returned error\",\"metadata\":{\"raw\":\"{\\\"error\\\":{\\\"message\\\":\\\"inner\\\"}}\"}}}\n\n",
        kind: .upstreamError, message: "Provider returned error: inner"),
    ])
  func errors(_ test: ErrorCase) {
    let answer = dialect.decode(test.body)
    #expect(answer.error?.kind == test.kind)
    #expect(answer.error?.message == test.message)
  }

  @Test("text before an error was still handed out")
  func errorAfterText() {
    let answer = decode([Self.hi, #"{"error":{"message":"boom"}}"#])
    #expect(answer.text == "hi")
    #expect(answer.error?.message == "boom")
    #expect(decode([Self.hi, #"{"error":null,"choices":[]}"#, Self.stop]).error == nil)
  }

  @Test("a body that is no JSON is named as such")
  func noJSON() {
    #expect(decode(["{oops"]).error?.kind == .upstreamInvalid)
    #expect(dialect.decode("{oops").error?.message.contains("is no JSON") == true)
    #expect(dialect.decode("<html>busy</html>").error?.kind == .upstreamInvalid)
  }
}
