package import Completion
internal import JSON
package import Platform

/// The providers and models that are in effect: what ships, the environment, and the config file over both. A value:
/// reloading the config file makes a new one.
package struct ProviderCatalog: Sendable {
  /// Every provider, also those that are switched off: what ships first, then the person's own as the file has them.
  package let allProviders: [Provider]
  /// What is kept in providers' prompt caches.
  package var cacheSettings: CacheSettings { config.cache }
  /// Which requests use a provider's fast mode.
  package var fastMode: FastModeSettings { config.fastMode }
  /// The MCP servers that programs are to have.
  package var mcp: MCPSettings { config.mcp }
  /// Limits of the engine.
  package let limits: EngineLimits
  /// What response headers say about providers' limits.
  package let limitHeaders: LimitHeaders
  /// Where the config file is, or would be.
  package let configPath: String
  /// What is known of models, the config file's part aside.
  package let knowledge: ModelKnowledge
  let config: ConfigFile
  private let positions: [String: Int]

  /// Reads the config file and lays it over what ships. Blocks while it reads.
  /// - Throws: `storage` for a config file that cannot be read or says something it must not; the message begins
  ///   with the file and the line.
  package static func load(environment: Environment, directories: Directories) throws(ProviderError) -> ProviderCatalog
  {
    let file = try ConfigFile.read("\(directories.config)/config.json")
    let knowledge = ModelKnowledge(overlay: ModelOverlay(in: directories))
    return try ProviderCatalog(shipped: try .load(), config: file, environment: environment, knowledge: knowledge)
  }

  /// What would be in effect if the config file at `path` held `bytes`.
  /// - Throws: `storage` as `load`.
  package static func reading(
    _ bytes: [UInt8], path: String, environment: Environment
  ) throws(ProviderError) -> ProviderCatalog {
    try ProviderCatalog(
      shipped: try .load(), config: try ConfigFile(parsing: bytes, path: path), environment: environment)
  }

  /// A catalogue of what ships and nothing else.
  package static func withoutConfig(environment: Environment) throws(ProviderError) -> ProviderCatalog {
    let file = try ConfigFile(parsing: nil, path: "\(Directories(environment).config)/config.json")
    return try ProviderCatalog(shipped: try .load(), config: file, environment: environment)
  }

  init(
    shipped: ShippedCatalog, config: ConfigFile, environment: Environment,
    knowledge: ModelKnowledge = ModelKnowledge()
  ) throws(ProviderError) {
    self.knowledge = knowledge
    do {
      allProviders = try Self.merge(shipped, config, environment)
      positions = Self.positions(allProviders)
      limits = config.limits
      limitHeaders = shipped.limitHeaders
      configPath = config.path
      self.config = config
      try checkNames()
    } catch {
      throw config.located(error)
    }
  }

  /// The providers that are switched on, in the order of `allProviders`.
  package var providers: [Provider] { allProviders.filter(\.enabled) }

  /// The provider that `name` names, by id or alias.
  /// - Throws: `providerNotFound`, with the nearest name there is.
  package func provider(named name: String) throws(ProviderError) -> Provider {
    guard let provider = knownProvider(name) else {
      let known = providers.flatMap { [$0.id] + $0.aliases }
      let hint = nearest(to: name, among: known).map { "Did you mean \"\($0)\"?" }
      throw ProviderError(
        .providerNotFound, "there is no provider \"\(name)\"",
        hint: hint ?? "listProviders shows those there are; others go into \(configPath).")
    }
    guard provider.enabled else {
      throw ProviderError(
        .providerNotFound, "provider \"\(provider.id)\" is switched off at \(provider.origin(of: "enabled"))",
        hint: "Set \"enabled\": true there, and reload the config.")
    }
    return provider
  }

  /// Takes `provider/model` apart at the first slash, when what stands before it is the id or an alias of a
  /// provider; else the whole is a model's name, in which slashes are common.
  package func splitModel(_ name: String) -> (provider: String?, model: String) {
    guard let slash = name.firstIndex(of: "/"), let provider = knownProvider(String(name[..<slash])) else {
      return (nil, name)
    }
    return (provider.id, String(name[name.index(after: slash)...]))
  }

  /// What is known of a provider's models: the catalogue's, then those only the config file has.
  /// - Throws: `storage` when the person's list of models is damaged.
  package func models(of provider: Provider) throws(ProviderError) -> [ModelInfo] {
    var models = try knowledge.models(of: provider).map { provider.reached($0) }
    let positions = Dictionary(models.enumerated().map { ($1.id, $0) }) { first, _ in first }
    for (id, entry) in provider.configuredModels {
      if let index = positions[id] {
        models[index] = entry.applied(to: models[index])
      } else {
        models.append(entry.applied(to: ModelInfo(id: id)))
      }
    }
    return models
  }

  /// What is known of one model. A name nobody lists is taken on trust, since servers learn new models faster than
  /// catalogues do, unless the provider is known to have no others.
  /// - Throws: `modelNotFound`; `storage` as `models(of:)`.
  package func model(_ id: String, of provider: Provider) throws(ProviderError) -> ModelInfo {
    let known = try knownModel(id, of: provider).map { provider.reached($0) }
    if let entry = provider.configuredModels.last(where: { $0.id == id })?.entry {
      return entry.applied(to: known ?? ModelInfo(id: id))
    }
    if let known { return known }
    guard provider.anyModel, !id.isEmpty else {
      let known = try models(of: provider).map(\.id)
      var error = ProviderError(.modelNotFound, "provider \"\(provider.id)\" has no model \"\(id)\"")
      error.provider = provider.id
      error.model = id
      error.hint = nearest(to: id, among: known).map { "Did you mean \"\($0)\"?" }
      throw error
    }
    return ModelInfo(id: id)
  }

  /// What is known of a model, also where a route takes a prefix off its id, or words about who shall serve it stand
  /// behind it, and it is known without.
  private func knownModel(_ id: String, of provider: Provider) throws(ProviderError) -> ModelInfo? {
    if let known = try knowledge.model(id, of: provider) { return known }
    var names = provider.routes.compactMap(\.stripPrefix).filter(id.hasPrefix).map { String(id.dropFirst($0.count)) }
    if let mark = provider.variantMark.flatMap(id.firstRange) { names.append(String(id[..<mark.lowerBound])) }
    for name in names {
      guard var known = try knowledge.model(name, of: provider) else { continue }
      known.id = id
      return known
    }
    return nil
  }

  /// The provider of that id or alias, switched on or not.
  func knownProvider(_ name: String) -> Provider? { positions[name].map { allProviders[$0] } }
}

