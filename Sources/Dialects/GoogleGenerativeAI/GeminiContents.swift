internal import Completion
internal import JSON

/// Writes a conversation as `contents`.
///
/// Seals: a thought has its own as `Reasoning.signature`. The seal of a text or a call stands right in front of it, in
/// an empty thought with the opaque value `{"next": {"thoughtSignature": "…"}}`; with `"alone": true` beside it, it is
/// that of an empty text, which Gemini ends answers with. They go back as they came, or are refused.
struct GeminiContents {
  /// Stands for the signature of a call that no Gemini made (https://ai.google.dev/gemini-api/docs/thought-signatures).
  static let noSignature = "skip_thought_signature_validator"

  private struct Content {
    enum Kind { case user, model, results }
    var kind: Kind
    var parts: [JSONValue]
  }

  private let traits: GeminiModel
  private var contents: [Content] = []
  private var names: [String: String] = [:]
  /// Media of the tool results of one turn, for models that take them behind the results only.
  private var media: [JSONValue] = []

  init(_ traits: GeminiModel) { self.traits = traits }

  mutating func encode(_ messages: ArraySlice<Message>) -> JSONValue {
    for message in messages {
      if message.role != .tool { appendMedia() }
      switch message.role {
      case .user, .system: append(.user, message.content.compactMap(Self.part))
      case .assistant: append(.model, answer(message))
      case .tool:
        for case .toolResult(let result) in message.content { append(.results, [response(result)]) }
      }
    }
    appendMedia()
    return .array(
      contents.map { ["role": $0.kind == .model ? "model" : "user", "parts": .array($0.parts)] })
  }

  /// Contents of one role in a row are one content, but results stay among themselves: their number is checked
  /// against that of the calls.
  private mutating func append(_ kind: Content.Kind, _ parts: [JSONValue]) {
    guard !parts.isEmpty else { return }
    if contents.last?.kind == kind {
      contents[contents.count - 1].parts += parts
    } else {
      contents.append(Content(kind: kind, parts: parts))
    }
  }

  private static func part(_ part: Part) -> JSONValue? {
    switch part {
    case .text(let text): ["text": .string(text)]
    case .image(let media), .file(let media, _): encode(media)
    case .reasoning, .toolCall, .toolResult: nil
    }
  }

  private static func encode(_ media: Media) -> JSONValue {
    switch media.source {
    case .data(let base64): ["inlineData": ["mimeType": .string(media.mediaType), "data": .string(base64)]]
    case .url(let url), .path(let url): ["fileData": ["mimeType": .string(media.mediaType), "fileUri": .string(url)]]
    }
  }

  // MARK: - Answers

  private mutating func answer(_ message: Message) -> [JSONValue] {
    var parts: [JSONValue] = []
    var seal: String?
    var hasCalls = false
    for part in message.content {
      switch part {
      case .reasoning(let reasoning):
        if reasoning.isForNextPart {
          let next = reasoning.opaque?["next"]
          let signature = Self.sound(next?["thoughtSignature"]?.string)
          if next?["alone"]?.bool == true {
            if let signature { parts.append(Self.sealed(["text": ""], signature)) }
          } else {
            seal = signature
          }
          continue
        }
        let signature = Self.sound(reasoning.signature)
        if !reasoning.text.isEmpty || signature != nil {
          parts.append(Self.sealed(["text": .string(reasoning.text), "thought": true], signature))
        }
      case .text(let text): parts.append(Self.sealed(["text": .string(text)], seal))
      case .toolCall(let call):
        let stand = traits.requiresThoughtSignatures && !hasCalls ? Self.noSignature : nil
        hasCalls = true
        parts.append(Self.sealed(["functionCall": encode(call)], seal ?? stand))
      case .image, .file, .toolResult: continue
      }
      seal = nil
    }
    return parts
  }

  private static func sealed(_ part: JSONObject, _ signature: String?) -> JSONValue {
    var part = part
    part.set("thoughtSignature", signature.map(JSONValue.string))
    return .object(part)
  }

  /// What is no base64, of either alphabet, is no signature of Gemini's and would be refused.
  private static func sound(_ signature: String?) -> String? {
    guard let signature, !signature.isEmpty else { return nil }
    let standard = signature.utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "+") : $0 }
      .map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "/") : $0 }
    return Base64.decode(String(decoding: standard, as: UTF8.self)) == nil ? nil : signature
  }

  // MARK: - Calls

  private mutating func encode(_ call: ToolCall) -> JSONValue {
    names[call.id] = call.name
    var encoded = JSONObject()
    if traits.sendsCallIds { encoded["id"] = .string(call.id) }
    encoded["name"] = .string(call.name)
    encoded["args"] = .object(call.arguments)
    return .object(encoded)
  }

  private mutating func response(_ result: ToolResult) -> JSONValue {
    var texts: [String] = []
    var attached: [JSONValue] = []
    for part in result.content {
      if case .text(let text) = part { texts.append(text) } else { attached += Self.part(part).map { [$0] } ?? [] }
    }
    var text = texts.joined(separator: "\n")
    if text.isEmpty { text = attached.isEmpty ? "(no output)" : "(see the attachment)" }
    var encoded = JSONObject()
    if traits.sendsCallIds { encoded["id"] = .string(result.toolCallId) }
    encoded["name"] = .string(names[result.toolCallId] ?? "")
    encoded["response"] = [result.isError ? "error" : "output": .string(text)]
    if !attached.isEmpty {
      if traits.hasMultimodalToolResults { encoded["parts"] = .array(attached) } else { media += attached }
    }
    return ["functionResponse": .object(encoded)]
  }

  private mutating func appendMedia() {
    guard !media.isEmpty else { return }
    append(.user, [["text": "Attached by the tools above:"]] + media)
    media = []
  }
}
