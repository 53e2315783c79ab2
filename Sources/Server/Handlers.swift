internal import Completion
internal import JSON
internal import WireProtocol

/// A method: how its parameters are read, whether it waits for those before it, and what it does.
struct Handler: Sendable {
  let method: Method
  /// Whether it takes effect only after the ordered requests before it.
  let isOrdered: Bool
  /// Reads the parameters, at once and in order; returns the rest.
  let prepare: @Sendable (ClientSession, ClientSession.Request) throws(ProviderError) -> ClientSession.Work

  private init(
    _ method: Method, isOrdered: Bool,
    _ prepare: @escaping @Sendable (ClientSession, ClientSession.Request) throws(ProviderError) -> ClientSession.Work
  ) {
    self.method = method
    self.isOrdered = isOrdered
    self.prepare = prepare
  }

  /// A method that neither waits for others nor holds them up.
  static func free<Params: WireParams>(
    _ method: Method, _ params: Params.Type,
    _ run: @escaping @Sendable (ClientSession, Params, ClientSession.Request) async throws(ProviderError) -> JSONValue
  ) -> Handler { make(method, isOrdered: false, run) }

  /// A method that takes effect in the order of arrival.
  static func ordered<Params: WireParams>(
    _ method: Method, _ params: Params.Type,
    _ run: @escaping @Sendable (ClientSession, Params, ClientSession.Request) async throws(ProviderError) -> JSONValue
  ) -> Handler { make(method, isOrdered: true, run) }

  /// A method that arranges its own order.
  static func custom<Params: WireParams>(
    _ method: Method, _ params: Params.Type,
    _ prepare:
      @escaping @Sendable (ClientSession, Params, ClientSession.Request) throws(ProviderError) ->
      ClientSession.Work
  ) -> Handler {
    Handler(method, isOrdered: false) { session, request throws(ProviderError) in
      try prepare(session, try Params.decode(request.params), request)
    }
  }

  private static func make<Params: WireParams>(
    _ method: Method, isOrdered: Bool,
    _ run: @escaping @Sendable (ClientSession, Params, ClientSession.Request) async throws(ProviderError) -> JSONValue
  ) -> Handler {
    Handler(method, isOrdered: isOrdered) { session, request throws(ProviderError) in
      let params = try Params.decode(request.params)
      return { () throws(ProviderError) in try await run(session, params, request) }
    }
  }
}

extension ClientSession {
  /// Every method, by its name on the wire.
  static let handlers: [String: Handler] = Dictionary(
    uniqueKeysWithValues: all.map { ($0.method.rawValue, $0) })

  private static let all =
    lifecycle + catalogue + completions + otherCalls + sessionMethods + logins + settings + usage
}
