internal import Catalog
internal import Completion
internal import Credentials
internal import Dialects
internal import HTTP
internal import JSON

extension CompletionEngine {
  /// Where a provider's key may be found.
  func keyQuery(_ provider: Provider, _ catalog: ProviderCatalog, call: String? = nil) -> KeyQuery {
    KeyQuery(
      provider: provider.id, call: call, variables: provider.env, config: provider.apiKey,
      configPath: catalog.configPath)
  }

  /// How to reach `model` of `provider`, with key and headers looked up.
  /// - Throws: `authRequired` when a key is needed and there is none; it says where one may be put.
  func endpoint(
    _ provider: Provider, _ model: ModelInfo, _ call: CompletionCall? = nil
  ) async throws(ProviderError) -> Endpoint {
    let catalog = try await catalog()
    guard let baseURL = call?.baseURL ?? provider.baseURL else {
      throw ProviderError(
        .unsupported, "\(provider.id) is not reached over HTTP", hint: "name another provider", path: "provider")
    }
    let isForeign = baseURL.withoutTrailingSlashes != provider.baseURL?.withoutTrailingSlashes
    let key = try await key(provider, catalog, call, isForeign: isForeign)
    var endpoint = Endpoint(
      provider: provider.id, baseURL: baseURL.withoutTrailingSlashes,
      apiKey: key?.secret, authHeader: key?.isToken == true ? "authorization" : provider.auth.header,
      quirks: provider.quirks, model: model, timeouts: Self.timeouts(provider, call))
    if !isForeign {
      for header in provider.headers {
        guard let value = try await keys.resolve(header.value.text, origin: header.value.origin) else { continue }
        endpoint.headers.append(HTTPHeader(header.name, value))
      }
    }
    for (name, value) in call?.headers ?? [] {
      endpoint.headers.removeAll { $0.name.lowercased() == name.lowercased() }
      // An empty value takes away what would be sent by itself.
      endpoint.headers.append(HTTPHeader(name, value ?? ""))
    }
    return endpoint
  }

  private func key(
    _ provider: Provider, _ catalog: ProviderCatalog, _ call: CompletionCall?, isForeign: Bool
  ) async throws(ProviderError) -> ResolvedKey? {
    // A blank key is none: what is looked up for it must not take its place.
    let own = call?.apiKey.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
    var query = keyQuery(provider, catalog, call: own)
    guard !isForeign else {
      // Only the caller can say that a key may go to a place that the settings do not know.
      guard own != nil || provider.auth.need != .required else {
        throw ProviderError(
          .authRequired, "the key of \(provider.id) is not sent to another baseURL",
          hint: "pass apiKey along with baseURL, or set providers.\(provider.id).baseURL in \(catalog.configPath)",
          path: "baseURL")
      }
      query.config = nil
      query.variables = []
      return own == nil ? nil : try await keys.key(for: query)
    }
    if provider.auth.need == .none, own == nil { return nil }
    if let key = try await keys.key(for: query) { return key }
    if provider.auth.need == .required { throw keys.missingKey(query) }
    return nil
  }

  private static func timeouts(_ provider: Provider, _ call: CompletionCall?) -> HTTPTimeouts {
    var timeouts = HTTPTimeouts()
    // An answer in one piece is silent until it is whole; the vendors' own programs wait ten minutes for it.
    if call?.stream == false { timeouts.firstTokenMs = 600_000 }
    for limits in [provider.timeouts, call?.timeout ?? PhaseTimeouts()] {
      timeouts.connectMs = limits.connectMs ?? timeouts.connectMs
      timeouts.firstTokenMs = limits.firstTokenMs ?? timeouts.firstTokenMs
      timeouts.idleMs = limits.idleMs ?? timeouts.idleMs
      timeouts.totalMs = limits.totalMs ?? timeouts.totalMs
    }
    return timeouts
  }
}

extension String {
  /// A base URL as paths can be put behind it.
  fileprivate var withoutTrailingSlashes: String {
    var url = self[...]
    while url.hasSuffix("/") { url.removeLast() }
    return String(url)
  }
}
