package import Catalog
package import Completion
package import Credentials
internal import HTTP
internal import Platform

/// How a provider stands.
package struct ProviderReport: Sendable {
  /// What can be said of it.
  package enum Status: String, Sendable { case ready, missing, expired, unreachable, unknown }

  package let provider: Provider
  package let status: Status
  /// Where its key would come from; `nil` when there is none.
  package let place: KeyPlace?
  /// Why it is not ready.
  package let problem: ProviderError?
}

/// How one of several accounts at a provider stands.
package struct AccountReport: Sendable {
  /// Always one with a name.
  package let account: AccountID
  package let status: ProviderReport.Status
  /// When its login ends, in milliseconds since 1970; `nil` for a key.
  package let expiresAt: Int?
}

extension CompletionEngine {
  /// How each provider stands: whether it has a key, and for local servers whether they answer. With `verify`, every
  /// provider that has a list of models is asked for it, which shows whether its key is good.
  package func reports(
    on provider: String? = nil, verify: Bool = false
  ) async throws(ProviderError) -> [ProviderReport] {
    let catalog = try await catalog()
    var providers = catalog.providers
    if let provider { providers = [try catalog.provider(named: provider)] }
    return await withTaskGroup(of: (Int, ProviderReport).self) { group in
      for (position, provider) in providers.enumerated() {
        group.addTask { (position, await self.report(provider, catalog, verify: verify)) }
      }
      return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  private func report(_ provider: Provider, _ catalog: ProviderCatalog, verify: Bool) async -> ProviderReport {
    let place: KeyPlace?
    do throws(ProviderError) {
      place = try await self.place(of: provider, catalog)
    } catch {
      return ProviderReport(provider: provider, status: .missing, place: nil, problem: error)
    }
    if place?.isExpired == true {
      return ProviderReport(provider: provider, status: .expired, place: place, problem: nil)
    }
    do throws(ProviderError) {
      if place == nil, provider.auth.need == .required { throw keys.missingKey(keyQuery(provider, catalog)) }
      if place?.isExpired != true { try await checkVariables(of: provider, catalog, place) }
    } catch {
      return ProviderReport(provider: provider, status: .missing, place: place, problem: error)
    }
    if verify, provider.modelList == nil, provider.auth.need != .none {
      return ProviderReport(provider: provider, status: .unknown, place: place, problem: nil)
    }
    guard verify || provider.kind == .local, provider.modelList != nil else {
      return ProviderReport(provider: provider, status: .ready, place: place, problem: nil)
    }
    guard case .failure(let error) = await liveModels(of: provider, patience: verify ? .refresh : .look) else {
      return ProviderReport(provider: provider, status: .ready, place: place, problem: nil)
    }
    let status: ProviderReport.Status =
      switch error.kind {
      case .network, .timeout: .unreachable
      case .authRejected, .authRequired: .missing
      // It answers, if not to this question.
      default: .ready
      }
    return ProviderReport(provider: provider, status: status, place: place, problem: error)
  }

  /// Where the key of `provider` would come from; `nil` when it wants none or has none.
  func place(of provider: Provider, _ catalog: ProviderCatalog) async throws(ProviderError) -> KeyPlace? {
    provider.auth.need == .none ? nil : try await keys.place(of: keyQuery(provider, catalog))
  }

  /// Checks that what a provider's address needs is there. Its key is at `place` and only looked at in the environment;
  /// elsewhere it is taken to hold what a key may bring along.
  /// - Throws: what a completion would.
  func checkVariables(
    of provider: Provider, _ catalog: ProviderCatalog, _ place: KeyPlace?
  ) async throws(ProviderError) {
    guard provider.variables.contains(where: \.isRequired) else { return }
    var provider = provider
    let isPlain = place?.source == .env && place.flatMap { environment[$0.detail] }?.contains("::") == false
    for index in provider.variables.indices where place != nil && !isPlain {
      if provider.auth.keyParts.contains(provider.variables[index].name) {
        provider.variables[index].isRequired = false
      }
    }
    // A command is run when its value is needed, not for a look.
    for (name, setting) in provider.variableSettings where setting.text.hasPrefix("!") {
      provider.variables.removeAll { $0.name == name }
    }
    _ = try await variables(of: provider, catalog, parts: [:])
  }

  /// The config file's settings as they are in effect, with the places of keys that come from elsewhere.
  package func keySources() async throws(ProviderError) -> [String: String] {
    let catalog = try await catalog()
    var sources: [String: String] = [:]
    for provider in catalog.providers where provider.auth.need != .none {
      let query = keyQuery(provider, catalog)
      // What other programs keep is not ours to complain about here.
      let isOthers = query.usesAWS || query.file != nil
      let found = isOthers ? try? await keys.place(of: query) : try await keys.place(of: query)
      guard let place = found else { continue }
      sources[provider.id] = place.source == .env ? "env:\(place.detail)" : place.detail
    }
    return sources
  }
}
