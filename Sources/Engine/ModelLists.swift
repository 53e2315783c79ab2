package import Catalog
package import Completion
internal import Credentials
internal import Dialects
internal import HTTP
internal import JSON

/// A model as a list shows it.
package struct ListedModel: Sendable {
  /// Where the knowledge comes from.
  package enum Source: String, Sendable { case catalog, live, config }

  package let provider: Provider
  package let model: ModelInfo
  package let source: Source
}

/// What became of asking the providers for their models.
package struct ModelListing: Sendable {
  /// In the order of the providers, each provider's in its own order.
  package var models: [ListedModel] = []
  /// The providers whose own list could not be had.
  package var failures: [(provider: String, error: ProviderError)] = []
}

extension CompletionEngine {
  /// How long a provider may take for its list, in milliseconds: when somebody waits for it, and for a mere look.
  enum Patience: Int { case refresh = 10_000, look = 1500 }
  private static let listLimit = 32 << 20
  /// The longest list that is known has three pages.
  private static let pageLimit = 50

  /// The models of `providers`. Local servers are always asked, for nobody else knows what they hold; the others only
  /// for a `refresh`.
  package func models(of providers: [Provider], refresh: Bool) async throws(ProviderError) -> ModelListing {
    let catalog = try await catalog()
    let answers = await withTaskGroup(of: (Int, Result<[ModelInfo], ProviderError>?).self) { group in
      for (position, provider) in providers.enumerated() {
        let isAsked = provider.modelList != nil && (refresh || provider.kind == .local)
        group.addTask {
          guard isAsked else { return (position, nil) }
          return (position, await self.liveModels(of: provider, patience: refresh ? .refresh : .look))
        }
      }
      return await group.reduce(into: [Int: Result<[ModelInfo], ProviderError>]()) { answers, answer in
        answers[answer.0] = answer.1
      }
    }
    var listing = ModelListing()
    for (position, provider) in providers.enumerated() {
      let known = try catalog.models(of: provider)
      var usable = await accountModels(of: provider)
      var live = (usable ?? []).map { ModelInfo(id: $0) }
      switch answers[position] {
      case .success(let models):
        live = models
        if usable != nil { usable = models.map(\.id) }
      case .failure(let error): if refresh { listing.failures.append((provider.id, error)) }
      case nil: break
      }
      listing.models += Self.listed(known, live, of: provider, usable: usable)
    }
    return listing
  }

  /// The models that the account may use, as its login was told; `nil` when it was told nothing of the kind.
  private func accountModels(of provider: Provider) async -> [String]? {
    guard provider.login != nil, case .oauth(let login)? = try? await store.credential(for: AccountID(provider.id))
    else { return nil }
    return login.extra["availableModelIds"]?.array?.compactMap(\.string)
  }

  /// What the settings know and what the server has, each once. Which of a local server's models are there is for it
  /// to say, and which an account may use for its login: what the catalogue knows of others is not shown.
  private static func listed(
    _ known: [ModelInfo], _ live: [ModelInfo], of provider: Provider, usable: [String]?
  ) -> [ListedModel] {
    let usable = usable.map(Set.init)
    let configured = Set(provider.configuredModels.map(\.id))
    let served = Dictionary(live.map { ($0.id, $0) }) { first, _ in first }
    var models: [ListedModel] = []
    for var model in known {
      if provider.kind == .local, !configured.contains(model.id) {
        guard let own = served[model.id] else { continue }
        model.contextWindow = own.contextWindow ?? model.contextWindow
      }
      if usable?.contains(model.id) == false, !configured.contains(model.id) { continue }
      let source: ListedModel.Source = configured.contains(model.id) ? .config : .catalog
      models.append(ListedModel(provider: provider, model: model, source: source))
    }
    let listed = Set(known.map(\.id))
    for model in live where !listed.contains(model.id) {
      models.append(ListedModel(provider: provider, model: model, source: .live))
    }
    return models
  }

  /// The models a provider's server says it has.
  func liveModels(
    of provider: Provider, account: String? = nil, patience: Patience
  ) async -> Result<[ModelInfo], ProviderError> {
    do throws(ProviderError) {
      guard let list = provider.modelList else {
        throw ProviderError(.unsupported, "\(provider.id) has no list of its models")
      }
      let limit = patience.rawValue
      var call = CompletionCall(input: [])
      call.account = account
      (call.timeout.connectMs, call.timeout.totalMs) = (limit, limit)
      let (provider, model) = provider.routed(to: ModelInfo(id: ""))
      let models = try await ExchangeScope.run(.models) { () throws(ProviderError) in
        try await self.withEndpoint(provider, model, call) { endpoint throws(ProviderError) in
          try await self.models(of: list, endpoint, provider.api)
        }
      }
      return .success(models)
    } catch {
      var error = error
      error.provider = provider.id
      return .failure(error)
    }
  }

