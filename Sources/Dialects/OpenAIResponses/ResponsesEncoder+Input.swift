internal import Completion
internal import JSON

extension ResponsesEncoder {
  // MARK: - System

  /// The system text and the project's instructions, as the first message; or none, when they are a field.
  mutating func encodeSystem() -> [JSONValue] {
    let texts = [options.system, options.instructions].compactMap { $0 }.filter { !$0.isEmpty }
    let text = texts.isEmpty ? quirks.defaultInstructions : texts.joined(separator: "\n\n")
    guard let text else { return [] }
    if quirks.system == .message { return [Self.message(systemRole, .string(text))] }
    body["instructions"] = .string(text)
    return []
  }

  private var systemRole: String { quirks.supportsDeveloperRole && model.reasoning ? "developer" : "system" }

  private static func message(_ role: String, _ content: JSONValue) -> JSONValue {
    ["type": "message", "role": .string(role), "content": content]
  }

  // MARK: - Conversation

  mutating func encode(_ history: History) -> [JSONValue] {
    var items: [JSONValue] = []
    var customCalls: Set<String> = []
    /// Media of the tool results of one turn, where they may not stand in the results.
    var media: [JSONValue] = []
    for message in history.messages {
      if message.role != .tool { Self.finishResults(&items, &media) }
      switch message.role {
      case .system: items.append(Self.message(systemRole, Self.content(message.content)))
      case .user: items.append(Self.message("user", Self.content(message.content)))
      case .assistant:
        var turn = ResponsesReplay(message, replaysPlainReasoning: quirks.replaysPlainReasoning)
        items += turn.encode()
        customCalls.formUnion(turn.customCalls)
        if turn.hasLooseReasoning {
          drop("messages", "reasoning that no answer followed cannot go back to \(modelName)")
        }
      case .tool:
        for case .toolResult(let result) in message.content {
          items.append(encode(result, isCustom: customCalls.contains(result.toolCallId), &media))
        }
      }
    }
    Self.finishResults(&items, &media)
    return items
  }

  private static func content(_ parts: [Part]) -> JSONValue {
    if parts.count == 1, case .text(let text) = parts[0] { return .string(text) }
    return .array(parts.compactMap(part))
  }

  private static func part(_ part: Part) -> JSONValue? {
    switch part {
    case .text(let text): ["type": "input_text", "text": .string(text)]
    case .image(let media): ["type": "input_image", "detail": "auto", "image_url": .string(media.wireURL)]
    case .file(let media, let name): file(media, name)
    case .reasoning, .toolCall, .toolResult: nil
    }
  }

  private static func file(_ media: Media, _ name: String?) -> JSONValue {
    if case .url(let url) = media.source { return ["type": "input_file", "file_url": .string(url)] }
    return [
      "type": "input_file", "filename": .string(name ?? media.fileName), "file_data": .string(media.wireURL),
    ]
  }

  // MARK: - Tool results

  private func encode(_ result: ToolResult, isCustom: Bool, _ media: inout [JSONValue]) -> JSONValue {
    let texts = result.content.compactMap { if case .text(let text) = $0 { text } else { nil } }
    let attached = result.content.filter { if case .text = $0 { false } else { true } }.compactMap(Self.part)
    var text = texts.joined(separator: "\n")
    if text.isEmpty { text = attached.isEmpty ? "(no output)" : "(see the attachment)" }
    if result.isError { text = "Error: " + text }
    var output = JSONValue.string(text)
    if !attached.isEmpty, quirks.supportsToolResultMedia {
      output = .array([["type": "input_text", "text": .string(text)]] + attached)
    } else {
      media += attached
    }
    return [
      "type": isCustom ? "custom_tool_call_output" : "function_call_output",
      "call_id": .string(result.toolCallId), "output": output,
    ]
  }

  private static func finishResults(_ items: inout [JSONValue], _ media: inout [JSONValue]) {
    guard !media.isEmpty else { return }
    let introduction: JSONValue = ["type": "input_text", "text": "Attached by the tools above:"]
    items.append(message("user", .array([introduction] + media)))
    media = []
  }
}
