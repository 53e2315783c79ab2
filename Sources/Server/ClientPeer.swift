internal import Completion
internal import JSON
internal import WireProtocol

/// The other end of a client session: a connection, or the command line in the same process.
protocol ClientPeer: Sendable {
  /// Whether more is waiting to be read by the client than it should.
  var isLagging: Bool { get }
  /// Suspends until the client has caught up, or is gone.
  func drained() async
  /// Calls `body` once, as soon as the client does not lag.
  func onDrained(_ body: @escaping @Sendable () -> Void)
  /// Sends deltas with the numbers from `first` on.
  func deliver(_ deltas: [StreamDelta], from first: Int, _ encoder: StreamDeltaEncoder)
  /// Sends any other notification.
  func notify(_ notification: ServerNotification, _ params: JSONValue)
  /// Asks the client something, and waits for the result.
  /// - Throws: `cancelled` when the task or the client gives up, or no answer can come any more; `loginFailed` when the
  ///   client answers with any other error.
  func request(_ request: ServerRequest, _ params: JSONValue) async throws(ProviderError) -> JSONValue
  /// Ends the connection once everything is written.
  func close()
}
