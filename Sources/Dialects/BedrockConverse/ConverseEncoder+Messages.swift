internal import Completion
internal import JSON

extension ConverseEncoder {
  /// The block of a message or result that has nothing to say: the API refuses empty content and blank text alike
  /// (apis.md §9), and this is the word that other clients send in their place.
  private static let saysNothing: JSONValue = ["text": "<empty>"]

  // MARK: - System

  /// System messages before the conversation begins join the system text; Converse has no such role within.
  static func cutLeadingSystem(_ messages: [Message]) -> (leading: [Message], conversation: [Message]) {
    let leading = messages.prefix { $0.role == .system }
    return (Array(leading), Array(messages.dropFirst(leading.count)))
  }

  func encodeSystem(_ leading: [Message]) -> [JSONValue] {
    var blocks: [JSONValue] = []
    for (text, isCached) in [
      (options.system, options.cachesSystem), (options.instructions, options.cachesInstructions),
    ] {
      guard let text, let block = Self.textBlock(text) else { continue }
      blocks.append(block)
      if marksCache, isCached { blocks.append(cachePoint) }
    }
    return blocks + leading.compactMap { Self.textBlock($0.text) }
  }

  // MARK: - Conversation

  /// Roles alternate, so neighbours of one role become one message: all results of a turn, and what follows them.
  mutating func encode(_ conversation: [Message]) -> [JSONValue] {
    var turns: [(role: String, blocks: [JSONValue])] = []
    var names = DocumentNames()
    for message in conversation {
      let role = message.role == .assistant ? "assistant" : "user"
      let blocks = message.content.compactMap { encode($0, &names) }
      if turns.last?.role == role {
        turns[turns.count - 1].blocks += blocks
      } else {
        turns.append((role, blocks))
      }
    }
    // The first word is the user's.
    if turns.first?.role != "user" { turns.insert(("user", []), at: 0) }
    for index in turns.indices where Self.needsText(turns[index].blocks) {
      turns[index].blocks.append(Self.saysNothing)
    }
    if marksCache, let last = turns.lastIndex(where: { $0.role == "user" }) { turns[last].blocks.append(cachePoint) }
    return turns.map { ["role": .string($0.role), "content": .array($0.blocks)] }
  }

  /// A message has at least one block, and a document wants a text beside it.
  private static func needsText(_ blocks: [JSONValue]) -> Bool {
    blocks.isEmpty || blocks.contains { $0["document"] != nil } && !blocks.contains { $0["text"] != nil }
  }

  /// The block of a text; blank ones are refused.
  private static func textBlock(_ text: String) -> JSONValue? {
    guard text.contains(where: { !$0.isWhitespace }) else { return nil }
    return ["text": .string(text)]
  }

  private mutating func encode(_ part: Part, _ names: inout DocumentNames) -> JSONValue? {
    switch part {
    case .text(let text): return Self.textBlock(text)
    case .image(let media): return encodeImage(media)
    case .file(let media, let name): return encodeDocument(media, name, &names)
    case .reasoning(let reasoning): return encode(reasoning)
    case .toolCall(let call):
      return [
        "toolUse": [
          "toolUseId": .string(call.id), "name": .string(call.name), "input": .object(call.arguments),
        ]
      ]
    case .toolResult(let result):
      let content = result.content.compactMap { encode($0, &names) }
      var block: JSONObject = [
        "toolUseId": .string(result.toolCallId), "content": .array(content.isEmpty ? [Self.saysNothing] : content),
      ]
      if result.isError, quirks.supportsResultStatus { block["status"] = "error" }
      return ["toolResult": .object(block)]
    }
  }

  /// A thought of this same model. Where seals exist, one without is no proof and goes back as text.
  private func encode(_ reasoning: Reasoning) -> JSONValue? {
    if let sealed = reasoning.opaque?["redactedContent"] {
      return ["reasoningContent": ["redactedContent": sealed]]
    }
    guard let signature = reasoning.signature, quirks.supportsSignature else {
      guard let block = Self.textBlock(reasoning.text) else { return nil }
      return quirks.supportsSignature ? block : ["reasoningContent": ["reasoningText": block]]
    }
    return [
      "reasoningContent": ["reasoningText": ["text": .string(reasoning.text), "signature": .string(signature)]]
    ]
  }

  // MARK: - Media

  private static let imageFormats = [
    "image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp",
  ]

  private static let documentFormats = [
    "application/pdf": "pdf", "application/msword": "doc", "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx", "text/csv": "csv",
    "text/html": "html", "text/plain": "txt", "text/markdown": "md",
  ]

  private mutating func encodeImage(_ media: Media) -> JSONValue {
    guard let format = Self.imageFormats[media.mediaType.lowercased()], case .data(let base64) = media.source else {
      drop("image", "\(endpoint.provider) takes no \(media.mediaType); it takes PNG, JPEG, GIF and WebP")
      return ["text": "[an image was left out: its format is not supported]"]
    }
    return ["image": ["format": .string(format), "source": ["bytes": .string(base64)]]]
  }

  private mutating func encodeDocument(_ media: Media, _ name: String?, _ names: inout DocumentNames) -> JSONValue {
    guard let format = Self.documentFormats[media.mediaType.lowercased()], case .data(let base64) = media.source else {
      drop("file", "\(endpoint.provider) takes no \(media.mediaType)")
      return ["text": .string("[the file \(name ?? media.mediaType) was left out: its format is not supported]")]
    }
    return [
      "document": [
        "format": .string(format), "name": .string(names.next(for: name)), "source": ["bytes": .string(base64)],
      ]
    ]
  }

  // MARK: - Caching

  /// The model behind an ARN is not known; there a person can say that it takes them.
  private var hasCachePoints: Bool { quirks.supportsCachePoints || endpoint.variables["forceCache"] == "1" }

  private var marksCache: Bool { hasCachePoints && options.cache != .off }

  private var cachePoint: JSONValue {
    let isLong = options.cache == .long && quirks.supportsLongCache
    return ["cachePoint": isLong ? ["type": "default", "ttl": "1h"] : ["type": "default"]]
  }

  mutating func reportCaching() {
    guard options.cache == .long else { return }
    if !hasCachePoints {
      drop("cache", "\(modelName) decides by itself what it keeps")
    } else if !quirks.supportsLongCache {
      drop("cache", "\(modelName) keeps prompts for its usual time only")
    }
  }
}

/// Names of documents as Converse takes them: ASCII letters and digits, single spaces, hyphens, parentheses and square
/// brackets, up to 200; and no name twice in one request.
struct DocumentNames {
  private static let limit = 200
  private var used: Set<String> = []

  mutating func next(for name: String?) -> String {
    let allowed = (name ?? "").map { character -> Character in
      character.isASCII && (character.isLetter || character.isNumber || "-()[]".contains(character)) ? character : " "
    }
    let words = String(allowed).split(separator: " ").joined(separator: " ").prefix(Self.limit - 8)
    let base = words.isEmpty ? "document" : String(words)
    var result = base
    var number = 1
    while !used.insert(result).inserted {
      number += 1
      result = "\(base) (\(number))"
    }
    return result
  }
}
