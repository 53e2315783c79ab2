internal import Completion
internal import JSON

/// When OpenAI's `prompt_cache_key` is sent.
package enum PromptCacheKey: String, Sendable, CaseIterable {
  case never, always
  /// Only together with long retention.
  case long

  /// Sends the id of the request's session as the key; `isLong`: the prompt is to be kept long.
  func add(to body: inout JSONObject, for request: CompletionRequest, isLong: Bool) {
    let isSent =
      switch self {
      case .never: false
      case .always: true
      case .long: isLong
      }
    guard isSent, let sessionId = request.sessionId else { return }
    body["prompt_cache_key"] = .string(String(sessionId.prefix(64)))
  }
}
