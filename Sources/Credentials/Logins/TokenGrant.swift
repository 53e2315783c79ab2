internal import Completion
internal import HTTP
internal import JSON

/// Tokens as a server grants them (RFC 6749 §5.1).
struct TokenGrant: Sendable {
  let access: Secret
  /// `nil` when the answer has none.
  let refresh: Secret?
  /// How long `access` is good, in seconds.
  let seconds: Int
  /// What else may say whose it is (OpenID Connect).
  let identity: Secret?

  /// What to assume when the server does not say (RFC 6749 allows that): too short only means an early refresh.
  private static let assumedSeconds = 3600

  /// The mistake in an answer that says it grants tokens.
  struct Mistake: Error { let message: String }

  init(_ json: JSONObject) throws(Mistake) {
    guard let access = json["access_token"]?.string, Self.isSound(access) else {
      throw Mistake(message: "no usable access_token")
    }
    if let type = json["token_type"]?.string, type.lowercased() != "bearer" {
      throw Mistake(message: "a token_type that is not \"bearer\"")
    }
    if let value = json["refresh_token"], !value.isNull {
      guard let text = value.string, text.isEmpty || Self.isSound(text) else {
        throw Mistake(message: "no usable refresh_token")
      }
      refresh = text.isEmpty ? nil : Secret(text)
    } else {
      refresh = nil
    }
    if let value = json["expires_in"], !value.isNull {
      guard let number = value.double ?? value.string.flatMap(Double.init), (1...1e10).contains(number) else {
        throw Mistake(message: "no usable expires_in")
      }
      seconds = Int(number)
    } else {
      seconds = Self.assumedSeconds
    }
    self.access = Secret(access)
    identity = json["id_token"]?.string.map(Secret.init)
  }

  /// Tokens go into headers.
  static func isSound(_ token: String) -> Bool {
    !token.isEmpty && token.utf8.count <= 65_536 && token.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }

  /// The credential, whose refresh token is `old` where none was granted.
  func credential(now: Int, old: Secret = Secret(""), extra: JSONObject = JSONObject()) -> OAuthCredential {
    OAuthCredential(access: access, refresh: refresh ?? old, expiresAt: now + seconds * 1000, extra: extra)
  }

  /// The first of `paths` that leads to a text in what the tokens say.
  func claim(at paths: [[String]]) -> String? {
    for token in [access, identity].compactMap({ $0 }) {
      guard let claims = JSONWebToken.claims(of: token.reveal()) else { continue }
      for path in paths {
        let value = path.reduce(Optional(claims)) { value, key in value?[key] ?? Int(key).flatMap { value?[$0] } }
        if let text = value?.string, !text.isEmpty { return text }
      }
    }
    return nil
  }
}

/// The server, the program and the rules by which it grants and renews tokens; `tokenURL`, `clientId`, and optionally
/// `revokeURL` with `revokeFormat` (`form` or `json`) and `accountClaims`, the ways to the account's id in a token.
struct TokenEndpoint: Sendable {
  let provider: String
  let tokenURL: String
  let clientId: String
  let format: BodyFormat
  private let revokeURL: String?
  private let revokeFormat: BodyFormat
  private let accountClaims: [[String]]

  init(_ fields: inout JSONFields, _ provider: String) throws(JSONFieldError) {
    self.provider = provider
    tokenURL = try fields.requiredURL("tokenURL")
    clientId = try fields.require("clientId", try fields.nonEmptyString("clientId"))
    format = try fields.choice("bodyFormat", BodyFormat.self) ?? .form
    revokeURL = try fields.url("revokeURL")
    revokeFormat = try fields.choice("revokeFormat", BodyFormat.self) ?? .form
    accountClaims =
      try fields.optional("accountClaims", "an array of arrays of strings") { value in
        value.array?.reduce(into: Optional([[String]]())) { paths, path in
          let keys = path.array?.compactMap(\.string)
          guard let keys, !keys.isEmpty, keys.count == path.array?.count else { return paths = nil }
          paths?.append(keys)
        }
      } ?? []
  }

  /// The credential that an answer to a login holds.
  func credential(_ answer: LoginAnswer, now: Int) throws(ProviderError) -> OAuthCredential {
    guard answer.isSuccess else { throw .loginFailed(provider, "did not grant the login", answer) }
    let grant = try grant(answer, .loginFailed)
    var extra = JSONObject()
    if !accountClaims.isEmpty {
      guard let account = grant.claim(at: accountClaims) else {
        throw .loginFailed(
          provider, "the token that \(provider) granted names no account", hint: "Log in with another account.")
      }
      extra["accountId"] = .string(account)
    }
    return grant.credential(now: now, extra: extra)
  }

  func refresh(
    _ credential: OAuthCredential, _ http: HTTPClient, now: Int
  ) async throws(ProviderError) -> OAuthCredential {
    guard !credential.refresh.isEmpty else { throw .notRenewable(provider) }
    let answer = try await LoginClient(provider: provider, http: http, totalMs: 15_000).post(
      tokenURL,
      [("grant_type", "refresh_token"), ("refresh_token", credential.refresh.reveal()), ("client_id", clientId)],
      as: format)
    guard answer.isSuccess else { throw .refreshFailed(provider, answer) }
    let grant = try grant(answer, .upstreamInvalid)
    var extra = credential.extra
    extra.set("accountId", grant.claim(at: accountClaims).map(JSONValue.string))
    return grant.credential(now: now, old: credential.refresh, extra: extra)
  }

  /// RFC 7009. The refresh token takes the access token with it.
  func revoke(_ credential: OAuthCredential, _ http: HTTPClient) async throws(ProviderError) -> Bool {
    guard let revokeURL else { return false }
    let isRefresh = !credential.refresh.isEmpty
    let answer = try await LoginClient(provider: provider, http: http, totalMs: 15_000).post(
      revokeURL,
      [
        ("token", (isRefresh ? credential.refresh : credential.access).reveal()),
        ("token_type_hint", isRefresh ? "refresh_token" : "access_token"), ("client_id", clientId),
      ], as: revokeFormat)
    guard answer.isSuccess else {
      var error = ProviderError(.upstreamError, "\(provider) did not revoke the login: \(answer.reason)")
      (error.status, error.upstreamCode, error.provider) = (answer.status, answer.errorCode, provider)
      throw error
    }
    return true
  }

  private func grant(_ answer: LoginAnswer, _ kind: ErrorKind) throws(ProviderError) -> TokenGrant {
    do {
      return try TokenGrant(answer.json)
    } catch {
      var failure = ProviderError(
        kind, "the answer of \(provider) to the login has \(error.message)", hint: "Log in to \(provider) again.")
      (failure.provider, failure.status) = (provider, answer.status)
      throw failure
    }
  }
}

extension ProviderError {
  /// A credential with nothing to buy the next one with.
  static func notRenewable(_ provider: String) -> ProviderError {
    var error = ProviderError(
      .authRequired, "the login for \(provider) cannot be renewed", hint: "Log in to \(provider) again.")
    error.provider = provider
    return error
  }
}

/// A flow whose tokens all come from one endpoint, which renews and revokes them too.
protocol TokenLogin: LoginFlow {
  var tokens: TokenEndpoint { get }
}

extension TokenLogin {
  func refresh(
    _ credential: OAuthCredential, _ http: HTTPClient, now: Int
  ) async throws(ProviderError) -> OAuthCredential {
    try await tokens.refresh(credential, http, now: now)
  }

  func revoke(_ credential: OAuthCredential, _ http: HTTPClient) async throws(ProviderError) -> Bool {
    try await tokens.revoke(credential, http)
  }
}