extension Provider {
  /// `model` as this provider reaches it: by the family that the config file names for the provider, where it does,
  /// whatever the catalogue says of the model.
  fileprivate func reached(_ model: ModelInfo) -> ModelInfo {
    guard origins["api"] != nil else { return model }
    var model = model
    (model.api, model.quirks) = (nil, JSONObject())
    return model
  }
}

// MARK: - Laying the config file over what ships

extension ProviderCatalog {
  private static func merge(
    _ shipped: ShippedCatalog, _ config: ConfigFile, _ environment: Environment
  ) throws(JSONFieldError) -> [Provider] {
    let names = shipped.providers.reduce(into: [String: String]()) { names, entry in
      for name in [entry.id] + entry.aliases { names[name] = entry.id }
    }
    var sections: [String: ConfigProvider] = [:]
    for section in config.providers {
      let id = names[section.id] ?? section.id
      if let other = sections[id] {
        throw JSONFieldError(
          path: section.path, message: "is the same provider as \"\(other.id)\" above; put both sections into one")
      }
      sections[id] = section
    }
    var providers: [Provider] = []
    for entry in shipped.providers {
      let provider = Provider(entry, in: environment)
      providers.append(try complete(provider, entry, sections[entry.id], shipped))
    }
    for section in config.providers where names[section.id] == nil {
      providers.append(try complete(try Provider(custom: section), nil, section, shipped))
    }
    return providers
  }

  private static func complete(
    _ provider: Provider, _ entry: ProviderEntry?, _ section: ConfigProvider?, _ shipped: ShippedCatalog
  ) throws(JSONFieldError) -> Provider {
    var provider = provider
    if let section {
      provider.apply(section)
      try provider.check(section)
    }
    let path = ["providers", section?.id ?? provider.id]
    provider.keyHeaders = shipped.keyHeaders
    provider.finish(try shipped.family(provider.api, path), entry: entry, config: section)
    for index in provider.configuredModels.indices {
      let (id, model) = provider.configuredModels[index]
      guard let api = model.api else { continue }
      provider.configuredModels[index].entry.api = try shipped.family(api, path + ["models", id]).name
    }
    return provider
  }

  private static func positions(_ providers: [Provider]) -> [String: Int] {
    var positions: [String: Int] = [:]
    for (index, provider) in providers.enumerated() {
      for name in [provider.id] + provider.aliases { positions[name] = index }
    }
    return positions
  }

  /// Names of providers in the settings must exist: a typing error there is found now, not in the middle of work.
  private func checkNames() throws(JSONFieldError) {
    if let name = config.defaultProvider?.value, knownProvider(name) == nil {
      let hint = nearest(to: name, among: positions.keys.sorted()).map { "; did you mean \"\($0)\"?" } ?? ""
      throw JSONFieldError(path: ["defaultProvider"], message: "there is no provider \"\(name)\"\(hint)")
    }
    try checkFallbacks()
    var names = config.roles.map { (path: ["roles", $0.key.rawValue], name: $0.value.value) }
    if let model = config.model?.value { names.append((["model"], model)) }
    for (path, name) in names where config.defaultProvider == nil && splitModel(name).provider == nil {
      if path == ["model"], ModelRole.isLike(name) { continue }
      throw JSONFieldError(
        path: path,
        message: "\"\(name)\" does not begin with a provider; write \"provider/model\", or set defaultProvider")
    }
  }
  private func checkFallbacks() throws(JSONFieldError) {
    var names: [(path: [String], name: String)] = []
    for (model, others) in config.fallbacks {
      names.append((["fallbacks", model], model))
      names += others.value.enumerated().map { (["fallbacks", model, String($0)], $1) }
    }
    for provider in config.providers {
      let others = provider.fallbacks?.value ?? []
      names += others.enumerated().map { (provider.path + ["fallbacks", String($0)], $1) }
    }
    for (path, name) in names where splitModel(name).provider == nil {
      throw JSONFieldError(path: path, message: "\"\(name)\" does not begin with a provider that there is")
    }
  }
}

// MARK: - What happens when a model does not answer

extension ProviderCatalog {
  /// How failed tries at `provider` are made again, as far as the settings say.
  package func retry(of provider: Provider) -> RetryOptions {
    provider.retry.completed(by: config.retry?.value ?? RetryOptions())
  }

  /// The models that the settings name to answer in the place of `model`.
  package func fallbacks(of model: String, at provider: Provider) -> [String] {
    let listed = config.fallbacks.first { entry in
      let name = splitModel(entry.model)
      return name.provider == provider.id && name.model == model
    }
    return listed?.others.value ?? provider.fallbacks ?? []
  }
}
