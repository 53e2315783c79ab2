internal import Completion
internal import Dialects
internal import HTTP
internal import Synchronization

/// What a number of exchanges belong to: a completion, or another call of a client.
package final class ExchangeScope: Sendable {
  /// What asks.
  enum Purpose: String, Sendable { case completion, embedding, infill, count, models, limits, download }

  /// What the running task works for; inherited by the tasks that it starts.
  @TaskLocal static var current: ExchangeScope?

  let purpose: Purpose
  let completionId: String?
  private let sent = Atomic<Int>(0)

  init(_ purpose: Purpose, completionId: String? = nil) {
    self.purpose = purpose
    self.completionId = completionId
  }

  /// Counts a request.
  func noteRequest() -> Int { sent.add(1, ordering: .relaxed).newValue }

  /// Does `work` as a part of a new scope.
  static func run<Value>(
    _ purpose: Purpose, _ work: () async throws(ProviderError) -> Value
  ) async throws(ProviderError) -> Value {
    try await $current.withValue(ExchangeScope(purpose)) { await result(work) }.get()
  }
}

/// Whom an exchange is with, and how it came about.
struct ExchangeContext: Sendable {
  /// The context of what the running task sends.
  @TaskLocal static var current: ExchangeContext?

  var provider: String?
  var account: String?
  var model: String?
  /// What asks; `nil` for what is done to have a credential: a login, the renewal of a token.
  var purpose: ExchangeScope.Purpose?
  /// Which request of its completion it is.
  var attempt: Int?
  /// What no text of it may show.
  var secrets: [Secret] = []

  /// The context of a request that goes to `endpoint` now.
  static func sending(to endpoint: Endpoint?) -> ExchangeContext {
    var context = current ?? ExchangeContext()
    context.purpose = ExchangeScope.current?.purpose ?? (endpoint == nil ? .download : .completion)
    if let endpoint {
      context.provider = endpoint.provider
      context.model = context.model.flatMap { $0.isEmpty ? nil : $0 }
      context.secrets = endpoint.secrets
      if context.purpose == .completion { context.attempt = ExchangeScope.current?.noteRequest() }
    }
    return context
  }
}

/// What `work` comes to: for functions that rethrow, which lose the type of an error.
func result<Value>(_ work: () async throws(ProviderError) -> Value) async -> Result<Value, ProviderError> {
  do throws(ProviderError) {
    return .success(try await work())
  } catch {
    return .failure(error)
  }
}
