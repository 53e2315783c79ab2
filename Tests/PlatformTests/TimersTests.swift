import Platform
import Testing

@Suite("Waiting by the system's clock", .timeLimit(.minutes(1)))
struct TimersTests {
  private let clock = MonotonicClock.system

  @Test("who waits goes on at its time and not before")
  func time() async {
    let start = clock.now()
    let woken = await withTaskGroup(of: Int.self) { group in
      for milliseconds in [4, 1, 2] {
        group.addTask {
          #expect(await clock.wait(until: start + Int64(milliseconds) * 1_000_000))
          #expect(clock.now() >= start + Int64(milliseconds) * 1_000_000)
          return milliseconds
        }
      }
      return await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(woken == [1, 2, 4])
  }

  @Test("who is cancelled goes on at once, whether it waits already or not")
  func cancelled() async {
    let far = clock.deadline(inMs: 3_600_000)
    let early = Task { await clock.wait(until: far) }
    early.cancel()
    #expect(await early.value == false)
    let many = (0..<1000).map { number in Task { await clock.wait(until: far + Int64(number)) } }
    for task in many.shuffled() { task.cancel() }
    for task in many { #expect(await task.value == false) }
  }

  @Test("a time that has passed is no time to wait for")
  func past() async { #expect(await clock.wait(until: clock.now())) }
}
