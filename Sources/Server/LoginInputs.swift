internal import Completion
internal import Synchronization

/// The texts that the logins of a connection wait for, from a client that cannot be asked.
final class LoginInputs: Sendable {
  private typealias Waiter = CheckedContinuation<Result<String, ProviderError>, Never>

  private struct State {
    var waiters: [String: Waiter] = [:]
    var isOver = false
  }

  private let state = Mutex(State())

  /// The text for a login. `whenWaiting` is called as soon as one can be given.
  /// - Throws: `cancelled`, also when the client says no more.
  func text(for loginId: String, whenWaiting: () -> Void) async throws(ProviderError) -> String {
    let result: Result<String, ProviderError> = await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        let refusal: ProviderError? = state.withLock { state in
          if state.isOver { return Self.silence }
          // The handler below may have come too early to find the waiter.
          if Task.isCancelled { return Self.cancelled }
          state.waiters[loginId] = waiter
          return nil
        }
        if let refusal { return waiter.resume(returning: .failure(refusal)) }
        whenWaiting()
      }
    } onCancel: {
      take(loginId)?.resume(returning: .failure(Self.cancelled))
    }
    return try result.get()
  }

  /// Hands over the text that a login waits for.
  /// - Throws: `invalidParams` when it waits for none.
  func give(_ text: String, to loginId: String) throws(ProviderError) {
    guard let waiter = take(loginId) else {
      throw ProviderError(
        .invalidParams, "loginId: no login of this name waits for a text",
        hint: "Send loginInput when a loginPrompt of the kind pasteCode has come, once.", path: "loginId")
    }
    waiter.resume(returning: .success(text))
  }

  /// No text will come any more.
  func end() {
    let waiters = state.withLock { state in
      state.isOver = true
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume(returning: .failure(Self.silence)) }
  }

  /// Whoever takes a waiter resumes it.
  private func take(_ loginId: String) -> Waiter? { state.withLock { $0.waiters.removeValue(forKey: loginId) } }

  private static let cancelled = ProviderError(.cancelled, "the login was cancelled")
  private static let silence = ProviderError(.cancelled, "the client sends nothing any more")
}
