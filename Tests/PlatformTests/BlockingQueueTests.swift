import Platform
import Synchronization
import TestSupport
import Testing

@Suite("Blocking work", .timeLimit(.minutes(1)))
struct BlockingQueueTests {
  private struct Refusal: Error, Equatable {}

  /// On the pool, which has one thread a core, the first few jobs would wait for the others for ever.
  @Test("Two hundred jobs that wait for each other all run at once and all finish")
  func many() async {
    let count = 200
    let inside = Monitor(0)
    let sum = await withTaskGroup(of: Int.self) { group in
      for number in 0..<count {
        group.addTask {
          await BlockingQueue.run {
            inside.withLock { $0 += 1 }
            return inside.wait(seconds: 50) { $0 == count ? number : nil } ?? -1_000_000
          }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(sum == (0..<count).reduce(0, +))
  }

  @Test("Results and errors come back, job after job")
  func results() async {
    for number in 0..<1000 { #expect(await BlockingQueue.run { number * 2 } == number * 2) }
    await #expect(throws: Refusal()) { try await BlockingQueue.run { () throws(Refusal) in throw Refusal() } }
  }

  @Test("A semaphore lets as many pass as were signalled, before or after")
  func semaphore() async {
    let (turn, back) = (Semaphore(), Semaphore())
    turn.signal()
    turn.signal()
    await BlockingQueue.run {
      turn.wait()
      turn.wait()
    }
    async let waited: Void = BlockingQueue.run {
      back.signal()
      turn.wait()
    }
    await BlockingQueue.run { back.wait() }
    turn.signal()
    await waited
  }
}
