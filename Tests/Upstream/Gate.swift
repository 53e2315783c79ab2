internal import Platform
internal import Synchronization

/// Something that happens once. Lets a test and a server's thread put their steps in order without a clock.
package final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var threads: [Semaphore] = []
    var tasks: [Int: CheckedContinuation<Void, any Error>] = [:]
    var nextTask = 0
  }

  private let state = Mutex(State())

  /// A closed gate.
  package init() {}

  /// Whether it has happened.
  package var isOpen: Bool { state.withLock(\.isOpen) }

  /// Lets everyone pass, now and later.
  package func open() {
    let (threads, tasks) = state.withLock { state in
      state.isOpen = true
      defer { (state.threads, state.tasks) = ([], [:]) }
      return (state.threads, Array(state.tasks.values))
    }
    for thread in threads { thread.signal() }
    for task in tasks { task.resume() }
  }

  /// Blocks this thread until the gate is open. For a server's handler; never for a task.
  package func wait() {
    let semaphore = Semaphore()
    let isOpen = state.withLock { state in
      if !state.isOpen { state.threads.append(semaphore) }
      return state.isOpen
    }
    if !isOpen { semaphore.wait() }
  }

  /// Suspends this task until the gate is open; throws `CancellationError` when it is cancelled before.
  package func opened() async throws {
    let number = state.withLock { state in
      state.nextTask += 1
      return state.nextTask
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { task in
        let result: Result<Void, any Error>? = state.withLock { state in
          if state.isOpen { return .success(()) }
          if Task.isCancelled { return .failure(CancellationError()) }
          state.tasks[number] = task
          return nil
        }
        if let result { task.resume(with: result) }
      }
    } onCancel: {
      state.withLock { $0.tasks.removeValue(forKey: number) }?.resume(throwing: CancellationError())
    }
  }
}
