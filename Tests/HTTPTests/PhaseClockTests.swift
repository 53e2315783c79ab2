import Testing

@testable import HTTP

@Suite("The phase clock")
struct PhaseClockTests {
  private static let millisecond: Int64 = 1_000_000

  private func clock(_ connect: Int?, _ firstToken: Int?, _ idle: Int?, total: Int? = nil) -> PhaseClock {
    var timeouts = HTTPTimeouts()
    (timeouts.connectMs, timeouts.firstTokenMs) = (connect, firstToken)
    (timeouts.idleMs, timeouts.totalMs) = (idle, total)
    return PhaseClock(timeouts, now: 0)
  }

  @Test("Each phase has its own time, and expires at its deadline and not before")
  func phases() {
    let ms = Self.millisecond
    var clock = clock(10, 100, 50)
    #expect(clock.deadline == 10 * ms)
    #expect(clock.expired(at: 10 * ms - 1) == nil)
    #expect(clock.expired(at: 10 * ms) == .connect)
    clock.connected(at: 5 * ms)
    #expect(clock.deadline == 105 * ms)
    #expect(clock.expired(at: 105 * ms) == .firstToken)
    clock.progressed(at: 60 * ms)
    #expect(clock.deadline == 110 * ms)
    #expect(clock.expired(at: 110 * ms) == .idle)
  }

  @Test("Time stands still while the reader is busy, but is not given back")
  func readerBusy() {
    let ms = Self.millisecond
    var clock = clock(10, 100, 50)
    clock.connected(at: 0)
    clock.stop(at: 60 * ms)
    #expect(clock.deadline == .max)
    #expect(clock.expired(at: 1_000 * ms) == nil)
    clock.start(at: 1_000 * ms)
    #expect(clock.deadline == 1_040 * ms)
    clock.progressed(at: 1_010 * ms)
    #expect(clock.deadline == 1_060 * ms)
    clock.stop(at: 1_020 * ms)
    clock.progressed(at: 1_030 * ms)
    clock.start(at: 2_000 * ms)
    #expect(clock.deadline == 2_050 * ms)
  }

  @Test("Progress without content gives the first content more time, and is no content")
  func progress() {
    let ms = Self.millisecond
    var clock = clock(10, 100, 50)
    clock.connected(at: 0)
    clock.progressed(at: 90 * ms, isContent: false)
    #expect(clock.expired(at: 189 * ms) == nil)
    #expect(clock.expired(at: 190 * ms) == .firstToken)
    clock.progressed(at: 100 * ms)
    clock.progressed(at: 140 * ms, isContent: false)
    #expect(clock.deadline == 190 * ms)
    #expect(clock.expired(at: 190 * ms) == .idle)
  }

  @Test("The total runs whoever is busy")
  func total() {
    let ms = Self.millisecond
    var clock = clock(nil, nil, nil, total: 70)
    #expect(clock.deadline == 70 * ms)
    clock.connected(at: 5 * ms)
    clock.stop(at: 10 * ms)
    #expect(clock.deadline == 70 * ms)
    #expect(clock.expired(at: 70 * ms) == .total)
  }

  @Test("A second connection for the same request is no second phase")
  func secondConnection() {
    let ms = Self.millisecond
    var clock = clock(10, 100, 50)
    clock.connected(at: 0)
    clock.connected(at: 90 * ms)
    #expect(clock.expired(at: 100 * ms) == .firstToken)
  }

  @Test("No limit and limits beyond all measure never expire", arguments: [nil, Int.max])
  func never(_ limit: Int?) {
    var clock = clock(limit, limit, limit, total: limit)
    #expect(clock.deadline == .max)
    clock.connected(at: 1)
    clock.stop(at: 2)
    clock.start(at: 3)
    clock.progressed(at: 4)
    #expect(clock.deadline == .max)
    #expect(clock.expired(at: .max - 1) == nil)
  }

  @Test("A limit below zero is over at once")
  func negative() {
    #expect(clock(-5, 1, 1).expired(at: 0) == .connect)
  }
}