  /// What is at `url`, which no provider's key is sent to.
  /// - Throws: `network`, `timeout` or `upstreamError`; the message names the URL's host.
  package func download(_ url: String) async throws(ProviderError) -> [UInt8] {
    var timeouts = HTTPTimeouts()
    timeouts.totalMs = 60_000
    let request = HTTPRequest(url: url, headers: [HTTPHeader("accept", "application/json")], timeouts: timeouts)
    do throws(ProviderError) {
      return try await exchange(request) { response in
        guard response.status == 200 else {
          throw ProviderError(
            .upstreamError, "\(ServerAddress.masked(url)) answers with HTTP status \(response.status)")
        }
        return try await response.body.readAll(limit: Self.listLimit)
      }
    } catch {
      var error = error
      // What the exchange says of a provider's settings has nothing to do with this.
      error.hint = "Check the URL and the network connection, or download it by other means and name the file."
      throw error
    }
  }

  /// The model a local server names first.
  func firstModel(of provider: Provider) async throws(ProviderError) -> ModelInfo {
    let models = try await liveModels(of: provider, patience: .look).get()
    guard let first = models.first else {
      var error = ProviderError(
        .modelNotFound, "\(provider.name) has no model yet", hint: "Load a model into it, then try again.")
      error.provider = provider.id
      throw error
    }
    return first
  }

  /// Every page of every part of `list`, each model once.
  private func models(
    of list: ModelList, _ endpoint: Endpoint, _ api: APIFamily
  ) async throws(ProviderError) -> [ModelInfo] {
    let reader = ModelListReader(list)
    var models: [ModelInfo] = []
    var known: Set<String> = []
    for path in list.paths {
      let first = try address(path, endpoint)
      var url = first
      for _ in 0..<Self.pageLimit {
        let page = try reader.page(try Self.json(try await get(url, list, endpoint, api)))
        let new = page.models.filter { known.insert($0.id).inserted }
        models += new
        // A server that gives the same page for every mark would be asked for ever.
        guard let next = page.next, !new.isEmpty else { break }
        url = first + (first.contains("?") ? "&" : "?") + "\(next.name)=\(next.value.percentEncoded())"
      }
    }
    return models
  }

  /// Whether `provider` gives its list of models to those who do not say who they are.
  func givesModelsToAnybody(_ provider: Provider, _ account: String?) async -> Bool {
    var call = CompletionCall(input: [])
    call.account = account
    (call.timeout.connectMs, call.timeout.totalMs) = (Patience.refresh.rawValue, Patience.refresh.rawValue)
    let (provider, model) = provider.routed(to: ModelInfo(id: ""))
    guard let list = provider.modelList, let path = list.paths.first,
      var endpoint = try? await endpoint(provider, model, call)
    else { return false }
    (endpoint.apiKey, endpoint.aws, endpoint.headers) = (nil, nil, [])
    guard let url = try? address(path, endpoint) else { return false }
    return (try? await get(url, list, endpoint, provider.api)) != nil
  }

  /// Where the part `path` of a list is.
  private func address(_ path: String, _ endpoint: Endpoint) throws(ProviderError) -> String {
    path.hasPrefix("/") ? endpoint.baseURL + path : try filled(path, endpoint)
  }

  /// `url` with the values of the endpoint's variables in the place of `{name}`.
  func filled(_ url: String, _ endpoint: Endpoint) throws(ProviderError) -> String {
    var url = url
    for (name, value) in endpoint.variables {
      while let place = url.firstRange(of: "{\(name)}") { url.replaceSubrange(place, with: value) }
    }
    guard let open = url.firstIndex(of: "{") else { return url }
    let name = url[open...].dropFirst().prefix { $0 != "}" }
    throw ProviderError(
      .authRequired, "\(endpoint.provider) needs \"\(name)\", which is not set",
      hint: "Put \"\(name)\" into the config file under providers.\(endpoint.provider).variables.",
      path: "providers.\(endpoint.provider).variables.\(name)")
  }

  private func get(_ url: String, _ list: ModelList, _ endpoint: Endpoint, _ api: APIFamily) async throws(ProviderError)
    -> [UInt8]
  {
    var request = endpoint.get(url)
    for (name, value) in list.headers {
      guard !request.headers.contains(where: { $0.name.lowercased() == name }) else { continue }
      request.headers.append(HTTPHeader(name, value))
    }
    return try await fetch(request, from: endpoint, dialect(named: api), limit: Self.listLimit)
  }

  private static func json(_ body: [UInt8]) throws(ProviderError) -> JSONValue {
    do {
      return try JSONValue(parsing: body, options: .upstream)
    } catch {
      throw ProviderError(.upstreamInvalid, "the list of models is no JSON: \(error)")
    }
  }
}
