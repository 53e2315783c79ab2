internal import Completion
internal import HTTP
internal import JSON

/// What a model has answered so far: turns `GenerateContentResponse` after `GenerateContentResponse` into events. A
/// whole answer is a stream of one; a stream without `alt=sse` is one JSON array of them.
struct GeminiAnswer: StreamedAnswer {
  /// The tool whose arguments are the structured answer: they become text, and the call does not exist.
  let answerTool: String?
  let stopSequences: [String]

  private var id: String?
  private var hasStarted = false
  private var hasText = false
  private var hasReasoning = false
  /// Whether parts came that are nothing to the client: code that the provider ran, and its like.
  private var hasOtherParts = false
  private var isThinking = false
  var heldText = ""
  private var calls: GeminiCalls
  private var usage = GeminiUsage()
  private var finishReason: String?
  private var finishMessage: String?
  private var blockReason: String?
  private var blockMessage: String?
  var warnings: Set<String> = []

  init(answerTool: String? = nil, stopSequences: [String] = []) {
    self.answerTool = answerTool
    self.stopSequences = stopSequences
    calls = GeminiCalls(answerTool: answerTool)
  }

  // MARK: - Chunks

  mutating func takeEvent(_ event: ServerSentEvent, into events: inout [StreamEvent]) throws(ProviderError) {
    // Gemini has no such line, but proxies that know other APIs add it.
    guard !event.data.isEmpty, !event.data.elementsEqual("[DONE]".utf8) else { return }
    let chunk = try UpstreamAnswer.event(event.data, type: event.type)
    if event.type == "error" { throw ErrorClassification.error(inside: chunk) }
    try take(chunk, into: &events)
  }

  mutating func takeDocument(_ data: ArraySlice<UInt8>, into events: inout [StreamEvent]) throws(ProviderError) {
    try take(try UpstreamAnswer.document(data), into: &events)
  }

  private mutating func take(_ value: JSONValue, into events: inout [StreamEvent]) throws(ProviderError) {
    switch value {
    case .object(let chunk): try take(chunk, &events)
    case .array(let chunks): for chunk in chunks { try take(chunk, into: &events) }
    default: throw UpstreamAnswer.notAnAnswer(value)
    }
  }

  private mutating func take(_ chunk: JSONObject, _ events: inout [StreamEvent]) throws(ProviderError) {
    if let error = chunk["error"], !error.isNull { throw ErrorClassification.error(inside: .object(chunk)) }
    start(chunk, &events)
    if let reason = chunk["promptFeedback"]?["blockReason"]?.string {
      blockReason = reason
      blockMessage = chunk["promptFeedback"]?["blockReasonMessage"]?.string
    }
    for candidate in chunk["candidates"]?.array ?? [] where (candidate["index"]?.int ?? 0) == 0 {
      let wasFinished = finishReason != nil
      let before = events.count
      for part in candidate["content"]?["parts"]?.array ?? [] { try takePart(part, &events) }
      if wasFinished, events.count > before {
        warn("the provider went on after it had given a finish reason", &events)
      }
      if let reason = candidate["finishReason"]?.string, !reason.isEmpty { finishReason = reason }
      finishMessage = candidate["finishMessage"]?.string ?? finishMessage
    }
    usage.take(chunk["usageMetadata"], into: &events)
  }

