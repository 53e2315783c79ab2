internal import Synchronization

/// A place in a `TurnQueue`.
package final class Turn<Key: Hashable & Sendable>: Sendable {
  fileprivate enum State {
    case waiting(CheckedContinuation<Void, Never>?)
    case granted
    case abandoned
  }

  /// What is taken in turns.
  package let key: Key
  /// Who takes the turn.
  package let holder: String
  fileprivate let state: Mutex<State>

  fileprivate init(_ key: Key, _ holder: String, _ state: State) {
    self.key = key
    self.holder = holder
    self.state = Mutex(state)
  }

  /// Ends the waiting, if there is any; returns whether there was.
  fileprivate func settle(_ new: State) -> Bool {
    let (waiter, wasWaiting): (CheckedContinuation<Void, Never>?, Bool) = state.withLock { state in
      guard case .waiting(let waiter) = state else { return (nil, false) }
      state = new
      return (waiter, true)
    }
    waiter?.resume()
    return wasWaiting
  }
}

/// Lets one holder at a time at each key, the others in the order they entered. Entering is synchronous, so the order
/// of the calls is the order of the turns; waiting suspends.
package final class TurnQueue<Key: Hashable & Sendable>: Sendable {
  /// The turns of each key that has any; the first one is granted.
  private let queues = Mutex<[Key: [Turn<Key>]]>([:])

  /// A queue nobody stands in.
  package init() {}

  /// Takes a place. With `onlyIfFree`, a key that is taken yields `nil`.
  package func enter(_ key: Key, _ holder: String = "", onlyIfFree: Bool = false) -> Turn<Key>? {
    queues.withLock { queues in
      let isFree = queues[key] == nil
      guard isFree || !onlyIfFree else { return nil }
      let turn = Turn(key, holder, isFree ? .granted : .waiting(nil))
      queues[key, default: []].append(turn)
      return turn
    }
  }

  /// Waits until it is the turn's turn. Returns `false`, with the place given up, when the task is cancelled first.
  package func wait(_ turn: Turn<Key>) async -> Bool {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = turn.state.withLock { state in
          guard case .waiting = state else { return true }
          state = .waiting(continuation)
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      if turn.settle(.abandoned) { leave(turn) }
    }
    return turn.state.withLock { if case .granted = $0 { true } else { false } }
  }

  /// Gives the place up; the next turn in line is granted. A second call does nothing.
  package func leave(_ turn: Turn<Key>) {
    let next: Turn<Key>? = queues.withLock { queues in
      guard var turns = queues[turn.key], let place = turns.firstIndex(where: { $0 === turn }) else { return nil }
      turns.remove(at: place)
      queues[turn.key] = turns.isEmpty ? nil : turns
      return place == 0 ? turns.first : nil
    }
    // A turn that is abandoned at this very moment leaves by itself, and so grants the one behind it.
    if let next { _ = next.settle(.granted) }
  }

  /// The turns of the keys that fulfil `isIncluded`, the granted one of each key first.
  package func turns(where isIncluded: (Key) -> Bool) -> [[Turn<Key>]] {
    queues.withLock { queues in queues.filter { isIncluded($0.key) }.map(\.value) }
  }
}
