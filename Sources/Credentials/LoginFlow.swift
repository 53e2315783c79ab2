package import Completion
package import HTTP
package import JSON

/// A way to log in.
package enum LoginMethod: String, Sendable, Hashable, CaseIterable { case apiKey, oauth, device }

/// Something a person must see to go on with a login.
package struct LoginPrompt: Sendable, Hashable {
  /// What there is to do.
  package enum Kind: String, Sendable, Hashable, CaseIterable { case openURL, deviceCode, pasteCode }
  package var kind: Kind
  /// Where to go.
  package var url: String?
  /// What to type in there.
  package var userCode: String?
  /// For people, with the notice that some logins need.
  package var message: String
  /// When it is too late, in milliseconds since 1970.
  package var expiresAt: Int?

  /// A prompt.
  package init(
    _ kind: Kind, url: String? = nil, userCode: String? = nil, message: String, expiresAt: Int? = nil
  ) {
    self.kind = kind
    self.url = url
    self.userCode = userCode
    self.message = message
    self.expiresAt = expiresAt
  }
}

/// The person who logs in, behind whatever client.
package protocol LoginInteraction: Sendable {
  /// Shows what to do; does not wait for it.
  func show(_ prompt: LoginPrompt) async
  /// Asks for a text, such as a key or what a browser's page shows after the login. `secret` texts are not echoed.
  /// - Throws: `cancelled`; `unsupported` when the client cannot be asked.
  func ask(_ message: String, secret: Bool) async throws(ProviderError) -> String
}

/// What a login reaches out with.
package struct LoginContext: Sendable {
  package var interaction: any LoginInteraction
  package var http: HTTPClient
  /// The time in milliseconds since 1970.
  package var now: @Sendable () -> Int
  /// Waits, so that polling can be tested without waiting.
  package var pause: @Sendable (Duration) async throws -> Void
  /// An enterprise's own host, where a provider has such.
  package var domain: String?

  /// A login's surroundings.
  package init(
    interaction: any LoginInteraction, http: HTTPClient, now: @escaping @Sendable () -> Int,
    pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    domain: String? = nil
  ) {
    self.interaction = interaction
    self.http = http
    self.now = now
    self.pause = pause
    self.domain = domain
  }
}

/// Where a login's token is good.
package struct LoginReach: Sendable, Hashable {
  /// Without a trailing slash.
  package var baseURL: String
  /// In place of the provider's headers of the same names.
  package var headers: [HTTPHeader]
}

/// How to log in at one provider, and to stay so.
package protocol LoginFlow: Sendable {
  /// The ways there are, the usual one first; `apiKey` is not among them, since every provider with a key has that.
  var methods: [LoginMethod] { get }

  /// Whether an enterprise's own host can be logged in at.
  var takesDomain: Bool { get }

  /// Logs in. Cancellation, or ten minutes without a person, leave nothing behind.
  /// - Throws: `loginFailed` when it was denied, has expired or does not fit; `cancelled`.
  func login(_ method: LoginMethod, _ context: LoginContext) async throws(ProviderError) -> OAuthCredential

  /// Tokens in exchange for `credential`'s refresh token.
  /// - Throws: `authRequired` when the provider no longer accepts it; `network`, `timeout` or `upstreamError` when it
  ///   may later.
  func refresh(_ credential: OAuthCredential, _ http: HTTPClient, now: Int) async throws(ProviderError)
    -> OAuthCredential

  /// Where requests with the token `access` go and what they carry beside it, where the token decides that; `nil` for
  /// one that is used as the catalogue says. `extra` is what is stored beside it.
  func reach(_ access: Secret, extra: JSONObject) -> LoginReach?

  /// Makes the tokens worthless at the provider; `false` where it has no way to.
  func revoke(_ credential: OAuthCredential, _ http: HTTPClient) async throws(ProviderError) -> Bool
}

extension LoginFlow {
  /// There is one host.
  package var takesDomain: Bool { false }

  /// As the catalogue says.
  package func reach(_ access: Secret, extra: JSONObject) -> LoginReach? { nil }
}
