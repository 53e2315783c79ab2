internal import Completion

/// Whether a failed try is made again, and after which pause. A pure value.
struct RetryPolicy: Sendable, Hashable {
  /// What becomes of a completion whose try has failed.
  enum Verdict: Sendable, Hashable {
    /// The same model is asked again.
    case wait(ms: Int)
    /// The provider asks for a longer pause than is allowed.
    case tooLong(ms: Int)
    case giveUp
  }

  /// The pause after the first failure is at most this long; it doubles with each further one.
  private static let firstPauseMs = 1000

  var attempts = 3
  var maxDelayMs = 60_000
  var afterOutput = false

  init(_ options: RetryOptions = RetryOptions()) {
    attempts = options.attempts ?? attempts
    maxDelayMs = options.maxDelayMs ?? maxDelayMs
    afterOutput = options.afterOutput ?? afterOutput
  }

  /// What to do about `error`, which ended the try number `attempt` at this model. `pauseMs` is the pause where the
  /// provider asks for none.
  func verdict(on error: ProviderError, attempt: Int, hasOutput: Bool, pauseMs: Int) -> Verdict {
    guard Self.isPassing(error), attempt < attempts, afterOutput || !hasOutput else { return .giveUp }
    guard let asked = error.retryAfterMs else { return .wait(ms: min(pauseMs, maxDelayMs)) }
    return asked > maxDelayMs ? .tooLong(ms: asked) : .wait(ms: asked)
  }

  /// A pause after so many failures in a row: anything up to a limit that doubles, so that many who failed together do
  /// not come back together. `random` is from 0 up to 1.
  func pauseMs(afterFailures failures: Int, random: Double) -> Int {
    let limit = min(maxDelayMs, Self.firstPauseMs << min(max(failures, 1) - 1, 20))
    return Int(Double(limit) * random)
  }

  /// Whether the same request may well succeed in a moment.
  static func isPassing(_ error: ProviderError) -> Bool {
    switch error.kind {
    case .rateLimited, .overloaded, .network, .upstreamInvalid, .upstreamError:
      if let says = error.shouldRetry { return says }
    default: break
    }
    switch error.kind {
    case .rateLimited, .overloaded, .network, .upstreamInvalid: return true
    // Who waited for a first word in vain would wait as long again.
    case .timeout: return error.phase == .connect
    case .upstreamError: return isPassing(status: error.status, code: error.upstreamCode)
    default: return false
    }
  }

  private static func isPassing(status: Int?, code: String?) -> Bool {
    guard let status else {
      // An error inside a stream has no status; those that blame the request will come again.
      return code?.lowercased().contains("invalid") != true
    }
    return [408, 409, 425, 429].contains(status) || status >= 500
  }
}
