package import Completion

extension KeyResolver {
  /// The error of a provider that wants a key and has none: every place that could hold one.
  package func missingKey(_ query: KeyQuery) -> ProviderError {
    let name = query.provider
    guard query.account == nil else {
      var error = ProviderError(
        .authRequired, "there is no entry \"\(query.id)\" in \(authPath)", hint: "Run: \(query.id.loginCommand)")
      error.provider = name
      return error
    }
    var error = ProviderError(.authRequired, "there is no key for \(name)")
    error.hint = "You can \(ways(to: query))."
    error.provider = name
    return error
  }

  /// `error` of a provider whose key could not be had, with the other ways to one behind its own hint. An entry in
  /// `auth.json` goes before all of them, so it has to go first.
  package func explained(_ error: ProviderError, _ query: KeyQuery) async -> ProviderError {
    let ways = ways(to: query)
    // An error with a path has a cause beside the key; a key of the call has no places.
    guard error.kind == .authRequired, error.path == nil, query.account == nil, query.call == nil,
      error.hint?.contains(ways) != true
    else { return error }
    var error = error
    let isOwned = (try? await store.credential(for: query.id)) != nil
    let others =
      isOwned
      ? "To use another key, run \(query.id.logoutCommand), which removes \"\(query.id)\" from \(authPath); then you can "
      : "You can also "
    error.hint = [error.hint, others + ways + "."].compactMap { $0 }.joined(separator: " ")
    return error
  }

  /// Everything that gives a provider a key: the words behind "you can".
  private func ways(to query: KeyQuery) -> String {
    let name = query.provider
    let ways = [
      // Some variables hold a login's token; what a person has is mostly a key.
      (query.variables.first { $0.hasSuffix("_API_KEY") } ?? query.variables.first).map { "set \($0)" },
      "run \(query.id.loginCommand)",
      query.usesAWS ? "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE" : nil,
      query.cloud?.remedy,
      "put \"\(name)\": {\"type\": \"api_key\", \"key\": …} into \(authPath)",
      "put \"apiKey\" into \(query.configPath) under providers.\(name)",
      query.file.map { "put \"\($0.key)\" into \(path(of: $0))" },
    ]
    return ways.compactMap { $0 }.joined(separator: ", or ")
  }
}

extension AccountID {
  /// What a person runs to log in to it.
  package var loginCommand: String { "patchbay login \(arguments)" }

  /// What a person runs to have it forgotten.
  package var logoutCommand: String { "patchbay logout \(arguments)" }

  private var arguments: String {
    shellQuoted(provider) + (account.map { " --account \(shellQuoted($0))" } ?? "")
  }
}