  private mutating func start(_ chunk: JSONObject, _ events: inout [StreamEvent]) {
    guard !hasStarted else { return }
    hasStarted = true
    id = chunk["responseId"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    let model = chunk["modelVersion"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    events.append(.started(id: id, model: model))
  }

  // MARK: - Parts

  private mutating func takePart(_ part: JSONValue, _ events: inout [StreamEvent]) throws(ProviderError) {
    let signature = part["thoughtSignature"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    if let text = part["text"]?.string {
      if part["thought"]?.bool == true {
        addThought(text, signature, &events)
      } else {
        addText(text, signature, &events)
      }
    } else if let call = part["functionCall"]?.object {
      isThinking = isThinking && call["name"]?.string == nil
      if let signature, call["name"]?.string != answerTool { seal(["thoughtSignature": .string(signature)], &events) }
      try calls.take(call, answer: id, into: &events)
    } else if let media = (part["inlineData"] ?? part["fileData"])?.object {
      hasOtherParts = true
      warn("something of the type \(media["mimeType"]?.string ?? "unknown") that the model made was left out", &events)
    } else {
      hasOtherParts = true
      events.append(.progress)
    }
  }

  private mutating func addThought(_ text: String, _ signature: String?, _ events: inout [StreamEvent]) {
    if !text.isEmpty {
      hasReasoning = true
      isThinking = true
      events.append(.reasoning(text))
    }
    guard let signature else { return }
    events.append(.reasoningEnd(signature: signature))
    isThinking = false
  }

  private mutating func addText(_ text: String, _ signature: String?, _ events: inout [StreamEvent]) {
    guard answerTool == nil else { return heldText += text }
    if let signature {
      var next: JSONObject = ["thoughtSignature": .string(signature)]
      if text.isEmpty { next["alone"] = true }
      seal(next, &events)
    }
    guard !text.isEmpty else { return }
    hasText = true
    isThinking = false
    events.append(.text(text))
  }

  /// What belongs to the part behind it must not get into the thought in front of it.
  private mutating func seal(_ next: JSONObject, _ events: inout [StreamEvent]) {
    if isThinking { events.append(.reasoningEnd()) }
    isThinking = false
    events.append(.reasoningEnd(opaque: ["next": .object(next)]))
  }
}

// MARK: - The end

extension GeminiAnswer {
  mutating func finish(into events: inout [StreamEvent]) throws(ProviderError) {
    guard let raw = finishReason ?? blockReason else { throw UpstreamAnswer.cutOff("a finish reason") }
    let known = finishReason == nil ? .filtered : FinishMeaning.gemini(raw)
    if let kind = hasOutput ? known.error : known.errorWhenEmpty { throw failure(kind, raw) }
    var stop = known.stop ?? .end
    if !hasOutput { try checkEmpty(stop, &events) }
    calls.finish(isCut: stop != .end, into: &events)
    if stop == .end, calls.hasCalls { stop = .toolUse }
    if known.stop == nil { warn("the finish reason \"\(raw)\" is not known; taken as the end", &events) }
    releaseHeldText(&events)
    events.append(.stop(stop, raw: raw))
  }

  var hasAnswer: Bool { calls.hasAnswer }

  private var hasOutput: Bool { hasText || hasReasoning || !heldText.isEmpty || calls.hasCalls || hasAnswer }

  /// No output at all is an answer only where something explains it: the limit, which hidden reasoning can use up, a
  /// stop sequence that came first, or work that only the provider saw.
  private mutating func checkEmpty(_ stop: StopReason, _ events: inout [StreamEvent]) throws(ProviderError) {
    if stop == .length || !stopSequences.isEmpty { return }
    guard hasOtherParts else { throw UpstreamAnswer.empty }
    warn("the answer holds no text", &events)
  }

  private func failure(_ kind: ErrorKind, _ raw: String) -> ProviderError {
    let said = finishReason == nil ? blockMessage : finishMessage
    let reason = said.map { "\(raw): \($0)" } ?? raw
    let message =
      switch kind {
      case .contentFiltered where finishReason == nil: "the provider blocked the input (\(reason))"
      case .contentFiltered: "the provider's content filter stopped the answer before it began (\(reason))"
      case .upstreamInvalid: "the model wrote a tool call that makes no sense (\(reason))"
      default: "the provider ended the answer with an error (\(reason))"
      }
    let hint =
      switch kind {
      case .contentFiltered: "Rephrase the input, or set safetySettings in extra."
      default: "Try again."
      }
    var error = ProviderError(kind, message, hint: hint)
    error.upstreamCode = raw
    return error
  }
}
