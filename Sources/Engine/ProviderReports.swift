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
  /// The account there that it is about; `nil` for the one that is used when none is named.
  package let account: String?
  package let status: Status
  /// Where its key would come from; `nil` when there is none.
  package let place: KeyPlace?
  /// The program that it is, when it was found.
  package var program: FoundProgram?
  /// Why it is not ready.
  package let problem: ProviderError?
  /// Why it is not known whether it is ready.
  var doubt: String?

  /// What keeps it from being ready, for a person.
  package var detail: String? { problem?.message ?? doubt }
}

extension CompletionEngine {
  /// How each provider stands: whether it has a key, and for local servers whether they answer. With `verify`, every
  /// provider that has a list of models is asked for it, which shows whether its key is good, unless anybody gets it. With
  /// `versions`, programs are asked for theirs.
  package func reports(
    on provider: String? = nil, verify: Bool = false, versions: Bool = false
  ) async throws(ProviderError) -> [ProviderReport] {
    let catalog = try await catalog()
    var providers = catalog.providers
    if let provider { providers = [try catalog.provider(named: provider)] }
    return await withTaskGroup(of: (Int, ProviderReport).self) { group in
      for (position, provider) in providers.enumerated() {
        group.addTask {
          if provider.program != nil { return (position, await self.report(program: provider, versions: versions)) }
          return (position, await self.report(provider, catalog, verify: verify))
        }
      }
      return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  /// How the accounts stand that have a name, in the order of `auth.json`.
  /// - Throws: `storage` naming the file.
  package func accountReports(
    on provider: String? = nil, verify: Bool = false
  ) async throws(ProviderError) -> [ProviderReport] {
    let catalog = try await catalog()
    let wanted = try provider.map { name throws(ProviderError) in try catalog.provider(named: name).id }
    var reports: [ProviderReport] = []
    for id in try await store.accounts() where id.account != nil && wanted ?? id.provider == id.provider {
      guard let provider = catalog.providers.first(where: { $0.id == id.provider }) else { continue }
      reports.append(await report(provider, catalog, account: id.account, verify: verify))
    }
    return reports
  }

  private func report(program provider: Provider, versions: Bool) async -> ProviderReport {
    do throws(ProviderError) {
      let program = try await program(of: provider, askingVersion: versions)
      return ProviderReport(
        provider: provider, account: nil, status: .ready, place: nil, program: program, problem: nil)
    } catch {
      return ProviderReport(provider: provider, account: nil, status: .missing, place: nil, problem: error)
    }
  }

  private func report(
    _ provider: Provider, _ catalog: ProviderCatalog, account: String? = nil, verify: Bool
  ) async -> ProviderReport {
    func report(_ status: ProviderReport.Status, _ place: KeyPlace?, _ problem: ProviderError? = nil) -> ProviderReport
    {
      ProviderReport(provider: provider, account: account, status: status, place: place, problem: problem)
    }
    let query = keyQuery(provider, catalog, account: account)
    let place: KeyPlace?
    do throws(ProviderError) {
      place = try await self.place(of: provider, catalog, account: account)
    } catch {
      return report(.missing, nil, await keys.explained(error, query))
    }
    if place?.isExpired == true { return report(.expired, place) }
    do throws(ProviderError) {
      if place == nil, provider.auth.need == .required { throw keys.missingKey(query) }
      try await checkVariables(of: provider, catalog, place)
    } catch {
      return report(.missing, place, error)
    }
    if verify { return await verified(report(.ready, place)) }
    guard provider.kind == .local, provider.modelList != nil else { return report(.ready, place) }
    let live = await liveModels(of: provider, account: account, patience: .look)
    guard case .failure(let error) = live else { return report(.ready, place) }
    return report(Self.status(after: error), place, error)
  }

  /// `report`, whose provider has all that it needs, with what the provider makes of it.
  private func verified(_ report: ProviderReport) async -> ProviderReport {
    let (provider, place) = (report.provider, report.place)
    func changed(_ status: ProviderReport.Status, _ problem: ProviderError?, doubt: String? = nil) -> ProviderReport {
      ProviderReport(
        provider: provider, account: report.account, status: status, place: place, problem: problem, doubt: doubt)
    }
    guard provider.modelList != nil else {
      guard provider.auth.need != .none else { return report }
      return changed(.unknown, nil, doubt: "it has no list of models, so nothing can be asked for with the key")
    }
    switch await liveModels(of: provider, account: report.account, patience: .refresh) {
    case .success:
      guard place != nil, provider.kind != .local, await givesModelsToAnybody(provider, report.account) else {
        return report
      }
      return changed(.unknown, nil, doubt: "anybody gets its list of models, so that says nothing about the key")
    case .failure(var error):
      if error.kind == .authRejected, let place {
        error.message = "\(provider.id) refuses the key from \(place.detail): \(error.message)"
      }
      return changed(Self.status(after: error), error)
    }
  }

  /// How a provider stands that did not give its list of models.
  private static func status(after error: ProviderError) -> ProviderReport.Status {
    switch error.kind {
    case .network, .timeout: .unreachable
    case .authRejected, .authRequired: .missing
    // It answers, if not to this question.
    default: .ready
    }
  }

  /// Where the key of `provider` would come from; `nil` when it wants none or has none.
  func place(
    of provider: Provider, _ catalog: ProviderCatalog, account: String? = nil
  ) async throws(ProviderError) -> KeyPlace? {
    provider.auth.need == .none ? nil : try await place(of: keyQuery(provider, catalog, account: account))
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
      let isOthers = query.usesAWS || query.cloud != nil || query.file != nil
      let found = isOthers ? try? await self.place(of: query) : try await self.place(of: query)
      guard let place = found else { continue }
      sources[provider.id] = place.source == .env ? "env:\(place.detail)" : place.detail
    }
    return sources
  }
}
