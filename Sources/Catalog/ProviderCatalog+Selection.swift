package import Completion
internal import JSON

/// A provider and one of its models: what a completion runs on.
package struct ModelSelection: Sendable {
  package let provider: Provider
  package let model: ModelInfo

  /// `provider/model`, as people and results write it.
  package var name: String { "\(provider.id)/\(model.id)" }
}

/// The ids of a provider and a model that were chosen earlier: a session's or a connection's.
package struct CurrentModel: Sendable, Hashable {
  package let provider: String
  package let model: String

  /// An earlier choice.
  package init(provider: String, model: String) {
    self.provider = provider
    self.model = model
  }
}

extension ProviderCatalog {
  /// What a request means that names `provider` and `model`, either or neither:
  ///
  /// - both: the model's name is taken as it is, but for a role (`@small`), which names with a slash never are;
  /// - only the provider: the model that is current there, else the provider's default;
  /// - only the model: a role, `provider/model`, or a model of the current or default provider;
  /// - neither: what is current, else the default.
  ///
  /// `loggedIn` holds the ids of providers with a stored login; they count as configured.
  ///
  /// - Throws: `providerNotFound`, `modelNotFound`, or `invalidParams` for the field `model`.
  package func select(
    provider: String?, model: String?, current: CurrentModel? = nil, loggedIn: Set<String> = []
  ) throws(ProviderError) -> ModelSelection {
    if let provider {
      return try select(in: try self.provider(named: provider), model, current)
    }
    if let model {
      let usual = current?.provider ?? config.defaultProvider?.value
      if let role = try role(model, at: usual.flatMap(knownProvider)) { return try select(role, current) }
      let (named, rest) = splitModel(model)
      if let named { return try selection(try self.provider(named: named), rest) }
      if let usual { return try selection(try self.provider(named: usual), model) }
      return try selection(try defaultSelection(loggedIn: loggedIn).provider, model)
    }
    if let current { return try selection(try self.provider(named: current.provider), current.model) }
    return try defaultSelection(loggedIn: loggedIn)
  }

  /// What completions run on when nothing is said: the config file's `model` and `defaultProvider`, else the first
  /// provider that is configured and has a default model; one that is `preferred` goes before all others.
  /// - Throws: `providerNotFound` when there is none.
  package func defaultSelection(loggedIn: Set<String> = []) throws(ProviderError) -> ModelSelection {
    if let name = config.model?.value {
      let usual = config.defaultProvider.flatMap { knownProvider($0.value) }
      if let role = try role(name, at: usual) { return try select(role, nil) }
      return try configuredModel(name)
    }
    if let name = config.defaultProvider?.value { return try select(in: try provider(named: name), nil, nil) }
    let ready = providers.filter { $0.isConfigured || loggedIn.contains($0.id) }
    let written = config.providers.compactMap { section in ready.first { $0.id == knownProvider(section.id)?.id } }
    for provider in ready.filter(\.isPreferred) + written + ready {
      if let model = provider.defaultModel { return try selection(provider, model) }
    }
    throw ProviderError(
      .providerNotFound, "no provider is configured",
      hint: "Name one, as in \"ollama/llama3.1\", set a provider's key in the environment, or set \"model\" in "
        + "\(configPath).")
  }

  private func select(
    in provider: Provider, _ model: String?, _ current: CurrentModel?
  ) throws(ProviderError) -> ModelSelection {
    if let model {
      guard let role = try role(model, at: provider) else { return try selection(provider, model) }
      if let own = provider.roles[role] { return try selection(provider, own) }
      if let name = config.roles[role]?.value {
        let selection = try configuredModel(name)
        if selection.provider.id == provider.id { return selection }
      }
      throw missing(role, "provider \"\(provider.id)\" has no model", "providers.\(provider.id).roles.\(role)")
    }
    if let current, knownProvider(current.provider)?.id == provider.id { return try selection(provider, current.model) }
    guard let model = provider.defaultModel else {
      var error = ProviderError(
        .invalidParams, "provider \"\(provider.id)\" has no default model",
        hint: "Name a model (listModels shows them), or set providers.\(provider.id).model in \(configPath).",
        path: "model")
      error.provider = provider.id
      throw error
    }
    return try selection(provider, model)
  }

  private func select(_ role: ModelRole, _ current: CurrentModel?) throws(ProviderError) -> ModelSelection {
    if let provider = (current?.provider ?? config.defaultProvider?.value).flatMap(knownProvider), provider.enabled,
      let own = provider.roles[role]
    {
      return try selection(provider, own)
    }
    guard let name = config.roles[role]?.value else { throw missing(role, "no model is set", "roles.\(role)") }
    return try configuredModel(name)
  }

  /// A model as the config file names it: `provider/model`, or one of the default provider.
  private func configuredModel(_ name: String) throws(ProviderError) -> ModelSelection {
    let (named, model) = splitModel(name)
    guard let provider = named ?? config.defaultProvider?.value else {
      throw ProviderError(.internal, "the config file names the model \"\(name)\" without a provider")
    }
    return try selection(try self.provider(named: provider), model)
  }

  private func selection(_ provider: Provider, _ model: String) throws(ProviderError) -> ModelSelection {
    ModelSelection(provider: provider, model: try self.model(model, of: provider))
  }

  /// The role that `@name` means; `nil` for names without `@`, and for models whose ids begin with it.
  private func role(_ name: String, at provider: Provider?) throws(ProviderError) -> ModelRole? {
    guard ModelRole.isLike(name) else { return nil }
    if let role = ModelRole(rawValue: String(name.dropFirst())) { return role }
    if let provider, try models(of: provider).contains(where: { $0.id == name }) { return nil }
    let known = ModelRole.allCases.map { "@\($0.rawValue)" }
    let hint = nearest(to: name, among: known).map { "Did you mean \"\($0)\"?" }
    throw ProviderError(
      .invalidParams, "there is no role \"\(name)\"", hint: hint ?? "There are \(known.joined(separator: " and ")).",
      path: "model")
  }

  private func missing(_ role: ModelRole, _ what: String, _ setting: String) -> ProviderError {
    ProviderError(
      .invalidParams, "\(what) for the role @\(role)", hint: "Set \(setting) in \(configPath).", path: "model")
  }
}
