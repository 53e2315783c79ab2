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

  /// People give the base with or without its last parts.
  private static func path(below baseURL: String) -> String {
    if baseURL.hasSuffix("/codex/responses") { return "" }
    return baseURL.hasSuffix("/codex") ? "/responses" : "/codex/responses"
  }

  /// The account that the token names, else the one that was stored with it.
  private func account(at endpoint: Endpoint) throws(ProviderError) -> Secret {
    let key = endpoint.apiKey.flatMap { $0.isEmpty ? nil : $0.reveal() }
    if let account = key.flatMap(ChatGPTToken.account) { return Secret(account) }
    if let account = endpoint.variables["accountId"], !account.isEmpty { return Secret(account) }
    guard key != nil else {
      throw ProviderError(
        .authRequired, "\(endpoint.provider) needs a login with ChatGPT", hint: "Log in to \(endpoint.provider).")
    }
    throw ProviderError(
      .authRejected, "the key of \(endpoint.provider) is no ChatGPT access token: it names no account",
      hint: "Log in to \(endpoint.provider) again; an API key of OpenAI belongs to the provider openai.")
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
