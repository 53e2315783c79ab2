internal import CLIProviders
internal import Catalog
internal import Completion
internal import Credentials
internal import Dialects
internal import HTTP
internal import Platform

extension CompletionEngine {
  /// The longest error that is read.
  private static let errorLimit = 1 << 20
  /// The longest answer that may come in one piece.
  static let wholeLimit = 64 << 20
  /// The longest streamed answer, with all that frames it: a million tokens, each in an event of its own.
  static let streamLimit = 512 << 20

  /// Sends `request` to `endpoint` and passes the response to `read`. Every request to a provider goes this way: it is
  /// authorized as the API family wants it right before it leaves, an error status becomes the family's error, and no
  /// error shows a secret.
  func send<Value: Sendable>(
    _ request: HTTPRequest, to endpoint: Endpoint, _ dialect: (any Dialect)?,
    _ read: (HTTPResponse) async throws -> Value
  ) async throws(ProviderError) -> Value {
    do throws(ProviderError) {
      let time = KeyResolver.systemTime() / 1000
      let request = try dialect?.authorize(request, at: endpoint, time: time) ?? request
      return try await exchange(request, to: endpoint) { response in
        if response.status >= 400 {
          let body = (try? await response.body.readAll(limit: Self.errorLimit)) ?? []
          throw dialect?.error(status: response.status, headers: response.headers, body: body)
            ?? ProviderError(.upstreamError, "the server answers with HTTP status \(response.status)")
        }
        return try await read(response)
      }
    } catch {
      throw error.redacting(endpoint.secrets)
    }
  }

  /// Sends `request` as it is and passes the response to `read`, whatever its status. `endpoint` says for the log whose
  /// it is; nobody's is told of as such.
  func exchange<Value: Sendable>(
    _ request: HTTPRequest, to endpoint: Endpoint? = nil, _ read: (HTTPResponse) async throws -> Value
  ) async throws(ProviderError) -> Value {
    do {
      return try await ExchangeContext.$current.withValue(ExchangeContext.sending(to: endpoint)) {
        try await http.withResponse(to: request, read)
      }
    } catch let error as ProviderError {
      throw error
    } catch let error as HTTPError {
      throw ProviderError(error)
    } catch {
      throw ProviderError(Task.isCancelled ? .cancelled : .internal, "\(error)")
    }
  }

  /// Does `work`, which sends requests to `model` of `provider`. When what they prove with who asks is refused although
  /// its time is not over, `work` is done once more with another proof, if `mayRepeat` still says so.
  func withEndpoint<Value: Sendable>(
    _ provider: Provider, _ model: ModelInfo, _ call: CompletionCall? = nil, messages: [Message] = [],
    mayRepeat: () -> Bool = { true }, _ work: (Endpoint) async throws(ProviderError) -> Value
  ) async throws(ProviderError) -> Value {
    let context = ExchangeContext(provider: provider.id, account: call?.account, model: model.id)
    return try await ExchangeContext.$current.withValue(context) {
      await result { () throws(ProviderError) in
        try await withRenewal(provider, model, call, messages, mayRepeat, work)
      }
    }.get()
  }

  private func withRenewal<Value: Sendable>(
    _ provider: Provider, _ model: ModelInfo, _ call: CompletionCall?, _ messages: [Message],
    _ mayRepeat: () -> Bool, _ work: (Endpoint) async throws(ProviderError) -> Value
  ) async throws(ProviderError) -> Value {
    do throws(ProviderError) {
      let (endpoint, proof) = try await reach(provider, model, call, messages)
      do throws(ProviderError) {
        return try await work(endpoint)
      } catch {
        guard let proof, proof.isRefused(by: error), mayRepeat() else { throw error }
        guard try await isRenewed(proof, refused: endpoint) else { throw error }
      }
      return try await work(try await reach(provider, model, call, messages).endpoint)
    } catch {
      throw await explained(error, provider, call)
    }
  }

  /// Sends `request` to `endpoint` and returns the whole body of a good answer.
  func fetch(
    _ request: HTTPRequest, from endpoint: Endpoint, _ dialect: (any Dialect)?, limit: Int = wholeLimit
  ) async throws(ProviderError) -> [UInt8] {
    try await send(request, to: endpoint, dialect) { response in try await response.body.readAll(limit: limit) }
  }

  /// The API family called `name`; `nil` for one that is not spoken here.
  func dialect(named name: String) -> (any Dialect)? { dialects.first { $0.api == name } }

  /// The API families there are, by name.
  package var apis: [String] { [EchoProvider.api] + dialects.map(\.api) + ProgramFamilies.all.map(\.api) }
}
