import Completion
import HTTP
import JSON
import Platform
import Synchronization
import TestSupport
import Testing
import Upstream

@testable import Engine

/// Nothing moves any more: the stream, the process, the machine or the network. Time is moved by hand, so each test
/// knows to the millisecond when it has to be noticed.
@Suite("A standstill", .timeLimit(.minutes(1)))
struct StandstillTests {
  private let time = ManualClock()

  /// A completion that the server leaves in the middle, where `isBegun`, or before it has said anything.
  private struct Stalled {
    let person: Person
    let sink: Sink
    let failure: Task<ProviderError?, Never>
  }

  /// Starts one, and returns when the client is waiting for more.
  private func stall(isBegun: Bool) async throws -> Stalled {
    let (isSilent, waits) = (Gate(), Gate())
    let upstream = try Upstream { _, exchange in
      if isBegun {
        try exchange.startEvents()
        try exchange.writeChatChunk(["content": "half"])
      }
      isSilent.open()
      exchange.waitForDisconnect()
    }
    let person = try Person(upstream, clock: time.clock)
    let sink = Sink()
    person.engine.http.afterEachTurn { if !isBegun || sink.text == "half" { waits.open() } }
    let failure = Task { await person.failure("Hi", session: "s", into: sink) { $0.retry.attempts = 1 } }
    try await isSilent.opened()
    try await waits.opened()
    return Stalled(person: person, sink: sink, failure: failure)
  }

  /// Moves the clock in two steps, of which the first is a millisecond too short.
  private func expect(
    _ stalled: Stalled, toFailAfter milliseconds: Int, _ phase: TimeoutPhase
  ) async throws {
    time.advance(milliseconds: milliseconds - 1)
    // Two visits to the HTTP thread: between them it has looked at its deadlines.
    for _ in 0..<2 { #expect(await stalled.person.engine.http.inFlightCount == 1) }
    time.advance(milliseconds: 1)
    let error = try #require(await stalled.failure.value)
    #expect(error.kind == .timeout && error.phase == phase)
    #expect(await stalled.person.engine.http.inFlightCount == 0)
    #expect(try await stalled.person.messages("s").isEmpty)
  }

  @Test("A stream that stalls fails 120 s after its last word")
  func stream() async throws {
    try await expect(try await stall(isBegun: true), toFailAfter: 120_000, .idle)
  }

  @Test("An answer that never begins fails 120 s after the request")
  func firstWord() async throws {
    try await expect(try await stall(isBegun: false), toFailAfter: 120_000, .firstToken)
  }

  @Test("A process that was stopped for 5 minutes fails what is overdue as soon as it goes on")
  func stopped() async throws {
    let stalled = try await stall(isBegun: true)
    // For the one that is stopped, five minutes are one step.
    time.advance(milliseconds: 300_000)
    let error = try #require(await stalled.failure.value)
    #expect(error.kind == .timeout && error.phase == .idle)
    #expect(stalled.sink.text == "half")
  }

  @Test("A machine that slept for 5 minutes fails what was under way on waking, and not after the idle time")
  func slept() async throws {
    let stalled = try await stall(isBegun: true)
    let before = time.clock.now()
    time.suspend(milliseconds: 300_000)
    let error = try #require(await stalled.failure.value)
    #expect(error.kind == .network)
    #expect(error.message.contains("slept for 300 s"))
    #expect(time.clock.now() == before)
  }

  @Test("A network that is gone fails after 10 s where the connection does not stand, each of three times")
  func vanished() async throws {
    let connections = Mutex<[Gate]>([Gate(), Gate(), Gate()])
    // TCP stands, and nothing behind it answers: what a client sees whose network is gone.
    let upstream = try Upstream(onConnection: { connections.withLock { $0.removeFirst() }.open() }) { _, exchange in
      exchange.waitForDisconnect()
    }
    let gates = connections.withLock { $0 }
    let person = try Person(
      upstream, acme: ["baseURL": .string("https://127.0.0.1:\(upstream.port)")], clock: time.clock)
    let sink = Sink()
    let failure = Task { await person.failure("Hi", into: sink) }
    let start = time.clock.now()
    for gate in gates {
      try await gate.opened()
      time.advance(milliseconds: 10_000)
    }
    let error = try #require(await failure.value)
    #expect(error.kind == .timeout && error.phase == .connect)
    #expect(error.attempts.count == 3)
    #expect(time.clock.milliseconds(since: start) == 30_000)
    #expect(sink.text.isEmpty)
  }
}
