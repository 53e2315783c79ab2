package import Completion
package import JSON

/// The one place where an upstream's status, code and words become an `ErrorKind`. Everything is a table: a provider
/// that words an error anew costs one line here.
package enum ErrorClassification {
  /// The error of an answer with status 400 and above. `headers` have lower-case names.
  package static func error(status: Int, headers: [(String, String)], body: [UInt8]) -> ProviderError {
    var failure = UpstreamFailure(status: status, body: body)
    let headers = UpstreamHeaders(headers)
    if let name = headers["x-amzn-errortype"].map(UpstreamFailure.amazonName), !name.isEmpty { failure.code = name }
    var error = error(failure)
    error.retryAfterMs =
      headers.retryAfterMs ?? failure.retryAfterMs ?? failure.resetsAt.flatMap(headers.milliseconds(until:))
      ?? (status == 429 ? headers.exhaustedMs : nil)
    error.upstreamRequestId = headers.requestId ?? failure.requestId
    error.shouldRetry = headers.shouldRetry
    return error
  }

  /// The error that a stream, or a body with status 200, holds instead of an answer.
  package static func error(inside value: JSONValue) -> ProviderError { error(UpstreamFailure(value)) }

  private static func error(_ failure: UpstreamFailure) -> ProviderError {
    let kind = kind(of: failure)
    let silence = failure.status.map { "the provider answered with status \($0) and gave no reason" }
    let message =
      failure.message.isEmpty ? silence ?? "the provider reported an error without a reason" : failure.message
    var error = ProviderError(kind, message, hint: hint(kind, failure))
    error.status = failure.status
    error.upstreamCode = failure.code
    error.retryAfterMs = failure.retryAfterMs
    error.upstreamRequestId = failure.requestId
    return error
  }

  /// What kind of error `failure` is: its words for an overlong input first, because providers hide those behind every
  /// status and code; then its code and type; then other telling words; then the bare status.
  package static func kind(of failure: UpstreamFailure) -> ErrorKind {
    let text = failure.message.lowercased()
    if failure.status != 429, !says(text, throttling), overflow.contains(where: { says(text, $0) }) {
      return .contextOverflow
    }
    for name in [failure.code, failure.type] {
      if let kind = name.flatMap({ codes[$0.lowercased()] }) { return kind }
    }
    // Cerebras refuses an overlong input without a word.
    if text.isEmpty, failure.status == 400 || failure.status == 413 { return .contextOverflow }
    if failure.status == 404, text.contains("model") { return .modelNotFound }
    let isDecided = [401, 402, 429].contains(failure.status) || (502...599).contains(failure.status ?? 0)
    let candidates = isDecided ? phrases.filter { $0.kind == .quotaExceeded } : phrases
    if let match = candidates.first(where: { says(text, $0.words) }) { return match.kind }
    return failure.status.flatMap { statuses[$0] } ?? .upstreamError
  }

  /// Whether `text` holds the fragments in this order; for alternatives see `throttling`.
  private static func says(_ text: String, _ fragments: [String]) -> Bool {
    var rest = text[...]
    for fragment in fragments {
      guard let range = rest.firstRange(of: fragment) else { return false }
      rest = rest[range.upperBound...]
    }
    return true
  }

  private static func says(_ text: String, _ throttling: Throttling) -> Bool {
    throttling.anywhere.contains { text.contains($0) } || throttling.prefixes.contains { text.hasPrefix($0) }
  }

  private static func hint(_ kind: ErrorKind, _ failure: UpstreamFailure) -> String? {
    switch kind {
    case .authRejected: "Check the key or log in again; the account may also lack access to this model."
    case .rateLimited: "Wait a little and try again, or use another provider."
    case .overloaded: "The provider is busy; try again in a moment or use another provider."
    case .quotaExceeded: "Add credits or check the plan at the provider."
    case .contextOverflow: "Shorten the input or start a new session, or use a model with a larger context window."
    case .modelNotFound: "Check the model's name; listModels with refresh shows what the provider offers."
    case .contentFiltered: "The provider's content filter refused the input; rephrase it."
    case .upstreamError where failure.status == 404: "Check the provider's base URL."
    default: nil
    }
  }
}

// MARK: - Tables

extension ErrorClassification {
  private struct Throttling {
    var anywhere: [String]
    var prefixes: [String]
  }
  /// Words that mean "too fast", whatever else the text says of tokens and limits.
  private static let throttling = Throttling(
    anywhere: ["rate limit", "too many requests"], prefixes: ["throttling error:", "service unavailable:"])

