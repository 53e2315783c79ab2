import Completion
import Dialects
import JSON
import Testing
import Upstream

/// The frames of an answer, made as AWS makes them.
enum Frame {
  static func event(_ type: String, _ payload: JSONValue) -> [UInt8] { AmazonFrame.event(type, payload.bytes) }

  static func exception(_ type: String, _ payload: JSONValue) -> [UInt8] { AmazonFrame.exception(type, payload) }

  static func frame(_ headers: [(String, String)], _ payload: [UInt8]) -> [UInt8] {
    AmazonFrame.frame(headers, payload)
  }

  static func delta(_ delta: JSONValue, _ index: Int = 0) -> [UInt8] {
    event("contentBlockDelta", ["contentBlockIndex": .int(index), "delta": delta, "p": "abc"])
  }
  static func text(_ text: String, _ index: Int = 0) -> [UInt8] { delta(["text": .string(text)], index) }
  static func close(_ index: Int = 0) -> [UInt8] { event("contentBlockStop", ["contentBlockIndex": .int(index)]) }
  static func tool(_ name: String, _ index: Int = 0, id: String = "t1") -> [UInt8] {
    event(
      "contentBlockStart",
      ["contentBlockIndex": .int(index), "start": ["toolUse": ["toolUseId": .string(id), "name": .string(name)]]])
  }
  static func input(_ text: String, _ index: Int = 0) -> [UInt8] {
    delta(["toolUse": ["input": .string(text)]], index)
  }
  static func thought(_ member: String, _ text: String, _ index: Int = 0) -> [UInt8] {
    delta(["reasoningContent": [member: .string(text)]], index)
  }
  static func stop(_ reason: String = "end_turn") -> [UInt8] { event("messageStop", ["stopReason": .string(reason)]) }
  static let start = event("messageStart", ["role": "assistant"])
  static let metadata = event(
    "metadata",
    [
      "usage": [
        "inputTokens": 3, "outputTokens": 5, "totalTokens": 15, "cacheReadInputTokens": 4, "cacheWriteInputTokens": 3,
      ], "metrics": ["latencyMs": 1], "serviceTier": ["type": "flex"],
    ])
}

@Suite("Bedrock: answers")
struct ConverseDecoderTests {
  let dialect = BedrockConverse()

  private func decode(
    _ frames: [UInt8]..., options: CompletionOptions = .init(), tail: [[UInt8]] = []
  ) -> DecodedAnswer {
    dialect.decode([(frames + tail).flatMap { $0 }[...]], options: options)
  }

  private static let end = [Frame.stop(), Frame.metadata]

  @Test("counts, tier and end come in this order")
  func order() throws {
    var decoder = dialect.streamDecoder(for: CompletionRequest(messages: []), at: .test())
    var events: [StreamEvent] = []
    try decoder.decode((Frame.start + Frame.text("a") + Frame.close() + Frame.stop())[...], into: &events)
    #expect(events == [.started(id: nil, model: nil), .text("a")])
    try decoder.decode(Frame.metadata[...], into: &events)
    let usage = Usage(input: 3, output: 5, cacheRead: 4, cacheWrite: 3)
    #expect(events.dropFirst(2) == [.usage(usage), .serviceTier("flex"), .stop(.end, raw: "end_turn")])
    try decoder.finish(into: &events)
    #expect(events.count == 5)
  }

  @Test("an answer without counts is sound, one without its end is not")
  func ends() {
    let noCounts = decode(Frame.start, Frame.text("a"), Frame.stop())
    #expect(noCounts.error == nil && noCounts.usage == nil && noCounts.stop == .end)
    let early = decode(Frame.start, Frame.text("a"), Frame.metadata, Frame.stop())
    #expect(early.error == nil && early.usage?.output == 5)
    let cut = decode(Frame.start, Frame.text("a"), Frame.close())
    #expect(cut.error?.kind == .upstreamInvalid && cut.text == "a")
    #expect(cut.error?.message.contains("cut off") == true)
    #expect(decode().error?.kind == .upstreamInvalid)
    // Only the counts were cut.
    let counts = decode(Frame.text("a"), Frame.stop(), Array(Frame.metadata.dropLast(3)))
    #expect(counts.error == nil && counts.stop == .end)
  }

