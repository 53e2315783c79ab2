import Completion
import Dialects
import JSON
import Testing

@Suite("Gemini: answers")
struct GeminiDecoderTests {
  let dialect = GoogleGenerativeAI()

  /// A stream of chunks whose candidates hold `parts`; the last one says `STOP`.
  static func stream(_ parts: String..., finish: String = "STOP") -> String {
    let chunks = parts.enumerated().map { index, part in
      let reason = index == parts.count - 1 && !finish.isEmpty ? #","finishReason":"\#(finish)""# : ""
      return
        #"data: {"responseId":"r1","modelVersion":"m","candidates":[{"index":0,"content":{"role":"model","parts":[\#(part)]}\#(reason)}]}"#
    }
    return chunks.joined(separator: "\r\n\r\n") + "\r\n\r\n"
  }

  // MARK: - Thoughts and seals

  @Test("thoughts are reasoning, and a thought's signature closes it")
  func thoughts() {
    let answer = dialect.decode(
      Self.stream(
        #"{"text":"A","thought":true}"#, #"{"text":"B","thought":true,"thoughtSignature":"c2ln"}"#, #"{"text":"hi"}"#))
    #expect(answer.reasoning == "AB")
    #expect(answer.text == "hi")
    #expect(answer.thoughts == [.init(signature: "c2ln")])
    #expect(answer.stop == .end)
  }

  @Test("the signature of a text or a call stands in front of it, behind the end of the thought")
  func seals() throws {
    var decoder = dialect.streamDecoder(for: CompletionRequest(messages: []), at: .test())
    var events: [StreamEvent] = []
    let stream = Self.stream(
      #"{"text":"A","thought":true}"#, #"{"text":"hi","thoughtSignature":"czE="}"#,
      #"{"functionCall":{"name":"f","args":{"x":1}},"thoughtSignature":"czI="}"#,
      #"{"text":"","thoughtSignature":"czM="}"#)
    try decoder.decode(Array(stream.utf8)[...], into: &events)
    try decoder.finish(into: &events)
    #expect(
      events == [
        .started(id: "r1", model: "m"), .reasoning("A"), .reasoningEnd(),
        .reasoningEnd(opaque: ["next": ["thoughtSignature": "czE="]]), .text("hi"),
        .reasoningEnd(opaque: ["next": ["thoughtSignature": "czI="]]),
        .toolCallStart(index: 0, id: "call_r1_0", name: "f"), .toolArguments(index: 0, text: #"{"x":1}"#),
        .toolCallEnd(index: 0), .reasoningEnd(opaque: ["next": ["thoughtSignature": "czM=", "alone": true]]),
        .stop(.toolUse, raw: "STOP"),
      ])
  }

  // MARK: - Calls

  @Test("calls without an id, or with one that was there already, get one of their own")
  func callIds() {
    let answer = dialect.decode(
      Self.stream(
        #"{"functionCall":{"id":"a","name":"f","args":{}}},{"functionCall":{"id":"a","name":"g"}}"#,
        #"{"functionCall":{"name":"h","args":{"x":[1]}}}"#))
    #expect(answer.calls.map(\.name) == ["f", "g", "h"])
    #expect(answer.calls.map(\.arguments) == ["{}", "{}", #"{"x":[1]}"#])
    #expect(answer.calls[0].id == "a")
    #expect(Set(answer.calls.map(\.id)).count == 3)
    #expect(answer.stop == .toolUse)
  }

  @Test("a call without a name is an error")
  func nameless() {
    let answer = dialect.decode(Self.stream(#"{"functionCall":{"args":{"x":1}}}"#))
    #expect(answer.error?.kind == .upstreamInvalid)
  }

  @Test("arguments that come in pieces are put together", arguments: Arrival.allCases)
  func pieces(_ arrival: Arrival) throws {
    let stream = Self.stream(
      #"{"functionCall":{"name":"f","willContinue":true},"thoughtSignature":"czE="}"#,
      #"{"functionCall":{"partialArgs":[{"jsonPath":"$.city","stringValue":"Pa","willContinue":true}],"willContinue":true}}"#,
      #"{"functionCall":{"partialArgs":[{"jsonPath":"$.city","stringValue":"ris"},{"jsonPath":"$.days","numberValue":3}],"willContinue":true}}"#,
      #"{"functionCall":{"partialArgs":[{"jsonPath":"$.list[0].on","boolValue":true},{"jsonPath":"$['a b']","nullValue":"NULL_VALUE"}],"willContinue":true}}"#,
      #"{"functionCall":{"partialArgs":[{"jsonPath":"$.list[1]","stringValue":"x"}],"willContinue":true}}"#,
      #"{"functionCall":{}}"#, #"{"functionCall":{"name":"g","args":{}}}"#)
    let answer = GoogleVertex().decode(arrival.pieces(of: Array(stream.utf8)))
    #expect(answer.calls.map(\.name) == ["f", "g"])
    #expect(
      try json(answer.calls[0].arguments)
        == ["city": "Paris", "days": 3, "list": [["on": true], "x"], "a b": .null])
    #expect(answer.error == nil)
    #expect(answer.warnings == [])
  }

  @Test("a call that is cut off within its arguments ends, and its arguments are no JSON")
  func cutCall() {
    let answer = dialect.decode(
      Self.stream(
        #"{"functionCall":{"id":"c","name":"f","willContinue":true}}"#,
        #"{"functionCall":{"id":"c","name":"f","partialArgs":[{"jsonPath":"$.a","stringValue":"x"}],"willContinue":true}}"#,
        finish: "MAX_TOKENS"))
    #expect(answer.stop == .length)
    #expect(answer.calls.map(\.hasEnded) == [true])
    #expect(ToolCall(id: "c", name: "f", argumentsText: answer.calls[0].arguments).invalid)
  }

  // MARK: - The answer of a forced tool

  @Test("the forced tool's arguments are the text, chatter beside it is left out")
  func forcedTool() {
    var options = CompletionOptions()
    options.output = OutputFormat(schema: ["type": "object"])
    options.tools = [.weather]
    let answer = dialect.decode(
      Self.stream(
        #"{"text":"Here: "}"#, #"{"functionCall":{"name":"answer","args":{"x":1}},"thoughtSignature":"czE="}"#),
      options: options)
    #expect(answer.text == #"{"x":1}"#)
    #expect(answer.calls == [])
    #expect(answer.stop == .end)
    #expect(answer.warnings.count == 1)
    #expect(answer.thoughts == [])
    let other = dialect.decode(Self.stream(#"{"functionCall":{"name":"weather","args":{}}}"#), options: options)
    #expect(other.calls.map(\.name) == ["weather"])
    #expect(other.stop == .toolUse)
    #expect(dialect.decode(Self.stream(#"{"text":"{}"}"#), options: options).text == "{}")
    let native = dialect.decode(
      Self.stream(#"{"functionCall":{"name":"answer"}}"#), options: options, quirks: ["schemaWithTools": true])
    #expect(native.calls.count == 1)
  }

  // MARK: - The end

  @Test(
    "finish reasons behind some text",
    arguments: [
      ("STOP", StopReason.end), ("MAX_TOKENS", .length), ("SAFETY", .contentFilter), ("RECITATION", .contentFilter),
      ("PROHIBITED_CONTENT", .contentFilter), ("SPII", .contentFilter), ("BLOCKLIST", .contentFilter),
    ])
  func finish(_ raw: String, _ stop: StopReason) {
    let answer = dialect.decode(Self.stream(#"{"text":"hi"}"#, finish: raw))
    #expect(answer.stop == stop)
    #expect(answer.rawStop == raw)
    #expect(answer.warnings == [])
  }

  @Test(
    "finish reasons that are errors",
    arguments: [
      ("MALFORMED_FUNCTION_CALL", ErrorKind.upstreamInvalid), ("UNEXPECTED_TOOL_CALL", .upstreamInvalid),
      ("TOO_MANY_TOOL_CALLS", .upstreamInvalid), ("OTHER", .upstreamError), ("LANGUAGE", .upstreamError),
    ])
  func finishErrors(_ raw: String, _ kind: ErrorKind) {
    for text in ["hi", ""] {
      let answer = dialect.decode(Self.stream(#"{"text":"\#(text)"}"#, finish: raw))
      #expect(answer.error?.kind == kind)
      #expect(answer.error?.upstreamCode == raw)
    }
  }

  @Test("a filter before any text is an error that says what the provider said")
  func filtered() {
    let answer = dialect.decode(
      #"data: {"candidates":[{"finishReason":"SAFETY","finishMessage":"Too hot.","index":0}]}"# + "\n\n")
    #expect(answer.error?.kind == .contentFiltered)
    #expect(answer.error?.message.contains("SAFETY: Too hot.") == true)
  }

  @Test("a blocked input is an error, and behind text an end")
  func blocked() {
    let block =
      #"data: {"promptFeedback":{"blockReason":"PROHIBITED_CONTENT","blockReasonMessage":"No."},"usageMetadata":{"promptTokenCount":4}}"#
      + "\n\n"
    let answer = dialect.decode(block)
    #expect(answer.error?.kind == .contentFiltered)
    #expect(answer.error?.upstreamCode == "PROHIBITED_CONTENT")
    #expect(answer.error?.message.contains("No.") == true)
    #expect(answer.usage == Usage(input: 4, output: 0))
    let late = dialect.decode(Self.stream(#"{"text":"hi"}"#, finish: "") + block)
    #expect(late.stop == .contentFilter)
    #expect(late.error == nil)
  }

  @Test("an unknown finish reason is the end, with a warning")
  func unknownFinish() {
    let answer = dialect.decode(Self.stream(#"{"text":"hi"}"#, finish: "TIRED"))
    #expect(answer.stop == .end)
    #expect(answer.warnings.count == 1)
  }

  @Test("an empty answer is an error unless something explains it")
  func empty() {
    #expect(dialect.decode(Self.stream(#"{"text":""}"#)).error?.kind == .upstreamInvalid)
    #expect(dialect.decode("").error?.kind == .upstreamInvalid)
    #expect(dialect.decode(Self.stream(#"{"text":""}"#, finish: "MAX_TOKENS")).stop == .length)
    var options = CompletionOptions()
    options.stop = ["x"]
    #expect(dialect.decode(Self.stream(#"{"text":""}"#), options: options).stop == .end)
    #expect(dialect.decode(Self.stream(#"{"executableCode":{"code":"1"}}"#)).warnings.count == 1)
  }

  @Test("a stream that ends early is cut off, wherever it is cut")
  func cutOff() {
    let whole = Self.stream(
      #"{"text":"A","thought":true}"#, #"{"text":"b"}"#, #"{"functionCall":{"name":"f"}}"#, #"{"text":"c"}"#)
    let events = whole.split(separator: "\r\n\r\n")
    #expect(events.count == 4)
    for count in 1..<events.count {
      let answer = dialect.decode(events.prefix(count).joined(separator: "\r\n\r\n") + "\r\n\r\n")
      #expect(answer.error?.kind == .upstreamInvalid)
      #expect(answer.error?.message.contains("cut off") == true)
      #expect(answer.stop == nil)
    }
    // The blank line behind the last event may be missing.
    #expect(dialect.decode(events.joined(separator: "\r\n\r\n")).error == nil)
  }

  @Test("what comes behind the end is warned of")
  func afterTheEnd() {
    let answer = dialect.decode(Self.stream(#"{"text":"a"}"#) + Self.stream(#"{"text":"b"}"#) + "data: [DONE]\n\n")
    #expect(answer.stop == .end)
    #expect(answer.text == "ab")
    #expect(answer.warnings.count == 1)
  }

  // MARK: - Errors, other forms

  @Test("an error in the middle of a stream, bare or in an array, is the error")
  func errors() {
    let error = #"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#
    for text in [
      Self.stream(#"{"text":"a"}"#, finish: "") + "data: \(error)\n\n", error, "[\(error)]", "data: [\(error)]\n\n",
    ] {
      let answer = dialect.decode(text)
      #expect(answer.error?.kind == .overloaded)
      #expect(answer.error?.status == 503)
    }
    #expect(dialect.decode("event: error\ndata: broken\n\n").error?.message == "broken")
    #expect(dialect.decode("data: {\n\n").error?.kind == .upstreamInvalid)
    #expect(dialect.decode("data: 1\n\n").error?.kind == .upstreamInvalid)
    #expect(dialect.decode("[1]").error?.kind == .upstreamInvalid)
  }

  @Test("a stream that is one array, and a whole answer, give the same as events", arguments: Arrival.allCases)
  func array(_ arrival: Arrival) throws {
    let text = Self.stream(#"{"text":"A","thought":true}"#, #"{"text":"hi"},{"functionCall":{"name":"f"}}"#)
    let chunks = text.split(separator: "\r\n\r\n").map { $0.dropFirst(6) }
    let streamed = dialect.decode(text)
    #expect(streamed.calls.count == 1)
    let array = "[" + chunks.joined(separator: "\n,\r\n") + "]"
    #expect(dialect.decode(arrival.pieces(of: Array(array.utf8))) == streamed)
    let whole = try json(
      #"{"responseId":"r1","modelVersion":"m","candidates":[{"content":{"parts":[{"text":"A","thought":true},{"text":"hi"},{"functionCall":{"name":"f"}}]},"finishReason":"STOP"}]}"#
    )
    #expect(dialect.decodeWhole(whole) == streamed)
    #expect(dialect.decode(whole.text) == streamed)
  }

  @Test("media that the model made are warned of, its own tools are passed over, other candidates too")
  func otherParts() {
    let answer = dialect.decode(
      Self.stream(
        #"{"inlineData":{"mimeType":"image/png","data":"iVBO"},"thoughtSignature":"czE="},{"executableCode":{}},{"codeExecutionResult":{}},{"toolCall":{},"thoughtSignature":"czE="},{"novelty":1},{"text":"hi"}"#,
        finish: "")
        + #"data: {"novelty":true,"candidates":[{"index":1,"content":{"parts":[{"text":"other"}]}},{"index":0,"finishReason":"STOP","groundingMetadata":{}}]}"#
        + "\n\n")
    #expect(answer.text == "hi")
    #expect(answer.warnings == ["something of the type image/png that the model made was left out"])
    #expect(answer.thoughts == [])
  }

  @Test("counts: the cache is part of the prompt, thoughts and tools' findings stand beside it")
  func usage() {
    let answer = dialect.decode(
      Self.stream(#"{"text":"hi"}"#)
        + #"data: {"usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":60,"candidatesTokenCount":7,"thoughtsTokenCount":5,"toolUsePromptTokenCount":3,"totalTokenCount":115,"serviceTier":"priority"}}"#
        + "\n\n")
    #expect(answer.usage == Usage(input: 43, output: 12, cacheRead: 60, reasoning: 5))
    #expect(answer.usage?.total == 115)
    #expect(answer.tier == "priority")
    #expect(answer.warnings == [])
  }

  @Test("bodies of errors are of the kind a person reads in them")
  func httpErrors() {
    func error(_ status: Int, _ message: String, _ code: String, _ details: String = "[]") -> ProviderError {
      let body = #"{"error":{"code":\#(status),"message":"\#(message)","status":"\#(code)","details":\#(details)}}"#
      let plain = dialect.error(status: status, headers: [], body: Array(body.utf8))
      #expect(dialect.error(status: status, headers: [], body: Array("[\(body)]".utf8)) == plain)
      return plain
    }
    let quota = error(
      429, "You exceeded your current quota, please check your plan", "RESOURCE_EXHAUSTED",
      #"[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]"#)
    #expect(quota.kind == .rateLimited)
    #expect(quota.retryAfterMs == 34_500)
    let long = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
    #expect(error(400, long, "INVALID_ARGUMENT").kind == .contextOverflow)
    let vertex =
      "Unable to submit request because the input token count is 1200000 but model only supports up to 1048576."
    #expect(error(400, vertex, "INVALID_ARGUMENT").kind == .contextOverflow)
    let missing = "Publisher Model `projects/p/locations/l/publishers/google/models/x` was not found"
    #expect(error(404, missing, "NOT_FOUND").kind == .modelNotFound)
    #expect(error(403, "Permission denied on resource", "PERMISSION_DENIED").kind == .authRejected)
    #expect(
      error(403, "This API method requires billing.", "PERMISSION_DENIED", #"[{"reason":"BILLING_DISABLED"}]"#).kind
        == .quotaExceeded)
    #expect(error(401, "Request had invalid authentication credentials.", "UNAUTHENTICATED").kind == .authRejected)
    #expect(error(500, "An internal error has occurred.", "INTERNAL").kind == .upstreamError)
  }
}
