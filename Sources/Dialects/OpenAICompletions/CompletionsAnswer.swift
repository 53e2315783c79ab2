internal import Completion
internal import JSON

/// What a model has answered so far: turns chunks of a stream, or the one document of a whole answer, into events.
/// Both go through the same mapping; a document is one chunk whose choice holds a `message`.
struct CompletionsAnswer: JSONAnswer {
  /// The tool whose arguments are the structured answer: they become text, and the call does not exist.
  let answerTool: String?
  /// Whether a stream may end without saying why.
  let infersFinish: Bool
  let stopSequences: [String]
  let contextWindow: Int?

  private var hasStarted = false
  private var hasText = false
  private var hasReasoning = false
  private var refusal = ""
  var heldText = ""
  private var reasoning = CompletionsReasoning()
  private var calls: ToolCallAssembler
  private var usage = CompletionsUsage()
  private var serviceTier: String?
  private var finishReason: String?
  private var stoppedAtSequence = false
  private var isDone = false
  var warnings: Set<String> = []

  init(
    answerTool: String? = nil, infersFinish: Bool = false, stopSequences: [String] = [], contextWindow: Int? = nil
  ) {
    self.answerTool = answerTool
    self.infersFinish = infersFinish
    self.stopSequences = stopSequences
    self.contextWindow = contextWindow
    calls = ToolCallAssembler(answerTool: answerTool)
  }

  // MARK: - Chunks

  /// Takes the data of one event.
  mutating func takeChunk(
    _ data: ArraySlice<UInt8>, type: String?, into events: inout [StreamEvent]
  ) throws(ProviderError) {
    guard !isDone else { return warn("the provider went on after the end of its answer", &events) }
    let chunk = try UpstreamAnswer.event(data, type: type)
    if type == "error" { throw ErrorClassification.error(inside: chunk) }
    try take(chunk, isWhole: false, into: &events)
  }

  /// Takes a body that is one JSON document.
  mutating func takeDocument(_ data: ArraySlice<UInt8>, into events: inout [StreamEvent]) throws(ProviderError) {
    try take(try UpstreamAnswer.document(data), isWhole: true, into: &events)
  }

  private mutating func take(
    _ value: JSONValue, isWhole: Bool, into events: inout [StreamEvent]
  ) throws(ProviderError) {
    guard case .object(let chunk) = value else { throw Self.unreadable(value) }
    if Self.isError(chunk) { throw ErrorClassification.error(inside: value) }
    start(chunk, &events)
    for choice in chunk["choices"]?.array ?? [] where (choice["index"]?.int ?? 0) == 0 {
      try take(choice, isWhole: isWhole, &events)
    }
    takeAccounts(chunk, &events)
  }

  private static func isError(_ chunk: JSONObject) -> Bool {
    if let error = chunk["error"], !error.isNull { return true }
    guard chunk["choices"] == nil else { return false }
    return chunk["object"]?.string == "error"
      || chunk["usage"] == nil && (chunk["message"]?.string ?? chunk["detail"]?.string) != nil
  }

  private static func unreadable(_ value: JSONValue) -> ProviderError {
    if value[0]?["error"] != nil { return ErrorClassification.error(inside: value) }
    return UpstreamAnswer.notAnAnswer(value)
  }

