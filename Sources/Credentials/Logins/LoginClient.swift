internal import Completion
internal import HTTP
internal import JSON

/// How the fields of a request are written.
enum BodyFormat: String, CaseIterable, Sendable { case form, json }

/// What an authorization server answered.
struct LoginAnswer: Sendable {
  let status: Int
  /// Without members when the answer was no object.
  let json: JSONObject

  var isSuccess: Bool { (200..<300).contains(status) }

  /// The `error` of RFC 6749 §5.2, or the code of an error that is an object. Only what looks like a word of the
  /// protocol: a server may repeat what it was sent, and that must not reach a message.
  var errorCode: String? {
    let code = json["error"]?.string ?? json["error"]?["code"]?.string ?? json["error"]?["type"]?.string
    guard let code, (3...48).contains(code.utf8.count) else { return nil }
    let isWord = code.utf8.allSatisfy {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_")
    }
    return isWord ? code : nil
  }

  /// `"error" (HTTP 400)`, for messages.
  var reason: String { errorCode.map { "\"\($0)\" (HTTP \(status))" } ?? "HTTP \(status)" }
}

/// Talks to a provider's authorization server. Its errors name no token, code or verifier.
struct LoginClient: Sendable {
  let provider: String
  let http: HTTPClient
  var headers: [(String, String)] = []
  /// How long one exchange may take, in milliseconds.
  var totalMs = 30_000

  private static let answerLimit = 4 << 20

  func post(
    _ url: String, _ fields: [(String, String)], as format: BodyFormat
  ) async throws(ProviderError) -> LoginAnswer {
    switch format {
    case .form:
      return try await send(url, formEncoded(fields), type: "application/x-www-form-urlencoded")
    case .json:
      let object = JSONObject(fields.map { ($0, JSONValue.string($1)) })
      return try await send(url, JSONValue.object(object).text, type: "application/json")
    }
  }

  /// A `POST` with a bearer token.
  func post(_ url: String, _ body: JSONValue, bearer: Secret) async throws(ProviderError) -> LoginAnswer {
    try await send(url, body.text, type: "application/json", bearer: bearer)
  }

  /// A `GET` with a bearer token.
  func get(_ url: String, bearer: Secret) async throws(ProviderError) -> LoginAnswer {
    try await send(url, nil, type: nil, bearer: bearer)
  }

  private func send(
    _ url: String, _ body: String?, type: String?, bearer: Secret? = nil
  ) async throws(ProviderError) -> LoginAnswer {
    var request = HTTPRequest(url: url, body: body.map { Array($0.utf8) })
    request.headers = [HTTPHeader("accept", "application/json")]
    if let type { request.headers.append(HTTPHeader("content-type", type)) }
    if let bearer { request.headers.append(HTTPHeader("authorization", Secret("Bearer \(bearer.reveal())"))) }
    request.headers += headers.map { HTTPHeader($0, $1) }
    request.timeouts.totalMs = totalMs
    do {
      return try await http.withResponse(to: request) { response in
        let bytes = try await response.body.readAll(limit: Self.answerLimit)
        let json = (try? JSONValue(parsing: bytes, options: .upstream))?.object
        return LoginAnswer(status: response.status, json: json ?? JSONObject())
      }
    } catch {
      throw failure(error)
    }
  }

  private func failure(_ error: any Error) -> ProviderError {
    if Task.isCancelled || error as? HTTPError == .cancelled { return .loginCancelled(provider) }
    guard let error = error as? HTTPError else { return ProviderError(.internal, "\(error)") }
    var failure = ProviderError(error)
    failure.provider = provider
    // The hints speak of the settings of completions.
    if [.network, .timeout, .upstreamError, .upstreamInvalid].contains(failure.kind) {
      failure.message = "the login server of \(provider): \(failure.message)"
      failure.hint = "Check the network connection and the provider's \"login\" in the config file, and try again."
    }
    return failure
  }
}

extension ProviderError {
  /// A login that came to nothing.
  static func loginFailed(_ provider: String, _ message: String, hint: String? = nil) -> ProviderError {
    var error = ProviderError(.loginFailed, message, hint: hint ?? "Log in to \(provider) again.")
    error.provider = provider
    return error
  }

  /// A login that somebody called off.
  static func loginCancelled(_ provider: String) -> ProviderError {
    var error = ProviderError(.cancelled, "the login was cancelled")
    error.provider = provider
    return error
  }

  /// A login that the server refuses for good.
  static func loginFailed(_ provider: String, _ what: String, _ answer: LoginAnswer) -> ProviderError {
    var error = loginFailed(provider, "\(provider) \(what): \(answer.reason)")
    (error.status, error.upstreamCode) = (answer.status, answer.errorCode)
    return error
  }

  /// A refresh that was not granted: `authRequired` when the server will never grant it, else `upstreamError`.
  static func refreshFailed(_ provider: String, _ answer: LoginAnswer) -> ProviderError {
    let isRefusal = answer.status == 401 || ([400, 403].contains(answer.status) && answer.errorCode != nil)
    var error =
      isRefusal
      ? ProviderError(
        .authRequired, "\(provider) no longer accepts the stored login: \(answer.reason)",
        hint: "Log in to \(provider) again.")
      : ProviderError(
        .upstreamError, "\(provider) did not renew the login: \(answer.reason)", hint: "Try again in a while.")
    (error.status, error.upstreamCode, error.provider) = (answer.status, answer.errorCode, provider)
    return error
  }
}

/// Fields as `application/x-www-form-urlencoded`, which is also how a query is written.
func formEncoded(_ fields: [(String, String)]) -> String {
  fields.map { "\($0.percentEncoded())=\($1.percentEncoded())" }.joined(separator: "&")
}

/// The fields of a query or a form; of equal names the first counts.
func formDecoded(_ text: some StringProtocol) -> [String: String] {
  let pairs = text.split(separator: "&").map { pair in
    let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let texts = parts.map { String($0).replacing("+", with: " ").percentDecoded }
    return (texts[0], texts.count > 1 ? texts[1] : "")
  }
  return Dictionary(pairs) { first, _ in first }
}
