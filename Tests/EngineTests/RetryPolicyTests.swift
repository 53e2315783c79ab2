import Completion
import Credentials
import HTTP
import Testing

@testable import Engine

@Suite("Which failures pass")
struct RetryPolicyTests {
  private static func failing(
    _ kind: ErrorKind, _ status: Int? = nil, says: Bool? = nil, code: String? = nil, phase: TimeoutPhase? = nil
  ) -> ProviderError {
    var error = ProviderError(kind, "no")
    (error.status, error.shouldRetry, error.upstreamCode, error.phase) = (status, says, code, phase)
    return error
  }

  static let failures: [(error: ProviderError, isPassing: Bool)] = [
    (failing(.upstreamError, 408), true), (failing(.upstreamError, 409), true), (failing(.upstreamError, 425), true),
    (failing(.rateLimited, 429), true), (failing(.upstreamError, 500), true), (failing(.upstreamError, 502), true),
    (failing(.overloaded, 503), true), (failing(.upstreamError, 504), true), (failing(.overloaded, 529), true),
    (failing(.upstreamError, 400), false), (failing(.upstreamError, 404), false), (failing(.upstreamError, 422), false),
    (failing(.rateLimited), true), (failing(.overloaded), true), (failing(.network), true),
    (failing(.upstreamInvalid), true),
    (failing(.upstreamError, code: "server_error"), true), (failing(.upstreamError), true),
    (failing(.upstreamError, code: "invalid_request_error"), false),
    (failing(.timeout, phase: .connect), true), (failing(.timeout, phase: .firstToken), false),
    (failing(.timeout, phase: .idle), false), (failing(.timeout, phase: .total), false),
    // The provider's own word counts before the status,
    (failing(.upstreamError, 400, says: true), true), (failing(.rateLimited, 429, says: false), false),
    (failing(.overloaded, 529, says: false), false), (failing(.network, says: false), false),
    // but not where a second try would be wrong whatever it says.
    (failing(.contextOverflow, 400, says: true), false), (failing(.quotaExceeded, 429, says: true), false),
    (failing(.authRejected, 401, says: true), false), (failing(.contentFiltered, 400, says: true), false),
    (failing(.invalidParams, says: true), false), (failing(.unsupported, 501, says: true), false),
    (failing(.contextOverflow), false), (failing(.authRequired), false), (failing(.authRejected, 403), false),
    (failing(.quotaExceeded, 402), false), (failing(.modelNotFound, 404), false), (failing(.budgetExceeded), false),
    (failing(.cancelled), false), (failing(.storage), false), (failing(.busy), false), (failing(.engineBusy), false),
    (failing(.internal), false),
  ]

  @Test("By kind, status and the provider's own word", arguments: failures)
  func passing(_ error: ProviderError, _ isPassing: Bool) {
    #expect(RetryPolicy.isPassing(error) == isPassing, "\(error.kind) \(error.status ?? 0)")
  }

  static let onTheWay: [(error: HTTPError, isPassing: Bool)] = [
    (.dns("h"), true), (.refused("h:1"), true), (.unreachable("h:1"), true), (.reset("h"), true),
    (.truncated(""), true), (.malformed(""), true), (.proxy(""), true), (.timeout(.connect), true),
    (.transport(code: 99, message: ""), true), (.suspended(ms: 60_000), true),
    (.tls("wrong name"), false), (.tooLarge("a line"), false), (.redirect(to: "h"), false), (.cancelled, false),
    (.badURL(""), false), (.badHeader(""), false), (.noLibrary(""), false), (.timeout(.firstToken), false),
    (.timeout(.idle), false), (.timeout(.total), false),
  ]

  @Test("By what went wrong on the way", arguments: onTheWay)
  func transport(_ error: HTTPError, _ isPassing: Bool) {
    #expect(RetryPolicy.isPassing(ProviderError(error)) == isPassing, "\(error)")
  }

