package import Completion
internal import JSON

extension Provider {
  /// This provider as `model` is reached at it: the API family, base URL, key header and quirks of the route that fits,
  /// and the model with its id on the wire and the quirks that the catalogue has for it. `api` asks for another family
  /// than the model's own.
  package func routed(to model: ModelInfo, api wanted: String? = nil) -> (provider: Provider, model: ModelInfo) {
    var model = model
    var provider = self
    let own = model.quirks
    model.quirks = .init()
    for entry in modelQuirks where entry.models.contains(where: { Glob.matches(model.id, $0) }) {
      model.quirks.merge(entry.quirks)
    }
    model.quirks.merge(own)
    // What is known of a model's deviations is known for the family it is reached by.
    if let wanted, wanted != family(of: model) { model.quirks = .init() }
    guard let route = route(for: model, wanted) else {
      provider.api = wanted ?? model.api ?? self.api
      // What is known of a provider's deviations is known for its own family.
      if provider.api != self.api { provider.quirks = .init() }
      provider.fitKeyHeader(from: self.api)
      return (provider, model)
    }
    provider.api = route.api
    provider.baseURL = route.baseURL ?? baseURL
    provider.auth = route.auth ?? auth
    for header in route.headers {
      provider.headers.removeAll { $0.name.lowercased() == header.name.lowercased() }
      provider.headers.append(header)
    }
    provider.quirks = route.quirks
    if let prefix = route.stripPrefix, model.id.hasPrefix(prefix) {
      model.upstreamID = String(model.id.dropFirst(prefix.count))
    }
    return (provider, model)
  }

  /// The family by which `model` is reached when nobody asks for another.
  private func family(of model: ModelInfo) -> String { model.api ?? route(for: model, nil)?.api ?? api }

  /// The routes that there are at its base URL.
  var usableRoutes: [ProviderRoute] {
    routes.filter { route in route.baseURLContains.map { baseURL?.contains($0) ?? false } ?? true }
  }

  /// The key goes where `api` wants it, unless it went elsewhere than `former` wants it, too.
  mutating func fitKeyHeader(from former: String) {
    let usual = "authorization"
    if auth.header == keyHeaders[former] ?? usual { auth.header = keyHeaders[api] ?? usual }
  }

  private func route(for model: ModelInfo, _ wanted: String?) -> ProviderRoute? {
    let routes = usableRoutes
    if let api = wanted ?? model.api {
      if wanted == nil || wanted != self.api {
        return routes.first { $0.api == api && ($0.models.isEmpty || $0.fits(model.id)) }
          ?? routes.first { $0.api == api }
      }
      return nil
    }
    return routes.first { $0.fits(model.id) }
  }
}

extension ProviderRoute {
  fileprivate func fits(_ model: String) -> Bool { models.contains { Glob.matches(model, $0) } }
}

/// Patterns in which `*` stands for any text, compared without regard to case.
package enum Glob {
  /// Whether `text` is what `pattern` describes.
  package static func matches(_ text: String, _ pattern: String) -> Bool {
    let pieces = pattern.lowercased().split(separator: "*", omittingEmptySubsequences: false)
    var rest = text.lowercased()[...]
    guard let first = pieces.first, rest.hasPrefix(first) else { return false }
    guard pieces.count > 1, let last = pieces.last else { return rest == first }
    rest = rest.dropFirst(first.count)
    for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
      guard let range = rest.firstRange(of: piece) else { return false }
      rest = rest[range.upperBound...]
    }
    return rest.hasSuffix(last)
  }
}
