internal import Completion
internal import Synchronization

/// What ends a completion, from the moment it has its place in line, which is before the task exists that runs it.
package final class Cancellation: Sendable {
  private struct State {
    var task: Task<Result<CompletionOutcome, ProviderError>, Never>?
    var isCancelled = false
  }

  private let state = Mutex(State())

  /// Notes the task that runs the completion, and ends it when that was asked for before.
  func attach(_ task: Task<Result<CompletionOutcome, ProviderError>, Never>) {
    let isCancelled = state.withLock { state in
      state.task = task
      return state.isCancelled
    }
    if isCancelled { task.cancel() }
  }

  /// Ends the completion.
  @Sendable func cancel() {
    let task = state.withLock { state in
      state.isCancelled = true
      return state.task
    }
    task?.cancel()
  }
}
