import Completion
import JSON
import Synchronization
import Upstream
import WireProtocol

@testable import Server

/// A client that lags when it is told to, and keeps what it is sent.
final class FakePeer: ClientPeer {
  private struct State {
    var isLagging = false
    var deltas: [StreamDelta] = []
    var deliveries = 0
    var numbers: [Int] = []
    var notifications: [JSONValue] = []
    var waiters: [CheckedContinuation<Void, Never>] = []
    var bodies: [@Sendable () -> Void] = []
    var asked = 0
  }

  /// Opens when somebody waits for this client.
  let isWaitedFor = Gate()
  private let state = Mutex(State())

  var isLagging: Bool { state.withLock { $0.isLagging } }
  var deltas: [StreamDelta] { state.withLock { $0.deltas } }
  /// The number of each delta.
  var numbers: [Int] { state.withLock { $0.numbers } }
  /// How often deltas came.
  var deliveries: Int { state.withLock { $0.deliveries } }
  /// How often somebody asked to be called when it has caught up.
  var asked: Int { state.withLock { $0.asked } }
  /// The messages of the log.
  var notifications: [JSONValue] { state.withLock { $0.notifications } }
  var text: String { deltas.map { if case .text(let text) = $0 { text } else { "" } }.joined() }

  func lag() { state.withLock { $0.isLagging = true } }

  func catchUp() {
    let (waiters, bodies) = state.withLock { state in
      state.isLagging = false
      defer { (state.waiters, state.bodies) = ([], []) }
      return (state.waiters, state.bodies)
    }
    for waiter in waiters { waiter.resume() }
    for body in bodies { body() }
  }

  func drained() async {
    await withCheckedContinuation { continuation in
      let isDrained = state.withLock { state in
        if state.isLagging { state.waiters.append(continuation) }
        return !state.isLagging
      }
      if isDrained { continuation.resume() } else { isWaitedFor.open() }
    }
  }

  func onDrained(_ body: @escaping @Sendable () -> Void) {
    let isDrained = state.withLock { state in
      state.asked += 1
      if state.isLagging { state.bodies.append(body) }
      return !state.isLagging
    }
    if isDrained { body() }
  }

  func deliver(_ deltas: [StreamDelta], from first: Int, _ encoder: StreamDeltaEncoder) {
    state.withLock { state in
      state.deltas += deltas
      state.numbers += deltas.indices.map { first + $0 }
      state.deliveries += 1
    }
  }

  func notify(_ notification: ServerNotification, _ params: JSONValue) {
    state.withLock { $0.notifications.append(params) }
  }

  func request(_ request: ServerRequest, _ params: JSONValue) async throws(ProviderError) -> JSONValue {
    throw ProviderError(.cancelled, "a fake client answers nothing")
  }

  func close() {}
}
