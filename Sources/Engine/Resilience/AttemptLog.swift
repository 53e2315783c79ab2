package import Completion
internal import Synchronization

/// Every try of one completion, in order, readable while it runs and after it has ended, however it did.
package final class AttemptLog: Sendable {
  private let attempts = Mutex<[Attempt]>([])

  /// The tries so far; the one under way is not among them.
  package var all: [Attempt] { attempts.withLock { $0 } }

  /// Adds a try that has ended; `error` is `nil` for the one that made the answer.
  func add(_ provider: String, _ model: String, _ error: ProviderError? = nil) {
    attempts.withLock { $0.append(Attempt(provider: provider, model: model, error: error)) }
  }
}
