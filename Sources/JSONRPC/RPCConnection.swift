package import JSON
package import Platform
internal import Synchronization

/// One client: reads its messages in order on a thread of its own, runs each request in a task, and answers each
/// exactly once. That thread is the connection's life: it ends when nothing of the connection runs any more.
package final class RPCConnection: Sendable {
  private struct Life {
    var reason: CloseReason?
    var waiters: [CheckedContinuation<CloseReason, Never>] = []
  }

  let service: any RPCService
  let limits: RPCLimits
  let input: Int32
  let output: Int32
  let outbox: Outbox
  let wake: WakePipe
  let calls = Mutex(CallTable())
  let requests = Mutex(RequestTable())
  let isClosing = Atomic(false)
  private let life = Mutex(Life())

  /// A connection over two descriptors, which may be the same one. They stay the caller's, who may close them when
  /// `finished()` has returned. Fails when the process has no descriptors left.
  package init(
    input: Int32, output: Int32, service: any RPCService, limits: RPCLimits = RPCLimits()
  ) throws(SystemError) {
    self.input = input
    self.output = output
    self.service = service
    self.limits = limits
    wake = try WakePipe()
    outbox = Outbox(OutputDescriptor(output), limits: limits, wake: wake)
  }

  /// Starts reading. Once.
  package func start() {
    startThread("rpc-reader") { self.run() }
  }

  /// Waits for the end: no call runs any more, and every response was written (or the client is gone).
  package func finished() async -> CloseReason {
    await withCheckedContinuation { continuation in
      let reason: CloseReason? = life.withLock { life in
        if life.reason == nil { life.waiters.append(continuation) }
        return life.reason
      }
      if let reason { continuation.resume(returning: reason) }
    }
  }

  /// Whether nothing that is sent can reach the client any more.
  package var isOver: Bool { outbox.isClosed }

  /// Cancels every call in flight; each is answered as usual. The connection goes on.
  package func cancelAll() {
    for task in calls.withLock({ $0.cancelAll() }) { task.cancel() }
  }

  /// Reads no more, cancels what is in flight, and ends the connection when all that is answered and written. For a
  /// client that does not read that may be never: a caller in a hurry does not wait for `finished()`.
  package func close() {
    isClosing.store(true, ordering: .sequentiallyConsistent)
    cancelAll()
    wake.signal()
  }

  /// Called last on the connection's thread.
  func conclude(_ reason: CloseReason) {
    outbox.close()
    service.closed(self)
    let waiters = life.withLock { life in
      life.reason = reason
      defer { life.waiters = [] }
      return life.waiters
    }
    for waiter in waiters { waiter.resume(returning: reason) }
  }
}

// MARK: - Sending

extension RPCConnection {
  /// Sends one notification.
  package func notify(_ method: String, _ params: JSONValue) {
    outbox.send { $0.appendNotification(method, params) }
  }

  /// Sends the messages that `fill` adds in one write, in order with everything else that is sent. Never blocks; who
  /// sends much asks `isLagging` first. When the client is gone, `fill` is not called.
  package func send(_ fill: (inout OutgoingBatch) -> Void) { outbox.send(fill) }

  /// Whether the client reads more slowly than it is written to: true from the soft limit up, until the queue has
  /// shrunk below the low one.
  package var isLagging: Bool { outbox.isLagging }

  /// How many bytes have yet to be taken by the client.
  package var outboundBytes: Int { outbox.backlog }

  /// Suspends until the client no longer lags, the connection is over, or the task is cancelled.
  package func drained() async { await outbox.drained() }

  /// Calls `body` once, when the client no longer lags or the connection is over; at once if it does not lag. `body`
  /// may run on the thread that writes, so it must not block.
  package func onDrained(_ body: @escaping @Sendable () -> Void) { outbox.whenDrained(body) }

  /// Asks the client something. Cancelling the task sends `$/cancelRequest` and throws at once; the end of the input
  /// throws too, for no answer can come any more.
  package func request(_ method: String, _ params: JSONValue?) async throws(RPCError) -> JSONValue {
    let id = requests.withLock { $0.makeID() }
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        guard requests.withLock({ $0.begin(id, continuation) }) else {
          return continuation.resume(returning: .failure(Self.noAnswer))
        }
        outbox.send { batch in batch.appendMessage { $0.append(request: method, params, id: id) } }
        // The handler below may have come too early to find the request.
        if Task.isCancelled { withdraw(id) }
      }
    } onCancel: {
      withdraw(id)
    }
    return try outcome.get()
  }

  static let noAnswer = RPCError.cancelled("the client sends nothing any more")

  private func withdraw(_ id: String) {
    guard let continuation = requests.withLock({ $0.take(id) }) else { return }
    notify("$/cancelRequest", ["id": .string(id)])
    continuation.resume(returning: .failure(.cancelled))
  }
}
