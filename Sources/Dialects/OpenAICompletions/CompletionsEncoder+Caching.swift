internal import Completion
internal import HTTP
internal import JSON

extension CompletionsEncoder {
  /// Whether parts of the prompt get cache markers.
  var marksCache: Bool { quirks.cacheControl == .anthropic && options.cache != .off }

  private var wantsLongRetention: Bool { options.cache == .long && quirks.supportsLongCacheRetention }

  mutating func encodeCaching() {
    reportCaching(takesLong: quirks.supportsLongCacheRetention)
    guard options.cache != .off else { return }
    quirks.promptCacheKey.add(to: &body, for: request, isLong: wantsLongRetention)
    // With markers, the time to keep stands in the markers.
    if wantsLongRetention, quirks.cacheControl == .none { body["prompt_cache_retention"] = "24h" }
  }

  /// Anthropic models behind a gateway cache up to a marker, and take four: on the system text and the instructions
  /// (which `encodeSystem` marks), or the system message that begins the conversation; on the last tool; and the last message that has a text.
  func markCacheBreakpoints(_ messages: inout [JSONValue], _ tools: inout [JSONValue]?) {
    guard marksCache else { return }
    if options.cachesSystem, let first = messages.first, first["role"]?.string == systemRole, encodeSystem().isEmpty {
      messages[0] = marked(first) ?? first
    }
    if let tool = tools?.popLast() { tools?.append(marked(part: tool)) }
    for index in messages.indices.reversed() where index > 0 || messages[0]["role"]?.string == "user" {
      guard let message = marked(messages[index]) else { continue }
      messages[index] = message
      return
    }
  }

  private var marker: JSONValue {
    wantsLongRetention ? ["type": "ephemeral", "ttl": "1h"] : ["type": "ephemeral"]
  }

  /// A text part, or a tool, with a marker.
  func marked(part: JSONValue) -> JSONValue {
    guard case .object(var object) = part else { return part }
    object["cache_control"] = marker
    return .object(object)
  }

  /// `message` with a marker on its last text part; `nil` when it has no text.
  private func marked(_ message: JSONValue) -> JSONValue? {
    guard case .object(var object) = message else { return nil }
    var parts: [JSONValue]
    switch object["content"] {
    case .string(let text) where !text.isEmpty: parts = [Self.textPart(text)]
    case .array(let array): parts = array
    default: return nil
    }
    guard let last = parts.lastIndex(where: { $0["type"]?.string == "text" }) else { return nil }
    parts[last] = marked(part: parts[last])
    object["content"] = .array(parts)
    return .object(object)
  }
}
