internal import Completion
internal import JSON

extension MessagesEncoder {
  // MARK: - System

  /// The system text, the project's instructions, and system messages that the conversation begins with.
  func encodeSystem(_ history: History, into prompt: inout Prompt) {
    func add(_ text: String?) -> Int? {
      guard let text, !text.allSatisfy(\.isWhitespace) else { return nil }
      prompt.system.append(Self.textBlock(text))
      return prompt.system.count - 1
    }
    let identityEnd = add(identity.map { _ in ClaudeCodeIdentity.systemText })
    prompt.systemEnd = add(options.system) ?? identityEnd
    prompt.instructionsEnd = add(options.instructions)
    for message in history.messages.prefix(while: { $0.role == .system }) { _ = add(message.text) }
  }

  static func textBlock(_ text: String) -> JSONValue { ["type": "text", "text": .string(text)] }

  // MARK: - Conversation

  /// The messages in turns: user and assistant alternate, the user begins, and the results of tools come first in
  /// their turn.
  mutating func encode(_ history: History) -> [JSONValue] {
    var turns: [(role: String, blocks: [JSONValue])] = []
    func add(_ blocks: [JSONValue], as role: String) {
      guard !blocks.isEmpty else { return }
      if turns.last?.role == role {
        turns[turns.count - 1].blocks += blocks
      } else {
        turns.append((role, blocks))
      }
    }
    /// Files that tools answered with: they may follow only when all the turn's results are there.
    var attached: [JSONValue] = []
    for message in history.messages.drop(while: { $0.role == .system }) {
      if message.role != .tool {
        add(attached, as: "user")
        attached = []
      }
      switch message.role {
      case .assistant: add(message.content.compactMap(encodeAnswer), as: "assistant")
      case .user: add(message.content.compactMap { encodeInput($0) }, as: "user")
      case .tool: add(message.content.compactMap { encodeResult($0, &attached) }, as: "user")
      // There is no such role; the tag tells the model who speaks.
      case .system: add([Self.textBlock("<system>\n\(message.text)\n</system>")], as: "user")
      }
    }
    add(attached, as: "user")
    if turns.first?.role != "user" { turns.insert(("user", [Self.textBlock("(the beginning is missing)")]), at: 0) }
    return turns.map { ["role": .string($0.role), "content": .array($0.blocks)] }
  }

  // MARK: - Input

  private mutating func encodeInput(_ part: Part) -> JSONValue? {
    switch part {
    case .text(let text): text.allSatisfy(\.isWhitespace) ? Optional<JSONValue>.none : Self.textBlock(text)
    case .image(let media): encodeImage(media)
    case .file(let media, let name): encodeFile(media, name)
    case .reasoning, .toolCall, .toolResult: Optional<JSONValue>.none
    }
  }

  private mutating func encodeImage(_ media: Media) -> JSONValue {
    if case .data = media.source, !["image/jpeg", "image/png", "image/gif", "image/webp"].contains(media.mediaType) {
      drop(media.mediaType, "\(endpoint.provider) takes JPEG, PNG, GIF and WebP images")
      return Self.textBlock("[an image was left out: it is of the type \(media.mediaType)]")
    }
    return ["type": "image", "source": Self.source(media)]
  }

  private mutating func encodeFile(_ media: Media, _ name: String?) -> JSONValue {
    if case .data = media.source, media.mediaType != "application/pdf" {
      drop(name ?? media.mediaType, "\(endpoint.provider) reads PDFs and plain text")
      return Self.textBlock("[the file \(name ?? media.mediaType) was left out: it is neither a PDF nor text]")
    }
    var block: JSONObject = ["type": "document", "source": Self.source(media)]
    block.set("title", name.map(JSONValue.string))
    return .object(block)
  }

  private static func source(_ media: Media) -> JSONValue {
    switch media.source {
    case .data(let base64):
      ["type": "base64", "media_type": .string(media.mediaType), "data": .string(base64)]
    case .url(let url), .path(let url): ["type": "url", "url": .string(url)]
    }
  }

  private mutating func encodeResult(_ part: Part, _ attached: inout [JSONValue]) -> JSONValue? {
    guard case .toolResult(let result) = part else { return nil }
    var content: [JSONValue] = []
    for part in result.content {
      guard let block = encodeInput(part) else { continue }
      if block["type"] == "document" { attached.append(block) } else { content.append(block) }
    }
    if content.isEmpty { content = [Self.textBlock(attached.isEmpty ? "(no output)" : "(see the file below)")] }
    var encoded: JSONObject = [
      "type": "tool_result", "tool_use_id": .string(result.toolCallId), "content": .array(content),
    ]
    if result.isError { encoded["is_error"] = true }
    return .object(encoded)
  }

  // MARK: - Answers

  private func encodeAnswer(_ part: Part) -> JSONValue? {
    switch part {
    case .text(let text): return Self.textBlock(text)
    case .toolCall(let call):
      return [
        "type": "tool_use", "id": .string(call.id), "name": .string(identity?.wireName(call.name) ?? call.name),
        "input": .object(call.arguments),
      ]
    case .reasoning(let reasoning): return encode(reasoning)
    case .image, .file, .toolResult: return nil
    }
  }

  /// A thought goes back as it came; the history has removed the seals of other models.
  private func encode(_ reasoning: Reasoning) -> JSONValue? {
    if let block = reasoning.opaque?["block"] {
      // Not a ternary: `nil` would be JSON's null there.
      guard reasoning.redacted || hasServerTools else { return nil }
      return block
    }
    guard !reasoning.isForNextPart, !reasoning.redacted else { return nil }
    let signature = reasoning.signature ?? ""
    if signature.isEmpty {
      // A thought that was cut off, or comes from a server that seals none.
      if reasoning.text.allSatisfy(\.isWhitespace) { return nil }
      if !quirks.allowsEmptySignature { return Self.textBlock(reasoning.text) }
    }
    return ["type": "thinking", "thinking": .string(reasoning.text), "signature": .string(signature)]
  }

  /// Whether the caller brings tools or services that run at the provider: only then does it know what they answered.
  private var hasServerTools: Bool {
    ["tools", "mcp_servers", "context_management", "fallbacks"].contains {
      options.extra[$0] != nil || quirks.body[$0] != nil
    }
  }
}
