internal import Catalog
internal import Completion
internal import Credentials
internal import Dialects
internal import HTTP
internal import JSON

extension CompletionEngine {
  /// Where a provider's key may be found.
  func keyQuery(
    _ provider: Provider, _ catalog: ProviderCatalog, call: String? = nil, account: String? = nil
  ) -> KeyQuery {
    var query = KeyQuery(
      provider: provider.id, call: call, variables: provider.env, config: provider.apiKey,
      configPath: catalog.configPath)
    query.account = account
    query.usesAWS = provider.auth.scheme == .aws
    query.cloud = Cloud(provider.auth.scheme)
    query.file = provider.credentialFile.map { KeyFile(path: $0.path, key: $0.key, variables: $0.variables) }
    return query
  }

  /// How to reach `model` of `provider`, which is routed to it already, with key, variables and headers looked up.
  /// `messages` decide about the headers that depend on the conversation.
  /// - Throws: `authRequired` when a key or a variable is needed and there is none; it says where one may be put.
  ///   `invalidParams` for a variable whose value must not stand where it is used.
  func endpoint(
    _ provider: Provider, _ model: ModelInfo, _ call: CompletionCall? = nil, messages: [Message] = []
  ) async throws(ProviderError) -> Endpoint {
    try await reach(provider, model, call, messages).endpoint
  }

  /// What `endpoint` yields, and what it proves with who asks.
  func reach(
    _ provider: Provider, _ model: ModelInfo, _ call: CompletionCall?, _ messages: [Message]
  ) async throws(ProviderError) -> (endpoint: Endpoint, proof: RequestProof?) {
    let catalog = try await catalog()
    guard let template = call?.baseURL ?? provider.baseURL else {
      throw ProviderError(
        .unsupported, "\(provider.id) is not reached over HTTP", hint: "Name another provider.", path: "provider")
    }
    let isForeign = template.withoutTrailingSlashes != provider.baseURL?.withoutTrailingSlashes
    let key = try await key(provider, catalog, call, isForeign: isForeign)
    let (secret, parts) = Self.split(key, provider.auth)
    let account = call?.account
    let query = keyQuery(provider, catalog, account: account)
    let access = isForeign || secret != nil ? nil : try await cloudAccess(provider, query)
    let variables = try await variables(
      of: provider, catalog, parts: parts, account: account, isForeign: isForeign, usesCloud: access != nil)
    let isToken = key?.isToken == true || access != nil || Self.isToken(key, secret, provider.auth)
    var endpoint = Endpoint(
      provider: provider.id, baseURL: template.withoutTrailingSlashes, apiKey: secret ?? access?.token,
      authHeader: isToken ? "authorization" : provider.auth.header, quirks: provider.quirks, model: model,
      timeouts: Self.timeouts(provider, call))
    endpoint.variables = variables.texts
    if !isForeign {
      endpoint.baseURL = try variables.url(template).withoutTrailingSlashes
      endpoint.headers = Self.turnHeaders(provider, messages)
      endpoint.headers += access?.headers ?? []
      endpoint.headers += try await headers(provider, variables)
      if let reach = try await loginReach(provider, secret, key?.login) {
        if provider.origin(of: "baseURL") == .builtin { endpoint.baseURL = reach.baseURL }
        for header in reach.headers {
          endpoint.headers.removeAll { $0.name.lowercased() == header.name.lowercased() }
          endpoint.headers.append(header)
        }
      }
      if provider.auth.scheme == .aws, secret == nil, endpoint.variables["skipAuth"] != "1" {
        endpoint.aws = try await signer(provider, query)
      }
    }
    for (name, value) in call?.headers ?? [] {
      endpoint.headers.removeAll { $0.name.lowercased() == name.lowercased() }
      // An empty value takes away what would be sent by itself.
      endpoint.headers.append(HTTPHeader(name, value ?? ""))
    }
    if let login = key?.login { return (endpoint, .login(login)) }
    if access != nil, let cloud = query.cloud { return (endpoint, .cloud(cloud, query)) }
    return (endpoint, endpoint.aws.map { _ in .aws(query) })
  }

  /// Where `token` is good, if it is of the kind that says so itself.
  private func loginReach(
    _ provider: Provider, _ token: Secret?, _ login: AccountID?
  ) async throws(ProviderError) -> LoginReach? {
    guard let token, let flow = try loginFlow(for: provider) else { return nil }
    var extra = JSONObject()
    if let login, case .oauth(let stored)? = try await store.credential(for: login) { extra = stored.extra }
    return flow.reach(token, extra: extra)
  }

