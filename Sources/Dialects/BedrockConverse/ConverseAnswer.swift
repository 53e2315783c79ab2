internal import Completion
internal import JSON

/// What is known of one answer: reads its events, and a whole answer as the events it would have come in.
///
/// The end is told when the counts have come, which follow it, or when the body is over.
struct ConverseAnswer: AnswerTelling {
  private enum Block {
    case text
    /// `texts` tells whether there was any; the sealed pieces are base64.
    case reasoning(hasText: Bool, signature: String, sealed: [String])
    case call(index: Int)
    /// The forced tool that stands in for a structured output; its arguments are the answer's text.
    case answer
    /// What the provider did by itself: no business of the client's.
    case foreign
  }

  private let answerTool: String?
  private let stopSequences: [String]
  private var blocks: [Int: Block] = [:]
  private var hasStarted = false
  private var callCount = 0
  private var hasOutput = false
  private(set) var hasAnswer = false
  var heldText = ""
  private var stopReason: String?
  private var metStopSequence = false
  private var hasMetadata = false
  private var isDone = false
  var warnings: Set<String> = []

  init(answerTool: String? = nil, stopSequences: [String] = []) {
    self.answerTool = answerTool
    self.stopSequences = stopSequences
  }

  /// Whether the model has said why it stopped.
  var isComplete: Bool { stopReason != nil }

  static var cutOff: ProviderError { UpstreamAnswer.cutOff("a stop reason") }

  // MARK: - Events

  /// Takes an event by its type; unknown types say nothing.
  mutating func take(
    _ type: String, _ event: JSONValue, into events: inout [StreamEvent]
  ) throws(ProviderError) {
    start(&events)
    switch type {
    case "contentBlockStart", "contentBlockDelta", "contentBlockStop":
      guard stopReason == nil else {
        return warn("the provider went on after it had given a stop reason", &events)
      }
      let before = events.count
      try takeBlockEvent(type, event, &events)
      if events.count == before, type != "contentBlockStop" { events.append(.progress) }
    case "messageStop": try takeStop(event, &events)
    case "metadata": try takeMetadata(event, &events)
    default: break
    }
  }

  private mutating func start(_ events: inout [StreamEvent]) {
    guard !hasStarted else { return }
    hasStarted = true
    events.append(.started(id: nil, model: nil))
  }

  private mutating func takeBlockEvent(
    _ type: String, _ event: JSONValue, _ events: inout [StreamEvent]
  ) throws(ProviderError) {
    let index = event["contentBlockIndex"]?.int ?? 0
    switch type {
    case "contentBlockStart": try open(index, event["start"], &events)
    case "contentBlockDelta": if let delta = event["delta"] { take(delta, index, &events) }
    default: close(index, &events)
    }
  }

