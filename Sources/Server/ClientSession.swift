internal import Completion
internal import Engine
internal import JSON
internal import Platform
internal import Synchronization
internal import WireProtocol

/// What a client session can ask of the program around it.
package struct ServerHost: Sendable {
  /// The program's version.
  package var version: String
  /// Ends the program with an exit status.
  package var exit: @Sendable (Int32) -> Void
  /// Whether the engine serves other connections too.
  package var isShared: Bool

  /// A host.
  package init(version: String, isShared: Bool = false, exit: @escaping @Sendable (Int32) -> Void) {
    self.version = version
    self.isShared = isShared
    self.exit = exit
  }
}

/// One client's dealings with the engine, from `initialize` to the end: the state of the connection, and the handlers
/// of the methods.
final class ClientSession: Sendable {
  struct State {
    var phase = Phase.fresh
    var optedOut: Set<ServerNotification> = []
    var trace = TraceLevel.off
    /// Whether the client answers `prompt`.
    var canPrompt = false
    /// What `switchProvider` without a session chose.
    var choice: ModelChoice?
    /// What the client is told of unasked; gone with its connection.
    var subscriptions: [Subscription] = []
  }

  enum Phase { case fresh, initialized, shutDown }

  let engine: CompletionEngine
  let host: ServerHost
  let state = Mutex(State())
  /// Requests that must take effect in the order they came in.
  let lane = TurnQueue<Int>()
  /// What logins wait for.
  let inputs = LoginInputs()

  /// A session of a client that has said nothing yet.
  init(engine: CompletionEngine, host: ServerHost) {
    self.engine = engine
    self.host = host
  }

  /// A request, with what its handler needs to know of where it came from.
  struct Request: Sendable {
    let id: JSONValue?
    let params: JSONValue?
    let peer: any ClientPeer
  }

  /// The work of a request.
  typealias Work = @Sendable () async throws(ProviderError) -> JSONValue

  /// Takes a request in the order of arrival: decodes it, takes its place in line, and returns the rest of the work.
  /// Does not block.
  func prepare(
    _ method: String, _ params: JSONValue?, id: JSONValue?, from peer: any ClientPeer
  ) -> @Sendable () async throws(ProviderError) -> JSONValue {
    do throws(ProviderError) {
      guard let handler = Self.handlers[method] else { throw Self.unknown(method) }
      try check(handler.method)
      let request = Request(id: id, params: params, peer: peer)
      trace(.messages, "request \(method)", peer)
      let work = try handler.prepare(self, request)
      return logged(method, handler.isOrdered ? ordered(work) : work)
    } catch {
      return { () throws(ProviderError) in throw error }
    }
  }

  /// `work` with a line in the log once it is done.
  private func logged(_ method: String, _ work: @escaping Work) -> Work {
    let start = ContinuousClock.now
    return { [engine] () throws(ProviderError) in
      do throws(ProviderError) {
        let result = try await work()
        engine.log.note(request: method, nil, took: ContinuousClock.now - start)
        return result
      } catch {
        engine.log.note(request: method, error, took: ContinuousClock.now - start)
        throw error
      }
    }
  }

  /// Takes a notification. What it gets wrong is nobody's business: notifications are never answered.
  func notification(_ method: String, _ params: JSONValue?, from peer: any ClientPeer) {
    switch Method(rawValue: method) {
    case .exit: host.exit(state.withLock { $0.phase } == .shutDown ? 0 : 1)
    case .setTrace:
      guard let value = try? SetTraceParams(params).value else { return }
      state.withLock { $0.trace = value }
    default: break
    }
  }

  /// Tells a client that asked for it what is going on.
  func trace(
    _ level: TraceLevel, _ message: @autoclosure () -> String, _ peer: any ClientPeer, logger: String = "server"
  ) {
    let isWanted = state.withLock { state in
      guard !state.optedOut.contains(.logMessage) else { return false }
      return state.trace == .verbose || state.trace == level && level != .off
    }
    guard isWanted else { return }
    let entry = LogMessageParams(level: level == .verbose ? .debug : .info, logger: logger, message: message())
    peer.notify(.logMessage, entry.json)
  }

  func check(_ method: Method) throws(ProviderError) {
    switch (state.withLock { $0.phase }, method) {
    case (.initialized, .initialize):
      throw ProviderError(.invalidRequest, "initialize was already answered on this connection")
    case (.fresh, .initialize), (.initialized, _): return
    case (.fresh, _):
      throw ProviderError(.notInitialized, "\(method.rawValue) came before initialize", hint: "Send initialize first.")
    case (.shutDown, _):
      throw ProviderError(.invalidRequest, "\(method.rawValue) came after shutdown; only exit may follow it")
    }
  }

  private static func unknown(_ method: String) -> ProviderError {
    let near = nearest(to: method, among: handlers.keys)
    return ProviderError(
      .methodNotFound, "there is no method \"\(method)\"",
      hint: near.map { "Did you mean \"\($0)\"?" } ?? "The answer to initialize lists the methods there are.")
  }

  /// `work` in its turn: its place in line is taken now.
  func ordered(_ work: @escaping Work) -> Work {
    guard let turn = lane.enter(0) else { return work }
    return { [self] () throws(ProviderError) in
      defer { lane.leave(turn) }
      guard await lane.wait(turn) else { throw ProviderError(.cancelled, "the request was cancelled") }
      return try await work()
    }
  }

  /// `work` when its turn has come, which it does not hold while it runs: for what takes long.
  func afterOrdered(_ work: @escaping Work) -> Work {
    let turn = ordered { .null }
    return { () throws(ProviderError) in
      _ = try await turn()
      return try await work()
    }
  }
}
