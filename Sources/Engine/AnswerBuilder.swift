internal import Completion
internal import JSON

/// Builds one answer from the events of a decoder and says which deltas the client gets to see: the joined deltas
/// equal the built message because both come from here.
struct AnswerBuilder {
  /// The provider's own facts about the answer.
  private(set) var upstreamId: String?
  private(set) var upstreamModel: String?
  private(set) var serviceTier: String?
  private(set) var providerCost: Double?
  private(set) var usage: Usage?
  private(set) var stop: StopReason?
  private(set) var warnings: [String] = []
  /// How many bytes of content were given out, for usage estimates.
  private(set) var contentSize = 0

  private var parts: [Part] = []
  // The part being written is kept apart from the finished ones, so that appending to it never copies it.
  private var open = Open.nothing
  private var openText = ""
  private var openReasoning = Reasoning(text: "")
  private var calls: [PendingCall] = []

  private enum Open { case nothing, text, reasoning }

  private struct PendingCall {
    var id: String
    var name: String
    var arguments = ""
    var isEnded = false
    /// Where in `parts` the call stands.
    let position: Int
  }

  /// What timeouts wait for.
  enum Heard: Int, Comparable {
    case nothing
    /// The provider is at work, and there is nothing to show yet.
    case progress
    case content

    static func < (left: Heard, right: Heard) -> Bool { left.rawValue < right.rawValue }
  }

  /// Takes `events` in order and appends what they mean for a client to `deltas`. Returns the most that was among them.
  mutating func take(_ events: [StreamEvent], into deltas: inout [StreamDelta]) -> Heard {
    var heard = Heard.nothing
    for event in events {
      if stop != nil, event.isContent {
        warn("the provider went on after the end of its answer; what came then was left out")
        continue
      }
      heard = max(heard, take(event, into: &deltas))
    }
    return heard
  }

  private mutating func take(_ event: StreamEvent, into deltas: inout [StreamDelta]) -> Heard {
    switch event {
    case .text(let text): return append(text: text, into: &deltas) ? .content : .nothing
    case .reasoning(let text): return append(reasoning: text, into: &deltas) ? .content : .nothing
    case .reasoningEnd(let signature, let opaque, let redacted): endReasoning(signature, opaque, redacted: redacted)
    case .reasoningSignature(let signature): seal { $0.signature = signature }
    case .reasoningOpaque(let items): seal { $0.opaque = items }
    case .toolCallStart, .toolArguments, .toolCallEnd:
      takeCall(event, into: &deltas)
      return .content
    case .progress: break
    default:
      takeFact(event, into: &deltas)
      return .nothing
    }
    return .progress
  }

  /// The body is over. Whether nothing at all can be an answer, each family says by itself.
  /// - Throws: `upstreamInvalid` when what came is no answer.
  func conclude() throws(ProviderError) {
    guard stop == nil else { return }
    throw ProviderError(
      .upstreamInvalid, "the provider's answer was cut off: it ended without saying why",
      hint: "Try again; if it happens often, a proxy in between may close streams too early.")
  }

  private mutating func warn(_ text: String) {
    if !warnings.contains(text) { warnings.append(text) }
  }

  /// The answer so far. A call that never ended keeps what came of its arguments.
  mutating func message(origin: Origin) -> Message {
    closeOpenPart()
    var content = parts
    for call in calls {
      content[call.position] = .toolCall(ToolCall(id: call.id, name: call.name, argumentsText: call.arguments))
    }
    return Message(role: .assistant, content: content, origin: origin)
  }

  /// Whether nothing has come that a message could hold.
  var isEmpty: Bool { open == .nothing && parts.isEmpty }

  private mutating func append(text: String, into deltas: inout [StreamDelta]) -> Bool {
    guard !text.isEmpty else { return false }
    begin(.text)
    openText += text
    contentSize += text.utf8.count
    deltas.append(.text(text))
    return true
  }

