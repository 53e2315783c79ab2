internal import Synchronization

/// Threads for work that blocks (files, locks, child processes), kept away from Swift's cooperative pool. A thread is
/// started when a job finds none idle, and ends after its job when enough are waiting.
package final class BlockingQueue: Sendable {
  private static let shared = BlockingQueue()
  private static let maximumIdle = 2

  private struct State {
    var jobs: [@Sendable () -> Void] = []
    var idle = 0
  }

  private let state = Mutex(State())
  private let available = Semaphore()

  private init() {}

  /// Runs `body` on a thread that may block, and waits for it without blocking the caller's.
  package static func run<Value: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
      shared.enqueue {
        continuation.resume(returning: Result { () throws(Failure) in try body() })
      }
    }
    return try result.get()
  }

  private func enqueue(_ job: @escaping @Sendable () -> Void) {
    let mustStart = state.withLock { state in
      state.jobs.append(job)
      if state.idle >= state.jobs.count { return false }
      return true
    }
    if mustStart { startThread("blocking") { self.work() } }
    available.signal()
  }

  private func work() {
    while true {
      let mayIdle = state.withLock { state in
        guard state.jobs.isEmpty, state.idle >= Self.maximumIdle else {
          state.idle += 1
          return true
        }
        return false
      }
      guard mayIdle else { return }
      available.wait()
      let job = state.withLock { state in
        state.idle -= 1
        return state.jobs.isEmpty ? nil : state.jobs.removeFirst()
      }
      job?()
    }
  }
}

/// A counting semaphore for threads.
package final class Semaphore: Sendable {
  // Safe: never reassigned, and the object behind it is only touched by pthread calls, which any thread may make.
  nonisolated(unsafe) private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  // Safe: as `mutex`.
  nonisolated(unsafe) private let condition: UnsafeMutablePointer<pthread_cond_t>
  // Safe: read and written with `mutex` held, but for its initial value.
  nonisolated(unsafe) private var count = 0

  /// A semaphore that nobody has signalled.
  package init() {
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
    condition = .allocate(capacity: 1)
    condition.initialize(to: pthread_cond_t())
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Lets one waiter go on.
  package func signal() {
    pthread_mutex_lock(mutex)
    count += 1
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Blocks this thread until somebody signals.
  package func wait() {
    pthread_mutex_lock(mutex)
    while count == 0 { pthread_cond_wait(condition, mutex) }
    count -= 1
    pthread_mutex_unlock(mutex)
  }
}
