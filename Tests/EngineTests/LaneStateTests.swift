import Completion
import Testing

@testable import Engine

@Suite("Who may go to a provider, and when")
struct LaneStateTests {
  private func pause(until: Int64, isRefusal: Bool = true) -> LaneState.CoolDown {
    LaneState.CoolDown(until: until, reason: .rateLimited, isRefusal: isRefusal)
  }

  @Test("Up to the limit at once, the others in the order they came")
  func limit() {
    var lane = LaneState()
    for ticket in 1...2 { #expect(lane.step(ticket, limit: 2, hasPlace: false, now: 0) == .goes) }
    #expect(lane.entersAtOnce(limit: 2, now: 0) == false)
    for ticket in [4, 3, 5] { #expect(lane.step(ticket, limit: 2, hasPlace: false, now: 0) == .queues) }
    #expect(lane.queue == [3, 4, 5])
    #expect(lane.next() == nil)
    lane.leave()
    #expect(lane.next() == 3)
    #expect(lane.next() == nil)
    #expect(lane.step(3, limit: 2, hasPlace: true, now: 0) == .goes)
    #expect(lane.abandon(4) == true)
    #expect(lane.abandon(4) == false)
    lane.leave()
    lane.leave()
    #expect(lane.next() == 5)
    #expect(lane.active == 1)
  }

  @Test("Nobody goes before a pause is over, not even who has a place; a longer pause stays")
  func pauses() {
    var lane = LaneState()
    #expect(lane.entersAtOnce(limit: 1, now: 0) == true)
    #expect(lane.step(2, limit: 1, hasPlace: false, now: 0) == .queues)
    lane.pause(until: 100, .rateLimited, isRefusal: true)
    lane.pause(until: 50, .overloaded, isRefusal: true)
    lane.leave()
    #expect(lane.next() == 2)
    #expect(lane.step(2, limit: 1, hasPlace: true, now: 99) == .sleeps(until: 100, pause(until: 100)))
    #expect(lane.active == 0)
    #expect(lane.entersAtOnce(limit: 1, now: 99) == false)
    #expect(lane.entersAtOnce(limit: 1, now: 100) == true)
  }

  @Test("Requests that were refused together count once; one that is taken ends the count")
  func refusals() {
    var lane = LaneState()
    #expect(lane.refuse(now: 0) == 1)
    lane.pause(until: 100, .rateLimited, isRefusal: true)
    #expect(lane.refuse(now: 1) == 1)
    #expect(lane.refuse(now: 99) == 1)
    #expect(lane.refuse(now: 100) == 2)
    #expect(lane.isIdle(at: 1_000) == false)
    lane.accept()
    #expect(lane.isIdle(at: 1_000))
    #expect(lane.refuse(now: 1_000) == 1)
    // Five minutes of quiet end it, too.
    lane.pause(until: 1_000, .rateLimited, isRefusal: true)
    #expect(lane.isIdle(at: 300_000_000_999) == false)
    #expect(lane.isIdle(at: 300_000_001_000))
    // What the provider only announced is no refusal.
    lane.pause(until: 2_000, .rateLimited, isRefusal: false)
    #expect(lane.refuse(now: 1_500) == 2)
  }
}