  private mutating func append(reasoning text: String, into deltas: inout [StreamDelta]) -> Bool {
    guard !text.isEmpty else { return false }
    begin(.reasoning)
    openReasoning.text += text
    contentSize += text.utf8.count
    deltas.append(.reasoning(text))
    return true
  }

  private mutating func begin(_ kind: Open) {
    guard open != kind else { return }
    closeOpenPart()
    open = kind
  }

  /// Closes the thought being written, or adds one without text.
  private mutating func endReasoning(_ signature: String?, _ opaque: JSONValue?, redacted: Bool) {
    let isNothing = signature == nil && opaque == nil && !redacted
    if isNothing, open != .reasoning { return }
    begin(.reasoning)
    openReasoning.signature = signature ?? openReasoning.signature
    openReasoning.opaque = opaque ?? openReasoning.opaque
    openReasoning.redacted = redacted
    closeOpenPart()
  }

  /// Adds what a provider sends beside its thoughts: to the thought being written, else to the last one written, else
  /// to a thought without text.
  private mutating func seal(_ change: (inout Reasoning) -> Void) {
    let isReasoning = { (part: Part) in if case .reasoning = part { true } else { false } }
    if open != .reasoning, let last = parts.lastIndex(where: isReasoning), case .reasoning(var written) = parts[last] {
      change(&written)
      parts[last] = .reasoning(written)
      return
    }
    begin(.reasoning)
    change(&openReasoning)
  }

  private mutating func takeCall(_ event: StreamEvent, into deltas: inout [StreamDelta]) {
    switch event {
    case .toolCallStart(let index, let id, let name):
      closeOpenPart()
      parts.append(.toolCall(ToolCall(id: id, name: name, arguments: JSONObject())))
      calls.append(PendingCall(id: id, name: name, position: parts.count - 1))
      deltas.append(.toolCall(index: index, id: id, name: name))
    case .toolArguments(let index, let text) where calls.indices.contains(index) && !text.isEmpty:
      calls[index].arguments += text
      contentSize += text.utf8.count
      deltas.append(.toolArguments(index: index, text: text))
    case .toolCallEnd(let index) where calls.indices.contains(index) && !calls[index].isEnded:
      calls[index].isEnded = true
      let call = ToolCall(id: calls[index].id, name: calls[index].name, argumentsText: calls[index].arguments)
      if call.invalid {
        warnings.append("the arguments of tool call \(call.id) (\(call.name)) are no JSON object; do not run it")
      }
      deltas.append(.toolCallEnd(index: index, arguments: call.arguments, invalid: call.invalid))
    default: break
    }
  }

  private mutating func takeFact(_ event: StreamEvent, into deltas: inout [StreamDelta]) {
    switch event {
    case .started(let id, let model):
      upstreamId = id ?? upstreamId
      upstreamModel = model ?? upstreamModel
    case .usage(let counts):
      if usage != counts { deltas.append(.usage(counts)) }
      usage = counts
    case .providerCost(let cost): providerCost = cost
    case .serviceTier(let tier): serviceTier = tier
    case .activity(let text): deltas.append(.status(message: text, elapsedMs: 0))
    case .warning(let text): warnings.append(text)
    case .stop(let reason, _): end(reason, &deltas)
    default: break
    }
  }

  /// The model has stopped: what it was saying is as whole as it gets.
  private mutating func end(_ reason: StopReason, _ deltas: inout [StreamDelta]) {
    guard stop == nil else { return warn("the provider ended its answer twice; the first end counts") }
    for index in calls.indices where !calls[index].isEnded { takeCall(.toolCallEnd(index: index), into: &deltas) }
    stop = reason
  }

  private mutating func closeOpenPart() {
    switch open {
    case .nothing: break
    case .text: parts.append(.text(openText))
    case .reasoning: parts.append(.reasoning(openReasoning))
    }
    open = .nothing
    openText = ""
    openReasoning = Reasoning(text: "")
  }
}
