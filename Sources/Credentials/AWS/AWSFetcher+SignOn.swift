internal import Completion
internal import HTTP
internal import JSON
internal import Platform

extension AWSFetcher {
  /// A token is renewed when less than this is left of it.
  private static let window = 15 * 60_000

  /// The keys of a person's role, with the token that `aws sso login` has stored.
  func keys(of signOn: AWSSignOn) async throws(ProviderError) -> AWSKeys {
    let token = try await token(of: signOn)
    let query = "role_name=\(signOn.role.percentEncoded())&account_id=\(signOn.account.percentEncoded())"
    let request = HTTPRequest(
      url: "\(signOn.portal)/federation/credentials?\(query)", headers: [HTTPHeader("x-amz-sso_bearer_token", token)])
    let answer = try await ask("the role \(signOn.role) of the AWS profile \"\(signOn.profile)\"", request)
    if answer.status == 401 { throw mustLogIn(signOn, "is not accepted any more") }
    guard answer.status == 200 else {
      let reason = answer.json?["message"]?.string ?? "status \(answer.status)"
      throw ProviderError(
        answer.status >= 500 ? .upstreamError : .authRejected,
        "the role \(signOn.role) in account \(signOn.account) of the AWS profile \"\(signOn.profile)\" was not given: "
          + reason,
        hint: "Check sso_account_id and sso_role_name; `aws sso login --profile \(signOn.profile)` starts anew.")
    }
    let value = answer.json?["roleCredentials"]
    guard
      var keys = Self.keys(in: value, id: "accessKeyId", secret: "secretAccessKey", token: "sessionToken")
    else {
      throw ProviderError(.upstreamInvalid, "the answer of \(signOn.portal) holds no keys")
    }
    keys.expiresAt = value?["expiration"]?.int
    return keys
  }

  // MARK: - The token

  private func token(of signOn: AWSSignOn) async throws(ProviderError) -> Secret {
    let path = "\(signOn.cache)/\(SHA1.hexadecimalDigest(of: (signOn.session ?? signOn.startURL).utf8)).json"
    let stored = try await stored(path, signOn)
    guard let access = stored["accessToken"]?.string, let end = time(stored, "expiresAt") else {
      throw mustLogIn(signOn, "is not in \(path)")
    }
    let left = end - now()
    if signOn.session != nil, left < Self.window, let renewed = await renewed(stored, signOn) {
      try await keep(renewed, path)
      if let token = renewed["accessToken"]?.string { return Secret(token) }
    }
    guard left > 0 else { throw mustLogIn(signOn, "has expired (\(AWSTime.text(milliseconds: end)))") }
    return Secret(access)
  }

  private func stored(_ path: String, _ signOn: AWSSignOn) async throws(ProviderError) -> JSONObject {
    let bytes = try await BlockingQueue.run { () throws(ProviderError) in
      do throws(SystemError) {
        return try FileSystem.read(path)
      } catch {
        throw ProviderError(.storage, "\(error)", hint: "Make the file readable for yourself.")
      }
    }
    guard let bytes, let value = (try? JSONValue(parsing: bytes))?.object else {
      throw mustLogIn(signOn, "is not in \(path)")
    }
    return value
  }

  private func time(_ token: JSONObject, _ name: String) -> Int? {
    token[name]?.string.flatMap { AWSTime.milliseconds($0) }
  }

  /// A fresh token in exchange for the stored one; `nil` when that cannot be or fails: the old one may still do.
  private func renewed(_ stored: JSONObject, _ signOn: AWSSignOn) async -> JSONObject? {
    guard let refresh = stored["refreshToken"]?.string, let id = stored["clientId"]?.string,
      let secret = stored["clientSecret"]?.string, let end = time(stored, "registrationExpiresAt"), end > now()
    else { return nil }
    let body: JSONValue = [
      "grantType": "refresh_token", "clientId": .string(id), "clientSecret": .string(secret),
      "refreshToken": .string(refresh),
    ]
    let request = HTTPRequest(
      url: "\(signOn.oidc)/token", headers: [HTTPHeader("content-type", "application/json")], body: body.bytes)
    guard let answer = try? await send(request, http), answer.status == 200, let fresh = answer.json,
      let access = fresh["accessToken"]?.string, let seconds = fresh["expiresIn"]?.int
    else { return nil }
    var token = stored
    token["startUrl"] = .string(signOn.startURL)
    token["region"] = .string(signOn.region)
    token["accessToken"] = .string(access)
    token["expiresAt"] = .string(AWSTime.text(milliseconds: now() + seconds * 1000))
    if let next = fresh["refreshToken"]?.string { token["refreshToken"] = .string(next) }
    return token
  }

  /// Stores the token where the AWS tools find it: the one it was got with may be worthless now.
  private func keep(_ token: JSONObject, _ path: String) async throws(ProviderError) {
    try await BlockingQueue.run { () throws(ProviderError) in
      do throws(SystemError) {
        try FileSystem.replace(path, with: JSONValue.object(token).bytes, mode: 0o600)
      } catch {
        throw ProviderError(
          .storage, "the renewed AWS login cannot be kept: \(error)",
          hint: "Make the folder writable for yourself, and run `aws sso login`.")
      }
    }
  }

  private func mustLogIn(_ signOn: AWSSignOn, _ why: String) -> ProviderError {
    ProviderError(
      .authRequired, "the AWS login for the profile \"\(signOn.profile)\" \(why)",
      hint: "Run: aws sso login --profile \(shellQuoted(signOn.profile))")
  }
}