  private func key(
    _ provider: Provider, _ catalog: ProviderCatalog, _ call: CompletionCall?, isForeign: Bool
  ) async throws(ProviderError) -> ResolvedKey? {
    // A blank key is none: what is looked up for it must not take its place.
    let own = call?.apiKey.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
    var query = keyQuery(provider, catalog, call: own, account: call?.account)
    guard !isForeign else {
      // Only the caller can say that a key may go to a place that the settings do not know.
      guard own != nil || provider.auth.need != .required && query.account == nil else {
        throw ProviderError(
          .authRequired, "the key of \(provider.id) is not sent to another baseURL",
          hint: "Pass apiKey along with baseURL, or set providers.\(provider.id).baseURL in \(catalog.configPath).",
          path: "baseURL")
      }
      query.config = nil
      query.variables = []
      query.file = nil
      return own == nil ? nil : try await keys.key(for: query)
    }
    if provider.auth.need == .none, own == nil { return nil }
    if let key = try await keys.key(for: query) { return key }
    if provider.auth.need == .required, provider.auth.scheme == .key { throw keys.missingKey(query) }
    return nil
  }

  /// The key itself, and the variables that stand in front of it: `account::key`.
  private static func split(_ key: ResolvedKey?, _ auth: ProviderAuth) -> (Secret?, [String: String]) {
    guard let key, !auth.keyParts.isEmpty else { return (key?.secret, [:]) }
    var parts: [String: String] = [:]
    var rest = key.secret.reveal()[...]
    for name in auth.keyParts {
      guard let border = rest.firstRange(of: "::") else { break }
      parts[name] = String(rest[..<border.lowerBound])
      rest = rest[border.upperBound...]
    }
    return (Secret(String(rest)), parts)
  }

  /// Whether a key is one that goes into `authorization` wherever the provider's other keys go.
  private static func isToken(_ key: ResolvedKey?, _ secret: Secret?, _ auth: ProviderAuth) -> Bool {
    if let variable = key?.variable, auth.tokenVariables.contains(variable) { return true }
    guard let secret, !auth.tokenPrefixes.isEmpty else { return false }
    return auth.tokenPrefixes.contains { secret.reveal().hasPrefix($0) }
  }

  /// What requests without a key are signed with; `nil` where they need no signature.
  private func signer(
    _ provider: Provider, _ query: KeyQuery
  ) async throws(ProviderError) -> AWSCredentials? {
    guard let identity = try await keys.aws(for: query) else {
      if provider.auth.need == .required { throw keys.missingKey(query) }
      return nil
    }
    return AWSCredentials(
      accessKeyId: identity.accessKeyId, secretAccessKey: identity.secretAccessKey, sessionToken: identity.sessionToken)
  }

  private func headers(
    _ provider: Provider, _ variables: ResolvedVariables
  ) async throws(ProviderError) -> [HTTPHeader] {
    var headers: [HTTPHeader] = []
    for header in provider.headers {
      guard let value = try await keys.resolve(header.value.text, origin: header.value.origin),
        let text = variables.header(value.reveal())
      else { continue }
      headers.append(HTTPHeader(header.name, text))
    }
    return headers
  }

  /// The headers that depend on the conversation.
  private static func turnHeaders(_ provider: Provider, _ messages: [Message]) -> [HTTPHeader] {
    guard let last = messages.last else { return [] }
    let isUserTurn = last.role == .user && !last.content.allSatisfy(\.isToolResult)
    return provider.turnHeaders.compactMap { header in
      let isSent =
        switch header.when {
        case .userTurn: isUserTurn
        case .agentTurn: !isUserTurn
        case .images: messages.contains { $0.content.contains(where: \.holdsImage) }
        }
      return isSent ? HTTPHeader(header.name, header.value) : nil
    }
  }

  private static func timeouts(_ provider: Provider, _ call: CompletionCall?) -> HTTPTimeouts {
    var timeouts = HTTPTimeouts()
    // An answer in one piece is silent until it is whole; the vendors' own programs wait ten minutes for it.
    if call?.stream == false { timeouts.firstTokenMs = 600_000 }
    for limits in [provider.timeouts, call?.timeout ?? PhaseTimeouts()] {
      timeouts.connectMs = limits.connectMs ?? timeouts.connectMs
      timeouts.firstTokenMs = limits.firstTokenMs ?? timeouts.firstTokenMs
      timeouts.idleMs = limits.idleMs ?? timeouts.idleMs
      timeouts.totalMs = limits.totalMs ?? timeouts.totalMs
    }
    return timeouts
  }
}

extension Endpoint {
  /// Everything of it that no text may show.
  var secrets: [Secret] {
    headers.map(\.value) + [apiKey, aws?.secretAccessKey, aws?.sessionToken].compactMap { $0 }
  }
}

extension Part {
  fileprivate var isToolResult: Bool { if case .toolResult = self { true } else { false } }

  fileprivate var holdsImage: Bool {
    switch self {
    case .image: true
    case .toolResult(let result): result.content.contains(where: \.holdsImage)
    default: false
    }
  }
}

extension String {
  /// A base URL as paths can be put behind it.
  fileprivate var withoutTrailingSlashes: String {
    var url = self[...]
    while url.hasSuffix("/") { url.removeLast() }
    return String(url)
  }
}
