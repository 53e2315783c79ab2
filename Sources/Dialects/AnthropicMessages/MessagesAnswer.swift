internal import Completion
internal import HTTP
internal import JSON

/// What a model has answered so far: turns the events of a stream, or the one document of a whole answer, into events
/// of ours. A document is read as the stream that would have brought it.
///
/// Blocks that this program has no word for, answers of tools that run at the provider above all, become reasoning
/// without text whose `opaque` is `{"block": …}`, the block as it came; so do withheld thoughts.
struct MessagesAnswer: StreamedAnswer {
  /// The tool whose arguments are the structured answer: they become text, and the call does not exist.
  private let answerTool: String?
  private let identity: ClaudeCodeIdentity?

  private var hasStarted = false
  private var blocks: [Int: Block] = [:]
  /// What the pieces of a block make that is told at its end: a signature, or the input of a tool of the provider's own.
  private var kept: [Int: String] = [:]
  private var calls = 0
  private(set) var hasAnswer = false
  private var hasOutput = false
  var heldText = ""
  private var usage = MessagesUsage()
  private var stopReason: String?
  private var refusal: String?
  private var isDone = false
  var warnings: Set<String> = []

  private enum Block {
    case text
    case thinking(isEmpty: Bool)
    /// `index` is `nil` for the structured answer, and for another one after it, which is `surplus`.
    case call(index: Int?, isSurplus: Bool, input: JSONValue?)
    case other(JSONObject)
  }

  init(to request: CompletionRequest, at endpoint: Endpoint, _ quirks: AnthropicMessagesQuirks) {
    answerTool = quirks.answerTool(request.options, endpoint.model)
    identity = ClaudeCodeIdentity(endpoint, quirks, request.options.tools)
  }

  // MARK: - Events

  mutating func takeEvent(_ event: ServerSentEvent, into events: inout [StreamEvent]) throws(ProviderError) {
    // Some proxies end every stream as OpenAI does.
    guard !event.data.isEmpty, !event.data.elementsEqual("[DONE]".utf8) else { return }
    let value = try UpstreamAnswer.event(event.data, type: event.type)
    try take(value["type"]?.string ?? event.type ?? "", value, &events)
  }

  private mutating func take(
    _ type: String, _ event: JSONValue, _ events: inout [StreamEvent]
  ) throws(ProviderError) {
    if type == "error" || type.isEmpty && event["error"] != nil { throw ErrorClassification.error(inside: event) }
    if isDone {
      if type != "ping" { warn("the provider went on after the end of its answer", &events) }
      return
    }
    let before = events.count
    try takePart(type, event, event["index"]?.int ?? 0, &events)
    guard type.hasPrefix("content_block") else { return }
    if stopReason != nil { warn("the provider went on after it had given a stop reason", &events) }
    if events.count == before { events.append(.progress) }
  }

  private mutating func takePart(
    _ type: String, _ event: JSONValue, _ index: Int, _ events: inout [StreamEvent]
  ) throws(ProviderError) {
    switch type {
    case "message_start": start(event["message"] ?? .null, &events)
    case "content_block_start": try begin(event["content_block"]?.object ?? JSONObject(), at: index, &events)
    case "content_block_delta": try add(event["delta"] ?? .null, to: index, &events)
    case "content_block_stop": end(index, &events)
    case "message_delta":
      takeEnd(event["delta"])
      usage.take(event["usage"], into: &events)
    case "message_stop": try end(&events)
    default: break
    }
  }

  private mutating func start(_ message: JSONValue, _ events: inout [StreamEvent]) {
    guard !hasStarted else { return warn("the provider began its answer twice", &events) }
    hasStarted = true
    let text = { (key: String) in message[key]?.string.flatMap { $0.isEmpty ? nil : $0 } }
    events.append(.started(id: text("id"), model: text("model")))
    usage.take(message["usage"], into: &events)
  }

  private mutating func takeEnd(_ delta: JSONValue?) {
    if let reason = delta?["stop_reason"]?.string, !reason.isEmpty { stopReason = reason }
    if let text = delta?["stop_details"]?["explanation"]?.string, !text.isEmpty { refusal = text }
  }

  // MARK: - Documents

  mutating func takeDocument(_ data: ArraySlice<UInt8>, into events: inout [StreamEvent]) throws(ProviderError) {
    let document = try UpstreamAnswer.document(data)
    guard let blocks = document["content"]?.array else {
      if document["error"] != nil || document["message"] != nil || document[0]?["error"] != nil {
        throw ErrorClassification.error(inside: document)
      }
      throw ProviderError(.upstreamInvalid, "the provider sent \(document.kindName) without content as its answer")
    }
    start(document, &events)
    for (index, block) in blocks.enumerated() {
      try begin(block.object ?? JSONObject(), at: index, &events)
      end(index, &events)
    }
    takeEnd(document)
    try end(&events)
  }

  // MARK: - Blocks

  private mutating func begin(
    _ block: JSONObject, at index: Int, _ events: inout [StreamEvent]
  ) throws(ProviderError) {
    end(index, &events)
    switch block["type"]?.string {
    case "text":
      blocks[index] = .text
      addText(block["text"]?.string ?? "", &events)
    case "thinking":
      blocks[index] = .thinking(isEmpty: true)
      kept[index] = block["signature"]?.string
      addThought(block["thinking"]?.string ?? "", to: index, &events)
    case "tool_use": try beginCall(block, at: index, &events)
    case nil: warn("the provider sent a block without a type, which was left out", &events)
    case _?: blocks[index] = .other(block)
    }
  }

