internal import Completion
internal import HTTP
internal import JSON

/// The flow `copilot`: GitHub's device flow, whose result buys short-lived tokens for Copilot. The members of
/// `DeviceAuthorization`, `tokenURL`, `clientId`, and
/// - `exchangeURL`: what gives a token for Copilot; `{domain}` in an address is GitHub's host or the enterprise's;
/// - `headers`: what every request says of the program, requests with the token too;
/// - `modelHeaders`, `policyHeaders`: what is added where models are listed and where they are enabled;
/// - `baseURL`: where the API is, whatever the token says.
struct CopilotLogin: LoginFlow {
  let methods = [LoginMethod.device]
  let takesDomain = true
  private let provider: String
  private let device: DeviceAuthorization
  private let tokenURL: String
  private let exchangeURL: String
  private let headers: [(String, String)]
  private let modelHeaders: [(String, String)]
  private let policyHeaders: [(String, String)]
  private let baseURL: String?

  private static let publicDomain = "github.com"

  init(_ fields: inout JSONFields, _ provider: String, _ notice: String?) throws(JSONFieldError) {
    self.provider = provider
    let clientId = try fields.require("clientId", try fields.nonEmptyString("clientId"))
    device = try DeviceAuthorization(&fields, provider, clientId: clientId, notice)
    tokenURL = try fields.requiredURL("tokenURL")
    exchangeURL = try fields.requiredURL("exchangeURL")
    headers = try fields.texts("headers")
    modelHeaders = try fields.texts("modelHeaders")
    policyHeaders = try fields.texts("policyHeaders")
    baseURL = try fields.url("baseURL")
  }

  func login(_ method: LoginMethod, _ context: LoginContext) async throws(ProviderError) -> OAuthCredential {
    try check(method, provider)
    let enterprise = try domain(context.domain)
    let client = LoginClient(provider: provider, http: context.http, headers: headers)
    let answer = try await device.tokens(from: tokenURL, client, context) { place($0, enterprise) }
    guard let token = answer.json["access_token"]?.string, TokenGrant.isSound(token) else {
      throw .loginFailed(provider, "the answer of \(provider) to the login has no usable access_token")
    }
    var extra = JSONObject()
    extra.set("enterpriseUrl", enterprise.map(JSONValue.string))
    let exchanged = try await exchange(Secret(token), enterprise, client)
    guard exchanged.isSuccess else {
      throw ProviderError.loginFailed(
        provider, "gave no token for Copilot, which the account may not have", exchanged)
    }
    var credential = try credential(exchanged, Secret(token), extra, .loginFailed)
    let models = try await usableModels(credential, client)
    credential.extra.set("availableModelIds", models.map { .strings($0) })
    return credential
  }

  func refresh(
    _ credential: OAuthCredential, _ http: HTTPClient, now: Int
  ) async throws(ProviderError) -> OAuthCredential {
    guard !credential.refresh.isEmpty else { throw .notRenewable(provider) }
    let client = LoginClient(provider: provider, http: http, headers: headers, totalMs: 15_000)
    let enterprise = try domain(credential.extra["enterpriseUrl"]?.string)
    let answer = try await exchange(credential.refresh, enterprise, client)
    guard answer.isSuccess else {
      // GitHub explains a refusal in words, not codes.
      let isRefusal = [403, 404].contains(answer.status) && answer.json["message"] != nil
      throw .refreshFailed(
        provider, isRefusal ? LoginAnswer(status: answer.status, json: ["error": "access_denied"]) : answer)
    }
    return try self.credential(answer, credential.refresh, credential.extra, .upstreamInvalid)
  }

  /// A token that was exchanged names its host, and goes with the editor's headers; GitHub's own tokens do neither.
  func reach(_ access: Secret, extra: JSONObject) -> LoginReach? {
    let token = access.reveal()
    guard CopilotToken.isExchanged(token) else { return nil }
    let place = baseURL ?? CopilotToken.baseURL(token, enterpriseURL: extra["enterpriseUrl"]?.string)
    return LoginReach(baseURL: place, headers: headers.map { HTTPHeader($0.0, $0.1) })
  }

  /// GitHub revokes tokens for the program's owner alone.
  func revoke(_ credential: OAuthCredential, _ http: HTTPClient) async throws(ProviderError) -> Bool { false }

  private func exchange(
    _ token: Secret, _ enterprise: String?, _ client: LoginClient
  ) async throws(ProviderError) -> LoginAnswer {
    try await client.get(place(exchangeURL, enterprise), bearer: token)
  }

  private func credential(
    _ answer: LoginAnswer, _ token: Secret, _ extra: JSONObject, _ kind: ErrorKind
  ) throws(ProviderError) -> OAuthCredential {
    guard let access = answer.json["token"]?.string, TokenGrant.isSound(access),
      let seconds = answer.json["expires_at"]?.int, (1...8_640_000_000_000).contains(seconds)
    else {
      var error = ProviderError(
        kind, "the answer of \(provider) to the login has no usable token for Copilot",
        hint: "Log in to \(provider) again.")
      error.provider = provider
      throw error
    }
    return OAuthCredential(access: Secret(access), refresh: token, expiresAt: seconds * 1000, extra: extra)
  }

  private func place(_ url: String, _ enterprise: String?) -> String {
    url.replacing("{domain}", with: enterprise ?? Self.publicDomain)
  }

  /// The enterprise's host; `nil` for GitHub's own.
  private func domain(_ text: String?) throws(ProviderError) -> String? {
    guard let text, !text.isBlank else { return nil }
    guard let host = CopilotToken.host(of: text) else {
      throw ProviderError(
        .invalidParams, "\"\(text)\" is no host's name", hint: "Give the enterprise's host, such as \"acme.ghe.com\".",
        path: "domain")
    }
    return host == Self.publicDomain ? nil : host
  }

  // MARK: Models

  /// The models that the account may use, after enabling those whose policy nobody has set; `nil` when the server does
  /// not list any, which is no reason to throw a login away.
  /// - Throws: `cancelled` alone.
  private func usableModels(_ credential: OAuthCredential, _ client: LoginClient) async throws(ProviderError)
    -> [String]?
  {
    let token = credential.access
    let base =
      baseURL
      ?? CopilotToken.baseURL(token.reveal(), enterpriseURL: credential.extra["enterpriseUrl"]?.string)
    var (lister, enabler) = (client, client)
    lister.headers += modelHeaders
    enabler.headers += policyHeaders
    guard
      let models = try await unlessItFails({ () async throws(ProviderError) in
        try await lister.get("\(base)/models", bearer: token)
      })?.json["data"]?.array
    else { return nil }
    var usable: [String] = []
    for model in models {
      guard let id = model["id"]?.string, model["model_picker_enabled"]?.bool == true,
        model["capabilities"]?["supports"]?["tool_calls"]?.bool != false
      else { continue }
      switch model["policy"]?["state"]?.string {
      case "disabled": continue
      case "unconfigured":
        let answer = try await unlessItFails { () async throws(ProviderError) in
          try await enabler.post("\(base)/models/\(id.percentEncoded())/policy", ["state": "enabled"], bearer: token)
        }
        if answer == nil { continue }
      default: break
      }
      usable.append(id)
    }
    return usable
  }

  private func unlessItFails(
    _ body: () async throws(ProviderError) -> LoginAnswer
  ) async throws(ProviderError) -> LoginAnswer? {
    do {
      let answer = try await body()
      return answer.isSuccess ? answer : nil
    } catch  where error.kind == .cancelled {
      throw error
    } catch {
      return nil
    }
  }
}
