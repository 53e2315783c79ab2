package import JSON

/// A request as it came in.
package struct RPCCall: Sendable {
  /// What names it in messages to the client. In flight from now on until the work returns.
  package let id: RPCID
  /// The method's name, not yet known to exist.
  package let method: String
  /// An object or an array; `nil` when absent or `null`.
  package let params: JSONValue?
  /// Who asked.
  package let connection: RPCConnection

  /// A call as the connection makes it.
  package init(id: RPCID, method: String, params: JSONValue?, connection: RPCConnection) {
    self.id = id
    self.method = method
    self.params = params
    self.connection = connection
  }
}

/// What answers the requests of a connection.
package protocol RPCService: Sendable {
  /// Called on the connection's thread in order of arrival; must not block. Decodes, takes its place in line, and
  /// returns the work, which then runs in a task of its own. What the work returns or throws is sent exactly once; a
  /// cancelled call that throws anything is answered with -32800.
  func prepare(_ call: RPCCall) -> @Sendable () async throws(RPCError) -> JSONValue

  /// Asked before `prepare`, on the same thread: the answer of a call that everything behind it must wait for, such as
  /// a handshake. It is sent before the next message is looked at. `nil` for every other call.
  func answerAtOnce(_ call: RPCCall) -> Result<JSONValue, RPCError>?

  /// A notification, on the same thread and in the same order. It is never answered. `$/cancelRequest` does not come
  /// here: the connection has dealt with it, ahead of everything that waits.
  func notification(_ method: String, _ params: JSONValue?, from connection: RPCConnection)

  /// The client sends nothing any more; what is in flight goes on. Called once, on the connection's thread.
  func inputEnded(_ connection: RPCConnection)

  /// The connection is over and nothing of it runs any more. Called once, on the connection's thread.
  func closed(_ connection: RPCConnection)
}

extension RPCService {
  package func answerAtOnce(_ call: RPCCall) -> Result<JSONValue, RPCError>? { nil }
  package func inputEnded(_ connection: RPCConnection) {}
}

/// How a connection ended.
package enum CloseReason: Sendable, Hashable {
  /// The client said all it had to say, and has every answer.
  case inputEnded
  /// The client no longer reads; what was in flight was cancelled.
  case outputClosed
  /// `close()` was called.
  case closed
}

/// How much of everything one connection may use.
package struct RPCLimits: Sendable {
  /// The longest message that is read; a longer one is skipped and answered with -32600.
  package var maxMessageBytes = 64 << 20
  /// The most elements of a batch.
  package var maxBatch = 1000
  /// With so many calls in flight the connection reads no more until one ends.
  package var maxInFlight = 10_000
  /// Above so many bytes that the client has yet to read, the connection is lagging …
  package var softOutboundBytes = 1 << 20
  /// … until there are fewer than this.
  package var lowOutboundBytes = 256 << 10
  /// Above so many unread bytes the connection reads no more requests.
  package var hardOutboundBytes = 32 << 20
  /// A client with so many unread bytes is given up at the next message: it has stopped for good.
  package var maximumOutboundBytes = 256 << 20

  /// The limits of a client at the other end of a pipe.
  package init() {}
}
