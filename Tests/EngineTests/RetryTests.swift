import Completion
import JSON
import Platform
import Synchronization
import TestSupport
import Testing
import Upstream

@testable import Engine

extension Upstream {
  /// A server that answers each request with the next of `answers`, the last one again and again.
  static func sequence(_ answers: [@Sendable (Exchange) throws -> Void]) throws -> Upstream {
    let count = Mutex(0)
    return try Upstream { _, exchange in
      let number = count.withLock { count in
        count += 1
        return count - 1
      }
      try answers[min(number, answers.count - 1)](exchange)
    }
  }

  /// An error of `status`.
  static func fails(_ status: Int, _ headers: [(String, String)] = [], code: String = "odd")
    -> @Sendable (Exchange) throws -> Void
  {
    { exchange in
      let error: JSONValue = ["error": ["message": .string("no \(status)"), "code": .string(code)]]
      try exchange.respond(status: status, headers: headers, json: error)
    }
  }

  /// The answer "fine".
  static let isFine: @Sendable (Exchange) throws -> Void = { try $0.streamChat(["fine"]) }

  /// Says "half" and breaks off.
  static let breaksOff: @Sendable (Exchange) throws -> Void = { exchange in
    try exchange.startEvents()
    try exchange.writeChatChunk(["content": "half"])
    exchange.reset()
  }
}

extension Sink {
  /// The deltas without what they carry: `start 2`, `retry 2 after 5: rateLimited`, `text half`.
  var story: [String] {
    deltas.compactMap { delta in
      switch delta {
      case .start(let model, let attempt): "start \(attempt) \(model)"
      case .text(let text): "text \(text)"
      case .retry(let attempt, let delayMs, let error): "retry \(attempt) after \(delayMs): \(error.kind)"
      case .fallback(let from, let to, let error): "\(from) to \(to): \(error.kind)"
      case .reset: "reset"
      case .status(let message, let elapsedMs): "\(message) (\(elapsedMs))"
      case .end: "end"
      default: nil
      }
    }
  }
}

