internal import Catalog
package import Completion
internal import Credentials
internal import Dialects
internal import HTTP
internal import JSON

/// What became of asking for limits.
package struct LimitListing: Sendable {
  package var reports: [LimitReport] = []
  /// The providers that could not be asked.
  package var failures: [(provider: String, error: ProviderError)] = []
}

extension CompletionEngine {
  /// How long a provider may take to say what is left, in milliseconds.
  private static let limitPatience = 10_000
  private static let limitAnswer = 1 << 20

  /// What is left at `provider`, or at all: what their response headers said last, and what those say that have an
  /// endpoint for it and a key, who are asked now, each account of theirs.
  /// - Throws: `providerNotFound`, `storage`.
  package func limits(of name: String?) async throws(ProviderError) -> LimitListing {
    let catalog = try await catalog()
    let asked = try name.map { name throws(ProviderError) in [try catalog.provider(named: name)] } ?? catalog.providers
    var accounts: [(provider: Provider, account: String?)] = []
    let stored = try await store.accounts()
    for provider in asked where !provider.limitEndpoints.isEmpty {
      let place = try? await place(of: provider, catalog)
      if place != nil || name != nil { accounts.append((provider, nil)) }
      let named = stored.filter { $0.provider == provider.id && $0.account != nil }
      accounts += named.map { (provider, $0.account) }
    }
    let answers = await withTaskGroup(of: (Int, Result<LimitReport, ProviderError>).self) { group in
      for (position, entry) in accounts.enumerated() {
        group.addTask { (position, await self.askedLimits(entry.provider, entry.account)) }
      }
      return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }
    }
    var listing = LimitListing()
    for (position, answer) in answers {
      switch answer {
      case .success(let report): limits.note(report)
      case .failure(let error): listing.failures.append((accounts[position].provider.id, error))
      }
    }
    limits.publish()
    listing.reports = limits.reports(of: name == nil ? nil : asked[0].id)
    return listing
  }

  func askedLimits(_ provider: Provider, _ account: String?) async -> Result<LimitReport, ProviderError> {
    await result { () throws(ProviderError) in try await self.ask(provider, account) }
  }

  private func ask(_ provider: Provider, _ account: String?) async throws(ProviderError) -> LimitReport {
    var report = LimitReport(provider: provider.id, account: account, asOf: now(), source: .endpoint)
    var call = CompletionCall(input: [])
    call.account = account
    (call.timeout.connectMs, call.timeout.totalMs) = (Self.limitPatience, Self.limitPatience)
    let (routed, model) = provider.routed(to: ModelInfo(id: ""))
    for place in provider.limitEndpoints {
      let answer = try await ExchangeScope.run(.limits) { () throws(ProviderError) in
        try await self.withEndpoint(routed, model, call) { endpoint throws(ProviderError) in
          try await self.ask(place, endpoint, AccountID(provider.id, account: account), routed.api)
        }
      }
      report.take(answer, of: place)
    }
    return report
  }

  private func ask(
    _ place: LimitEndpoint, _ endpoint: Endpoint, _ account: AccountID, _ api: String
  ) async throws(ProviderError) -> JSONValue {
    var login: OAuthCredential?
    if case .oauth(let credential)? = try await store.credential(for: account) { login = credential }
    var variables = place.variables
    for (name, value) in login?.extra ?? [:] { variables[name] = value.string ?? variables[name] }
    variables.merge(endpoint.variables) { $1 }
    var endpoint = endpoint
    if place.usesLogin, let token = login?.refresh, !token.isEmpty { endpoint.apiKey = token }
    endpoint.variables = variables
    let url = place.path.hasPrefix("/") ? endpoint.baseURL + place.path : try filled(place.path, endpoint)
    let body = try await fetch(
      endpoint.get(url), from: endpoint, dialect(named: api), limit: Self.limitAnswer)
    do {
      return try JSONValue(parsing: body, options: .upstream)
    } catch {
      throw ProviderError(.upstreamInvalid, "the answer about limits is no JSON: \(error)")
    }
  }
}
