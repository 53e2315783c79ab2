internal import Catalog
internal import Completion
internal import Credentials
internal import Platform

extension CompletionEngine {
  /// Where the key of `query`, or what stands in for one, would come from, without asking a server or running a
  /// program.
  func place(of query: KeyQuery) async throws(ProviderError) -> KeyPlace? {
    if let place = try await keys.place(of: query) { return place }
    guard let cloud = query.cloud else { return nil }
    return try await clouds.place(cloud, cloudEnvironment(query))
  }

  /// What requests without a key prove with who asks; `nil` for a provider that has nothing but keys.
  /// - Throws: `authRequired` when one is needed and nobody has set any.
  func cloudAccess(_ provider: Provider, _ query: KeyQuery) async throws(ProviderError) -> CloudAccess? {
    guard let cloud = query.cloud else { return nil }
    do throws(ProviderError) {
      if let access = try await clouds.access(cloud, cloudEnvironment(query)) { return access }
      if provider.auth.need == .required { throw keys.missingKey(query) }
      return nil
    } catch {
      var error = error
      error.provider = provider.id
      throw error
    }
  }

  /// The project of whose credentials are used; `nil` when nothing says.
  func cloudProject(_ query: KeyQuery) async throws(ProviderError) -> String? {
    query.cloud == .google ? try await clouds.googleProject(cloudEnvironment(query)) : nil
  }

  /// The environment with the variables of the provider's entry in `auth.json` laid over it.
  func cloudEnvironment(_ query: KeyQuery) async throws(ProviderError) -> Environment {
    let own = try await keys.surroundings(of: query).environment.filter { !$0.value.allSatisfy(\.isWhitespace) }
    return own.isEmpty ? environment : Environment(environment.all.merging(own) { $1 })
  }
}

extension Cloud {
  /// The cloud that stands behind a scheme; `nil` for schemes without one.
  init?(_ scheme: ProviderAuth.Scheme) {
    switch scheme {
    case .google: self = .google
    case .azure: self = .azure
    case .key, .aws: return nil
    }
  }
}
