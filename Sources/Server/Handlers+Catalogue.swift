internal import Catalog
internal import Completion
internal import Credentials
internal import Engine
internal import JSON
internal import WireProtocol

extension ClientSession {
  static let catalogue: [Handler] = [
    .free(.listProviders, EmptyParams.self) { session, _, _ throws(ProviderError) in
      let reports = try await session.engine.reports()
      return ListProvidersResult(providers: reports.map(ProviderInfo.init)).json
    },
    .free(.listModels, ListModelsParams.self) { session, params, _ throws(ProviderError) in
      try await session.listModels(params).json
    },
  ]

  private func listModels(_ params: ListModelsParams) async throws(ProviderError) -> ListModelsResult {
    var ready: [String: Bool] = [:]
    var providers: [Provider] = []
    for report in try await engine.reports(on: params.provider) {
      ready[report.provider.id] = report.status == .ready
      providers.append(report.provider)
    }
    let listing = try await engine.models(of: providers, refresh: params.refresh)
    let query = params.query?.lowercased() ?? ""
    var entries = listing.models.map { listed in
      WireProtocol.ModelEntry(
        provider: listed.provider.id, model: listed.model, available: ready[listed.provider.id] ?? false,
        source: .init(rawValue: listed.source.rawValue) ?? .catalog)
    }
    entries = entries.filter { entry in
      (params.available == nil || entry.available == params.available)
        && params.capabilities.allSatisfy { entry.model.can($0) }
        && (query.isEmpty || "\(entry.provider)/\(entry.model.id)".lowercased().contains(query)
          || entry.model.name.lowercased().contains(query))
    }
    let (page, next) = try Self.page(entries, after: params.cursor, limit: params.limit)
    return ListModelsResult(models: page, nextCursor: next, failures: listing.failures)
  }

  private static func page(
    _ entries: [WireProtocol.ModelEntry], after cursor: String?, limit: Int
  ) throws(ProviderError) -> ([WireProtocol.ModelEntry], next: String?) {
    var rest = entries[...]
    if let cursor {
      guard let last = rest.firstIndex(where: { "\($0.provider)/\($0.model.id)" == cursor }) else {
        throw ProviderError(
          .invalidParams, "cursor: names no model of this list", hint: "Begin again without a cursor.", path: "cursor")
      }
      rest = rest[(last + 1)...]
    }
    let page = Array(rest.prefix(limit))
    let next = rest.count > limit ? page.last.map { "\($0.provider)/\($0.model.id)" } : nil
    return (page, next)
  }
}

extension ModelInfo {
  /// Whether the model is known to have a capability.
  fileprivate func can(_ capability: ModelCapability) -> Bool {
    switch capability {
    case .tools: tools
    case .reasoning: reasoning
    case .images: input.contains("image")
    case .pdf: input.contains("pdf")
    case .structured: structured == true
    // No catalogue entry says so yet: fill-in-the-middle comes with its own method.
    case .infill: false
    }
  }
}

extension ProviderInfo {
  fileprivate init(_ report: ProviderReport) {
    let provider = report.provider
    self.init(
      id: provider.id, name: provider.name, kind: provider.kind.rawValue, api: provider.api,
      baseURL: provider.baseURL.map(ServerAddress.masked), aliases: provider.aliases,
      login: [Login(method: provider.auth.need == .none ? "none" : "apiKey", env: provider.env)],
      status: ProviderStatus(report.status),
      credential: report.place.flatMap { place in
        CredentialSource(rawValue: place.source.rawValue).map { Credential(source: $0, detail: place.detail) }
      },
      defaultModel: provider.defaultModel)
  }
}
