internal import Completion
internal import HTTP
internal import JSON

/// A device asks for a code, a person types it in elsewhere, and the device asks for the tokens (RFC 8628); `deviceURL`,
/// `tokenURL`, `clientId`, and optionally `scopes`.
struct DeviceAuthorization: Sendable {
  let provider: String
  let deviceURL: String
  let clientId: String
  let scopes: [String]
  let notice: String?

  init(_ fields: inout JSONFields, _ provider: String, clientId: String, _ notice: String?) throws(JSONFieldError) {
    self.provider = provider
    self.clientId = clientId
    self.notice = notice
    deviceURL = try fields.requiredURL("deviceURL")
    scopes = try fields.strings("scopes") ?? []
  }

  /// The answer with the tokens. `place` completes addresses.
  func tokens(
    from tokenURL: String, _ client: LoginClient, _ context: LoginContext, place: (String) -> String = { $0 }
  ) async throws(ProviderError) -> LoginAnswer {
    let scope = scopes.isEmpty ? [] : [("scope", scopes.joined(separator: " "))]
    let answer = try await client.post(place(deviceURL), [("client_id", clientId)] + scope, as: .form)
    guard answer.isSuccess else { throw .loginFailed(provider, "gave no code to log in with", answer) }
    guard let deviceCode = answer.json["device_code"]?.string, TokenGrant.isSound(deviceCode), let code = code(answer)
    else { throw .loginFailed(provider, "\(provider) gave a code to log in with that makes no sense") }
    return try await DevicePolling(provider: provider, notice: notice, context: context).result(of: code) {
      () async throws(ProviderError) in
      let answer = try await client.post(
        place(tokenURL),
        [
          ("client_id", clientId), ("device_code", deviceCode),
          ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ], as: .form)
      // GitHub says what is wrong with status 200.
      if answer.isSuccess, answer.json["error"] == nil { return .done(answer) }
      return try answer.pollState(provider)
    }
  }

  private func code(_ answer: LoginAnswer) -> DeviceCode? {
    let complete = answer.json["verification_uri_complete"]?.string
    // The plain address must be sound even when the complete one is used: both come from the same hand.
    guard let plain = answer.json["verification_uri"]?.string ?? complete, isWebAddress(plain) else { return nil }
    return DeviceCode(
      userCode: answer.json["user_code"]?.string, url: complete ?? plain, interval: answer.json["interval"],
      lifetime: answer.json["expires_in"])
  }
}

/// The flow `device`: the members of `DeviceAuthorization` and `TokenEndpoint`.
struct DeviceLogin: TokenLogin {
  let methods = [LoginMethod.device]
  private let device: DeviceAuthorization
  let tokens: TokenEndpoint

  init(_ fields: inout JSONFields, _ provider: String, _ notice: String?) throws(JSONFieldError) {
    tokens = try TokenEndpoint(&fields, provider)
    device = try DeviceAuthorization(&fields, provider, clientId: tokens.clientId, notice)
  }

  func login(_ method: LoginMethod, _ context: LoginContext) async throws(ProviderError) -> OAuthCredential {
    try check(method, tokens.provider)
    let client = LoginClient(provider: tokens.provider, http: context.http)
    let answer = try await device.tokens(from: tokens.tokenURL, client, context)
    return try tokens.credential(answer, now: context.now())
  }
}

extension LoginFlow {
  /// - Throws: `unsupported` unless there is `method`.
  func check(_ method: LoginMethod, _ provider: String) throws(ProviderError) {
    guard !methods.contains(method) else { return }
    let names = methods.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
    throw ProviderError(
      .unsupported, "\(provider) has no login of the kind \"\(method.rawValue)\"", hint: "Use \(names).", path: "method"
    )
  }
}
