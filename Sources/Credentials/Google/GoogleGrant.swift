internal import Completion
internal import HTTP
internal import JSON
internal import Platform

/// Tokens in exchange for what a credentials file of Google holds, by its `type`.
struct GoogleGrant: Sendable {
  static let scope = "https://www.googleapis.com/auth/cloud-platform"
  private static let tokenURL = "https://oauth2.googleapis.com/token"
  private static let securityTokenURL = "https://sts.googleapis.com/v1/token"

  let http: HTTPClient
  let now: @Sendable () -> Int
  /// The file's place.
  let path: String
  /// For the programs it runs.
  let environment: [String: String]

  func token(_ file: JSONObject) async throws(ProviderError) -> Expiring<Secret> {
    switch try text("type", in: file) {
    case "service_account": return try await serviceAccount(file)
    case "authorized_user": return try await authorizedUser(file)
    case "external_account": return try await externalAccount(file)
    case "external_account_authorized_user": return try await externalUser(file)
    case "impersonated_service_account": return try await impersonated(file)
    case let type:
      throw ProviderError(
        .unsupported, "\(path) holds Google credentials of the type \"\(type)\", which are not supported",
        hint: "Use a service account's key, or run: gcloud auth application-default login")
    }
  }

  /// https://developers.google.com/identity/protocols/oauth2/service-account
  private func serviceAccount(_ file: JSONObject) async throws(ProviderError) -> Expiring<Secret> {
    if let domain = file["universe_domain"]?.string, domain != "googleapis.com" {
      throw ProviderError(
        .unsupported, "\(path) belongs to the cloud \(domain), which is not supported",
        hint: "Give an access token as the key.")
    }
    let seconds = now() / 1000
    var header: JSONObject = ["alg": "RS256", "typ": "JWT"]
    if let id = file["private_key_id"]?.string { header["kid"] = .string(id) }
    let claims: JSONObject = [
      "iss": .string(try text("client_email", in: file)), "scope": .string(Self.scope),
      // Google's own libraries name this address whatever `token_uri` says.
      "aud": .string(Self.tokenURL), "iat": .number(JSONNumber(seconds)), "exp": .number(JSONNumber(seconds + 3600)),
    ]
    let signed = [header, claims].map { Base64.encodeURLSafe(JSONValue.object($0).bytes) }.joined(separator: ".")
    let key = Secret(try text("private_key", in: file))
    let signature = try await OpenSSL(place: path, environment: environment).signature(of: signed, key: key)
    let form = [
      ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
      ("assertion", "\(signed).\(Base64.encodeURLSafe(signature))"),
    ]
    let server = server("Check that the service account is enabled and its key not deleted, or download a new key.")
    return try await server.post(try url("token_uri", in: file) ?? Self.tokenURL, form: form).token(at: now())
  }

  private func authorizedUser(_ file: JSONObject) async throws(ProviderError) -> Expiring<Secret> {
    let form = [
      ("grant_type", "refresh_token"), ("client_id", try text("client_id", in: file)),
      ("client_secret", try text("client_secret", in: file)), ("refresh_token", try text("refresh_token", in: file)),
    ]
    let server = server("Log in again: gcloud auth application-default login")
    return try await server.post(try url("token_uri", in: file) ?? Self.tokenURL, form: form).token(at: now())
  }

  /// A person of another identity provider.
  private func externalUser(_ file: JSONObject) async throws(ProviderError) -> Expiring<Secret> {
    let form = [("grant_type", "refresh_token"), ("refresh_token", try text("refresh_token", in: file))]
    _ = try (text("client_id", in: file), text("client_secret", in: file))
    let server = server("Log in again: gcloud auth application-default login --login-config=FILE")
    return try await server.post(
      try url("token_url", in: file) ?? "https://sts.googleapis.com/v1/oauthtoken", form: form,
      headers: clientAuthentication(file)
    ).token(at: now())
  }

  /// Another identity provider's token in exchange for one of Google's (RFC 8693, https://google.aip.dev/auth/4117).
  private func externalAccount(_ file: JSONObject) async throws(ProviderError) -> Expiring<Secret> {
    var form = [
      ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("audience", try text("audience", in: file)),
      ("scope", Self.scope), ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
      ("subject_token_type", try text("subject_token_type", in: file)),
    ]
    let client = clientAuthentication(file)
    if let project = file["workforce_pool_user_project"]?.string, client.isEmpty {
      form.append(("options", JSONValue.object(["userProject": .string(project)]).text))
    }
    form.append(("subject_token", try await subjectToken(file["credential_source"]?.object ?? JSONObject()).reveal()))
    let server = server("Check the workload identity pool and its provider, and who may use them.")
    let address = try url("token_url", in: file) ?? Self.securityTokenURL
    let token = try await server.post(address, form: form, headers: client).token(at: now())
    guard let target = try url("service_account_impersonation_url", in: file) else { return token }
    let seconds = file["service_account_impersonation"]?["token_lifetime_seconds"]?.int ?? 3600
    return try await impersonate(target, token.value, seconds: seconds)
  }

