internal import Completion
internal import HTTP
internal import JSON

extension AWSFetcher {
  // MARK: - Container

  /// The keys from the service beside a container: up to three times, two seconds each.
  func keys(of container: AWSContainer, _ place: KeyPlace) async throws(ProviderError) -> AWSKeys {
    let what = "the container's credentials (\(place.detail))"
    var request = HTTPRequest(url: container.url, headers: [HTTPHeader("accept", "application/json")])
    var token = container.token
    if let file = container.tokenFile { token = Secret(try await text(of: file, what)) }
    if let token {
      guard !token.reveal().unicodeScalars.contains(where: { $0 == "\r" || $0 == "\n" }) else {
        throw ProviderError(
          .authRequired,
          "\(what): the token of \(container.tokenFile ?? "AWS_CONTAINER_AUTHORIZATION_TOKEN") holds a "
            + "line break, so it cannot be sent",
          hint: "Write it without a line end.")
      }
      request.headers.append(HTTPHeader("authorization", token))
    }
    var failure = ProviderError(.network, what)
    for attempt in 1...3 {
      do throws(HTTPError) {
        let answer = try await send(request, near, timeoutMs: 2_000)
        if answer.status == 200, var keys = Self.keys(in: answer.json, token: "Token") {
          keys.expiresAt = answer.json?["Expiration"]?.string.flatMap { AWSTime.milliseconds($0) }
          return keys
        }
        let reason = answer.json?["message"]?.string ?? answer.json?["Message"]?.string
        failure = ProviderError(
          answer.status == 200 ? .upstreamInvalid : answer.status >= 500 ? .upstreamError : .authRejected,
          "\(what): \(container.url) "
            + (answer.status == 200 ? "gave no keys" : "refused with status \(answer.status)")
            + (reason.map { ": \($0)" } ?? ""),
          hint: "Check the role of the task or pod, and the token of AWS_CONTAINER_AUTHORIZATION_TOKEN.")
      } catch {
        failure = ProviderError(error)
        failure.message = "\(what): \(failure.message)"
        if error == .cancelled { throw failure }
      }
      if attempt < 3 { try? await pause(.seconds(1)) }
    }
    throw failure
  }

  // MARK: - Machine

  /// The keys of the machine's role; `nil` where there is no such service, or no role.
  func keys(of instance: AWSInstance) async throws(ProviderError) -> AWSKeys? {
    let token: String?
    switch await sessionToken(instance) {
    case .token(let text): token = text
    case .version1: token = nil
    case .refused: return nil
    }
    guard token != nil || instance.allowsVersion1 else {
      throw ProviderError(
        .authRequired, "the machine's service at \(instance.endpoint) gives no token, and must not be asked without",
        hint: "Set AWS_EC2_METADATA_DISABLED=true when this is no EC2 machine, or unset AWS_EC2_METADATA_V1_DISABLED.")
    }
    let path = "latest/meta-data/iam/security-credentials/"
    guard let role = await get(path, instance, token)?.text.trimmed, !role.isEmpty,
      let value = await get(path + role, instance, token)?.json, var keys = Self.keys(in: value, token: "Token"),
      keys.token != nil, let end = value["Expiration"]?.string.flatMap({ AWSTime.milliseconds($0) })
    else { return nil }
    keys.expiresAt = end
    return keys
  }

  private enum SessionToken { case token(String), version1, refused }

  /// The token that version 2 of the service wants. A machine without the service is not asked a second time.
  private func sessionToken(_ instance: AWSInstance) async -> SessionToken {
    let request = HTTPRequest(
      method: "PUT", url: "\(instance.endpoint)/latest/api/token",
      headers: [HTTPHeader("x-aws-ec2-metadata-token-ttl-seconds", "21600")])
    var wasReached = true
    for _ in 0..<instance.attempts {
      do throws(HTTPError) {
        let answer = try await send(request, near, timeoutMs: instance.timeoutMs)
        wasReached = true
        if answer.status == 200 { return .token(answer.text) }
        if answer.status == 400 { return .refused }
        if [403, 404, 405].contains(answer.status) { return .version1 }
      } catch {
        // Somebody is there, and is silent about tokens.
        if case .timeout(let phase) = error, phase != .connect { return .version1 }
        wasReached = false
      }
    }
    return wasReached ? .version1 : .refused
  }

  /// An answer with a body; `nil` after as many failures as are allowed.
  private func get(_ path: String, _ instance: AWSInstance, _ token: String?) async -> Answer? {
    let headers = token.map { [HTTPHeader("x-aws-ec2-metadata-token", Secret($0))] } ?? []
    let request = HTTPRequest(url: "\(instance.endpoint)/\(path)", headers: headers)
    for _ in 0..<instance.attempts {
      let answer = try? await send(request, near, timeoutMs: instance.timeoutMs)
      if let answer, answer.status == 200, !answer.bytes.isEmpty { return answer }
    }
    return nil
  }
}
