package import Platform
internal import Synchronization

/// A clock that stands still until a test moves it.
package final class ManualClock: Sendable {
  private struct Sleeper {
    let deadline: Int64
    let continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    var now: Int64 = 1_000_000_000
    var suspended: Int64 = 0
    var observers: [@Sendable () -> Void] = []
    var sleepers: [Int: Sleeper] = [:]
    var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    var nextNumber = 0

    /// Takes those out whose time has come.
    mutating func takeDue() -> [Sleeper] {
      let due = sleepers.filter { $0.value.deadline <= now }
      for number in due.keys { sleepers[number] = nil }
      return due.sorted { ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key) }.map(\.value)
    }

    /// Takes those out that wait for as many sleepers as there are.
    mutating func takeWatchers() -> [CheckedContinuation<Void, Never>] {
      let ready = watchers.filter { $0.count <= sleepers.count }
      watchers.removeAll { $0.count <= sleepers.count }
      return ready.map(\.continuation)
    }
  }

  private let state = Mutex(State())

  /// A clock that stands still.
  package init() {}

  /// What the code under test is given.
  package var clock: MonotonicClock {
    MonotonicClock(
      now: { self.state.withLock(\.now) }, suspended: { self.state.withLock(\.suspended) },
      wait: { await self.wait(until: $0) },
      observe: { observer in self.state.withLock { $0.observers.append(observer) } })
  }

  /// Moves time forward and tells everyone who waits for a deadline.
  package func advance(milliseconds: Int) {
    move { $0.now += Int64(milliseconds) * 1_000_000 }
  }

  /// Lets the machine be suspended for so long: time stands still for those who count it awake.
  package func suspend(milliseconds: Int) {
    move { $0.suspended += Int64(milliseconds) * 1_000_000 }
  }

  /// The moments that are slept for, in milliseconds from now, the next one first.
  package var alarms: [Int] {
    state.withLock { state in state.sleepers.values.map { Int(($0.deadline - state.now) / 1_000_000) }.sorted() }
  }

  /// Waits until so many sleep.
  package func sleepers(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.sleepers.count < count { state.watchers.append((count, continuation)) }
        return state.sleepers.count >= count
      }
      if isThere { continuation.resume() }
    }
  }

  private func move(_ change: (inout State) -> Void) {
    let (observers, due) = state.withLock { state in
      change(&state)
      return (state.observers, state.takeDue())
    }
    for sleeper in due { sleeper.continuation.resume() }
    for observer in observers { observer() }
  }

  private func wait(until deadline: Int64) async {
    let number = state.withLock { state in
      state.nextNumber += 1
      return state.nextNumber
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let watchers: [CheckedContinuation<Void, Never>]? = state.withLock { state in
          // Asked under the lock: a cancellation that comes later finds the sleeper there.
          guard deadline > state.now, !Task.isCancelled else { return nil }
          state.sleepers[number] = Sleeper(deadline: deadline, continuation: continuation)
          return state.takeWatchers()
        }
        guard let watchers else { return continuation.resume() }
        for watcher in watchers { watcher.resume() }
      }
    } onCancel: {
      state.withLock { $0.sleepers.removeValue(forKey: number) }?.continuation.resume()
    }
  }
}
