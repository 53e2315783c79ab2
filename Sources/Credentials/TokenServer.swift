internal import Completion
internal import HTTP
internal import JSON

/// Asks a cloud's servers for tokens. What they say about a failure is not repeated, for servers repeat what they were
/// sent; only their error codes are.
struct TokenServer: Sendable {
  let http: HTTPClient
  /// Who is asked, for messages: "Google", "Microsoft Entra".
  let name: String
  /// What a person can do when the server refuses.
  var remedy: String
  /// How long an exchange may take, in milliseconds.
  var totalMs = 30_000
  /// How long the connection may take, in milliseconds.
  var connectMs = 10_000

  private static let answerLimit = 1 << 20

  func post(
    _ url: String, form: [(String, String)], headers: [HTTPHeader] = []
  ) async throws(ProviderError) -> JSONObject {
    let text = form.map { "\($0.percentEncoded())=\($1.percentEncoded())" }.joined(separator: "&")
    let type = HTTPHeader("content-type", "application/x-www-form-urlencoded")
    return try await object(HTTPRequest(url: url, headers: [type] + headers, body: Array(text.utf8)))
  }

  func post(
    _ url: String, json: JSONObject, headers: [HTTPHeader]
  ) async throws(ProviderError) -> JSONObject {
    let type = HTTPHeader("content-type", "application/json")
    return try await object(HTTPRequest(url: url, headers: [type] + headers, body: JSONValue.object(json).bytes))
  }

  func get(_ url: String, headers: [HTTPHeader]) async throws(ProviderError) -> JSONObject {
    try await object(HTTPRequest(url: url, headers: headers))
  }

  /// The body as text.
  func text(_ url: String, headers: [HTTPHeader]) async throws(ProviderError) -> String {
    String(decoding: try await bytes(HTTPRequest(url: url, headers: headers)), as: UTF8.self)
  }

  private func object(_ request: HTTPRequest) async throws(ProviderError) -> JSONObject {
    let bytes = try await bytes(request)
    guard let object = (try? JSONValue(parsing: bytes, options: .upstream))?.object else {
      throw ProviderError(.upstreamInvalid, "\(place(request)) answered with something else than a JSON object")
    }
    return object
  }

  private func bytes(_ request: HTTPRequest) async throws(ProviderError) -> [UInt8] {
    var request = request
    request.headers.append(HTTPHeader("accept", "application/json"))
    (request.timeouts.connectMs, request.timeouts.totalMs) = (connectMs, totalMs)
    do {
      let (status, bytes) = try await http.withResponse(to: request) { response in
        (response.status, try await response.body.readAll(limit: Self.answerLimit))
      }
      guard (200..<300).contains(status) else { throw refusal(request, status, bytes) }
      return bytes
    } catch let error as ProviderError {
      throw error
    } catch let error as HTTPError {
      var failure = ProviderError(error)
      failure.message = "no access token from \(place(request)): \(failure.message)"
      failure.hint = "Check the network connection. \(remedy)"
      throw failure
    } catch {
      throw ProviderError(.internal, "no access token from \(place(request)): \(error)")
    }
  }

  private func refusal(_ request: HTTPRequest, _ status: Int, _ body: [UInt8]) -> ProviderError {
    let code = Self.code(try? JSONValue(parsing: body, options: .upstream))
    let kind: ErrorKind = status == 429 ? .rateLimited : status >= 500 ? .upstreamError : .authRejected
    var error = ProviderError(
      kind, "\(place(request)) gave no access token: \(code.map { "\($0), " } ?? "")HTTP \(status)", hint: remedy)
    (error.status, error.upstreamCode) = (status, code)
    return error
  }

  /// The `error` of RFC 6749 §5.2, or the `status` of a Google API's error; Entra's number behind it, where there is one.
  private static func code(_ answer: JSONValue?) -> String? {
    guard let text = answer?["error"]?.string ?? answer?["error"]?["status"]?.string,
      (3...64).contains(text.utf8.count),
      text.utf8.allSatisfy({ UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20 || $0 == UInt8(ascii: "_") })
    else { return nil }
    return text + (answer?["error_codes"]?.array?.first?.int.map { " (AADSTS\($0))" } ?? "")
  }

  /// The server without path and query.
  private func place(_ request: HTTPRequest) -> String {
    let rest = request.url.firstRange(of: "://").map { request.url[$0.upperBound...] } ?? request.url[...]
    return "\(name) (\(rest.prefix { !"/?#".contains($0) }.split(separator: "@").last ?? ""))"
  }
}

extension JSONObject {
  /// The token in an answer of a token server (RFC 6749 §5.1) that came at `time`, in milliseconds since 1970. Where
  /// the answer does not say how long it is good, it is taken for `usualSeconds`.
  /// - Throws: `upstreamInvalid` when there is none, or one that no header can hold.
  func token(
    _ name: String = "access_token", at time: Int, usualSeconds: Int = 3600
  ) throws(ProviderError) -> Expiring<Secret> {
    guard let text = self[name]?.string, !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw ProviderError(.upstreamInvalid, "the token server's answer holds no usable \(name)")
    }
    return Expiring(Secret(text), expiresAt: end(time) ?? time + usualSeconds * 1000)
  }

  /// The end of the token: a number of seconds from now or since 1970, which some servers write as texts, or a date.
  private func end(_ time: Int) -> Int? {
    func number(_ name: String) -> Double? {
      self[name].flatMap { $0.double ?? $0.string.flatMap(Double.init) }.flatMap { 0...1e10 ~= $0 ? $0 : nil }
    }
    if let end = number("expires_on") { return Int(end) * 1000 }
    if let seconds = number("expires_in") { return time + Int(seconds) * 1000 }
    return self["expireTime"]?.string.flatMap(millisecondsSince1970)
  }
}

/// The point in time that `text` means, in milliseconds since 1970: RFC 3339 in UTC, as `2026-11-20T17:34:22.5Z`.
func millisecondsSince1970(_ text: String) -> Int? {
  let numbers = text.split(omittingEmptySubsequences: false) { !$0.isASCII || !$0.isNumber }.map { Int($0) }
  guard text.hasSuffix("Z"), numbers.count == 7 || numbers.count == 8, numbers.last == .some(nil),
    let year = numbers[0], let month = numbers[1], let day = numbers[2], let hour = numbers[3],
    let minute = numbers[4], let second = numbers[5], 0...9999 ~= year, 1...12 ~= month, 1...31 ~= day,
    0...23 ~= hour, 0...59 ~= minute, 0...60 ~= second
  else { return nil }
  // Days since 1970-03-01 count from March, so that the leap day is a year's last.
  let (shifted, fromMarch) = (month > 2 ? year : year - 1, (month + 9) % 12)
  let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * fromMarch + 2) / 5 + day - 1 - 719_468
  return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000
}