  private mutating func open(
    _ index: Int, _ start: JSONValue?, _ events: inout [StreamEvent]
  ) throws(ProviderError) {
    close(index, &events)
    guard let tool = start?["toolUse"] else {
      if start?["toolResult"] != nil { blocks[index] = .foreign }
      return
    }
    guard let name = tool["name"]?.string, !name.isEmpty else {
      throw ProviderError(.upstreamInvalid, "the provider sent a tool call without the tool's name")
    }
    hasOutput = true
    if tool["type"]?.string == "server_tool_use" {
      blocks[index] = .foreign
      warn("the provider ran its own tool \"\(name)\"; the call is not part of the answer", &events)
    } else if name == answerTool {
      if hasAnswer { warn("a second structured answer was left out", &events) }
      blocks[index] = hasAnswer ? .foreign : .answer
      hasAnswer = true
    } else {
      blocks[index] = .call(index: callCount)
      let id = tool["toolUseId"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? "call_\(callCount)"
      events.append(.toolCallStart(index: callCount, id: id, name: name))
      callCount += 1
    }
  }

  private mutating func take(_ delta: JSONValue, _ index: Int, _ events: inout [StreamEvent]) {
    if let text = delta["text"]?.string { addText(text, index, &events) }
    if let input = delta["toolUse"]?["input"]?.string { addInput(input, index, &events) }
    if let reasoning = delta["reasoningContent"] { addReasoning(reasoning, index, &events) }
    if delta["image"] != nil { warn("an image in the answer was left out", &events) }
  }

  private mutating func addText(_ text: String, _ index: Int, _ events: inout [StreamEvent]) {
    guard !text.isEmpty else { return }
    if blocks[index] == nil { blocks[index] = .text }
    hasOutput = true
    if answerTool != nil { heldText += text } else { events.append(.text(text)) }
  }

  private mutating func addInput(_ input: String, _ index: Int, _ events: inout [StreamEvent]) {
    switch blocks[index] {
    case .call(let call): if !input.isEmpty { events.append(.toolArguments(index: call, text: input)) }
    case .answer: if !input.isEmpty { events.append(.text(input)) }
    case .foreign: break
    case .text, .reasoning, nil: warn("arguments that belong to no tool call were left out", &events)
    }
  }

  private mutating func addReasoning(_ delta: JSONValue, _ index: Int, _ events: inout [StreamEvent]) {
    var hasText = false
    var signature = ""
    var sealed: [String] = []
    // Taken out of the dictionary, so that it grows without being copied.
    if case .reasoning(let earlierText, let earlierSignature, let earlierSealed)? = blocks.removeValue(forKey: index) {
      (hasText, signature, sealed) = (earlierText, earlierSignature, earlierSealed)
    }
    if let text = delta["text"]?.string, !text.isEmpty {
      hasText = true
      events.append(.reasoning(text))
    }
    signature += delta["signature"]?.string ?? ""
    if let piece = delta["redactedContent"]?.string, !piece.isEmpty { Self.join(piece, to: &sealed) }
    if hasText || !signature.isEmpty || !sealed.isEmpty { hasOutput = true }
    blocks[index] = .reasoning(hasText: hasText, signature: signature, sealed: sealed)
  }

  /// Base64 without padding at its end goes on in the next piece; behind padding, another text begins.
  private static func join(_ piece: String, to sealed: inout [String]) {
    if let last = sealed.last, !last.hasSuffix("="), last.utf8.count % 4 == 0 {
      sealed[sealed.count - 1] += piece
    } else {
      sealed.append(piece)
    }
  }

  private mutating func close(_ index: Int, _ events: inout [StreamEvent]) {
    switch blocks.removeValue(forKey: index) {
    case .call(let call): events.append(.toolCallEnd(index: call))
    case .reasoning(let hasText, let signature, let sealed):
      if hasText || !signature.isEmpty {
        events.append(.reasoningEnd(signature: signature.isEmpty ? nil : signature))
      }
      for piece in sealed {
        events.append(.reasoningEnd(opaque: ["redactedContent": .string(piece)], redacted: true))
      }
    case .text, .answer, .foreign, nil: break
    }
  }

  // MARK: - The end

  private mutating func takeStop(_ event: JSONValue, _ events: inout [StreamEvent]) throws(ProviderError) {
    guard stopReason == nil else { return warn("the provider gave a second stop reason", &events) }
    for index in blocks.keys.sorted() { close(index, &events) }
    stopReason = event["stopReason"]?.string ?? ""
    let sequence = event["additionalModelResponseFields"]?["stop_sequence"]?.string
    metStopSequence = sequence.map(stopSequences.contains) ?? false
    if hasMetadata { try end(&events) }
  }

  private mutating func takeMetadata(_ event: JSONValue, _ events: inout [StreamEvent]) throws(ProviderError) {
    guard !isDone else { return }
    takeAccounts(event, &events)
    hasMetadata = true
    if stopReason != nil { try end(&events) }
  }

  private func takeAccounts(_ event: JSONValue, _ events: inout [StreamEvent]) {
    if let usage = event["usage"], usage.object != nil {
      func count(_ name: String) -> Int { usage[name]?.tokenCount ?? 0 }
      let long = (usage["cacheDetails"]?.array ?? []).first { $0["ttl"] == "1h" }?["inputTokens"]?.tokenCount ?? 0
      events.append(
        .usage(
          Usage(
            input: count("inputTokens"), output: count("outputTokens"), cacheRead: count("cacheReadInputTokens"),
            cacheWrite: count("cacheWriteInputTokens"), cacheWriteLong: long)))
    }
    if let tier = event["serviceTier"]?["type"]?.string { events.append(.serviceTier(tier)) }
  }

  /// The body is over.
  mutating func finish(into events: inout [StreamEvent]) throws(ProviderError) {
    guard !isDone else { return }
    guard stopReason != nil else { throw Self.cutOff }
    try end(&events)
  }

  private mutating func end(_ events: inout [StreamEvent]) throws(ProviderError) {
    let raw = stopReason ?? ""
    let known = FinishMeaning.converse(raw)
    if let kind = hasOutput ? known.error : known.errorWhenEmpty { throw FinishMeaning.failure(kind, raw) }
    var stop = known.stop ?? .end
    if !hasOutput, stop == .end || stop == .toolUse, stopSequences.isEmpty { throw UpstreamAnswer.empty }
    if stop == .toolUse || stop == .end { stop = callCount > 0 ? .toolUse : .end }
    if stop == .end, metStopSequence { stop = .stopSequence }
    if known.stop == nil { warn("the stop reason \"\(raw)\" is not known; taken as the end", &events) }
    releaseHeldText(&events)
    events.append(.stop(stop, raw: raw))
    isDone = true
  }
}

// MARK: - Whole answers

extension ConverseAnswer {
  /// Takes a body that is one JSON document.
  mutating func takeDocument(
    _ data: ArraySlice<UInt8>, into events: inout [StreamEvent]
  ) throws(ProviderError) {
    let document = try UpstreamAnswer.document(data)
    guard let content = document["output"]?["message"]?["content"]?.array else {
      if document["message"] != nil || document["__type"] != nil { throw ErrorClassification.error(inside: document) }
      throw ProviderError(.upstreamInvalid, "the provider's answer holds no message")
    }
    for (index, block) in content.enumerated() {
      for (type, event) in Self.events(of: block, index) { try take(type, event, into: &events) }
    }
    if document["stopReason"] != nil { try take("messageStop", document, into: &events) }
    try take("metadata", document, into: &events)
  }

  /// The events in which a stream would bring `block`.
  private static func events(of block: JSONValue, _ index: Int) -> [(String, JSONValue)] {
    func event(_ kind: String, _ member: String, _ value: JSONValue) -> (String, JSONValue) {
      (kind, ["contentBlockIndex": .int(index), member: value])
    }
    var events: [(String, JSONValue)] = []
    if let tool = block["toolUse"] {
      let input = tool["input"] ?? [:]
      events.append(event("contentBlockStart", "start", ["toolUse": tool]))
      events.append(event("contentBlockDelta", "delta", ["toolUse": ["input": .string(input.text)]]))
    } else if let result = block["toolResult"] {
      events.append(event("contentBlockStart", "start", ["toolResult": result]))
    } else if let reasoning = block["reasoningContent"] {
      events.append(event("contentBlockDelta", "delta", ["reasoningContent": reasoning["reasoningText"] ?? reasoning]))
    } else if let cited = block["citationsContent"]?["content"]?.array {
      for part in cited { events.append(event("contentBlockDelta", "delta", part)) }
    } else {
      events.append(event("contentBlockDelta", "delta", block))
    }
    events.append(event("contentBlockStop", "stop", [:]))
    return events
  }
}