  /// How providers say that the input is too long; fragments in lower case, in order.
  private static let overflow: [[String]] = [
    ["prompt is too long"], ["request_too_large"], ["exceed context limit"],  // Anthropic
    ["input is too long for requested model"],  // Bedrock
    ["exceeds the context window"],  // OpenAI
    ["exceeds", "maximum context length"],  // LiteLLM
    ["input token count", "exceeds the maximum"],  // Gemini
    ["input token count is", "supports up to"],  // Vertex AI
    ["maximum prompt length is"],  // xAI
    ["reduce the length of the messages"],  // Groq
    ["maximum context length is", "tokens"], ["exceeds the maximum allowed input length"],  // OpenRouter, vLLM
    ["longer than the model's context length"],  // Together
    ["token", "exceeds the limit of"],  // Copilot
    ["exceeds the available context size"],  // llama.cpp
    ["greater than the context length"],  // LM Studio
    ["context window exceeds limit"],  // MiniMax
    ["exceeded model token limit"],  // Kimi
    ["too large for model with", "maximum context length"],  // Mistral
    ["prompt too long; exceeded", "context length"],  // Ollama
    ["range of input length should be"],  // DashScope
    ["model_context_window_exceeded"],  // z.ai
    ["context_length_exceeded"], ["context length exceeded"], ["too many tokens"], ["token limit exceeded"],
  ]

  /// Codes and types in lower case.
  private static let codes: [String: ErrorKind] = [
    "context_length_exceeded": .contextOverflow, "exceed_context_size_error": .contextOverflow,
    "model_context_window_exceeded": .contextOverflow, "request_too_large": .contextOverflow,
    "insufficient_quota": .quotaExceeded, "billing_hard_limit_reached": .quotaExceeded,
    "billing_not_active": .quotaExceeded, "billing_error": .quotaExceeded, "insufficient_balance": .quotaExceeded,
    "billing_disabled": .quotaExceeded,
    "payment_required": .quotaExceeded, "usage_limit_reached": .quotaExceeded,
    "usage_not_included": .quotaExceeded,
    "invalid_api_key": .authRejected, "authentication_error": .authRejected, "permission_error": .authRejected,
    "api_key_invalid": .authRejected, "unauthenticated": .authRejected, "permission_denied": .authRejected,
    "unauthorized": .authRejected, "invalid_token": .authRejected, "token_expired": .authRejected,
    "unrecognizedclientexception": .authRejected, "accessdeniedexception": .authRejected,
    "expiredtokenexception": .authRejected, "invalidsignatureexception": .authRejected,
    "incompletesignatureexception": .authRejected, "missingauthenticationtokenexception": .authRejected,
    "signaturedoesnotmatch": .authRejected, "requesttimetooskewed": .authRejected,
    "resourcenotfoundexception": .modelNotFound, "modelnotreadyexception": .overloaded,
    "servicequotaexceededexception": .quotaExceeded,
    "model_not_found": .modelNotFound, "invalid_model": .modelNotFound, "deploymentnotfound": .modelNotFound,
    "rate_limit_exceeded": .rateLimited, "rate_limit_error": .rateLimited, "too_many_requests": .rateLimited,
    "throttlingexception": .rateLimited, "resource_exhausted": .rateLimited,
    "service_tier_capacity_exceeded": .rateLimited,
    "overloaded_error": .overloaded, "overloaded": .overloaded, "engine_overloaded": .overloaded,
    "engine_overloaded_error": .overloaded, "unavailable": .overloaded, "serviceunavailableexception": .overloaded,
    "insufficient_system_resource": .overloaded, "server_is_overloaded": .overloaded, "slow_down": .overloaded,
    "content_filter": .contentFiltered, "content_policy_violation": .contentFiltered,
    "responsibleaipolicyviolation": .contentFiltered, "moderation": .contentFiltered,
    "data_inspection_failed": .contentFiltered, "bio_policy": .contentFiltered,
    "image_content_policy_violation": .contentFiltered,
    "not_supported_error": .unsupported,
  ]

  /// Other telling words, tried in this order where the status has not decided already.
  private static let phrases: [(words: [String], kind: ErrorKind)] = [
    (["credit balance is too low"], .quotaExceeded), (["insufficient credits"], .quotaExceeded),
    (["insufficient balance"], .quotaExceeded), (["exceeded your current quota"], .quotaExceeded),
    (["requires more credits"], .quotaExceeded), (["out of credits"], .quotaExceeded),
    (["api key not valid"], .authRejected), (["invalid api key"], .authRejected),
    (["incorrect api key"], .authRejected),
    (["is not a valid model"], .modelNotFound), (["invalid model"], .modelNotFound),
    (["model identifier is invalid"], .modelNotFound), (["on-demand throughput", "supported"], .modelNotFound),
    (["model", "does not exist"], .modelNotFound), (["model", "not found"], .modelNotFound),
    (["rate limit"], .rateLimited), (["rate-limited"], .rateLimited), (["too many requests"], .rateLimited),
    (["overloaded"], .overloaded), (["at capacity"], .overloaded),
    (["content management policy"], .contentFiltered), (["content policy"], .contentFiltered),
    (["flagged as potentially violating"], .contentFiltered),
    (["does not support"], .unsupported), (["doesn't support"], .unsupported),
    (["not supported"], .unsupported), (["unsupported"], .unsupported),
  ]

  private static let statuses: [Int: ErrorKind] = [
    401: .authRejected, 402: .quotaExceeded, 403: .authRejected, 413: .contextOverflow, 429: .rateLimited,
    501: .unsupported, 503: .overloaded, 529: .overloaded,
  ]
}
