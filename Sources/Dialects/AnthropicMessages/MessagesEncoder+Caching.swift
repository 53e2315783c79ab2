internal import Completion
internal import JSON

extension MessagesEncoder {
  /// What a cache keeps a beginning of, in the order in which it is read.
  struct Prompt {
    var tools: [JSONValue] = []
    var system: [JSONValue] = []
    /// The last blocks of the system text and of the project's instructions.
    var systemEnd: Int?
    var instructionsEnd: Int?
    var messages: [JSONValue] = []
  }

  /// The API takes four markers. All of one request last equally long, as longer ones must come first.
  private static let mostMarkers = 4

  /// Marks the ends of the tools, the system text, the instructions and the last user turn; with a marker left, also
  /// the user turn before it, where the last request will have been cached up to.
  mutating func markCacheBreakpoints(_ prompt: inout Prompt) {
    guard options.cache != .off, quirks.supportsCacheControl else {
      if options.cache == .long { drop("cache", "\(endpoint.provider) takes no wishes for it") }
      return
    }
    reportCaching(takesLong: quirks.supportsLongCacheRetention)
    var left = Self.mostMarkers
    // Automatic caching, asked for by the caller, uses one up.
    if quirks.body["cache_control"] != nil || options.extra["cache_control"] != nil { left -= 1 }
    if quirks.supportsCacheControlOnTools, let last = prompt.tools.indices.last {
      prompt.tools[last] = marked(prompt.tools[last])
      left -= 1
    }
    for index in [
      options.cachesSystem ? prompt.systemEnd : nil, options.cachesInstructions ? prompt.instructionsEnd : nil,
    ] {
      guard let index else { continue }
      prompt.system[index] = marked(prompt.system[index])
      left -= 1
    }
    let turns = prompt.messages.indices.filter { prompt.messages[$0]["role"] == "user" }
    for index in turns.suffix(min(left, 2)) { markLastBlock(&prompt.messages[index]) }
  }

  private func markLastBlock(_ message: inout JSONValue) {
    guard case .object(var object) = message, var blocks = object["content"]?.array, let last = blocks.popLast() else {
      return
    }
    object["content"] = .array(blocks + [marked(last)])
    message = .object(object)
  }

  private func marked(_ value: JSONValue) -> JSONValue {
    guard case .object(var object) = value else { return value }
    let isLong = options.cache == .long && quirks.supportsLongCacheRetention
    object["cache_control"] = isLong ? ["type": "ephemeral", "ttl": "1h"] : ["type": "ephemeral"]
    return .object(object)
  }
}
