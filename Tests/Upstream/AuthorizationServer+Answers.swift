internal import Completion
internal import HTTP
internal import JSON
internal import Platform
internal import Synchronization

extension AuthorizationServer {
  /// Answers one request.
  func answer(_ request: Request, _ exchange: Exchange) throws {
    for (name, value) in rules.headers {
      complain(request.header(name) != value, "\(request.path) came without \(name)")
    }
    complain(request.header("accept") != "application/json", "\(request.path) did not ask for JSON")
    if let answer = nextOverride(request.path) { return try send(answer, exchange) }
    let answer: (status: Int, body: JSONValue)?
    switch request.path {
    case "/token": answer = token(request)
    case "/device": answer = device(request)
    case "/usercode": answer = userCode(request)
    case "/poll": answer = poll(request)
    case "/keys": answer = key(request)
    case "/revoke": answer = revoke(request)
    case "/models": answer = models(request)
    case let path where path.hasSuffix("/exchange"): answer = copilot(request)
    case let path where path.hasSuffix("/policy"): answer = policy(request)
    default: answer = refuse("nothing is at \(request.path)", status: 404)
    }
    guard let answer else { return exchange.reset() }
    try send(answer, exchange)
  }

  /// Each answer ends its connection: a request that breaks on a kept one is sent again by the client's library, so that
  /// nobody would hear of it.
  private func send(_ answer: Answer, _ exchange: Exchange) throws {
    try exchange.respond(status: answer.status, headers: [("connection", "close")], json: answer.body)
    exchange.close()
  }

  private typealias Answer = (status: Int, body: JSONValue)

  private func refuse(_ what: String, status: Int = 400, _ error: String = "invalid_request") -> Answer {
    complain(true, what)
    return (status, ["error": .string(error)])
  }

  private func token(_ request: Request) -> Answer? {
    let fields = fields(of: request, isJSON: rules.isJSON)
    switch fields["grant_type"] {
    case "authorization_code": return redeem(fields)
    case "refresh_token":
      guard check("/token", fields, ["grant_type": nil, "client_id": rules.clientId, "refresh_token": nil]) else {
        return (400, ["error": "invalid_request"])
      }
      return refresh(fields["refresh_token"] ?? "")
    case "urn:ietf:params:oauth:grant-type:device_code":
      guard check("/token", fields, ["grant_type": nil, "client_id": rules.clientId, "device_code": "device-S3CRET"])
      else { return (400, ["error": "invalid_request"]) }
      // As GitHub does: an error with status 200.
      return nextPoll(errorStatus: 200).map { $0 ?? grant() }
    default: return refuse("/token was sent \(fields)", "unsupported_grant_type")
    }
  }

  private func redeem(_ fields: [String: String]) -> Answer {
    var expected: [String: String?] = [
      "grant_type": nil, "client_id": rules.clientId, "code": nil, "code_verifier": nil, "redirect_uri": nil,
    ]
    if rules.repeatsState { expected["state"] = .some(nil) }
    guard check("/token", fields, expected) else { return (400, ["error": "invalid_request"]) }
    guard let code = use(fields["code"], verifier: fields["code_verifier"]), code.redirect == fields["redirect_uri"],
      !rules.repeatsState || code.state == fields["state"],
      !rules.stateIsVerifier || code.state == fields["code_verifier"]
    else { return (400, ["error": "invalid_grant"]) }
    return grant()
  }

  /// The code, when it is good and this is its first use.
  private func use(_ text: String?, verifier: String?) -> Code? {
    state.withLock { state in
      guard let text, let verifier, let code = state.codes[text], !code.isUsed else { return nil }
      state.codes[text]?.isUsed = true
      let challenge = Base64.encodeURLSafe(SHA256.digest(of: Array(verifier.utf8)))
      return code.challenge == challenge && (43...128).contains(verifier.utf8.count) ? code : nil
    }
  }

  private func grant() -> Answer {
    var access = issue("access")
    if let account = rules.account {
      let claims: JSONValue = [
        "jti": .string(access), "https://api.openai.com/auth": ["chatgpt_account_id": .string(account)],
      ]
      access = "e30." + Base64.encodeURLSafe(claims.bytes) + ".c2ln"
    }
    let refresh = issue("refresh")
    state.withLock { _ = $0.refreshTokens.insert(refresh) }
    return (
      200,
      [
        "access_token": .string(access), "refresh_token": .string(refresh), "expires_in": 3600, "token_type": "Bearer",
      ]
    )
  }

  private func refresh(_ token: String) -> Answer {
    let isGood = state.withLock { state in
      guard state.refreshTokens.contains(token) else { return false }
      if rules.rotates { state.refreshTokens.remove(token) }
      return true
    }
    guard isGood else { return (400, ["error": "invalid_grant"]) }
    guard rules.rotates else { return (200, ["access_token": .string(issue("access")), "expires_in": 3600]) }
    return grant()
  }

