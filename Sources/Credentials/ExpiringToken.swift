package import Completion
internal import Synchronization

/// A value that is good for a while: a token, a set of temporary keys.
package struct Expiring<Value: Sendable>: Sendable {
  package var value: Value
  /// Its end, in milliseconds since 1970; `nil` when it has none.
  package var expiresAt: Int?

  /// A value, and its end in milliseconds since 1970.
  package init(_ value: Value, expiresAt: Int?) {
    self.value = value
    self.expiresAt = expiresAt
  }
}

/// Keeps what was fetched until shortly before it ends, by what it was fetched with. Only in memory.
///
/// Whoever asks for the same while it is being fetched waits for the same answer. Who stops waiting stops nobody else.
/// A failure is told to those who wait, and forgotten; while the old value is still good, it is used in its place.
package final class ExpiringTokens<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  /// Gets a new value. It must end by itself, for nobody cancels it.
  package typealias Fetch = @Sendable () async throws(ProviderError) -> Expiring<Value>
  private typealias Waiter = CheckedContinuation<Result<Value, ProviderError>, Never>

  private struct Kept {
    var value: Value
    var expiresAt: Int?
    var refreshAt: Int?
  }

  private struct Slot {
    var kept: Kept?
    var isFetching = false
    var waiters: [Int: Waiter] = [:]
  }

  private enum Step { case answer(Result<Value, ProviderError>), wait, fetch }

  private struct State {
    var slots: [Key: Slot] = [:]
    var lastWaiter = 0
  }

  private let state = Mutex(State())
  private let aheadMs: Int
  private let now: @Sendable () -> Int

  /// An empty cache. Values are fetched again `aheadMs` milliseconds before their end, and those that last less than
  /// twice that at half their time; `now` is the time in milliseconds since 1970.
  package init(aheadMs: Int = 300_000, now: @escaping @Sendable () -> Int) {
    self.aheadMs = aheadMs
    self.now = now
  }

  /// The value for `key`, fetched with `fetch` when there is none or its end is near.
  /// - Throws: what `fetch` throws; `cancelled` when the caller's task is.
  package func value(for key: Key, fetch: @escaping Fetch) async throws(ProviderError) -> Value {
    let id = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (waiter: Waiter) in wait(waiter, id, key, fetch) }
    } onCancel: {
      let waiter = state.withLock { $0.slots[key]?.waiters.removeValue(forKey: id) }
      waiter?.resume(returning: .failure(Self.cancelled))
    }
    return try result.get()
  }

  /// Forgets the value for `key` if it is one that turned out to be no good.
  package func forget(_ key: Key, where isBad: (Value) -> Bool) {
    state.withLock { state in
      if state.slots[key]?.kept.map({ isBad($0.value) }) == true { state.slots[key]?.kept = nil }
    }
  }

  private static var cancelled: ProviderError { ProviderError(.cancelled, "the request was cancelled") }

  private func wait(_ waiter: Waiter, _ id: Int, _ key: Key, _ fetch: @escaping Fetch) {
    let time = now()
    let step = state.withLock { state -> Step in
      var slot = state.slots[key] ?? Slot()
      if let kept = slot.kept, kept.refreshAt.map({ time < $0 }) ?? true { return .answer(.success(kept.value)) }
      // Registered and cancelled under the same lock, so a cancellation cannot fall in between.
      if Task.isCancelled { return .answer(.failure(Self.cancelled)) }
      slot.waiters[id] = waiter
      defer { state.slots[key] = slot }
      if slot.isFetching { return .wait }
      slot.isFetching = true
      return .fetch
    }
    switch step {
    case .answer(let result): waiter.resume(returning: result)
    case .wait: break
    case .fetch:
      // Not a child of the caller's task: others wait for it too.
      Task {
        do throws(ProviderError) {
          finish(key, .success(try await fetch()))
        } catch {
          finish(key, .failure(error))
        }
      }
    }
  }

  private func finish(_ key: Key, _ fetched: Result<Expiring<Value>, ProviderError>) {
    let time = now()
    let (waiters, result) = state.withLock { state -> ([Waiter], Result<Value, ProviderError>) in
      // What has ended and is wanted by nobody was fetched for keys that may never come again.
      state.slots = state.slots.filter { other, slot in
        other == key || slot.isFetching || slot.kept?.expiresAt.map { time < $0 } ?? (slot.kept != nil)
      }
      var slot = state.slots[key] ?? Slot()
      let waiters = Array(slot.waiters.values)
      (slot.isFetching, slot.waiters) = (false, [:])
      let result: Result<Value, ProviderError>
      switch fetched {
      case .success(let new):
        let refreshAt = new.expiresAt.map { $0 - min(aheadMs, max(0, ($0 - time) / 2)) }
        slot.kept = Kept(value: new.value, expiresAt: new.expiresAt, refreshAt: refreshAt)
        result = .success(new.value)
      case .failure(let error):
        let old = slot.kept.flatMap { kept in kept.expiresAt.map { time < $0 } ?? true ? kept.value : nil }
        result = old.map { .success($0) } ?? .failure(error)
      }
      state.slots[key] = slot.kept == nil ? nil : slot
      return (waiters, result)
    }
    for waiter in waiters { waiter.resume(returning: result) }
  }
}
