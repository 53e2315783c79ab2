/// AWS Signature Version 4 in headers: proves who asks without sending the secret. What is signed is a canonical form
/// of the request, so that both sides get the same bytes whatever a proxy does to case and order.
package struct AmazonSignature: Sendable {
  /// The key's public name.
  package var accessKeyId: String
  package var secretAccessKey: Secret
  /// For temporary keys; goes along as `x-amz-security-token` and is signed.
  package var sessionToken: Secret?
  /// `us-east-1`.
  package var region: String
  /// The name the service signs under, which need not be its host's: `bedrock`, `sts`.
  package var service: String
  /// Whether `.`, `..` and repeated slashes are resolved first, as all services but S3 do.
  package var normalizesPath = true
  /// Whether the path as sent is percent-encoded once more, as all services but S3 do.
  package var encodesPathTwice = true

  /// A signer for one service in one region.
  package init(
    accessKeyId: String, secretAccessKey: Secret, sessionToken: Secret? = nil, region: String, service: String
  ) {
    self.accessKeyId = accessKeyId
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
    self.region = region
    self.service = service
  }

  /// What the signature is made of.
  package struct Parts: Sendable, Hashable {
    /// The request in its canonical form.
    package var canonicalRequest: String
    /// The names of the signed headers, in order: `host;x-amz-date`.
    package var signedHeaders: String
    /// What the key is applied to.
    package var stringToSign: String
    /// 64 hexadecimal digits.
    package var signature: String
  }

  /// Headers that are never signed: what proxies and libcurl change on the way.
  private static let unsigned: Set = ["authorization", "connection", "expect", "user-agent", "x-amzn-trace-id"]

  /// `request` with `x-amz-date`, the session token and `authorization`, which takes the place of any other; `time` is
  /// in seconds since 1970.
  package func sign(_ request: HTTPRequest, time: Int) -> HTTPRequest {
    var request = request
    let date = Self.timestamp(time)
    request.headers.removeAll {
      ["authorization", "x-amz-date", "x-amz-security-token"].contains($0.name.lowercased())
    }
    request.headers.append(HTTPHeader("x-amz-date", date))
    if let sessionToken { request.headers.append(HTTPHeader("x-amz-security-token", sessionToken)) }
    let parts = parts(of: request, date: date)
    let credential = "\(accessKeyId)/\(scope(date))"
    request.headers.append(
      HTTPHeader(
        "authorization",
        "AWS4-HMAC-SHA256 Credential=\(credential), SignedHeaders=\(parts.signedHeaders), Signature=\(parts.signature)")
    )
    return request
  }

  /// The steps of the signature of `request`, all of whose headers but a few are signed. `date` is that of its
  /// `x-amz-date`.
  package func parts(of request: HTTPRequest, date: String) -> Parts {
    let url = URLParts(request.url)
    var headers = request.headers.map { ($0.name.lowercased(), $0.value.reveal()) }
    headers.removeAll { Self.unsigned.contains($0.0) }
    if !headers.contains(where: { $0.0 == "host" }) { headers.append(("host", url.host)) }
    let canonical = Self.canonical(headers)
    let signedHeaders = canonical.map(\.name).joined(separator: ";")
    let lines =
      [request.method, canonicalPath(url.path), Self.canonicalQuery(url.query)]
      + canonical.map { "\($0.name):\($0.value)" }
      + ["", signedHeaders, hexadecimal(SHA256.digest(of: request.body ?? []))]
    let canonicalRequest = lines.joined(separator: "\n")
    let hash = hexadecimal(SHA256.digest(of: canonicalRequest.utf8))
    let stringToSign = "AWS4-HMAC-SHA256\n\(date)\n\(scope(date))\n\(hash)"
    let signature = hexadecimal(SHA256.hmac(stringToSign.utf8, key: key(date)))
    return Parts(
      canonicalRequest: canonicalRequest, signedHeaders: signedHeaders, stringToSign: stringToSign,
      signature: signature)
  }

  // MARK: - Key and scope

  private func scope(_ date: String) -> String { "\(date.prefix(8))/\(region)/\(service)/aws4_request" }

  private func key(_ date: String) -> [UInt8] {
    [String(date.prefix(8)), region, service, "aws4_request"].reduce(Array("AWS4\(secretAccessKey.reveal())".utf8)) {
      SHA256.hmac($1.utf8, key: $0)
    }
  }

  /// `20260102T030405Z`, for a time in seconds since 1970.
  package static func timestamp(_ time: Int) -> String {
    let (year, month, day) = civilDate(daysSince1970: (time - (time % 86_400 + 86_400) % 86_400) / 86_400)
    let second = (time % 86_400 + 86_400) % 86_400
    let clock = [second / 3600, second / 60 % 60, second % 60].map { padded($0, 2) }.joined()
    return "\(padded(year, 4))\(padded(month, 2))\(padded(day, 2))T\(clock)Z"
  }

  /// In the Gregorian calendar; years are counted from March, so that a leap day comes last.
  private static func civilDate(daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
    let days = daysSince1970 + 719_468
    let era = (days >= 0 ? days : days - 146_096) / 146_097
    let dayOfEra = days - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  // MARK: - Canonical forms

  /// Sorted by name; values of one name joined in their order, without outer spaces and with inner runs as one.
  private static func canonical(_ headers: [(String, String)]) -> [(name: String, value: String)] {
    var values: [String: [String]] = [:]
    for (name, value) in headers {
      values[name, default: []].append(value.split { $0 == " " || $0.isNewline }.joined(separator: " "))
    }
    return values.map { ($0.key, $0.value.joined(separator: ",")) }.sorted { $0.name < $1.name }
  }

  private func canonicalPath(_ path: String) -> String {
    let path = normalizesPath ? Self.normalized(path) : path
    return encodesPathTwice ? path.percentEncoded(keeping: "/") : path
  }

  private static func normalized(_ path: String) -> String {
    var segments: [Substring] = []
    for segment in path.split(separator: "/") {
      switch segment {
      case ".": break
      case "..": _ = segments.popLast()
      default: segments.append(segment)
      }
    }
    let endsInSlash = path.hasSuffix("/") && !segments.isEmpty
    return "/" + segments.joined(separator: "/") + (endsInSlash ? "/" : "")
  }

  /// Sorted by encoded name, then by encoded value, whatever encoding they came in.
  private static func canonicalQuery(_ query: String) -> String {
    let pairs = query.split(separator: "&").map { pair -> (String, String) in
      let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let decoded = halves.map { $0.percentDecoded.percentEncoded() }
      return (decoded[0], decoded.count > 1 ? decoded[1] : "")
    }
    return pairs.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map { "\($0)=\($1)" }.joined(separator: "&")
  }
}

/// A URL cut at its delimiters, nothing decoded.
private struct URLParts {
  /// As it stands in the `Host` header: with a port other than the scheme's own.
  var host: String
  /// At least "/".
  var path: String
  var query: String

  init(_ url: String) {
    let afterScheme = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
    let rest = afterScheme.prefix { $0 != "#" }
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    let target = rest[authority.endIndex...]
    path = String(target.prefix { $0 != "?" })
    query = String(target.dropFirst(path.count).dropFirst())
    if path.isEmpty { path = "/" }
    host = authority.split(separator: "@").last.map { $0.lowercased() } ?? ""
    let ownPort = url.lowercased().hasPrefix("http://") ? ":80" : ":443"
    if host.hasSuffix(ownPort) { host.removeLast(ownPort.count) }
  }
}
