internal import Completion
internal import JSON

extension CompletionsEncoder {
  // MARK: - System

  /// The system text and the project's instructions: one message, because chat templates of local models take one
  /// only; as two parts where each gets its own cache marker.
  func encodeSystem() -> [JSONValue] {
    var texts = [options.system, options.instructions].compactMap { $0 }.filter { !$0.isEmpty }
    if let output = options.output, quirks.structuredOutput == .jsonObject { texts.append(output.instruction) }
    guard !texts.isEmpty else { return [] }
    let content: JSONValue =
      marksCache ? .array(texts.map(Self.textPart)) : .string(texts.joined(separator: "\n\n"))
    return [["role": .string(systemRole), "content": content]]
  }

  private var systemRole: String { quirks.supportsDeveloperRole && model.reasoning ? "developer" : "system" }

  // MARK: - Conversation

  func encode(_ history: History) -> [JSONValue] {
    var messages: [JSONValue] = []
    var toolNames: [String: String] = [:]
    /// Images of the tool results of one turn: they may follow only when all the turn's results are there.
    var images: [JSONValue] = []
    for (index, message) in history.messages.enumerated() {
      switch message.role {
      case .system: messages.append(["role": .string(systemRole), "content": userContent(message.content)])
      case .user: messages.append(["role": "user", "content": userContent(message.content)])
      case .assistant:
        for call in message.toolCalls { toolNames[call.id] = call.name }
        if let encoded = encodeAssistant(message) { messages.append(.object(encoded)) }
      case .tool:
        messages += message.content.compactMap { encodeResult($0, toolNames, &images) }
        let next = history.messages.indices.contains(index + 1) ? history.messages[index + 1].role : nil
        if next != .tool { finishResults(&messages, &images, next: next) }
      }
    }
    return messages
  }

  private func userContent(_ parts: [Part]) -> JSONValue {
    let texts = parts.compactMap { if case .text(let text) = $0 { text } else { nil } }
    return texts.count == parts.count ? .string(texts.joined(separator: "\n")) : .array(parts.compactMap(encodePart))
  }

  static func textPart(_ text: String) -> JSONValue { ["type": "text", "text": .string(text)] }

  private func encodePart(_ part: Part) -> JSONValue? {
    switch part {
    case .text(let text): Self.textPart(text)
    case .image(let media): ["type": "image_url", "image_url": ["url": .string(media.wireURL)]]
    case .file(let media, let name):
      [
        "type": "file",
        "file": ["filename": .string(name ?? media.fileName), "file_data": .string(media.wireURL)],
      ]
    case .reasoning, .toolCall, .toolResult: nil
    }
  }

  // MARK: - Assistant

  /// Content is one string, never an array: some servers make the model imitate the array.
  private func encodeAssistant(_ message: Message) -> JSONObject? {
    let texts = message.content.compactMap { part -> String? in
      switch part {
      case .text(let text): text
      case .reasoning(let reasoning) where quirks.requiresThinkingAsText && !reasoning.text.isEmpty: reasoning.text
      default: nil
      }
    }
    let calls = message.toolCalls
    guard !texts.isEmpty || !calls.isEmpty else { return nil }
    let empty: JSONValue = quirks.requiresAssistantAfterToolResult ? "" : .null
    var encoded: JSONObject = ["role": "assistant"]
    encoded["content"] = texts.isEmpty ? empty : .string(texts.joined(separator: "\n\n"))
    if !quirks.requiresThinkingAsText { addReasoning(of: message, to: &encoded) }
    if !calls.isEmpty { encoded["tool_calls"] = .array(calls.map(encodeCall)) }
    return encoded
  }

  private func encodeCall(_ call: ToolCall) -> JSONValue {
    let arguments = JSONValue.object(call.arguments).text
    return [
      "id": .string(call.id), "type": "function",
      "function": ["name": .string(call.name), "arguments": .string(arguments)],
    ]
  }

  /// Earlier reasoning goes back into the field it came in. The history has removed what other models thought.
  private func addReasoning(of message: Message, to encoded: inout JSONObject) {
    var texts: [String: String] = [:]
    var details: [JSONValue] = []
    for case .reasoning(let reasoning) in message.content {
      details += reasoning.opaque?["details"]?.array ?? []
      let field = reasoning.opaque?["field"]?.string ?? quirks.reasoningField?.rawValue
      if let field, !reasoning.text.isEmpty, OpenAICompletionsQuirks.ReasoningField(rawValue: field) != nil {
        texts[quirks.reasoningField?.rawValue ?? field, default: ""] += reasoning.text
      }
    }
    for (field, text) in texts.sorted(by: { $0.key < $1.key }) { encoded[field] = .string(text) }
    if !details.isEmpty { encoded["reasoning_details"] = .array(details) }
    let required = quirks.reasoningField ?? .reasoningContent
    if quirks.requiresReasoningReplay, encoded[required.rawValue] == nil { encoded[required.rawValue] = "" }
  }

  // MARK: - Tool results

  private func encodeResult(
    _ part: Part, _ toolNames: [String: String], _ images: inout [JSONValue]
  ) -> JSONValue? {
    guard case .toolResult(let result) = part else { return nil }
    var texts: [String] = []
    var media: [JSONValue] = []
    for part in result.content {
      if case .text(let text) = part {
        texts.append(text)
      } else if let encoded = encodePart(part) {
        media.append(encoded)
      }
    }
    images += media
    var text = texts.joined(separator: "\n")
    if text.isEmpty { text = media.isEmpty ? "(no output)" : "(see the attachment below)" }
    if result.isError { text = "Error: " + text }
    var encoded: JSONObject = ["role": "tool", "tool_call_id": .string(result.toolCallId), "content": .string(text)]
    if quirks.requiresToolResultName { encoded.set("name", toolNames[result.toolCallId].map(JSONValue.string)) }
    return .object(encoded)
  }

  private func finishResults(_ messages: inout [JSONValue], _ images: inout [JSONValue], next: Role?) {
    let needsBridge = quirks.requiresAssistantAfterToolResult && (next == .user || !images.isEmpty)
    if needsBridge { messages.append(["role": "assistant", "content": "I have the results of the tools."]) }
    guard !images.isEmpty else { return }
    let introduction = Self.textPart("Attached by the tools above:")
    messages.append(["role": "user", "content": .array([introduction] + images)])
    images = []
  }
}
