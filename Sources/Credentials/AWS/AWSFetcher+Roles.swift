internal import Completion
internal import HTTP

extension AWSFetcher {
  /// The keys of a role, asked for in the name of whoever holds `keys`.
  func assume(_ role: AWSRole, with keys: AWSKeys) async throws(ProviderError) -> AWSKeys {
    var fields = [("Action", "AssumeRole")]
    if let id = role.externalId { fields.append(("ExternalId", id)) }
    if let duration = role.duration { fields.append(("DurationSeconds", String(duration))) }
    let request = request(role, fields)
    let signature = AmazonSignature(
      accessKeyId: keys.id, secretAccessKey: keys.secret, sessionToken: keys.token, region: role.region, service: "sts")
    let signed = signature.sign(request, time: now() / 1000)
    return try await answer(role, signed, "Check that \(keys.id) may assume the role, and the role's ARN.")
  }

  /// The keys of a role, in exchange for the token in a file, which is read anew each time: others replace it.
  func assume(_ role: AWSRole, tokenFile: String) async throws(ProviderError) -> AWSKeys {
    let token = try await text(of: tokenFile, "the web identity of \(role.origin)")
    let request = request(role, [("Action", "AssumeRoleWithWebIdentity"), ("WebIdentityToken", token)])
    return try await answer(
      role, request, "Check that the token in \(tokenFile) is fresh, and the role trusts its issuer.")
  }

  private func request(_ role: AWSRole, _ fields: [(String, String)]) -> HTTPRequest {
    let name = role.sessionName ?? "patchbay-\(now() / 1000)"
    let all = fields + [("Version", "2011-06-15"), ("RoleArn", role.arn), ("RoleSessionName", name)]
    let body = all.map { "\($0.0)=\($0.1.percentEncoded())" }.joined(separator: "&")
    return HTTPRequest(
      url: "\(role.endpoint)/",
      headers: [HTTPHeader("content-type", "application/x-www-form-urlencoded; charset=utf-8")], body: Array(body.utf8))
  }

  private func answer(
    _ role: AWSRole, _ request: HTTPRequest, _ hint: String
  ) async throws(ProviderError) -> AWSKeys {
    let what = "the role \(role.arn) of \(role.origin)"
    let answer = try await ask(what, request)
    let text = answer.text
    guard answer.status == 200 else {
      let reason = [XMLTags.text(of: "Code", in: text), XMLTags.text(of: "Message", in: text)].compactMap { $0 }
      throw ProviderError(
        answer.status >= 500 ? .upstreamError : .authRejected,
        "\(what) was not given by \(role.endpoint) (status \(answer.status)): \(reason.joined(separator: ": "))",
        hint: hint)
    }
    guard let id = XMLTags.text(of: "AccessKeyId", in: text),
      let secret = XMLTags.text(of: "SecretAccessKey", in: text)
    else {
      throw ProviderError(.upstreamInvalid, "\(what): the answer of \(role.endpoint) holds no keys")
    }
    return AWSKeys(
      id: id, secret: Secret(secret), token: XMLTags.text(of: "SessionToken", in: text).map { Secret($0) },
      expiresAt: XMLTags.text(of: "Expiration", in: text).flatMap { AWSTime.milliseconds($0) })
  }
}

/// Reads single elements of XML that is known to be flat where it matters; no attributes, no nesting of one name.
enum XMLTags {
  /// The text of the first element called `name`, without white space at its ends; `nil` when there is none.
  static func text(of name: String, in xml: String) -> String? {
    guard let open = xml.firstRange(of: "<\(name)>"),
      let close = xml[open.upperBound...].firstRange(of: "</\(name)>")
    else { return nil }
    var text = String(xml[open.upperBound..<close.lowerBound]).trimmed
    for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")] {
      text = text.replacing(entity, with: character)
    }
    return text
  }
}
