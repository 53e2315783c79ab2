package import Platform
internal import Synchronization

/// A clock that stands still until a test moves it.
package final class ManualClock: Sendable {
  private struct State {
    var now: Int64 = 1_000_000_000
    var observers: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())

  /// A clock that stands still.
  package init() {}

  /// What the code under test is given.
  package var clock: MonotonicClock {
    MonotonicClock(
      now: { self.state.withLock(\.now) },
      observe: { observer in self.state.withLock { $0.observers.append(observer) } })
  }

  /// Moves time forward and tells everyone who waits for a deadline.
  package func advance(milliseconds: Int) {
    let observers = state.withLock { state in
      state.now += Int64(milliseconds) * 1_000_000
      return state.observers
    }
    for observer in observers { observer() }
  }
}
