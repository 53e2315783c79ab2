package import Completion
package import HTTP
package import JSON

/// The Responses API as ChatGPT's subscriptions offer it: `POST {base}/codex/responses` with an access token that
/// names the account.
package struct OpenAICodexResponses: ResponsesFamily {
  package let api: APIFamily = "openai-codex-responses"
  package let defaults = OpenAIResponsesQuirks.codex

  private static let accountHeader = "chatgpt-account-id"

  /// The family; it has no state.
  package init() {}

  package func exchange(
    _ body: JSONObject, for request: CompletionRequest, at endpoint: Endpoint, _ quirks: OpenAIResponsesQuirks
  ) throws(ProviderError) -> HTTPRequest {
    var added = [
      HTTPHeader("originator", "patchbay"), HTTPHeader("openai-beta", "responses=experimental"),
    ]
    // A gateway with tokens of its own can be given the account in the config.
    if !endpoint.headers.contains(where: { $0.name.lowercased() == Self.accountHeader }) {
      added.append(HTTPHeader(Self.accountHeader, try account(at: endpoint)))
    }
    added += request.sessionHeaders(quirks.sessionHeaders)
    return endpoint.post(Self.path(below: endpoint.baseURL), body, accept: Self.accept(body), adding: added)
  }

  /// The subscription's limits say when they end, in seconds from now or as a time.
  package func error(status: Int, headers: [(String, String)], body: [UInt8]) -> ProviderError {
    var error = ErrorClassification.error(status: status, headers: headers, body: body)
    guard error.retryAfterMs == nil, let answer = try? JSONValue(parsing: body, options: .upstream) else {
      return error
    }
    let failure = answer["error"] ?? answer
    if let seconds = failure["resets_in_seconds"]?.double, (0..<1e9).contains(seconds) {
      error.retryAfterMs = Int((seconds * 1000).rounded(.up))
    } else if let then = failure["resets_at"]?.int, (0..<100_000_000_000).contains(then),
      let now = UpstreamHeaders(headers)["date"].flatMap(HTTPDate.seconds)
    {
      error.retryAfterMs = max(0, then - now) * 1000
    }
    return error
  }

  /// People give the base with or without its last parts.
  private static func path(below baseURL: String) -> String {
    if baseURL.hasSuffix("/codex/responses") { return "" }
    return baseURL.hasSuffix("/codex") ? "/responses" : "/codex/responses"
  }

  private func account(at endpoint: Endpoint) throws(ProviderError) -> Secret {
    if let account = endpoint.variables["accountId"], !account.isEmpty { return Secret(account) }
    guard let key = endpoint.apiKey, !key.isEmpty else {
      throw ProviderError(
        .authRequired, "\(endpoint.provider) needs a login with ChatGPT", hint: "Log in to \(endpoint.provider).")
    }
    guard let account = ChatGPTToken.account(in: key.reveal()) else {
      throw ProviderError(
        .authRejected, "the key of \(endpoint.provider) is no ChatGPT access token: it names no account",
        hint: "Log in to \(endpoint.provider) again; an API key of OpenAI belongs to the provider openai.")
    }
    return Secret(account)
  }
}

/// The access token of a ChatGPT login: a JSON Web Token.
enum ChatGPTToken {
  /// The account that `token` is for; `nil` when it is no such token. The seal is the server's to check.
  static func account(in token: String) -> String? {
    guard let claims = JSONWebToken.claims(of: token) else { return nil }
    let account =
      claims["https://api.openai.com/auth"]?["chatgpt_account_id"]?.string ?? claims["chatgpt_account_id"]?.string
      ?? claims["organizations"]?[0]?["id"]?.string
    return account.flatMap { $0.isEmpty ? nil : $0 }
  }
}
