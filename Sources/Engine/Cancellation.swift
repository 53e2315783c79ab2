internal import Completion
internal import Synchronization

/// What ends a completion, from the moment it has its place in line, which is before the task exists that runs it.
package final class Cancellation: Sendable {
  private struct State {
    var task: Task<Result<CompletionOutcome, ProviderError>, Never>?
    var isCancelled = false
    var isLast: String?
    /// Ends the pause that is being made, if any.
    var endPause: (@Sendable () -> Void)?
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

  /// Why the try under way is the last one; `nil` while there may be others.
  var isLast: String? { state.withLock(\.isLast) }

  /// Lets the try under way be the last one, and ends the pause before a further one. `why` is for a person.
  func forbidFurtherTries(_ why: String) {
    let endPause = state.withLock { state in
      state.isLast = state.isLast ?? why
      return state.endPause
    }
    endPause?()
  }

  /// Does `work`, which is a wait between tries: it is cancelled with its task, and when no further try may be made.
  func pausing<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value {
    let pause = Task { await work() }
    let isOver = state.withLock { state in
      state.endPause = { pause.cancel() }
      return state.isLast != nil
    }
    if isOver { pause.cancel() }
    defer { state.withLock { $0.endPause = nil } }
    return await withTaskCancellationHandler {
      await pause.value
    } onCancel: {
      pause.cancel()
    }
  }
}
