internal import Completion
internal import Platform

/// Lets one completion at a time into each thread of each session, the others in the order they came.
struct ThreadLanes: Sendable {
  /// A thread: a provider's part of a session.
  struct Key: Hashable, Sendable {
    let session: String
    let provider: String
  }

  private let queue = TurnQueue<Key>()

  /// Takes a place in a thread's lane.
  /// - Throws: `busy` when the thread is completing and `mayWait` is not set.
  func enter(_ key: Key, _ completionId: String, mayWait: Bool) throws(ProviderError) -> Turn<Key> {
    guard let turn = queue.enter(key, completionId, onlyIfFree: !mayWait) else {
      throw Self.busy(queue.turns { $0 == key }.first?.first?.holder)
    }
    return turn
  }

  /// Waits until it is the turn's turn.
  /// - Throws: `cancelled` when the task is cancelled first; the place is then given up.
  func wait(_ turn: Turn<Key>) async throws(ProviderError) {
    guard await queue.wait(turn) else { throw ProviderError(.cancelled, "cancelled while waiting for its turn") }
  }

  /// Gives the place up.
  func leave(_ turn: Turn<Key>) { queue.leave(turn) }

  /// The completion that runs in a thread right now, if any.
  func running(_ key: Key) -> String? { queue.turns { $0 == key }.first?.first?.holder }

  /// The completion that runs in a session right now, if any.
  func active(in session: String) -> String? { queue.turns { $0.session == session }.first?.first?.holder }

  /// Every completion that runs or waits in a session.
  func all(in session: String) -> [String] { queue.turns { $0.session == session }.flatMap { $0 }.map(\.holder) }

  /// Every completion that runs or waits in a session, but in its thread of `provider`.
  func all(in session: String, notOf provider: String) -> [String] {
    queue.turns { $0.session == session && $0.provider != provider }.flatMap { $0 }.map(\.holder)
  }

  /// The error for a thread that is taken.
  static func busy(_ completionId: String?) -> ProviderError {
    var error = ProviderError(
      .busy, "this thread is already completing", hint: "Pass queue: true to wait, or cancel the running completion.")
    error.completionId = completionId
    return error
  }
}