  private func revoke(_ request: Request) -> Answer {
    let fields = fields(of: request, isJSON: rules.isJSON)
    let expected: [String: String?] = ["token": nil, "token_type_hint": "refresh_token", "client_id": rules.clientId]
    guard check("/revoke", fields, expected) else { return (400, ["error": "invalid_request"]) }
    state.withLock { state in
      state.revoked.append(fields["token"] ?? "")
      state.refreshTokens.remove(fields["token"] ?? "")
    }
    return (200, [:])
  }

  // MARK: Device codes

  private func device(_ request: Request) -> Answer {
    var expected: [String: String?] = ["client_id": rules.clientId]
    if let scope = rules.scope { expected["scope"] = scope }
    guard check("/device", fields(of: request, isJSON: false), expected) else {
      return (400, ["error": "invalid_request"])
    }
    begin()
    return (
      200,
      [
        "device_code": "device-S3CRET", "user_code": "ABCD-1234", "verification_uri": "https://login.test/device",
        "verification_uri_complete": "https://login.test/device?user_code=ABCD-1234", "interval": 5, "expires_in": 600,
      ]
    )
  }

  private func userCode(_ request: Request) -> Answer {
    guard check("/usercode", fields(of: request, isJSON: true), ["client_id": rules.clientId]) else {
      return (400, ["error": "invalid_request"])
    }
    begin()
    return (200, ["device_auth_id": "device-S3CRET", "user_code": "ABCD-1234", "interval": "5"])
  }

  private func poll(_ request: Request) -> Answer? {
    guard
      check(
        "/poll", fields(of: request, isJSON: true), ["device_auth_id": "device-S3CRET", "user_code": "ABCD-1234"])
    else { return (400, ["error": "invalid_request"]) }
    return nextPoll(errorStatus: 403).map { answer in
      if let answer { return (answer.status, ["error": ["code": answer.body["error"] ?? .null]]) }
      let verifier = randomHex(32)
      let code = issue("code")
      state.withLock { state in
        state.codes[code] = Code(
          challenge: Base64.encodeURLSafe(SHA256.digest(of: Array(verifier.utf8))),
          redirect: rules.redirects.last ?? "", state: nil)
      }
      return (200, ["authorization_code": .string(code), "code_verifier": .string(verifier)])
    }
  }

  private func begin() {
    let now = now()
    state.withLock { state in
      state.interval = 5
      state.lastPoll = now
    }
  }

  /// The next answer of the script: `nil` for a broken connection, an inner `nil` for a grant.
  private func nextPoll(errorStatus: Int) -> Answer?? {
    let now = now()
    let answer = state.withLock { state in
      if now - (state.lastPoll ?? 0) < state.interval * 1000 {
        state.complaints.append("asked after \(now - (state.lastPoll ?? 0)) ms instead of \(state.interval) s")
      }
      state.lastPoll = now
      guard let answer = state.polls.first else { return DeviceAnswer.error("authorization_pending") }
      state.polls.removeFirst()
      if case .error("slow_down", let interval) = answer { state.interval = interval ?? state.interval + 5 }
      return answer
    }
    switch answer {
    case .grant: return .some(nil)
    case .reset: return nil
    case .status(let status): return .some((status, [:]))
    case .error(let error, let interval):
      var body: JSONObject = ["error": .string(error)]
      body.set("interval", interval.map(JSONValue.int))
      return .some((errorStatus, .object(body)))
    }
  }

  // MARK: Keys, and GitHub's exchange

  private func key(_ request: Request) -> Answer {
    let fields = fields(of: request, isJSON: true)
    guard check("/keys", fields, ["code": nil, "code_verifier": nil, "code_challenge_method": "S256"]) else {
      return (400, ["error": "invalid_request"])
    }
    guard use(fields["code"], verifier: fields["code_verifier"]) != nil else {
      return (403, ["error": "invalid_grant"])
    }
    return (200, ["key": .string(issue("sk-or"))])
  }

  private func copilot(_ request: Request) -> Answer {
    let bearer = request.header("authorization") ?? ""
    guard bearer.hasPrefix("Bearer access-") else { return (401, ["message": "Bad credentials"]) }
    let token = "tid=\(issue("tid"));exp=9;proxy-ep=proxy.business.githubcopilot.com;sku=x"
    return (200, ["token": .string(token), "expires_at": .int(now() / 1000 + 1500), "refresh_in": 1200])
  }

  private func models(_ request: Request) -> Answer {
    guard request.method == "GET", request.header("authorization")?.hasPrefix("Bearer tid=") == true,
      request.header("x-github-api-version") == "2026-06-01"
    else { return refuse("/models was asked wrongly", status: 401) }
    return (200, ["data": .array(rules.models)])
  }

  private func policy(_ request: Request) -> Answer {
    guard request.method == "POST", request.json == ["state": "enabled"],
      request.header("authorization")?.hasPrefix("Bearer tid=") == true,
      request.header("openai-intent") == "chat-policy", request.header("x-interaction-type") == "chat-policy"
    else { return refuse("\(request.path) was asked wrongly") }
    let id = request.path.split(separator: "/")[1]
    state.withLock { $0.enabledModels.append(String(id)) }
    return (200, [:])
  }
}