  private mutating func beginCall(
    _ block: JSONObject, at index: Int, _ events: inout [StreamEvent]
  ) throws(ProviderError) {
    guard let name = block["name"]?.string, !name.isEmpty else {
      throw ProviderError(.upstreamInvalid, "the provider sent a tool call without the tool's name")
    }
    var input = block["input"]
    if input?.object?.isEmpty ?? true { input = Optional<JSONValue>.none }
    hasOutput = true
    guard name != answerTool else {
      if hasAnswer { warn("a second structured answer was left out", &events) }
      blocks[index] = .call(index: nil, isSurplus: hasAnswer, input: input)
      hasAnswer = true
      return
    }
    let id = block["id"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? "call_\(calls)"
    events.append(.toolCallStart(index: calls, id: id, name: identity?.callerName(name) ?? name))
    blocks[index] = .call(index: calls, isSurplus: false, input: input)
    calls += 1
  }

  private mutating func add(
    _ delta: JSONValue, to index: Int, _ events: inout [StreamEvent]
  ) throws(ProviderError) {
    switch (delta["type"]?.string, blocks[index]) {
    case ("text_delta"?, .text?), ("text_delta"?, nil): addText(delta["text"]?.string ?? "", &events)
    case ("thinking_delta"?, nil):
      blocks[index] = .thinking(isEmpty: true)
      fallthrough
    case ("thinking_delta"?, .thinking?): addThought(delta["thinking"]?.string ?? "", to: index, &events)
    case ("signature_delta"?, .thinking?): kept[index, default: ""] += delta["signature"]?.string ?? ""
    case ("input_json_delta"?, let block?): addInput(delta["partial_json"]?.string ?? "", to: block, at: index, &events)
    case ("input_json_delta"?, nil):
      throw ProviderError(.upstreamInvalid, "the provider sent arguments of a tool call that it had not begun")
    case ("compaction_delta"?, .other(var block)?):
      block["content"] = delta["content"]
      blocks[index] = .other(block)
    default: break
    }
  }

  private mutating func addText(_ text: String, _ events: inout [StreamEvent]) {
    guard !text.isEmpty else { return }
    hasOutput = true
    if answerTool != nil { heldText += text } else { events.append(.text(text)) }
  }

  private mutating func addThought(_ text: String, to index: Int, _ events: inout [StreamEvent]) {
    guard !text.isEmpty, case .thinking? = blocks[index] else { return }
    hasOutput = true
    blocks[index] = .thinking(isEmpty: false)
    events.append(.reasoning(text))
  }

  private mutating func addInput(_ text: String, to block: Block, at index: Int, _ events: inout [StreamEvent]) {
    switch block {
    case .call(let call, let isSurplus, _) where !text.isEmpty:
      // Pieces replace what the call began with.
      blocks[index] = .call(index: call, isSurplus: isSurplus, input: nil)
      emit(text, of: call, isSurplus, &events)
    case .other: kept[index, default: ""] += text
    default: break
    }
  }

  private func emit(_ text: String, of call: Int?, _ isSurplus: Bool, _ events: inout [StreamEvent]) {
    if let call {
      events.append(.toolArguments(index: call, text: text))
    } else if !isSurplus {
      events.append(.text(text))
    }
  }

  private mutating func end(_ index: Int, _ events: inout [StreamEvent]) {
    let kept = kept.removeValue(forKey: index) ?? ""
    switch blocks.removeValue(forKey: index) {
    case nil, .text?: break
    case .thinking(let isEmpty)?:
      guard !isEmpty || !kept.isEmpty else { return }
      hasOutput = true
      events.append(.reasoningEnd(signature: kept.isEmpty ? nil : kept))
    case .call(let call, let isSurplus, let input)?:
      if let input { emit(input.text, of: call, isSurplus, &events) }
      if let call { events.append(.toolCallEnd(index: call)) }
    case .other(var block)?:
      if !kept.isEmpty, let value = try? JSONValue(parsing: kept) { block["input"] = value }
      hasOutput = true
      let isRedacted = block["type"] == "redacted_thinking"
      events.append(.reasoningEnd(opaque: ["block": .object(block)], redacted: isRedacted))
    }
  }
}

// MARK: - The end

extension MessagesAnswer {
  /// The body is over.
  mutating func finish(into events: inout [StreamEvent]) throws(ProviderError) {
    guard !isDone else { return }
    throw UpstreamAnswer.cutOff("message_stop")
  }

  private mutating func end(_ events: inout [StreamEvent]) throws(ProviderError) {
    for index in blocks.keys.sorted() { end(index, &events) }
    let raw = stopReason ?? ""
    let known = FinishMeaning.messages(raw)
    var stop = known.stop ?? .end
    if !hasOutput { try checkEmpty(known, raw) }
    if known.stop == nil {
      let complaint =
        raw.isEmpty
        ? "the provider ended its answer without saying why"
        : "the stop reason \"\(raw)\" is not known; taken as the end"
      warn(complaint, &events)
    }
    if raw == "pause_turn" { warn("the provider paused its turn; send the conversation again to go on", &events) }
    if stop == .toolUse || stop == .end { stop = calls > 0 ? .toolUse : .end }
    if stop == .refusal { warn("the model refused" + (refusal.map { ": \($0)" } ?? ""), &events) }
    releaseHeldText(&events)
    events.append(.stop(stop, raw: raw))
    isDone = true
  }

  /// No output at all is an answer only where something explains it.
  private func checkEmpty(_ known: FinishMeaning, _ raw: String) throws(ProviderError) {
    if let kind = known.errorWhenEmpty { throw FinishMeaning.failure(kind, raw) }
    switch known.stop {
    case .refusal, .stopSequence, .length: return
    default: throw UpstreamAnswer.empty
    }
  }
}