  private mutating func start(_ chunk: JSONObject, _ events: inout [StreamEvent]) {
    guard !hasStarted else { return }
    let id = chunk["id"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    let model = chunk["model"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    // Azure sends a chunk about content filters before it knows either.
    guard id != nil || model != nil || chunk["choices"]?[0] != nil else { return }
    hasStarted = true
    events.append(.started(id: id, model: model))
  }

  private mutating func take(
    _ choice: JSONValue, isWhole: Bool, _ events: inout [StreamEvent]
  ) throws(ProviderError) {
    if let delta = (isWhole ? choice["message"] ?? choice["delta"] : choice["delta"] ?? choice["message"])?.object {
      try take(delta, isWhole: isWhole, &events)
    }
    if let reason = choice["finish_reason"]?.string, !reason.isEmpty { finishReason = reason }
    if let sequence = choice["stop_reason"]?.string, stopSequences.contains(sequence) { stoppedAtSequence = true }
    usage.take(choice["usage"], into: &events)
  }

  private mutating func take(
    _ delta: JSONObject, isWhole: Bool, _ events: inout [StreamEvent]
  ) throws(ProviderError) {
    let wasFinished = finishReason != nil
    let before = events.count
    addReasoning(reasoning.take(delta), &events)
    switch delta["content"] {
    case .string(let text): addText(text, &events)
    case .array(let parts): for part in parts { takePart(part, &events) }
    default: break
    }
    if let text = delta["refusal"]?.string { refusal += text }
    if let array = delta["tool_calls"]?.array, !array.isEmpty {
      for call in array { calls.take(call, isWhole: isWhole, into: &events) }
    }
    if let call = delta["function_call"], call.object != nil { calls.takeLegacy(call, into: &events) }
    if wasFinished, events.count > before { warn("the provider went on after it had given a finish reason", &events) }
  }

  private mutating func takePart(_ part: JSONValue, _ events: inout [StreamEvent]) {
    if let text = part.string { return addText(text, &events) }
    switch part["type"]?.string {
    case "text", "output_text": addText(part["text"]?.string ?? "", &events)
    case "thinking":
      reasoning.takePart()
      addReasoning(Self.joined(part["thinking"]), &events)
    case "reasoning": addReasoning(Self.joined(part["summary"] ?? part["text"]), &events)
    case "refusal": refusal += part["refusal"]?.string ?? ""
    case "reference", nil: break
    case let type?: warn("a content part of the unknown type \"\(type)\" was left out", &events)
    }
  }

  /// The text of a string, or of an array of text parts.
  static func joined(_ value: JSONValue?) -> String {
    value?.string ?? (value?.array ?? []).compactMap { $0.string ?? $0["text"]?.string }.joined()
  }

  private mutating func addText(_ text: String, _ events: inout [StreamEvent]) {
    guard !text.isEmpty else { return }
    hasText = true
    if answerTool != nil { heldText += text } else { events.append(.text(text)) }
  }

  private mutating func addReasoning(_ text: String, _ events: inout [StreamEvent]) {
    guard !text.isEmpty else { return }
    hasReasoning = true
    events.append(.reasoning(text))
  }

  /// Counts, price and tier, wherever in the chunk the provider puts them.
  private mutating func takeAccounts(_ chunk: JSONObject, _ events: inout [StreamEvent]) {
    usage.take(chunk["usage"] ?? chunk["x_groq"]?["usage"], into: &events)
    usage.takeCost(chunk["cost"]?["usd"], into: &events)
    if let tier = chunk["service_tier"]?.string ?? chunk["usage"]?["service_tier"]?.string, !tier.isEmpty,
      tier != serviceTier
    {
      serviceTier = tier
      events.append(.serviceTier(tier))
    }
  }
}

// MARK: - The end

extension CompletionsAnswer {
  /// `[DONE]` came.
  mutating func takeDone(into events: inout [StreamEvent]) throws(ProviderError) {
    guard !isDone else { return }
    if finishReason == nil {
      guard hasOutput else { throw UpstreamAnswer.empty }
      if !infersFinish { warn("the provider ended its answer without saying why", &events) }
    }
    try end(&events)
  }

  /// The body is over.
  mutating func finish(into events: inout [StreamEvent]) throws(ProviderError) {
    guard !isDone else { return }
    guard finishReason != nil || infersFinish && (hasText || !calls.isEmpty) else {
      throw UpstreamAnswer.cutOff("a finish reason")
    }
    try end(&events)
  }

  var hasAnswer: Bool { calls.hasAnswer }

  private var hasOutput: Bool {
    hasText || hasReasoning || reasoning.opaque != nil || !calls.isEmpty || !refusal.isEmpty
  }

  private mutating func end(_ events: inout [StreamEvent]) throws(ProviderError) {
    let raw = finishReason ?? ""
    let known = FinishMeaning.completions(raw)
    var stop = known.stop ?? .end
    let isEmpty = !hasOutput
    if let kind = isEmpty ? known.errorWhenEmpty : known.error { throw FinishMeaning.failure(kind, raw) }
    if isEmpty { try checkEmpty(stop) }
    try calls.finish(into: &events)
    if stop == .toolUse || stop == .end { stop = calls.hasCalls ? .toolUse : .end }
    if known.stop == nil, !raw.isEmpty { warn("the finish reason \"\(raw)\" is not known; taken as the end", &events) }
    if stop == .end, stoppedAtSequence { stop = .stopSequence }
    if !refusal.isEmpty {
      warn("the model refused: \(refusal)", &events)
      stop = .refusal
    }
    releaseHeldText(&events)
    // z.ai takes an overlong input and says nothing.
    if let contextWindow, let usage = usage.last, usage.input + usage.cacheRead + usage.cacheWrite > contextWindow {
      warn("the input is longer than the model's context window; it may have been cut", &events)
    }
    if let opaque = reasoning.opaque { events.append(.reasoningOpaque(opaque)) }
    events.append(.stop(stop, raw: raw))
    isDone = true
  }

  /// No output at all is an answer only where something explains it: the limit, which hidden reasoning can use up, or
  /// a stop sequence that came first.
  private func checkEmpty(_ stop: StopReason) throws(ProviderError) {
    guard stop == .length else {
      if stop == .refusal || stop == .end && !stopSequences.isEmpty { return }
      throw UpstreamAnswer.empty
    }
    // Xiaomi cuts an overlong input off and then has no room left to answer.
    if let contextWindow, let usage = usage.last, usage.output == 0,
      Double(usage.input + usage.cacheRead) >= 0.99 * Double(contextWindow)
    {
      throw FinishMeaning.failure(.contextOverflow, "length")
    }
  }
}
