import Platform
import Synchronization
import Testing

@Suite("Turns", .timeLimit(.minutes(1)))
struct TurnQueueTests {
  let queue = TurnQueue<String>()

  @Test("Turns come in the order of entering, whoever waits first")
  func order() async throws {
    let turns = try (0..<5).map { try #require(queue.enter("a", "\($0)")) }
    let came = Log()
    await withTaskGroup(of: Void.self) { group in
      for turn in turns.reversed() {
        group.addTask { [queue] in
          #expect(await queue.wait(turn))
          came.add(turn.holder)
          queue.leave(turn)
        }
      }
    }
    #expect(came.all == ["0", "1", "2", "3", "4"])
    #expect(queue.turns { _ in true }.isEmpty)
  }

  @Test("Keys do not hold each other up")
  func keys() async throws {
    let first = try #require(queue.enter("a"))
    let second = try #require(queue.enter("b"))
    #expect(await queue.wait(second))
    #expect(await queue.wait(first))
  }

  @Test("onlyIfFree takes a free key and leaves a taken one alone")
  func onlyIfFree() throws {
    let turn = try #require(queue.enter("a", "first", onlyIfFree: true))
    #expect(queue.enter("a", "second", onlyIfFree: true) == nil)
    #expect(queue.turns { $0 == "a" }.map { $0.map(\.holder) } == [["first"]])
    queue.leave(turn)
    #expect(queue.enter("a", onlyIfFree: true) != nil)
  }

  @Test("Who is cancelled while waiting gives the place up, and the next gets it")
  func cancelled() async throws {
    let first = try #require(queue.enter("a", "first"))
    let second = try #require(queue.enter("a", "second"))
    let third = try #require(queue.enter("a", "third"))
    let waiting = Task { [queue] in await queue.wait(second) }
    waiting.cancel()
    #expect(await waiting.value == false)
    #expect(queue.turns { _ in true }.map { $0.map(\.holder) } == [["first", "third"]])
    queue.leave(first)
    #expect(await queue.wait(third))
  }

  @Test("A granted turn stays granted when its task is cancelled")
  func grantedAndCancelled() async throws {
    let turn = try #require(queue.enter("a"))
    let waiting = Task { [queue] in
      withUnsafeCurrentTask { $0?.cancel() }
      return await queue.wait(turn)
    }
    #expect(await waiting.value)
    #expect(queue.turns { _ in true }.count == 1)
  }

  @Test("Leaving twice does not let two in")
  func leaveTwice() async throws {
    let turns = try (0..<3).map { _ in try #require(queue.enter("a")) }
    queue.leave(turns[0])
    queue.leave(turns[0])
    #expect(await queue.wait(turns[1]))
    let third = Task { [queue] in await queue.wait(turns[2]) }
    third.cancel()
    // Had the second call granted it too, it would not have been waiting.
    #expect(await third.value == false)
  }

  @Test("A thousand tasks, some of them cancelled: one at a time, each once, and nobody is forgotten")
  func many() async throws {
    let (overlaps, ran) = (Counter(), Counter())
    let turns = try (0..<1000).map { try #require(queue.enter("key \($0 % 3)")) }
    let keys = 3
    let counts = (0..<keys).map { _ in Counter() }
    await withTaskGroup(of: Void.self) { group in
      for (number, turn) in turns.enumerated() {
        group.addTask { [queue] in
          let work = Task {
            defer { queue.leave(turn) }
            guard await queue.wait(turn) else { return }
            let mine = counts[number % keys]
            if mine.enter() > 1 { _ = overlaps.enter() }
            await Task.yield()
            mine.exit()
            _ = ran.enter()
          }
          if number.isMultiple(of: 7), number > keys { work.cancel() }
          await work.value
        }
      }
    }
    #expect(overlaps.value == 0)
    #expect(ran.value >= 1000 - 1000 / 7)
    #expect(queue.turns { _ in true }.isEmpty)
  }
}

/// How many are inside at once.
private final class Counter: Sendable {
  private let count = Mutex(0)

  func enter() -> Int {
    count.withLock { count in
      count += 1
      return count
    }
  }

  var value: Int { count.withLock { $0 } }

  func exit() { count.withLock { $0 -= 1 } }
}

/// What happened, in order.
private final class Log: Sendable {
  private let entries = Mutex<[String]>([])

  var all: [String] { entries.withLock { $0 } }

  func add(_ entry: String) { entries.withLock { $0.append(entry) } }
}
