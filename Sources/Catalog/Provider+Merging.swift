internal import Completion
internal import JSON
package import Platform

extension Provider {
  /// A provider that ships, in an environment.
  init(_ entry: ProviderEntry, in environment: Environment) {
    self.init(
      id: entry.id, name: entry.name, kind: entry.kind, api: entry.api, baseURL: entry.baseURL, aliases: entry.aliases,
      auth: entry.auth, env: entry.env,
      headers: entry.headers.map { name, value in
        ConfiguredHeader(name: name, value: KeyText(value, origin: .builtin))
      },
      defaultModel: entry.defaultModel, anyModel: entry.anyModel, variables: entry.variables,
      credentialFile: entry.credentialFile, turnHeaders: entry.turnHeaders, routes: entry.routes,
      modelQuirks: entry.modelQuirks, fastMode: entry.fastMode, isPreferred: entry.isPreferred,
      dataPolicy: entry.dataPolicy, roles: entry.roles, program: entry.program, docs: entry.docs,
      loginHint: entry.loginHint, login: entry.login
    )
    if let variable = entry.baseURLVariables.first(where: { environment[$0] != nil }), let url = environment[variable] {
      baseURL = ServerAddress.withoutTrailingSlashes(url)
      origins["baseURL"] = .environment(variable)
    }
    if let host = entry.host, let text = environment[host.variable] {
      baseURL = ServerAddress.url(fromHost: text, defaultPort: host.port)
      origins["baseURL"] = .environment(host.variable)
      isConfigured = true
    }
    if (entry.env + entry.ambientVariables).contains(where: { environment[$0] != nil }) { isConfigured = true }
    if let file = entry.credentialFile, access(file.expandedPath(in: environment), F_OK) == 0 { isConfigured = true }
  }

