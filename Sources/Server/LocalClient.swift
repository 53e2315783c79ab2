package import Completion
package import Engine
package import JSON
internal import Synchronization
package import WireProtocol

/// A client in the same process: the command line. It calls the methods that every other client calls.
package final class LocalClient: Sendable {
  private let session: ClientSession

  /// A client of `engine`.
  package init(engine: CompletionEngine, version: String) {
    session = ClientSession(engine: engine, host: ServerHost(version: version) { _ in })
    session.beginLocally()
  }

  /// Calls a method and waits for its result. What the method streams goes to `listener` first, in order.
  package func call(
    _ method: WireProtocol.Method, _ params: JSONValue = [:], _ listener: LocalListener = LocalListener()
  ) async throws(ProviderError) -> JSONValue {
    let peer = LocalPeer(listener: listener)
    let work = session.prepare(method.rawValue, params, id: nil, from: peer)
    let subscriptions = session.listen(for: peer)
    defer { withExtendedLifetime(subscriptions) {} }
    do throws(ProviderError) {
      let result = try await work()
      await session.engine.settle()
      return result
    } catch {
      await session.engine.settle()
      throw error
    }
  }
}

/// Hears what a method sends before its result. Called on any thread, one call at a time.
package struct LocalListener: Sendable {
  /// A piece of an answer.
  package var delta: @Sendable (StreamDelta) -> Void = { _ in }
  /// Any notification, pieces of answers included, as other clients would read it.
  package var notification: (@Sendable (_ method: String, _ params: JSONValue) -> Void)?
  /// Answers what the engine asks; without it, nobody can be asked.
  package var answer:
    (@Sendable (_ method: ServerRequest, _ params: JSONValue) async throws(ProviderError) -> JSONValue)?

  /// Hears nothing.
  package init() {}
}

extension ClientSession {
  /// Skips the handshake, which is for strangers.
  fileprivate func beginLocally() {
    state.withLock { state in
      state.phase = .initialized
      state.canPrompt = true
    }
  }
}

/// The command line's end: it keeps up by blocking the engine, which has nobody else to serve.
private struct LocalPeer: ClientPeer {
  let listener: LocalListener

  var isLagging: Bool { false }
  func drained() async {}
  func onDrained(_ body: @escaping @Sendable () -> Void) { body() }
  func close() {}

  func request(_ request: ServerRequest, _ params: JSONValue) async throws(ProviderError) -> JSONValue {
    guard let answer = listener.answer else {
      throw ProviderError(
        .unsupported, "there is nobody to ask for the key or code that the login needs",
        hint: "Use patchbay login, or pass apiKey.")
    }
    return try await answer(request, params)
  }

  func deliver(_ deltas: [StreamDelta], from first: Int, _ encoder: StreamDeltaEncoder) {
    for (offset, delta) in deltas.enumerated() {
      listener.delta(delta)
      guard let notification = listener.notification else { continue }
      var bytes: [UInt8] = []
      encoder.append(delta, seq: first + offset, to: &bytes)
      if let message = try? JSONValue(parsing: bytes), let params = message["params"] {
        notification(ServerNotification.streamDelta.rawValue, params)
      }
    }
  }

  func notify(_ notification: ServerNotification, _ params: JSONValue) {
    listener.notification?(notification.rawValue, params)
  }
}
