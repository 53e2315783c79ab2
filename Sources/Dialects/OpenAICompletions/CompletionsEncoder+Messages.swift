internal import Completion
internal import JSON

extension CompletionsEncoder {
  // MARK: - System

  /// The system text and the project's instructions: one message, because chat templates of local models take one
  /// only; as two parts where each gets its own cache marker.
  func encodeSystem() -> [JSONValue] {
    let schema = structuredOutput == .jsonObject ? options.output?.instruction : nil
    let all = [
      (options.system, options.cachesSystem), (options.instructions, options.cachesInstructions), (schema, false),
    ]
    let texts = all.compactMap { text, isMarked in text.map { ($0, isMarked) } }.filter { !$0.0.isEmpty }
    guard !texts.isEmpty else { return [] }
    let content: JSONValue =
      marksCache
      ? .array(texts.map { text, isMarked in isMarked ? marked(part: Self.textPart(text)) : Self.textPart(text) })
      : .string(texts.map(\.0).joined(separator: "\n\n"))
    return [["role": .string(systemRole), "content": content]]
  }

  var systemRole: String { quirks.supportsDeveloperRole && model.reasoning ? "developer" : "system" }

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
        guard var encoded = encodeAssistant(message) else { continue }
        if quirks.trailingAssistant == .prefix, index == history.messages.indices.last { encoded["prefix"] = true }
        messages.append(.object(encoded))
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
    case .file(let media, let name) where quirks.fileInput == .documentURL:
      [
        "type": "document_url", "document_url": .string(media.wireURL),
        "document_name": .string(name ?? media.fileName),
      ]
    case .file(let media, let name):
      [
        "type": "file",
        "file": ["filename": .string(name ?? media.fileName), "file_data": .string(media.wireURL)],
      ]
    case .reasoning, .toolCall, .toolResult: nil
    }
  }

  // MARK: - Assistant

  /// Content is one string, not an array: some servers make the model imitate the array. Only thoughts that came as
  /// parts of the content go back as such.
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
    if let parts = thinkingParts(message) { encoded["content"] = .array(parts) }
    if !quirks.requiresThinkingAsText { addReasoning(of: message, to: &encoded) }
    if !calls.isEmpty { encoded["tool_calls"] = .array(calls.map(encodeCall)) }
    return encoded
  }

  /// Where an earlier thought goes back to: where this server wants it, else where it came from. The history has
  /// removed what other models thought.
  private func place(of reasoning: Reasoning) -> OpenAICompletionsQuirks.ReasoningField? {
    guard !reasoning.text.isEmpty, !quirks.requiresThinkingAsText else { return nil }
    guard let origin = reasoning.opaque?["field"]?.string else { return quirks.reasoningField }
    return OpenAICompletionsQuirks.ReasoningField(rawValue: origin).map { quirks.reasoningField ?? $0 }
  }

  /// The message's content as parts, where a thought is one; `nil` where none is.
  private func thinkingParts(_ message: Message) -> [JSONValue]? {
    var hasThoughts = false
    var parts: [JSONValue] = []
    for part in message.content {
      switch part {
      case .text(let text): parts.append(Self.textPart(text))
      case .reasoning(let reasoning) where place(of: reasoning) == .thinking:
        hasThoughts = true
        parts.append(["type": "thinking", "thinking": [Self.textPart(reasoning.text)]])
      default: break
      }
    }
    return hasThoughts ? parts : nil
  }

  private func encodeCall(_ call: ToolCall) -> JSONValue {
    let arguments = JSONValue.object(call.arguments).text
    return [
      "id": .string(call.id), "type": "function",
      "function": ["name": .string(call.name), "arguments": .string(arguments)],
    ]
  }

  private func addReasoning(of message: Message, to encoded: inout JSONObject) {
    var texts: [String: String] = [:]
    var details: [JSONValue] = []
    for case .reasoning(let reasoning) in message.content {
      details += reasoning.opaque?["details"]?.array ?? []
      // Gemini behind Copilot refuses calls of its own whose seal is missing.
      encoded.set("reasoning_opaque", reasoning.opaque?["seal"]?.string.map(JSONValue.string))
      if let place = place(of: reasoning), place != .thinking {
        texts[place.rawValue, default: ""] += reasoning.text
      }
    }
    for (field, text) in texts.sorted(by: { $0.key < $1.key }) { encoded[field] = .string(text) }
    if !details.isEmpty { encoded["reasoning_details"] = .array(details) }
    let required = quirks.reasoningField ?? .reasoningContent
    if quirks.requiresReasoningReplay, required != .thinking, encoded[required.rawValue] == nil {
      encoded[required.rawValue] = ""
    }
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