  /// A provider of the person's own, which only the config file describes.
  init(custom config: ConfigProvider) throws(JSONFieldError) {
    guard let api = config.api?.value, let baseURL = config.baseURL?.value else {
      let missing = [config.api == nil ? "api" : nil, config.baseURL == nil ? "baseURL" : nil].compactMap { $0 }
      throw JSONFieldError(
        path: config.path,
        message:
          "is not a provider of the catalogue, so it needs \(missing.map { "\"\($0)\"" }.joined(separator: " and "))"
          + ", as in {\"api\": \"openai\", \"baseURL\": \"https://host/v1\"}")
    }
    self.init(
      id: config.id, name: config.id, kind: .api, api: api, baseURL: baseURL,
      auth: ProviderAuth(need: .optional, header: "authorization"))
    variables = config.variables.map { ConnectionVariable(name: $0.name) }
  }

  /// Lays the config file's section over this provider.
  mutating func apply(_ config: ConfigProvider) {
    isConfigured = true
    origins["provider"] = config.origin
    func take<Value>(_ key: String, _ setting: Setting<Value>?, _ assign: (inout Provider, Value) -> Void) {
      guard let setting else { return }
      assign(&self, setting.value)
      origins[key] = setting.origin
    }
    take("name", config.name) { $0.name = $1 }
    take("api", config.api) { $0.api = $1 }
    take("baseURL", config.baseURL) { $0.baseURL = $1 }
    take("model", config.model) { $0.defaultModel = $1 }
    take("maxTokens", config.maxTokens) { $0.maxTokens = $1 }
    take("timeout", config.timeouts) { $0.timeouts = $1 }
    take("retry", config.retry) { $0.retry = $1 }
    take("fallbacks", config.fallbacks) { $0.fallbacks = $1 }
    take("maxConcurrent", config.maxConcurrent) { $0.maxConcurrent = $1 }
    take("enabled", config.enabled) { $0.enabled = $1 }
    take("extra", config.extra) { $0.extra = $1 }
    take("login", config.login) { provider, login in
      var merged = provider.login ?? JSONObject()
      merged.merge(login)
      provider.login = merged
    }
    if let apiKey = config.apiKey {
      self.apiKey = apiKey
      origins["apiKey"] = apiKey.origin
    }
    for (name, value) in config.headers {
      headers.removeAll { $0.name.lowercased() == name.lowercased() }
      if let value { headers.append(ConfiguredHeader(name: name, value: value)) }
    }
    configuredModels = config.models
    if !config.models.isEmpty { origins["models"] = config.modelsOrigin }
    for (name, value) in config.variables { variableSettings[name] = value }
    roles.merge(config.roles) { $1 }
    if !config.roles.isEmpty { origins["roles"] = config.rolesOrigin }
    if var program {
      config.program.apply(to: &program, &origins)
      self.program = program
    }
    if defaultModel == nil { defaultModel = config.models.first?.id }
  }

  /// Checks that every variable the config file sets is one that the provider has.
  func check(_ config: ConfigProvider) throws(JSONFieldError) {
    if program == nil, let name = config.program.first {
      throw JSONFieldError(path: config.path + [name], message: "is for providers that are programs, as claude-code")
    }
    let known = variables.map(\.name)
    for (name, _) in config.variables where !known.contains(name) {
      let near = nearest(to: name, among: known).map { "; did you mean \"\($0)\"?" }
      let all = known.isEmpty ? "; \(id) has none" : "; there are \(known.joined(separator: ", "))"
      throw JSONFieldError(
        path: config.path + ["variables", name], message: "is no variable of \(id)\(near ?? all)")
    }
  }

  /// Fills in what depends on the API family that is in effect at last.
  mutating func finish(_ family: APIEntry, entry: ProviderEntry?, config: ConfigProvider?) {
    api = family.name
    modelList = family.models
    (modelsOf, variantMark) = (entry?.modelsOf, entry?.variantMark)
    if let entry {
      // Another server knows nothing of the provider's accounts.
      if origins["baseURL"] == nil { limitEndpoints = entry.limits }
      if entry.api == family.name {
        quirks = entry.quirks
        modelList = entry.models ?? modelList
      } else {
        take(routeTo: family.name, from: entry.api)
      }
      fitBaseURLs(entry)
    } else {
      auth.header = family.keyHeader ?? auth.header
    }
    if let quirks = config?.quirks {
      self.quirks.merge(quirks.value)
      origins["quirks"] = quirks.origin
    }
  }

  /// The person wants another family than the provider's own, for all its models: what is known of its deviations is
  /// known for others.
  private mutating func take(routeTo api: String, from former: String) {
    modelQuirks = []
    if let route = usableRoutes.first(where: { $0.api == api }) {
      quirks = route.quirks
      auth = route.auth ?? auth
      baseURL = origins["baseURL"] == nil ? route.baseURL ?? baseURL : baseURL
      headers.removeAll { header in route.headers.contains { $0.name.lowercased() == header.name.lowercased() } }
      headers += route.headers
    } else {
      fitKeyHeader(from: former)
    }
    routes = []
  }

  /// Gives each route the base URL of its family. Where the person has named another server, that one is asked for
  /// everything: its key is for nobody else.
  private mutating func fitBaseURLs(_ entry: ProviderEntry) {
    let isMoved = origins["baseURL"] != nil
    if isMoved, let baseURL { dataPolicy = DataPolicy(movedTo: baseURL) }
    if isMoved, modelList?.paths.contains(where: { !$0.hasPrefix("/") }) == true { modelList = nil }
    if isMoved {
      for index in routes.indices { routes[index].baseURL = nil }
    }
    guard !entry.basePaths.isEmpty, let url = baseURL else { return }
    let ending = entry.basePaths.values.filter(url.hasSuffix).max { $0.count < $1.count } ?? ""
    let root = ServerAddress.withoutTrailingSlashes(String(url.dropLast(ending.count)))
    baseURL = root + (entry.basePaths[api] ?? "")
    for index in routes.indices where routes[index].baseURL == nil {
      routes[index].baseURL = root + (entry.basePaths[routes[index].api] ?? "")
    }
  }
}

extension DataPolicy {
  /// What can be said of a server that the person has named: where it is, and whether that is this machine.
  fileprivate init(movedTo url: String) {
    self.init()
    let host = ServerAddress.host(of: url)
    let isHere = ["localhost", "[::1]"].contains(host) || host.hasPrefix("127.")
    dataLocation = isHere ? "this machine" : host
    offline = isHere
  }
}

extension CredentialFile {
  /// `path` with the home folder in it.
  package func expandedPath(in environment: Environment) -> String {
    path.hasPrefix("~/") ? (environment["HOME"] ?? "/") + path.dropFirst(1) : path
  }
}
