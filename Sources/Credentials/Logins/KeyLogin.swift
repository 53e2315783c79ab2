internal import Completion
internal import HTTP
internal import JSON
internal import Platform

/// The flow `key`: the members of `BrowserAuthorization`, and `tokenURL`, where the code buys an API key that is good
/// until somebody deletes it.
struct KeyLogin: LoginFlow {
  let methods = [LoginMethod.oauth]
  private let provider: String
  private let browser: BrowserAuthorization
  private let tokenURL: String

  init(_ fields: inout JSONFields, _ provider: String, _ notice: String?) throws(JSONFieldError) {
    self.provider = provider
    browser = try BrowserAuthorization(&fields, provider, notice)
    tokenURL = try fields.requiredURL("tokenURL")
  }

  func login(_ method: LoginMethod, _ context: LoginContext) async throws(ProviderError) -> OAuthCredential {
    try check(method, provider)
    let pkce = PKCE()
    let grant = try await browser.grant(state: randomHex(16), context) { redirect in
      [("callback_url", redirect), ("code_challenge", pkce.challenge), ("code_challenge_method", "S256")]
    }
    let answer = try await LoginClient(provider: provider, http: context.http).post(
      tokenURL,
      [
        ("code", grant.code.reveal()), ("code_verifier", pkce.verifier.reveal()), ("code_challenge_method", "S256"),
      ], as: .json)
    guard answer.isSuccess else { throw .loginFailed(provider, "did not grant the login", answer) }
    guard let key = answer.json["key"]?.string, TokenGrant.isSound(key) else {
      throw .loginFailed(provider, "the answer of \(provider) to the login holds no key")
    }
    return OAuthCredential(access: Secret(key), refresh: Secret(""), expiresAt: OAuthCredential.never)
  }

  func refresh(
    _ credential: OAuthCredential, _ http: HTTPClient, now: Int
  ) async throws(ProviderError) -> OAuthCredential { throw .notRenewable(provider) }

  func revoke(_ credential: OAuthCredential, _ http: HTTPClient) async throws(ProviderError) -> Bool { false }
}
