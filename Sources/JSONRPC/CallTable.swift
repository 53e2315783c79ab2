internal import JSON

/// The calls of a client that were not answered yet. A value: whoever holds the lock acts on what it returns afterwards.
struct CallTable {
  private struct Call {
    var task: Task<Void, Never>?
    var isCancelled = false
  }

  private var calls: [RPCID: Call] = [:]
  /// Calls whose response has not yet been handed to the outbox; their ids may be free again already.
  private(set) var unanswered = 0
  private var wakeAt: Int?

  /// Takes `id` for a new call; `false` when it is in flight.
  mutating func begin(_ id: RPCID) -> Bool {
    guard calls[id] == nil else { return false }
    calls[id] = Call()
    unanswered += 1
    return true
  }

  /// Notes which task runs the call. The answer is whether it has to be cancelled, because that came first.
  mutating func attach(_ task: Task<Void, Never>, to id: RPCID) -> Bool {
    guard let call = calls[id] else { return false }
    calls[id]?.task = task
    return call.isCancelled
  }

  /// Cancels one call: the task to be cancelled, if it has one already.
  mutating func cancel(_ id: RPCID) -> Task<Void, Never>? {
    calls[id]?.isCancelled = true
    return calls[id]?.task
  }

  /// Cancels every call.
  mutating func cancelAll() -> [Task<Void, Never>] {
    for id in calls.keys { calls[id]?.isCancelled = true }
    return calls.values.compactMap(\.task)
  }

  /// The work is done. From here on the client may use the id again, for it may see the response at any moment.
  mutating func release(_ id: RPCID) { calls[id] = nil }

  /// The response is on its way. The answer is whether the connection's thread waits for this.
  mutating func end() -> Bool {
    unanswered -= 1
    guard let wakeAt, unanswered <= wakeAt else { return false }
    self.wakeAt = nil
    return true
  }

  /// Whether no more than `count` calls are unanswered. If not, the `end` that makes it so says it.
  mutating func isAtMost(_ count: Int) -> Bool {
    if unanswered <= count { return true }
    wakeAt = count
    return false
  }
}

/// The requests to a client that were not answered yet.
struct RequestTable {
  typealias Outcome = Result<JSONValue, RPCError>

  private var pending: [String: CheckedContinuation<Outcome, Never>] = [:]
  private var last = 0
  private var isClosed = false

  /// An id of our own. It is a string no client is likely to use, which keeps logs of both directions readable.
  mutating func makeID() -> String {
    last += 1
    return "patchbay-\(last)"
  }

  /// Waits for the response to `id`; `false` when none can come any more.
  mutating func begin(_ id: String, _ continuation: CheckedContinuation<Outcome, Never>) -> Bool {
    guard !isClosed else { return false }
    pending[id] = continuation
    return true
  }

  /// Whoever takes the continuation resumes it; the second taker gets none.
  mutating func take(_ id: String) -> CheckedContinuation<Outcome, Never>? { pending.removeValue(forKey: id) }

  /// No response will come any more.
  mutating func close() -> [CheckedContinuation<Outcome, Never>] {
    isClosed = true
    defer { pending = [:] }
    return Array(pending.values)
  }
}
