internal import Platform

/// State that several threads share, with a wait for it to become what a thread needs.
package final class Monitor<State>: Sendable {
  // Safe: never reassigned, and the object behind it is only touched by pthread calls, which any thread may make.
  nonisolated(unsafe) private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  // Safe: as `mutex`.
  nonisolated(unsafe) private let condition: UnsafeMutablePointer<pthread_cond_t>
  // Safe: read and written with `mutex` held, but for its initial value.
  nonisolated(unsafe) private var state: State

  /// Guards `state` from here on.
  package init(_ state: sending State) {
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
    condition = .allocate(capacity: 1)
    condition.initialize(to: pthread_cond_t())
    pthread_cond_init(condition, nil)
    self.state = state
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Reads or changes the state and wakes whoever waits for a change.
  package func withLock<Value, Failure: Error>(
    _ body: (inout State) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(condition)
      pthread_mutex_unlock(mutex)
    }
    return try body(&state)
  }

  /// Blocks this thread until `body` returns a value, which it is asked for after every change; `nil` when `seconds`
  /// pass without one.
  package func wait<Value>(seconds: Int, until body: (inout State) -> Value?) -> Value? {
    var deadline = timespec()
    clock_gettime(CLOCK_REALTIME, &deadline)
    deadline.tv_sec += seconds
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let value = body(&state) { return value }
      if pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT { return body(&state) }
    }
  }
}
