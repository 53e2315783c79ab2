internal import Completion
internal import JSON
internal import Platform

extension Provider {
  /// A provider that ships, in an environment.
  init(_ entry: ProviderEntry, in environment: Environment) {
    self.init(
      id: entry.id, name: entry.name, kind: entry.kind, api: entry.api, baseURL: entry.baseURL, aliases: entry.aliases,
      auth: entry.auth, env: entry.env,
      headers: entry.headers.map { name, value in
        ConfiguredHeader(name: name, value: KeyText(value, origin: .builtin))
      },
      defaultModel: entry.defaultModel, anyModel: entry.anyModel, docs: entry.docs, loginHint: entry.loginHint)
    if let host = entry.host, let text = environment[host.variable] {
      baseURL = ServerAddress.url(fromHost: text, defaultPort: host.port)
      origins["baseURL"] = .environment(host.variable)
      isConfigured = true
    }
    if entry.env.contains(where: { environment[$0] != nil }) { isConfigured = true }
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
    take("enabled", config.enabled) { $0.enabled = $1 }
    take("extra", config.extra) { $0.extra = $1 }
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
    roles = config.roles
    if !config.roles.isEmpty { origins["roles"] = config.rolesOrigin }
    if defaultModel == nil { defaultModel = config.models.first?.id }
  }

  /// Fills in what depends on the API family that is in effect at last.
  mutating func finish(_ family: APIEntry, entry: ProviderEntry?, config: ConfigProvider?) {
    api = family.name
    if let entry, entry.api == family.name { quirks = entry.quirks }
    if let quirks = config?.quirks {
      self.quirks.merge(quirks.value)
      origins["quirks"] = quirks.origin
    }
    modelList = entry?.api == family.name ? entry?.models ?? family.models : family.models
    guard let entry, !entry.basePaths.isEmpty, let url = baseURL else { return }
    let ending = entry.basePaths.values.filter(url.hasSuffix).max { $0.count < $1.count } ?? ""
    let root = String(url.dropLast(ending.count))
    baseURL = ServerAddress.withoutTrailingSlashes(root) + (entry.basePaths[family.name] ?? "")
  }
}
