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
      let infos = reports.map { report in
        // A login whose data is wrong is reported by whoever uses it; the list is there all the same.
        var info = ProviderInfo(report, (try? session.engine.loginMethods(of: report.provider)) ?? [])
        info.coolDown = session.engine.coolDown(of: report.provider.id).map { pause in
          .init(until: pause.until, reason: pause.reason, account: pause.account)
        }
        return info
      }
      return ListProvidersResult(providers: infos).json
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
        && params.capabilities.allSatisfy { can(entry, $0, of: providers) }
        && (query.isEmpty || "\(entry.provider)/\(entry.model.id)".lowercased().contains(query)
          || entry.model.name.lowercased().contains(query))
    }
    let (page, next) = try Self.page(entries, after: params.cursor, limit: params.limit)
    return ListModelsResult(models: page, nextCursor: next, failures: listing.failures)
  }

  /// Whether a model is known to have a capability.
  private func can(
    _ entry: WireProtocol.ModelEntry, _ capability: ModelCapability, of providers: [Provider]
  ) -> Bool {
    let model = entry.model
    switch capability {
    case .tools: return model.tools
    case .reasoning: return model.reasoning
    case .images: return model.input.contains("image")
    case .pdf: return model.input.contains("pdf")
    case .structured: return model.structured == true
    case .infill:
      return providers.first { $0.id == entry.provider }.map { engine.canInfill(model, of: $0) } ?? false
    }
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

extension ProviderInfo {
  /// The ways to a credential: a key, a login, and what other programs keep for it.
  private static func logins(_ provider: Provider, _ methods: [Credentials.LoginMethod]) -> [Login] {
    guard provider.auth.need != .none else { return [Login(method: "none", env: provider.env)] }
    let isAmbient = provider.auth.scheme != .key || provider.credentialFile != nil
    return methods.map { Login(method: $0.rawValue, env: $0 == .apiKey ? provider.env : []) }
      + (isAmbient ? [Login(method: "ambient")] : [])
  }

  fileprivate init(_ report: ProviderReport, _ methods: [Credentials.LoginMethod]) {
    let provider = report.provider
    self.init(
      id: provider.id, name: provider.name, kind: provider.kind.rawValue, api: provider.api,
      baseURL: provider.baseURL.map(ServerAddress.masked), aliases: provider.aliases,
      login: Self.logins(provider, methods),
      status: ProviderStatus(report.status),
      credential: report.place.flatMap { place in
        CredentialSource(rawValue: place.source.rawValue).map { Credential(source: $0, detail: place.detail) }
      },
      defaultModel: provider.defaultModel, dataLocation: provider.dataPolicy.dataLocation,
      compliance: provider.dataPolicy.compliance, offline: provider.dataPolicy.offline)
  }
}
