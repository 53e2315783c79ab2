internal import Synchronization

/// Wakes whoever sleeps, from one thread for the whole process. A cancelled `Task.sleep` keeps its memory until its time
/// is over, which is much where every answer has a watch of 15 s; who is cancelled here leaves nothing behind.
final class Timers: Sendable {
  static let shared = Timers()

  private struct Sleeper {
    let deadline: Int64
    let id: UInt64
    let continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    /// In the order in which they are due.
    var sleepers: [Sleeper] = []
    var lastId: UInt64 = 0
    var wake: Pipe?
    var isWoken = false

    /// Where a sleeper stands, or would stand.
    func position(_ deadline: Int64, _ id: UInt64) -> Int {
      var (low, high) = (0, sleepers.count)
      while low < high {
        let middle = (low + high) / 2
        let sleeper = sleepers[middle]
        if (sleeper.deadline, sleeper.id) < (deadline, id) { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }

  private let state = Mutex(State())

  /// Returns at `deadline`, which `now` counts towards, or when the task is cancelled.
  func wait(until deadline: Int64, now: @escaping @Sendable () -> Int64) async {
    let id = state.withLock { state in
      state.lastId += 1
      return state.lastId
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isSleeping = state.withLock { state in
          // Who is cancelled later is found by the handler, which takes the same lock.
          guard !Task.isCancelled else { return false }
          let place = state.position(deadline, id)
          state.sleepers.insert(Sleeper(deadline: deadline, id: id, continuation: continuation), at: place)
          if place == 0 { wake(&state, now) }
          return true
        }
        if !isSleeping { continuation.resume() }
      }
    } onCancel: {
      let sleeper: Sleeper? = state.withLock { state in
        let place = state.position(deadline, id)
        guard state.sleepers.indices.contains(place), state.sleepers[place].id == id else { return nil }
        return state.sleepers.remove(at: place)
      }
      sleeper?.continuation.resume()
    }
  }

  /// Has the thread look at the deadlines; starts it when there is none.
  private func wake(_ state: inout State, _ now: @escaping @Sendable () -> Int64) {
    guard let wake = state.wake else {
      guard let pipe = try? Pipe() else { preconditionFailure("no pipe for the timers") }
      state.wake = pipe
      startThread("timers") { self.work(pipe.reading, now) }
      return
    }
    guard !state.isWoken else { return }
    state.isWoken = true
    _ = write(wake.writing, "x", 1)
  }

  private func work(_ waking: Int32, _ now: @Sendable () -> Int64) {
    while true {
      let moment = now()
      let (due, next) = state.withLock { state in
        let count = state.sleepers.firstIndex { $0.deadline > moment } ?? state.sleepers.count
        defer { state.sleepers.removeFirst(count) }
        return (Array(state.sleepers[..<count]), state.sleepers.dropFirst(count).first?.deadline)
      }
      for sleeper in due { sleeper.continuation.resume() }
      let milliseconds = next.map { Int32(clamping: (max(0, $0 - now()) + 999_999) / 1_000_000) } ?? -1
      var set = pollfd(fd: waking, events: Int16(POLLIN), revents: 0)
      guard retryingInterrupts({ Int(poll(&set, 1, milliseconds)) }) > 0 else { continue }
      var byte: UInt8 = 0
      _ = read(waking, &byte, 1)
      state.withLock { $0.isWoken = false }
    }
  }
}
