internal import Synchronization

/// Tells any number of listeners what happens, in the order in which it is told.
package final class Broadcast<Event: Sendable>: Sendable {
  private struct State {
    var listeners: [Int: @Sendable (Event) -> Void] = [:]
    var next = 0
  }

  private let state = Mutex(State())

  /// Nobody listens yet.
  package init() {}

  /// Has `listener` called for every event until the subscription goes. It must not block.
  package func subscribe(_ listener: @escaping @Sendable (Event) -> Void) -> Subscription {
    let number = state.withLock { state in
      state.next += 1
      state.listeners[state.next] = listener
      return state.next
    }
    return Subscription { [weak self] in self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) } }
  }

  func send(_ event: Event) {
    for listener in state.withLock({ $0.listeners.values }) { listener(event) }
  }
}

/// Somebody listens for as long as this lives.
package final class Subscription: Sendable {
  private let end: @Sendable () -> Void

  init(_ end: @escaping @Sendable () -> Void) { self.end = end }

  deinit { end() }
}
