package import Catalog
package import Completion
internal import Credentials
internal import Platform

extension CompletionEngine {
  /// Makes a session that begins with this provider and model, or with the default.
  package func createSession(
    id: String?, name: String?, provider: String?, model: String?, connectionDefault: ModelChoice?, system: String?,
    cwd: String?, fallbacks: [String]? = nil, budgetUSD: Double? = nil
  ) async throws(ProviderError) -> SessionRecord {
    let catalog = try await catalog()
    let choice = try await select(provider: provider, model: model, current: connectionDefault, catalog)
    try checkFallbacks(fallbacks, catalog)
    return try await sessions.create(
      SessionRecord(
        id: id ?? SessionStore.newID(), name: name, provider: choice.provider.id, model: choice.model.id,
        system: system, cwd: cwd, fallbacks: fallbacks, budgetUSD: budgetUSD, createdAt: Timestamp.now()))
  }

  /// Says how many USD a session's completions may cost together from now on, those before included; `nil` for any
  /// number.
  package func setBudget(of reference: String, to budgetUSD: Double?) async throws(ProviderError) -> SessionRecord {
    let record = try await sessions.find(reference)
    let store = sessions.store
    return try await BlockingQueue.run { () throws(ProviderError) in
      try store.update(record.id) { $0.budgetUSD = budgetUSD }
    }
  }

  /// The provider and model that these names mean, when a completion could use them.
  /// - Throws: what `complete` would: unknown names, a missing key.
  package func usableChoice(
    provider: String, model: String?, current: ModelChoice? = nil
  ) async throws(ProviderError) -> ModelChoice {
    let catalog = try await catalog()
    let choice = try await select(provider: provider, model: model, current: current, catalog)
    let query = keyQuery(choice.provider, catalog)
    let place = try await place(of: choice.provider, catalog)
    if choice.provider.auth.need != .none, place == nil {
      if choice.provider.auth.need == .required { throw keys.missingKey(query) }
      // Optional, but the settings name a key that is not there: this says which.
      _ = try await keys.key(for: query)
    }
    try await checkVariables(of: choice.provider, catalog, place)
    return ModelChoice(provider: choice.provider.id, model: choice.model.id)
  }

  /// Makes another provider the one that answers in a session from the next completion on. When anything fails,
  /// nothing has changed.
  package func switchProvider(
    of reference: String, to provider: String, model: String?, carry: Carry
  ) async throws(ProviderError) -> (session: SessionRecord, messageCount: Int, previous: ModelChoice) {
    let record = try await sessions.find(reference)
    let previous = ModelChoice(provider: record.provider, model: record.model)
    let id = try await catalog().provider(named: provider).id
    let choice = try await usableChoice(
      provider: id, model: model, current: try await threadChoice(record, id))
    let target = ThreadLanes.Key(session: record.id, provider: choice.provider)
    let source = ThreadLanes.Key(session: record.id, provider: record.provider)
    try await sessions.carry(carry, from: source, to: target)
    let store = sessions.store
    let changed = try await BlockingQueue.run { () throws(ProviderError) in
      try store.update(record.id) { session in
        // An account is one provider's.
        if session.provider != choice.provider { session.account = nil }
        session.provider = choice.provider
        session.model = choice.model ?? session.model
      }
    }
    // What waits to ask the former provider again would be for nobody.
    if record.provider != choice.provider {
      let why = "The session went on with \(choice.provider) while this waited for \(record.provider)."
      for completion in sessions.lanes.all(in: record.id, notOf: choice.provider) {
        forbidFurtherTries(completion, why)
      }
    }
    return (changed, try await sessions.state(of: target).messageCount, previous)
  }

  /// What is used when nothing is named; local servers are asked when the settings say nothing.
  package func defaultChoice() async -> ModelChoice? {
    guard let catalog = try? await catalog(),
      let selection = try? await select(provider: nil, model: nil, current: nil, catalog)
    else { return nil }
    return ModelChoice(provider: selection.provider.id, model: selection.model.id)
  }

  /// What is used when nothing is named, as far as the settings say; no server is asked. Blocks.
  package func configuredChoice(_ catalog: ProviderCatalog) -> ModelChoice? {
    let stored = (try? loggedInBlocking(catalog)) ?? []
    guard let selection = try? catalog.defaultSelection(loggedIn: stored) else { return nil }
    return ModelChoice(provider: selection.provider.id, model: selection.model.id)
  }

  /// What a thread cost so far at today's prices; `nil` when they are unknown.
  package func cost(of thread: ThreadSummary) async -> Cost? {
    guard let catalog = try? await catalog() else { return nil }
    let own = ModelChoice(provider: thread.provider, model: thread.model)
    guard var sum = cost(of: Usage(), at: own, catalog) else { return nil }
    // One by one: a long conversation is not a long input.
    for (choice, usage) in thread.usages {
      guard let cost = cost(of: usage, at: choice, catalog) else { return nil }
      sum = sum + cost
    }
    return sum
  }

  private func cost(of usage: Usage, at choice: ModelChoice, _ catalog: ProviderCatalog) -> Cost? {
    guard let provider = try? catalog.provider(named: choice.provider),
      let model = try? catalog.model(choice.model ?? "", of: provider)
    else { return nil }
    return Cost(of: usage, model)
  }
}

extension CompletionEngine {
  /// Where logins are kept.
  package var authPath: String { keys.authPath }

  /// A point in time, given in milliseconds since 1970, as the protocol writes it.
  package static func timestamp(_ milliseconds: Int) -> String {
    Timestamp.text(milliseconds: milliseconds)
  }
}
