internal import Completion
package import Engine
package import JSON
package import JSONRPC
internal import Synchronization
internal import WireProtocol

/// A client session behind a JSON-RPC connection.
package final class ConnectionService: RPCService {
  private let session: ClientSession

  /// A service for one connection.
  package init(engine: CompletionEngine, host: ServerHost) { session = ClientSession(engine: engine, host: host) }

  package func answerAtOnce(_ call: RPCCall) -> Result<JSONValue, RPCError>? {
    guard let answer = session.answerAtOnce(call.method, call.params) else { return nil }
    if case .success = answer {
      let subscriptions = session.listen(for: call.connection)
      session.state.withLock { $0.subscriptions = subscriptions }
    }
    return answer.mapError(RPCError.init)
  }

  package func prepare(_ call: RPCCall) -> @Sendable () async throws(RPCError) -> JSONValue {
    let work = session.prepare(call.method, call.params, id: call.id.json, from: call.connection)
    return { () throws(RPCError) in
      do throws(ProviderError) {
        return try await work()
      } catch {
        throw RPCError(error)
      }
    }
  }

  package func notification(_ method: String, _ params: JSONValue?, from connection: RPCConnection) {
    session.notification(method, params, from: connection)
  }

  package func inputEnded(_ connection: RPCConnection) { session.inputs.end() }

  package func closed(_ connection: RPCConnection) { session.state.withLock { $0.subscriptions = [] } }
}

extension RPCConnection: ClientPeer {
  func deliver(_ deltas: [StreamDelta], from first: Int, _ encoder: StreamDeltaEncoder) {
    send { batch in
      for (offset, delta) in deltas.enumerated() {
        batch.appendMessage { encoder.append(delta, seq: first + offset, to: &$0) }
      }
    }
  }

  func notify(_ notification: ServerNotification, _ params: JSONValue) {
    notify(notification.rawValue, params)
  }

  func request(_ request: ServerRequest, _ params: JSONValue) async throws(ProviderError) -> JSONValue {
    do throws(RPCError) {
      return try await self.request(request.rawValue, params)
    } catch {
      guard error.code != RPCError.Code.cancelled else { throw ProviderError(.cancelled, error.message) }
      throw ProviderError(.loginFailed, "the client could not ask: \(error.message)")
    }
  }
}

extension RPCError {
  /// The response that tells a client of `error`.
  fileprivate init(_ error: ProviderError) {
    let wire = WireError(error)
    self.init(code: wire.code, message: wire.message, data: .object(wire.data))
  }
}
