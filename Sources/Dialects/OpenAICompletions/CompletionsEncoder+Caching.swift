internal import Completion
internal import HTTP
internal import JSON

extension CompletionsEncoder {
  /// Whether parts of the prompt get cache markers.
  var marksCache: Bool { quirks.cacheControl == .anthropic && options.cache != .off }

  private var wantsLongRetention: Bool { options.cache == .long && quirks.supportsLongCacheRetention }

  mutating func encodeCaching() {
    if options.cache == .long, !quirks.supportsLongCacheRetention {
      drop("cache", "\(endpoint.provider) keeps prompts for its usual time only")
    }
    guard options.cache != .off else { return }
    let sendsKey =
      switch quirks.promptCacheKey {
      case .never: false
      case .always: true
      case .long: wantsLongRetention
      }
    if sendsKey, let sessionId = request.sessionId {
      body["prompt_cache_key"] = .string(String(sessionId.prefix(64)))
    }
    // With markers, the time to keep stands in the markers.
    if wantsLongRetention, quirks.cacheControl == .none { body["prompt_cache_retention"] = "24h" }
  }

  /// Anthropic models behind a gateway cache up to a marker: on each system text, the last tool, and the last message
  /// that has a text.
  func markCacheBreakpoints(_ messages: inout [JSONValue], _ tools: inout [JSONValue]?) {
    guard marksCache else { return }
    if let first = messages.first, ["system", "developer"].contains(first["role"]?.string) {
      messages[0] = marked(first, allParts: true) ?? first
    }
    if case .object(var tool)? = tools?.popLast() {
      tool["cache_control"] = marker
      tools?.append(.object(tool))
    }
    for index in messages.indices.reversed() where index > 0 || messages[0]["role"]?.string == "user" {
      guard let message = marked(messages[index], allParts: false) else { continue }
      messages[index] = message
      return
    }
  }

  private var marker: JSONValue {
    wantsLongRetention ? ["type": "ephemeral", "ttl": "1h"] : ["type": "ephemeral"]
  }

  /// `message` with a marker on its last text part, or on all; `nil` when it has no text.
  private func marked(_ message: JSONValue, allParts: Bool) -> JSONValue? {
    guard case .object(var object) = message else { return nil }
    var parts: [JSONValue]
    switch object["content"] {
    case .string(let text) where !text.isEmpty: parts = [Self.textPart(text)]
    case .array(let array): parts = array
    default: return nil
    }
    let texts = parts.indices.filter { parts[$0]["type"]?.string == "text" }
    guard !texts.isEmpty else { return nil }
    for index in allParts ? texts : texts.suffix(1) {
      guard case .object(var part) = parts[index] else { continue }
      part["cache_control"] = marker
      parts[index] = .object(part)
    }
    object["content"] = .array(parts)
    return .object(object)
  }
}