@Suite("Trying again", .timeLimit(.minutes(1)))
struct RetryTests {
  @Test("What passes is tried again: the pauses, the tries and their reasons are told")
  func passes() async throws {
    // libcurl itself tries again when a kept connection turns out to be dead, but not behind a head.
    let cut: @Sendable (Exchange) throws -> Void = { exchange in
      try exchange.startEvents()
      exchange.reset()
    }
    let upstream = try Upstream.sequence([Upstream.fails(500), cut, Upstream.isFine])
    let person = try Person(upstream)
    let sink = Sink()
    let outcome = try await person.complete("Hi", into: sink)
    #expect(outcome.message.text == "fine")
    #expect(
      sink.story == [
        "start 1 small-model", "retry 2 after 0: upstreamError", "start 2 small-model", "retry 3 after 0: network",
        "start 3 small-model", "text fine", "end",
      ])
    #expect(outcome.attempts.map(\.error?.kind) == [.upstreamError, .network, nil])
    #expect(outcome.attempts.map(\.provider) == ["acme", "acme", "acme"])
    #expect(upstream.requests.count == 3)
  }

  @Test("After three tries it is given up, and the error lists them; attempts: 1 tries once")
  func givesUp() async throws {
    let upstream = try Upstream.sequence([Upstream.fails(502)])
    let person = try Person(upstream)
    let error = try #require(await person.failure("Hi"))
    #expect((error.kind, error.status) == (.upstreamError, 502))
    #expect(error.attempts.map(\.error?.status) == [502, 502, 502])
    #expect(upstream.requests.count == 3)
    let once = try #require(await person.failure("Hi") { $0.retry.attempts = 1 })
    #expect(once.attempts.isEmpty)
    #expect(upstream.requests.count == 4)
  }

  @Test("Settings say how often, a provider's own before those of all; a call's win")
  func settings() async throws {
    let upstream = try Upstream.sequence([Upstream.fails(500)])
    for (own, call, count) in [(nil, nil, 2), (4, nil, 4), (4, 1, 1)] as [(Int?, Int?, Int)] {
      let acme: JSONObject = own.map { ["retry": ["attempts": .int($0)]] } ?? [:]
      let person = try Person(upstream, acme: acme, more: ["retry": ["attempts": 2]])
      let before = upstream.requests.count
      _ = await person.failure("Hi") { $0.retry.attempts = call }
      #expect(upstream.requests.count - before == count)
    }
  }

  @Test(
    "What will not pass is not tried again",
    arguments: [
      (400, "odd", ErrorKind.upstreamError), (400, "context_length_exceeded", .contextOverflow),
      (401, "odd", .authRejected),
      (402, "odd", .quotaExceeded), (403, "odd", .authRejected), (404, "model_not_found", .modelNotFound),
      (429, "insufficient_quota", .quotaExceeded), (400, "content_filter", .contentFiltered),
      (501, "odd", .unsupported),
    ])
  func refuses(_ status: Int, _ code: String, _ kind: ErrorKind) async throws {
    let upstream = try Upstream.sequence([Upstream.fails(status, code: code)])
    let person = try Person(upstream)
    #expect(await person.failure("Hi")?.kind == kind)
    #expect(upstream.requests.count == 1)
  }

  @Test("x-should-retry counts before the status", arguments: [(400, "true", 3), (500, "false", 1)])
  func shouldRetry(_ status: Int, _ value: String, _ count: Int) async throws {
    let upstream = try Upstream.sequence([Upstream.fails(status, [("x-should-retry", value)])])
    let person = try Person(upstream)
    #expect(await person.failure("Hi") != nil)
    #expect(upstream.requests.count == count)
  }

  @Test(
    "The pause that the provider asks for is kept, in each form it may be asked for",
    arguments: [
      [("retry-after", "7")], [("retry-after-ms", "7000"), ("retry-after", "99")],
      [("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("retry-after", "Sun, 06 Nov 1994 08:49:44 GMT")],
    ])
  func retryAfter(_ headers: [(String, String)]) async throws {
    let time = ManualClock()
    let person = try Person(
      try Upstream.sequence([Upstream.fails(429, headers), Upstream.isFine]), clock: time.clock)
    let sink = Sink { if case .retry = $0 { true } else { false } }
    async let outcome = person.complete("Hi", into: sink)
    try await sink.reached.opened()
    #expect(sink.story.last == "retry 2 after 7000: rateLimited")
    time.advance(milliseconds: 7000)
    #expect(try await outcome.message.text == "fine")
  }

  @Test("A pause beyond the cap is not kept: the error says how long and what to change")
  func tooLong() async throws {
    let upstream = try Upstream.sequence([Upstream.fails(429, [("retry-after", "90")])])
    let person = try Person(upstream)
    let error = try #require(await person.failure("Hi"))
    #expect((error.kind, error.retryAfterMs) == (.rateLimited, 90_000))
    #expect(error.hint?.contains("90 s") == true && error.hint?.contains("retry.maxDelayMs") == true)
    #expect(upstream.requests.count == 1)
  }

  @Test("What was said already is taken back only where the call allows it")
  func afterOutput() async throws {
    let upstream = try Upstream.sequence([Upstream.breaksOff, Upstream.isFine])
    let timid = try Person(upstream)
    let error = await timid.failure("Hi", session: "s")
    #expect(error?.kind == .network)
    #expect(upstream.requests.count == 1)
    #expect(try await timid.messages("s").isEmpty)
    let sink = Sink()
    let again = try Upstream.sequence([Upstream.breaksOff, Upstream.isFine])
    let bold = try Person(again)
    let outcome = try await bold.complete("Hi", session: "s", into: sink) { $0.retry.afterOutput = true }
    #expect(
      sink.story == [
        "start 1 small-model", "text half", "reset", "retry 2 after 0: network", "start 2 small-model", "text fine",
        "end",
      ])
    #expect(outcome.message.text == "fine")
    #expect(try await bold.messages("s").map(\.message.text) == ["Hi", "fine"])
  }

  @Test("Cancelling ends a pause at once")
  func cancelled() async throws {
    let time = ManualClock()
    let upstream = try Upstream.sequence([Upstream.fails(429, [("retry-after", "30")])])
    let person = try Person(upstream, clock: time.clock)
    let sink = Sink { if case .retry = $0 { true } else { false } }
    let admission = try await person.engine.admit(CompletionCall(input: [Message(.user, "Hi")]))
    async let result = person.outcome(admission, sink)
    try await sink.reached.opened()
    #expect(person.engine.cancel(admission.completionId))
    guard case .failure(let error) = await result else { throw ProviderError(.internal, "it was not cancelled") }
    #expect(error.kind == .cancelled)
    #expect(admission.attempts.all.map(\.error?.kind) == [.rateLimited])
    #expect(upstream.requests.count == 1)
  }

  @Test("Going on with another provider ends the tries at the former one, with what went wrong there")
  func switched() async throws {
    let time = ManualClock()
    let upstream = try Upstream.sequence([Upstream.fails(429, [("retry-after", "30")])])
    let person = try Person(upstream, clock: time.clock)
    let sink = Sink { if case .retry = $0 { true } else { false } }
    async let failure = person.failure("Hi", session: "s", into: sink)
    try await sink.reached.opened()
    // Another model of the same provider is no reason to give up.
    _ = try await person.engine.switchProvider(of: "s", to: "acme", model: "other", carry: .none)
    _ = try await person.engine.switchProvider(of: "s", to: "echo", model: nil, carry: .none)
    let error = try #require(await failure)
    #expect((error.kind, error.status) == (.rateLimited, 429))
    #expect(error.hint == "The session went on with echo while this waited for acme.")
    #expect(upstream.requests.count == 1)
    #expect(try await person.messages("s").isEmpty)
    #expect(try await person.complete("there", session: "s").message.text == "there")
  }

  @Test("Deleting the session ends a pause at once")
  func deleted() async throws {
    let time = ManualClock()
    let upstream = try Upstream.sequence([Upstream.fails(529, [("retry-after", "30")])])
    let person = try Person(upstream, clock: time.clock)
    let sink = Sink { if case .retry = $0 { true } else { false } }
    async let failure = person.failure("Hi", session: "s", into: sink)
    try await sink.reached.opened()
    _ = try await person.engine.deleteSession("s")
    #expect(await failure?.kind == .cancelled)
    #expect(upstream.requests.count == 1)
  }

  @Test("The total of a call holds for all its tries and pauses together")
  func total() async throws {
    let time = ManualClock()
    let upstream = try Upstream.sequence([Upstream.fails(429, [("retry-after", "5")])])
    let person = try Person(upstream, clock: time.clock)
    let sink = Sink { if case .retry = $0 { true } else { false } }
    async let failure = person.failure("Hi", into: sink) { $0.timeout.totalMs = 8000 }
    try await sink.reached.opened()
    time.advance(milliseconds: 5000)
    // The second pause would end behind the total.
    #expect(await failure?.status == 429)
    #expect(upstream.requests.count == 2)
  }

  @Test("Silence is told after 15 s, and again after 15 s more")
  func silence() async throws {
    let time = ManualClock()
    let (hasRead, mayGoOn) = (Gate(), Gate())
    let upstream = try Upstream { _, exchange in
      hasRead.open()
      mayGoOn.wait()
      try exchange.streamChat(["fine"])
    }
    defer { mayGoOn.open() }
    let person = try Person(upstream, clock: time.clock)
    let (first, second) = (Gate(), Gate())
    let sink = Sink { delta in
      if case .status(_, 15_000) = delta { first.open() }
      if case .status(_, 30_000) = delta { second.open() }
      return false
    }
    async let outcome = person.complete("Hi", into: sink)
    try await hasRead.opened()
    await time.sleepers(1)
    time.advance(milliseconds: 15_000)
    try await first.opened()
    await time.sleepers(1)
    time.advance(milliseconds: 15_000)
    try await second.opened()
    mayGoOn.open()
    _ = try await outcome
    #expect(sink.story[1...2] == ["waiting for the model to begin (15000)", "waiting for the model to begin (30000)"])
  }
}
