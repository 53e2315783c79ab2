package import Catalog
package import Completion
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
      let configured = Set(provider.configuredModels.map(\.id))
      for model in known {
        listing.models.append(
          ListedModel(provider: provider, model: model, source: configured.contains(model.id) ? .config : .catalog))
      }
      switch answers[position] {
      case .success(let live):
        let listed = Set(known.map(\.id))
        for model in live where !listed.contains(model.id) {
          listing.models.append(ListedModel(provider: provider, model: model, source: .live))
        }
      case .failure(let error) where refresh: listing.failures.append((provider.id, error))
      default: break
      }
    }
    return listing
  }

  /// The models a provider's server says it has.
  func liveModels(
    of provider: Provider, patience: Patience
  ) async -> Result<[ModelInfo], ProviderError> {
    do throws(ProviderError) {
      guard let list = provider.modelList else {
        throw ProviderError(.unsupported, "\(provider.id) has no list of its models")
      }
      let limit = patience.rawValue
      var call = CompletionCall(input: [])
      (call.timeout.connectMs, call.timeout.totalMs) = (limit, limit)
      let endpoint = try await endpoint(provider, ModelInfo(id: ""), call)
      let body = try await get(list.path, endpoint, provider.api)
      return .success(try Self.models(in: body, list.shape))
    } catch {
      var error = error
      error.provider = provider.id
      return .failure(error)
    }
  }

  /// The model a local server names first.
  func firstModel(of provider: Provider) async throws(ProviderError) -> ModelInfo {
    let models = try await liveModels(of: provider, patience: .look).get()
    guard let first = models.first else {
      var error = ProviderError(
        .modelNotFound, "\(provider.name) has no model yet", hint: "load a model into it, then try again")
      error.provider = provider.id
      throw error
    }
    return first
  }

  private func get(_ path: String, _ endpoint: Endpoint, _ api: APIFamily) async throws(ProviderError) -> [UInt8] {
    let dialect = Dialects.named(api)
    var headers = endpoint.headers
    if let key = endpoint.apiKey {
      let isBearer = endpoint.authHeader == "authorization"
      headers.append(HTTPHeader(endpoint.authHeader, (isBearer ? "Bearer " : "") + key.reveal()))
    }
    let request = HTTPRequest(url: endpoint.baseURL + path, headers: headers, timeouts: endpoint.timeouts)
    do {
      return try await http.withResponse(to: request) { response in
        let body = try await response.body.readAll(limit: Self.listLimit)
        if response.status >= 400, let dialect {
          throw dialect.error(status: response.status, headers: response.headers, body: body)
        }
        return body
      }
    } catch let error as ProviderError {
      throw error.redacting([endpoint.apiKey].compactMap { $0 } + endpoint.headers.map(\.value))
    } catch let error as HTTPError {
      throw ProviderError(error)
    } catch {
      throw ProviderError(Task.isCancelled ? .cancelled : .internal, "\(error)")
    }
  }

  private static func models(in body: [UInt8], _ shape: ModelListShape) throws(ProviderError) -> [ModelInfo] {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: body, options: .upstream)
    } catch {
      throw ProviderError(.upstreamInvalid, "the list of models is no JSON: \(error)")
    }
    let entries = shape == .ollamaTags ? value["models"]?.array : value["data"]?.array ?? value.array
    guard let entries else { throw ProviderError(.upstreamInvalid, "the list of models has an unknown form") }
    return entries.compactMap { entry in
      guard let id = (shape == .ollamaTags ? entry["model"] ?? entry["name"] : entry["id"])?.string else { return nil }
      var model = ModelInfo(id: id, name: entry["display_name"]?.string)
      // vLLM, Groq, Mistral and llama.cpp each say how much fits in their own way.
      model.contextWindow =
        entry["max_model_len"]?.int ?? entry["context_window"]?.int ?? entry["max_context_length"]?.int
        ?? entry["context_length"]?.int ?? entry["meta"]?["n_ctx"]?.int
      return model
    }
  }
}
