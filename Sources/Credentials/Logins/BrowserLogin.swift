internal import Completion
internal import HTTP
internal import JSON
internal import Platform

/// The flow `pkce`: the members of `BrowserAuthorization` and `TokenEndpoint`, `scopes`, and
/// - `extraParameters`: what the address to open has beside the usual;
/// - `state`: `random` (the default), or `verifier` for servers that want the verifier there;
/// - `sendsState`: whether the redemption repeats it;
/// - `device`: `AccountDeviceCode`, for a person without a browser on this machine.
struct BrowserLogin: TokenLogin {
  private enum StateKind: String, CaseIterable { case random, verifier }

  private let browser: BrowserAuthorization
  let tokens: TokenEndpoint
  private let scopes: [String]
  private let extraParameters: [(String, String)]
  private let state: StateKind
  private let sendsState: Bool
  private let device: AccountDeviceCode?

  init(_ fields: inout JSONFields, _ provider: String, _ notice: String?) throws(JSONFieldError) {
    browser = try BrowserAuthorization(&fields, provider, notice)
    tokens = try TokenEndpoint(&fields, provider)
    scopes = try fields.strings("scopes") ?? []
    extraParameters = try fields.texts("extraParameters")
    state = try fields.choice("state", StateKind.self) ?? .random
    sendsState = try fields.bool("sendsState") ?? false
    if let object = try fields.object("device") {
      device = try AccountDeviceCode(.object(object), path: fields.path + ["device"], tokens, notice)
    } else {
      device = nil
    }
  }

  var methods: [LoginMethod] { device == nil ? [.oauth] : [.oauth, .device] }

  func login(_ method: LoginMethod, _ context: LoginContext) async throws(ProviderError) -> OAuthCredential {
    try check(method, tokens.provider)
    let client = LoginClient(provider: tokens.provider, http: context.http)
    if method == .device, let device {
      let grant = try await device.grant(client, context)
      return try await redeem(grant.code, verifier: grant.verifier, device.redirect, nil, client, context)
    }
    let pkce = PKCE()
    let state = self.state == .verifier ? pkce.verifier.reveal() : randomHex(16)
    let grant = try await browser.grant(state: state, context) { redirect in
      query(redirect, state: state, challenge: pkce.challenge)
    }
    return try await redeem(
      grant.code, verifier: pkce.verifier, grant.redirectURL, sendsState ? state : nil, client, context)
  }

  private func query(_ redirect: String, state: String, challenge: String) -> [(String, String)] {
    let scope = scopes.isEmpty ? [] : [("scope", scopes.joined(separator: " "))]
    return extraParameters + [("response_type", "code"), ("client_id", tokens.clientId), ("redirect_uri", redirect)]
      + scope + [("code_challenge", challenge), ("code_challenge_method", "S256"), ("state", state)]
  }

  private func redeem(
    _ code: Secret, verifier: Secret, _ redirect: String, _ state: String?, _ client: LoginClient,
    _ context: LoginContext
  ) async throws(ProviderError) -> OAuthCredential {
    let fields =
      [("grant_type", "authorization_code"), ("client_id", tokens.clientId), ("code", code.reveal())]
      + (state.map { [("state", $0)] } ?? []) + [("redirect_uri", redirect), ("code_verifier", verifier.reveal())]
    let answer = try await client.post(tokens.tokenURL, fields, as: tokens.format)
    return try tokens.credential(answer, now: context.now())
  }
}

/// A device code as ChatGPT accounts have it: its result is a code with its verifier, which is redeemed as a browser's
/// is. `codeURL` gives it, `verificationURL` is where it is typed in, `pollURL` tells the result, and `redirect` is
/// what the redemption names.
struct AccountDeviceCode: Sendable {
  let redirect: String
  private let codeURL: String
  private let pollURL: String
  private let verificationURL: String
  private let clientId: String
  private let provider: String
  private let notice: String?

  init(_ value: JSONValue, path: [String], _ tokens: TokenEndpoint, _ notice: String?) throws(JSONFieldError) {
    var fields = try JSONFields(value, path: path)
    codeURL = try fields.requiredURL("codeURL")
    pollURL = try fields.requiredURL("pollURL")
    verificationURL = try fields.requiredURL("verificationURL")
    redirect = try fields.requiredURL("redirect")
    (clientId, provider, self.notice) = (tokens.clientId, tokens.provider, notice)
    try fields.finish()
  }

  /// The code and its verifier.
  func grant(
    _ client: LoginClient, _ context: LoginContext
  ) async throws(ProviderError) -> (code: Secret, verifier: Secret) {
    let answer = try await client.post(codeURL, [("client_id", clientId)], as: .json)
    if answer.status == 404 {
      throw .loginFailed(
        provider, "\(provider) does not offer this account a login with a code",
        hint: "Log in with a browser, or enable device codes in the account's security settings.")
    }
    guard answer.isSuccess else { throw .loginFailed(provider, "gave no code to log in with", answer) }
    let userCode = answer.json["user_code"]?.string ?? answer.json["usercode"]?.string
    guard let id = answer.json["device_auth_id"]?.string, let userCode,
      let code = DeviceCode(userCode: userCode, url: verificationURL, interval: answer.json["interval"])
    else { throw .loginFailed(provider, "\(provider) gave a code to log in with that makes no sense") }
    return try await DevicePolling(provider: provider, notice: notice, context: context).result(of: code) {
      () async throws(ProviderError) in
      let answer = try await client.post(pollURL, [("device_auth_id", id), ("user_code", userCode)], as: .json)
      if answer.isSuccess { return .done(try self.grant(in: answer)) }
      // Until the code was typed in there is nothing there, or nothing that may be seen.
      let isPending = [403, 404].contains(answer.status) && !["slow_down", "access_denied"].contains(answer.errorCode)
      return isPending ? .pending : try answer.pollState(provider)
    }
  }

  private func grant(in answer: LoginAnswer) throws(ProviderError) -> (code: Secret, verifier: Secret) {
    guard let code = answer.json["authorization_code"]?.string, let verifier = answer.json["code_verifier"]?.string,
      TokenGrant.isSound(code), TokenGrant.isSound(verifier)
    else { throw .loginFailed(provider, "the answer of \(provider) to the login holds no code") }
    return (Secret(code), Secret(verifier))
  }
}