  private func impersonated(_ file: JSONObject) async throws(ProviderError) -> Expiring<Secret> {
    guard let target = try url("service_account_impersonation_url", in: file) else {
      throw missing("service_account_impersonation_url")
    }
    guard let source = file["source_credentials"]?.object else { throw missing("source_credentials") }
    guard source["type"]?.string != "impersonated_service_account" else {
      throw ProviderError(
        .unsupported, "\(path) impersonates on behalf of credentials that impersonate themselves",
        hint: "Name the accounts in between in \"delegates\".")
    }
    let delegates = file["delegates"]?.array ?? []
    return try await impersonate(target, try await token(source).value, delegates: delegates, seconds: 3600)
  }

  /// https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
  private func impersonate(
    _ url: String, _ token: Secret, delegates: [JSONValue] = [], seconds: Int
  ) async throws(ProviderError) -> Expiring<Secret> {
    var body: JSONObject = ["scope": .array([.string(Self.scope)]), "lifetime": .string("\(seconds)s")]
    if !delegates.isEmpty { body["delegates"] = .array(delegates) }
    let server = server("Grant the role Service Account Token Creator on the service account to who asks.")
    let header = HTTPHeader("authorization", Secret("Bearer \(token.reveal())"))
    return try await server.post(url, json: body, headers: [header]).token("accessToken", at: now())
  }

  // MARK: Parts

  /// The token of the other identity provider: a file's, or an address's.
  private func subjectToken(_ source: JSONObject) async throws(ProviderError) -> Secret {
    let (text, place): (String, String)
    if let file = source["file"]?.string {
      let read = try await BlockingQueue.run { () throws(ProviderError) in try KeyResolver.bytes(of: file) }
      guard let (bytes, _) = read else {
        throw ProviderError(
          .authRequired, "\(path) takes its token from the file \(file), which is not there",
          hint: "Have the other identity provider write it, or correct credential_source.file.")
      }
      (text, place) = (String(decoding: bytes, as: UTF8.self), file)
    } else if let url = source["url"]?.string {
      let headers = (source["headers"]?.object ?? JSONObject()).compactMap { name, value in
        value.string.map { HTTPHeader(name, $0) }
      }
      let server = TokenServer(
        http: http, name: "the identity provider named in \(path)", remedy: "Check credential_source there.")
      (text, place) = (try await server.text(url, headers: headers), "the answer from credential_source.url")
    } else {
      throw ProviderError(
        .unsupported, "\(path) takes its token neither from a file nor from a URL, and nothing else is supported",
        hint: "Make the file anew with gcloud iam workload-identity-pools create-cred-config "
          + "and --credential-source-file or --credential-source-url.")
    }
    var token: String? = text.trimmed
    if source["format"]?["type"]?.string == "json" {
      let field = source["format"]?["subject_token_field_name"]?.string ?? ""
      token = (try? JSONValue(parsing: text, options: .upstream))?[field]?.string
    }
    guard let token, !token.isBlank else {
      throw ProviderError(.authRequired, "\(place) holds no token", hint: "Check credential_source in \(path).")
    }
    return Secret(token)
  }

  /// How the file's client proves who it is (RFC 6749 §2.3.1); nothing where it has no name.
  private func clientAuthentication(_ file: JSONObject) -> [HTTPHeader] {
    guard let id = file["client_id"]?.string else { return [] }
    let pair = "\(id):\(file["client_secret"]?.string ?? "")"
    return [HTTPHeader("authorization", Secret("Basic \(Base64.encode(Array(pair.utf8)))"))]
  }

  private func server(_ remedy: String) -> TokenServer {
    TokenServer(
      http: http, name: "Google", remedy: "\(remedy.hasSuffix(".") ? remedy : "\(remedy).") It is in \(path).")
  }

  private func text(_ name: String, in file: JSONObject) throws(ProviderError) -> String {
    guard let text = file[name]?.string, !text.isBlank else { throw missing(name) }
    return text
  }

  /// An address to which secrets may go; `nil` when the file has none.
  private func url(_ name: String, in file: JSONObject) throws(ProviderError) -> String? {
    guard let url = file[name]?.string else { return nil }
    let isSafe = ["https://", "http://127.0.0.1:", "http://localhost:", "http://[::1]:"].contains(where: url.hasPrefix)
    guard isSafe else {
      throw ProviderError(.authRequired, "\"\(name)\" in \(path) does not begin with https://", hint: "Correct it.")
    }
    return url
  }

  private func missing(_ name: String) -> ProviderError {
    ProviderError(
      .authRequired, "\(path) holds Google credentials without \"\(name)\"",
      hint: "Download the file again, or run: gcloud auth application-default login")
  }
}