  @Test("Pauses are anything up to a second, and up to twice as much with each failure, within the cap")
  func pauses() {
    let policy = RetryPolicy()
    #expect([1, 2, 3, 4].map { policy.pauseMs(afterFailures: $0, random: 0.5) } == [500, 1000, 2000, 4000])
    #expect(
      [0, 1, 7, 8, 60, .max].map { policy.pauseMs(afterFailures: $0, random: 0.999_999) / 1000 } == [
        0, 0, 59, 59, 59, 59,
      ])
    #expect(policy.pauseMs(afterFailures: 3, random: 0) == 0)
    var short = RetryOptions()
    short.maxDelayMs = 30
    #expect(RetryPolicy(short).pauseMs(afterFailures: 9, random: 0.5) == 15)
  }

  @Test("Three tries; then, or when something was said, or when the provider wants too long a pause, none")
  func verdicts() {
    let policy = RetryPolicy()
    var error = Self.failing(.overloaded, 529)
    func verdict(_ attempt: Int, hasOutput: Bool = false, _ policy: RetryPolicy = policy) -> RetryPolicy.Verdict {
      policy.verdict(on: error, attempt: attempt, hasOutput: hasOutput, pauseMs: 7)
    }
    #expect([1, 2, 3].map { verdict($0) } == [.wait(ms: 7), .wait(ms: 7), .giveUp])
    #expect(verdict(1, hasOutput: true) == .giveUp)
    var bold = RetryOptions()
    bold.afterOutput = true
    #expect(verdict(1, hasOutput: true, RetryPolicy(bold)) == .wait(ms: 7))
    error.retryAfterMs = 60_000
    #expect(verdict(1) == .wait(ms: 60_000))
    error.retryAfterMs = 60_001
    #expect(verdict(1) == .tooLong(ms: 60_001))
    #expect(verdict(3) == .giveUp)
    error.retryAfterMs = 0
    #expect(verdict(1) == .wait(ms: 0))
  }

  static let fallbacks: [(error: ProviderError, mayFollow: Bool)] = [
    (failing(.authRequired), true), (failing(.authRejected, 401), true), (failing(.rateLimited, 429), true),
    (failing(.overloaded, 529), true), (failing(.quotaExceeded, 402), true), (failing(.network), true),
    (failing(.network, says: false), true), (failing(.timeout, phase: .firstToken), true),
    (failing(.timeout, phase: .total), false), (failing(.modelNotFound, 404), true), (failing(.upstreamInvalid), true),
    (failing(.upstreamError, 500), true), (failing(.upstreamError, 404), true), (failing(.upstreamError, 400), false),
    (failing(.invalidParams), false), (failing(.unsupported), false), (failing(.contentFiltered), false),
    (failing(.cancelled), false), (failing(.budgetExceeded), false), (failing(.storage), false),
    (failing(.busy), false),
  ]

  @Test("Another model may answer what is no fault of the request", arguments: fallbacks)
  func fallback(_ error: ProviderError, _ mayFollow: Bool) {
    let (one, other) = (ModelInfo(id: "one"), ModelInfo(id: "other"))
    #expect(FallbackPolicy.mayFollow(error, at: one, with: other) == mayFollow, "\(error.kind)")
  }

  @Test("An overlong input goes to a model that is known to be larger, and to no other")
  func larger() {
    func model(_ size: Int?) -> ModelInfo {
      var model = ModelInfo(id: "m")
      model.contextWindow = size
      return model
    }
    let error = Self.failing(.contextOverflow, 400)
    let cases: [(Int?, Int?, Bool)] = [
      (8, 9, true), (8, 8, false), (8, 7, false), (nil, 9, false), (8, nil, false), (nil, nil, false),
    ]
    for (failed, next, mayFollow) in cases {
      #expect(FallbackPolicy.mayFollow(error, at: model(failed), with: model(next)) == mayFollow)
    }
  }
}
