internal import Catalog
internal import Completion
internal import Credentials
internal import HTTP
internal import JSON
internal import Platform

/// Who answers a completion, settled but for the key. An object, because a waiting task keeps a copy of a value in each of
/// its frames, and a provider with its quirks is large.
final class Target: Sendable {
  /// As the model is reached at it.
  let provider: Provider
  let model: ModelInfo
  /// The API family.
  let api: String

  init(provider: Provider, model: ModelInfo, api: String) {
    self.provider = provider
    self.model = model
    self.api = api
  }

  /// `provider/model`.
  var name: String { "\(provider.id)/\(model.id)" }
  /// What it writes is marked with.
  var origin: Origin { Origin(provider: provider.id, api: api, model: model.id) }
}

extension CompletionEngine {
  /// Finds or makes the session of a call and decides who answers: what the call names, else the session's current
  /// provider and model, else the connection's, else the engine's.
  func place(
    _ call: CompletionCall, _ catalog: ProviderCatalog
  ) async throws(ProviderError) -> (SessionRecord?, Target) {
    guard let reference = call.session else {
      return (nil, try target(try await select(call, call.connectionDefault, catalog), call))
    }
    let record = try await sessions.findOrCreate(reference) { name async throws(ProviderError) in
      try SessionStore.check(name: name, field: "session")
      let target = try self.target(try await self.select(call, call.connectionDefault, catalog), call)
      return SessionRecord(
        id: SessionStore.newID(), name: name, provider: target.provider.id, model: target.model.id,
        account: call.account, system: nil, cwd: nil, createdAt: Timestamp.now())
    }
    var current = ModelChoice(provider: record.provider, model: record.model)
    if let provider = call.provider, call.model == nil {
      current = try await threadChoice(record, try catalog.provider(named: provider).id)
    }
    return (record, try target(try await select(call, current, catalog), call))
  }

  /// The provider and model that `provider`, `model` and what is current mean.
  func select(
    provider: String?, model: String?, current: ModelChoice?, _ catalog: ProviderCatalog
  ) async throws(ProviderError) -> ModelSelection {
    let known = current.flatMap { choice in choice.model.map { CurrentModel(provider: choice.provider, model: $0) } }
    if let provider, model == nil, known?.provider != provider {
      let provider = try catalog.provider(named: provider)
      if provider.defaultModel == nil, provider.kind == .local, known?.provider != provider.id {
        return try catalog.select(provider: provider.id, model: try await firstModel(of: provider).id)
      }
    }
    guard provider == nil, model == nil, known == nil else {
      let stored = provider == nil && known == nil ? try await loggedIn(catalog) : []
      return try catalog.select(provider: provider, model: model, current: known, loggedIn: stored)
    }
    return try await defaultSelection(catalog)
  }

  /// What is used when nothing is said: what the settings name, else the first local server that answers.
  private func defaultSelection(_ catalog: ProviderCatalog) async throws(ProviderError) -> ModelSelection {
    let stored = try await loggedIn(catalog)
    do throws(ProviderError) {
      return try catalog.defaultSelection(loggedIn: stored)
    } catch {
      guard error.kind == .providerNotFound else { throw error }
      for provider in catalog.providers where provider.kind == .local {
        if let model = try? await firstModel(of: provider) {
          return try catalog.select(provider: provider.id, model: model.id)
        }
      }
      throw error
    }
  }

  /// The providers that are set up outside the settings.
  private func loggedIn(_ catalog: ProviderCatalog) async throws(ProviderError) -> Set<String> {
    try await BlockingQueue.run { () throws(ProviderError) in try self.loggedInBlocking(catalog) }
  }

  /// The providers that are set up outside the settings: by an entry in `auth.json`, or another program's file with a
  /// key. Blocks.
  func loggedInBlocking(_ catalog: ProviderCatalog) throws(ProviderError) -> Set<String> {
    var providers = try keys.storedProvidersBlocking()
    for provider in catalog.providers {
      guard let file = keyQuery(provider, catalog).file, keys.holdsKeyBlocking(file) else { continue }
      providers.insert(provider.id)
    }
    return providers
  }

  private func select(
    _ call: CompletionCall, _ current: ModelChoice?, _ catalog: ProviderCatalog
  ) async throws(ProviderError) -> ModelSelection {
    try await select(provider: call.provider, model: call.model, current: current, catalog)
  }

  func target(_ selection: ModelSelection, _ call: CompletionCall) throws(ProviderError) -> Target {
    let (provider, model) = selection.provider.routed(to: selection.model, api: call.api)
    let api = provider.api
    guard call.account == nil || provider.auth.need != .none else {
      throw ProviderError(
        .invalidParams, "account: \(provider.id) takes no key, so it has no accounts", hint: "Leave account away.",
        path: "account")
    }
    guard apis.contains(api) else {
      let hint = nearest(to: api, among: apis).map { "Did you mean \"\($0)\"?" }
      throw ProviderError(
        .unsupported, "api: \"\(api)\" is no API family of this engine",
        hint: hint ?? "There are \(apis.joined(separator: ", ")).", path: "api")
    }
    return Target(provider: provider, model: model, api: api)
  }

  /// Whom another method than `complete` asks.
  func target(for call: CompletionCall) async throws(ProviderError) -> Target {
    try target(try await select(call, call.connectionDefault, try await catalog()), call)
  }

  /// The provider with the model that its thread in the session used last.
  func threadChoice(_ session: SessionRecord, _ provider: String) async throws(ProviderError) -> ModelChoice {
    if session.provider == provider { return ModelChoice(provider: provider, model: session.model) }
    let thread = try await sessions.state(of: ThreadLanes.Key(session: session.id, provider: provider))
    return ModelChoice(provider: provider, model: thread.lastModel)
  }
}

extension CompletionEngine {
  /// The provider and model that a fallback, written `provider/model`, means.
  func fallback(_ name: String, _ catalog: ProviderCatalog) throws(ProviderError) -> ModelSelection {
    let parts = catalog.splitModel(name)
    let provider = parts.provider ?? String(name.prefix { $0 != "/" })
    return try catalog.select(provider: provider, model: parts.model)
  }

  /// Checks that there are such models to fall back to: a typing error is found now, not when it matters.
  func checkFallbacks(_ names: [String]?, _ catalog: ProviderCatalog) throws(ProviderError) {
    for (index, name) in (names ?? []).enumerated() {
      do throws(ProviderError) {
        _ = try fallback(name, catalog)
      } catch {
        var error = error
        error.path = "fallbacks[\(index)]"
        error.message = "fallbacks[\(index)]: \(error.message)"
        throw error
      }
    }
  }
}