  @Test("truncated behind any event, an answer is refused until it has a stop reason")
  func truncatedAtEvents() {
    let frames = [
      Frame.start, Frame.thought("text", "hm"), Frame.thought("signature", "S"), Frame.close(), Frame.text("a", 1),
      Frame.close(1), Frame.tool("f", 2), Frame.input("{}", 2), Frame.close(2), Frame.stop("tool_use"), Frame.metadata,
    ]
    for count in 1...frames.count {
      let answer = dialect.decode([frames.prefix(count).flatMap { $0 }[...]])
      #expect((answer.error == nil) == (count >= 10), "\(count) events")
    }
  }

  @Test("thoughts with their seals, in any pieces")
  func thoughts() {
    let answer = decode(
      Frame.thought("text", "h"), Frame.thought("text", "m"), Frame.thought("signature", "S1"),
      Frame.thought("signature", "S2"), Frame.close(), Frame.thought("redactedContent", "QUJD", 1),
      Frame.thought("redactedContent", "REU=", 1), Frame.close(1), Frame.thought("redactedContent", "QQ==", 2),
      Frame.thought("redactedContent", "Qg==", 2), Frame.close(2), Frame.thought("signature", "only", 3),
      Frame.close(3), Frame.thought("text", "open", 4), Frame.close(4), Frame.text("a", 5), tail: Self.end)
    #expect(answer.reasoning == "hmopen")
    func sealed(_ text: String) -> DecodedAnswer.Thought {
      .init(opaque: ["redactedContent": .string(text)], redacted: true)
    }
    #expect(
      answer.thoughts == [
        .init(signature: "S1S2"), sealed("QUJDREU="), sealed("QQ=="), sealed("Qg=="), .init(signature: "only"), .init(),
      ])
  }

  @Test("a thought that came goes back as it was")
  func thoughtRoundTrip() throws {
    var decoder = dialect.streamDecoder(for: CompletionRequest(messages: []), at: .test())
    var events: [StreamEvent] = []
    let frames = Frame.thought("redactedContent", "QUJD") + Frame.close() + Frame.text("a", 1) + Frame.stop()
    try decoder.decode(frames[...], into: &events)
    try decoder.finish(into: &events)
    let seals = events.compactMap { event -> JSONValue? in
      if case .reasoningEnd(_, let opaque, true) = event { opaque } else { nil }
    }
    let thought = Reasoning(text: "", redacted: true, opaque: seals.first)
    let written = try dialect.write(messages: [
      Message(.user, "q"), Message(role: .assistant, content: [.reasoning(thought), .text("a")]), Message(.user, "r"),
    ])
    #expect(
      written.body["messages"]?[1]?["content"]?[0] == ["reasoningContent": ["redactedContent": "QUJD"]])
  }

  @Test("tool calls: without arguments, cut off, without an id, beside each other")
  func calls() {
    let answer = decode(
      Frame.tool("a", 0, id: ""), Frame.close(0), Frame.tool("b", 1, id: "b"), Frame.tool("c", 2, id: "c"),
      Frame.input("{\"x\":", 2), Frame.input("{", 1), Frame.input("1}", 2), tail: [Frame.stop("max_tokens")])
    #expect(answer.error == nil)
    #expect(answer.calls.map(\.id) == ["call_0", "b", "c"])
    #expect(answer.calls.map(\.arguments) == ["", "{", "{\"x\":1}"])
    #expect(answer.calls.map(\.hasEnded) == [true, true, true])
    #expect(answer.stop == .length)
    #expect(decode(Frame.tool(""), tail: Self.end).error?.kind == .upstreamInvalid)
    let lost = decode(Frame.input("{}", 7), Frame.text("a"), tail: Self.end)
    #expect(lost.calls == [] && lost.warnings.count == 1)
    // Some models end with "end_turn" although they called.
    #expect(decode(Frame.tool("f"), tail: Self.end).stop == .toolUse)
  }

  @Test("what the provider runs itself is no call")
  func serverTools() {
    let start: JSONValue = ["toolUse": ["toolUseId": "s", "name": "search", "type": "server_tool_use"]]
    let answer = decode(
      Frame.event("contentBlockStart", ["contentBlockIndex": 0, "start": start]), Frame.input("{}"), Frame.close(),
      Frame.event("contentBlockStart", ["contentBlockIndex": 1, "start": ["toolResult": ["toolUseId": "s"]]]),
      Frame.delta(["toolResult": [["text": "found"]]], 1), Frame.close(1), Frame.text("a", 2), tail: Self.end)
    #expect(answer.calls == [] && answer.text == "a" && answer.stop == .end)
    #expect(answer.warnings.count == 1 && answer.warnings[0].contains("search"))
  }

  @Test("unknown events and deltas say nothing; what follows the end is noted once")
  func unknown() {
    let answer = decode(
      Frame.start, Frame.event("newThing", ["x": 1]), Frame.frame([], []), Frame.text("a"),
      Frame.delta(["citation": ["title": "x"]]), Frame.delta(["image": ["format": "png"]], 1), Frame.stop(),
      Frame.text("late"), Frame.close(), Frame.metadata, Frame.text("later"), Frame.stop())
    #expect(answer.error == nil)
    #expect(answer.text == "a")
    #expect(
      answer.warnings == [
        "an image in the answer was left out", "the provider went on after it had given a stop reason",
        "the provider gave a second stop reason",
      ])
  }

  @Test(
    "stop reasons",
    arguments: [
      ("end_turn", .end), ("tool_use", .end), ("max_tokens", .length), ("stop_sequence", .stopSequence),
      ("guardrail_intervened", .contentFilter), ("content_filtered", .contentFilter),
      ("model_context_window_exceeded", .length), ("refusal", .refusal), ("tired", .end),
    ] as [(String, StopReason)])
  func stopReasons(_ raw: String, _ reason: StopReason) {
    let answer = decode(Frame.text("a"), Frame.stop(raw), Frame.metadata)
    #expect(answer.stop == reason)
    #expect(answer.rawStop == raw)
    #expect(answer.warnings.isEmpty == (raw != "tired"))
  }

  @Test("an answer without content is an error, unless something explains it")
  func empty() {
    func kind(_ raw: String) -> ErrorKind? { decode(Frame.start, Frame.stop(raw), Frame.metadata).error?.kind }
    #expect(kind("end_turn") == .upstreamInvalid)
    #expect(kind("tool_use") == .upstreamInvalid)
    #expect(kind("content_filtered") == .contentFiltered)
    #expect(kind("guardrail_intervened") == .contentFiltered)
    #expect(kind("model_context_window_exceeded") == .contextOverflow)
    #expect(kind("max_tokens") == nil)
    #expect(kind("stop_sequence") == nil)
    for raw in ["malformed_tool_use", "malformed_model_output"] {
      let answer = decode(Frame.text("a"), Frame.stop(raw))
      #expect(answer.error?.kind == .upstreamInvalid && answer.error?.upstreamCode == raw)
    }
    var options = CompletionOptions()
    options.stop = ["x"]
    #expect(decode(Frame.start, Frame.stop(), options: options).error == nil)
  }

  @Test("the stop sequence that was met is known by its name")
  func stopSequence() {
    var options = CompletionOptions()
    options.stop = ["END"]
    func stop(_ sequence: JSONValue) -> StopReason? {
      decode(
        Frame.text("a"),
        Frame.event(
          "messageStop",
          ["stopReason": "end_turn", "additionalModelResponseFields": ["stop_sequence": sequence]]),
        options: options
      ).stop
    }
    #expect(stop("END") == .stopSequence)
    #expect(stop("other") == .end)
    #expect(stop(nil) == .end)
  }

  // MARK: - Errors

  @Test(
    "exceptions in the middle of a stream",
    arguments: [
      ("throttlingException", "Too many tokens, please wait before trying again.", .rateLimited, 429),
      ("serviceUnavailableException", "busy", .overloaded, 503),
      ("internalServerException", "oops", .upstreamError, 500),
      ("modelStreamErrorException", "half-way", .upstreamError, 424),
      ("validationException", "Input is too long for requested model.", .contextOverflow, 400),
      ("validationException", "wrong", .upstreamError, 400), ("newException", "new", .upstreamError, nil),
    ] as [(String, String, ErrorKind, Int?)])
  func exceptions(_ type: String, _ message: String, _ kind: ErrorKind, _ status: Int?) {
    let answer = decode(Frame.start, Frame.text("a"), Frame.exception(type, ["message": .string(message)]))
    #expect(answer.text == "a")
    #expect(answer.stop == nil)
    #expect(answer.error?.kind == kind)
    #expect(answer.error?.message == message)
    #expect(answer.error?.upstreamCode == type)
    #expect(answer.error?.status == status)
  }

  @Test("an exception tells what the model behind it said; errors of the stream itself are known, too")
  func otherErrors() {
    let exception = Frame.exception(
      "modelStreamErrorException",
      ["message": "The model failed", "originalStatusCode": 500, "originalMessage": "out of memory"])
    #expect(decode(exception).error?.message == "The model failed: out of memory")
    let error = Frame.frame(
      [(":message-type", "error"), (":error-code", "InternalFailure"), (":error-message", "it broke")], [])
    #expect(decode(error).error?.message == "it broke")
    #expect(decode(error).error?.upstreamCode == "InternalFailure")
    let plain = Frame.frame([(":message-type", "exception"), (":exception-type", "x")], Array("no JSON".utf8))
    #expect(decode(plain).error?.message == "no JSON")
    let garbage = Frame.frame([(":message-type", "event"), (":event-type", "messageStop")], Array("{".utf8))
    #expect(decode(garbage).error?.kind == .upstreamInvalid)
    var broken = Array(exception)
    broken[broken.count - 1] ^= 1
    let words = "the provider's answer cannot be read: the checksum of an event does not fit"
    #expect(decode(broken).error?.message == words)
  }

  // MARK: - Whole answers

  @Test("a whole answer, and the same where a stream was asked for")
  func whole() {
    let body: JSONValue = [
      "output": [
        "message": [
          "role": "assistant",
          "content": [
            ["reasoningContent": ["reasoningText": ["text": "hm", "signature": "S"]]],
            ["reasoningContent": ["redactedContent": "QUJD"]], ["text": "a"],
            ["citationsContent": ["content": [["text": "b"]], "citations": []]],
            ["toolUse": ["toolUseId": "t", "name": "f", "input": ["x": 1]]],
            ["toolUse": ["toolUseId": "s", "name": "g", "input": [:], "type": "server_tool_use"]],
            ["toolResult": ["toolUseId": "s", "content": []]],
          ],
        ]
      ], "stopReason": "tool_use", "usage": ["inputTokens": 1, "outputTokens": 2, "totalTokens": 3],
      "serviceTier": ["type": "default"],
    ]
    let answer = dialect.decodeWhole(body)
    #expect(answer.error == nil)
    #expect(answer.text == "ab" && answer.reasoning == "hm")
    #expect(answer.thoughts == [.init(signature: "S"), .init(opaque: ["redactedContent": "QUJD"], redacted: true)])
    #expect(answer.calls == [.init(id: "t", name: "f", arguments: #"{"x":1}"#, hasEnded: true)])
    #expect(answer.stop == .toolUse && answer.usage == Usage(input: 1, output: 2) && answer.tier == "default")
    for arrival in Arrival.allCases { #expect(dialect.decode(arrival.pieces(of: body.bytes)) == answer) }
  }

  @Test("a body that is no answer is an error")
  func noAnswer() {
    #expect(dialect.decodeWhole(["message": "Too many requests"]).error?.kind == .rateLimited)
    #expect(dialect.decodeWhole(["x": 1]).error?.kind == .upstreamInvalid)
    #expect(dialect.decode("{\"output\":").error?.kind == .upstreamInvalid)
    #expect(dialect.decode("<html></html>").error?.kind == .upstreamInvalid)
    let cut: JSONValue = ["output": ["message": ["content": [["text": "a"]]]]]
    #expect(dialect.decodeWhole(cut).error?.kind == .upstreamInvalid)
  }
}
