import Completion
import JSON
import Platform
import Synchronization
import TestSupport
import Testing
import Upstream

@testable import Engine

@Suite("The pace a provider takes", .timeLimit(.minutes(1)))
struct PacingTests {
  @Test("No more requests at once than the settings allow; the others go in their order, and each account has its own")
  func limit() async throws {
    let (twoAreIn, mayAnswer) = (Gate(), Gate())
    let inside = Mutex((now: 0, most: 0))
    let upstream = try Upstream { _, exchange in
      let now = inside.withLock { inside in
        inside.now += 1
        inside.most = max(inside.most, inside.now)
        return inside.now
      }
      if now == 2 { twoAreIn.open() }
      mayAnswer.wait()
      inside.withLock { $0.now -= 1 }
      try exchange.streamChat(["fine"])
    }
    defer { mayAnswer.open() }
    let person = try Person(upstream, acme: ["maxConcurrent": 2])
    try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<8 { group.addTask { try await person.complete("\(number)").message.text } }
      try await twoAreIn.opened()
      #expect(try await person.complete("other key") { $0.model = "echo/echo" }.message.text == "other key")
      mayAnswer.open()
      for try await text in group { #expect(text == "fine") }
    }
    #expect(inside.withLock(\.most) == 2)
    #expect(upstream.requests.count == 8)
  }

  @Test("Who is cancelled while waiting for a place leaves it to the next")
  func cancelled() async throws {
    let (isIn, mayAnswer) = (Gate(), Gate())
    let upstream = try Upstream { _, exchange in
      isIn.open()
      mayAnswer.wait()
      try exchange.streamChat(["fine"])
    }
    defer { mayAnswer.open() }
    let person = try Person(upstream, acme: ["maxConcurrent": 1])
    async let first = person.complete("first")
    try await isIn.opened()
    let waiting = Task { await person.failure("second") }
    waiting.cancel()
    #expect(await waiting.value?.kind == .cancelled)
    async let third = person.complete("third")
    mayAnswer.open()
    #expect(try await first.message.text == "fine")
    #expect(try await third.message.text == "fine")
    #expect(upstream.requests.count == 2)
  }

  @Test("After a refusal everyone waits for the same pause, which listProviders shows; nobody asks before it is over")
  func coolDown() async throws {
    let time = ManualClock()
    let upstream = try Upstream.sequence([Upstream.fails(429, [("retry-after", "20")]), Upstream.isFine])
    let person = try Person(upstream, clock: time.clock)
    let sink = Sink { if case .retry = $0 { true } else { false } }
    #expect(person.engine.coolDown(of: "acme") == nil)
    async let first = person.complete("first", into: sink)
    try await sink.reached.opened()
    #expect(person.engine.coolDown(of: "acme")?.reason == .rateLimited)
    let other = Sink()
    async let second = person.complete("second", into: other)
    // The first one's pause, the second one's, and its watch for silence.
    await time.sleepers(3)
    #expect(upstream.requests.count == 1)
    time.advance(milliseconds: 19_999)
    #expect(upstream.requests.count == 1)
    time.advance(milliseconds: 1)
    #expect(try await first.message.text == "fine")
    let outcome = try await second
    #expect(outcome.message.text == "fine")
    // It was never refused, so it made one try.
    #expect(outcome.attempts.count == 1)
    #expect(upstream.requests.count == 3)
    #expect(person.engine.coolDown(of: "acme") == nil)
  }

  @Test("A pause beyond the cap is not waited for: the next request fails at once and is not sent")
  func beyondCap() async throws {
    let time = ManualClock()
    let upstream = try Upstream.sequence([Upstream.fails(429, [("retry-after", "600")]), Upstream.isFine])
    let person = try Person(upstream, clock: time.clock)
    #expect(await person.failure("one")?.retryAfterMs == 600_000)
    time.advance(milliseconds: 100_000)
    let error = try #require(await person.failure("two"))
    #expect((error.kind, error.retryAfterMs) == (.rateLimited, 500_000))
    #expect(error.hint?.contains("retry.maxDelayMs") == true)
    #expect(upstream.requests.count == 1)
    // Another key is another account.
    #expect(try await person.complete("three") { $0.apiKey = "sk-another" }.message.text == "fine")
    time.advance(milliseconds: 500_000)
    #expect(try await person.complete("four").message.text == "fine")
  }

  @Test("Refusals in a row without a pause of the provider's own make longer pauses")
  func growing() async throws {
    let time = ManualClock()
    let upstream = try Upstream.sequence([Upstream.fails(529)])
    let person = try Person(upstream, clock: time.clock, random: { 0.5 })
    var pauses: [Int] = []
    for _ in 0..<3 {
      #expect(await person.failure("Hi") { $0.retry.attempts = 1 }?.kind == .overloaded)
      let pause = try #require(person.engine.pacing.coolDown(of: "acme")?.milliseconds)
      pauses.append(pause)
      time.advance(milliseconds: pause)
    }
    #expect(pauses == [500, 1000, 2000])
  }

  @Test("When nothing is left of a limit, the next request waits until it is whole again, and is not refused")
  func exhausted() async throws {
    let time = ManualClock()
    let upstream = try Upstream { _, exchange in
      try exchange.startEvents(headers: [("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "6s")])
      try exchange.writeChatChunk(["content": "fine"])
      try exchange.writeChatChunk([:], finishReason: "stop")
      try exchange.writeEvent("[DONE]")
      try exchange.finish()
    }
    let person = try Person(upstream, clock: time.clock)
    _ = try await person.complete("one")
    async let second = person.complete("two")
    // Its own wait, and its watch for silence.
    await time.sleepers(2)
    #expect(upstream.requests.count == 1)
    time.advance(milliseconds: 6000)
    #expect(try await second.attempts.count == 1)
    // A pause beyond the cap is left to the provider.
    #expect(await person.failure("three") { $0.retry.maxDelayMs = 100 }?.retryAfterMs == 6000)
    time.advance(milliseconds: 6000)
    _ = try await person.complete("four") { $0.retry.maxDelayMs = 100 }
    _ = try await person.complete("five")
    #expect(upstream.requests.count == 4)
  }
}
