package import Completion
internal import JSON

/// A conversation made fit for one model, whoever wrote its messages.
///
/// Afterwards it holds: assistant messages of text, reasoning and tool calls; right behind those with calls, `tool`
/// messages that answer every one of them, in the order of arrival, one result each; and user and system messages
/// without results. No message is empty, no text part is, and no call is invalid. Reasoning of other models is text.
package struct History: Sendable {
  /// What the model takes.
  package struct Rules: Sendable {
    /// Who is going to read it: seals and opaque reasoning of anybody else are dropped. An assistant message
    /// without an origin is taken to be this model's own, as its client says nothing else.
    package var reader: Origin
    /// Whether it sees images, given as base64.
    package var takesImages = false
    /// The setting that says whether it sees images, where nothing else decides that.
    package var imageSetting: String?
    /// Whether it, or its provider, fetches images from URLs.
    package var takesImageURLs = false
    /// Whether it reads files, given as base64.
    package var takesFiles = false
    /// Whether it, or its provider, fetches files from URLs.
    package var takesFileURLs = false
    /// Whether it knows tool calls; if not, calls and results are retold as text.
    package var takesTools = true
    /// Which tool-call ids it accepts.
    package var ids = ToolCallIDRule(lengths: 1...64)

    /// Rules for text and tools; the rest is to be switched on.
    package init(reader: Origin) { self.reader = reader }
  }

  /// The messages, fit to be encoded.
  package private(set) var messages: [Message] = []
  /// What did not fit; paths refer to the conversation as it was given.
  package private(set) var dropped: [Dropped] = []

  let rules: Rules
  /// Calls of the last assistant message that have no result yet, and where the next result goes.
  private var open: [OpenCall] = []
  private var resultPosition = 0
  private var usedIds: Set<String> = []

  private struct OpenCall {
    var call: ToolCall
    /// The id it was sent under.
    var id: String
  }

  /// Makes `messages` fit `rules`.
  /// - Throws: `internal` for a part whose file was not read.
  package init(_ messages: [Message], for rules: Rules) throws(ProviderError) {
    self.rules = rules
    for (index, message) in messages.enumerated() {
      if message.role == .assistant {
        closeOpenCalls()
        try appendAssistant(message, at: "messages[\(index)]")
      } else {
        try appendInput(message, at: "messages[\(index)]")
      }
    }
    closeOpenCalls()
  }

  mutating func drop(_ what: String, _ why: String) { dropped.append(Dropped(what, why)) }

  // MARK: - What a model wrote

  private mutating func appendAssistant(_ message: Message, at path: String) throws(ProviderError) {
    let isForeign = message.origin.map { $0 != rules.reader } ?? false
    var content: [Part] = []
    var calls: [OpenCall] = []
    for (index, part) in message.content.enumerated() {
      let path = "\(path).content[\(index)]"
      switch part {
      case .text(let text): if text.contains(where: { !$0.isWhitespace }) { content.append(part) }
      case .reasoning(let reasoning):
        content += isForeign ? retold(reasoning, by: message.origin, at: path) : [part]
      case .toolCall(let call):
        guard rules.takesTools else {
          content.append(.text(retold(call)))
          continue
        }
        // The arguments of an invalid call are left out: servers that parse them refuse such a history.
        let sent = ToolCall(id: freshId(for: call), name: call.name, arguments: call.arguments)
        content.append(.toolCall(sent))
        calls.append(OpenCall(call: call, id: sent.id))
      case .image, .file: drop(path, "models do not take back what they drew or attached themselves")
      case .toolResult: drop(path, "a model cannot answer a tool call")
      }
    }
    guard !content.isEmpty else { return }
    messages.append(Message(role: .assistant, content: content, origin: message.origin))
    open = calls
    resultPosition = messages.count
  }

  private mutating func retold(_ reasoning: Reasoning, by origin: Origin?, at path: String) -> [Part] {
    // Ids and seals of other parts are no loss: those parts are written anew.
    if reasoning.isForNextPart { return [] }
    if reasoning.redacted || reasoning.signature != nil || reasoning.opaque != nil {
      let writer = origin.map { "\($0.provider)/\($0.model)" } ?? "another model"
      let loss = reasoning.text.isEmpty || reasoning.redacted ? "reasoning" : "seal of the reasoning"
      drop(path, "the \(loss) can be read by \(writer) only")
    }
    return reasoning.text.isEmpty || reasoning.redacted ? [] : [.text(reasoning.text)]
  }

  private func retold(_ call: ToolCall) -> String {
    "[called the tool \(call.name) with \(call.argumentsText ?? JSONValue.object(call.arguments).text)]"
  }

  /// An id that the API takes and that no earlier call has: the call's own where possible.
  private mutating func freshId(for call: ToolCall) -> String {
    var id = rules.ids.accepts(call.id) ? call.id : rules.ids.replacement(for: call.id)
    var variant = 0
    while !usedIds.insert(id).inserted {
      variant += 1
      id = rules.ids.replacement(for: call.id, variant: variant)
    }
    return id
  }

  // MARK: - What was said to it

  private mutating func appendInput(_ message: Message, at path: String) throws(ProviderError) {
    var content: [Part] = []
    for (index, part) in message.content.enumerated() {
      let path = "\(path).content[\(index)]"
      switch part {
      case .toolResult(let result): try answer(result, into: &content, at: path)
      case .reasoning, .toolCall: drop(path, "only an assistant message can hold this")
      case .text, .image, .file: content += try fitted(part, at: path).map { [$0] } ?? []
      }
    }
    guard !content.isEmpty else { return }
    messages.append(Message(role: message.role == .tool ? .user : message.role, content: content))
  }

  /// Puts a result behind the call it answers, even when other messages came in between.
  private mutating func answer(_ result: ToolResult, into content: inout [Part], at path: String) throws(ProviderError)
  {
    var fitting: [Part] = []
    for (index, part) in result.content.enumerated() {
      if let part = try fitted(part, at: "\(path).content[\(index)]") { fitting.append(part) }
    }
    guard rules.takesTools else { return content += [.text("[the tool answered]")] + fitting }
    guard let position = open.firstIndex(where: { $0.call.id == result.toolCallId }) else {
      return drop(path, "it answers no tool call of the message before it")
    }
    let call = open.remove(at: position)
    insert(ToolResult(toolCallId: call.id, content: fitting, isError: result.isError))
  }

  /// Gives every call that stayed without an answer one that says so: no API takes a call without.
  private mutating func closeOpenCalls() {
    for unanswered in open {
      let call = unanswered.call
      let text =
        call.invalid
        ? "The tool was not run, because the arguments were no JSON object: \(call.argumentsText ?? "")"
        : "No result provided"
      insert(ToolResult(toolCallId: unanswered.id, content: [.text(text)], isError: true))
    }
    open = []
  }

  private mutating func insert(_ result: ToolResult) {
    messages.insert(Message(role: .tool, content: [.toolResult(result)]), at: resultPosition)
    resultPosition += 1
  }
}
