internal import Platform
internal import Synchronization

/// Everything on its way to the client. What can leave without blocking is written by the sender itself; the rest is
/// queued, and written in as few pieces as possible by a thread that starts when it is first needed. So a client that
/// does not read costs its own connection a queue, and nobody else anything.
final class Outbox: Sendable {
  private typealias Waiter = @Sendable () -> Void

  private struct State {
    var framing = Framing.lines
    var queue: [UInt8] = []
    /// How many bytes are being written right now. Until it is 0 again nobody else writes.
    var inHand = 0
    var isLagging = false
    var isClosed = false
    var hasThread = false
    /// Wake the connection's thread when no more bytes than this are left.
    var wakeAt: Int?
    var lastTicket = 0
    var waiters: [Int: Waiter] = [:]

    var backlog: Int { queue.count + inHand }

    mutating func takeQueue() -> [UInt8] {
      var bytes: [UInt8] = []
      swap(&bytes, &queue)
      inHand = bytes.count
      return bytes
    }

    mutating func takeWaiters() -> [Waiter] {
      defer { waiters = [:] }
      return Array(waiters.values)
    }
  }

  private enum Action {
    case none
    case write([UInt8])
    case startThread
    case wakeThread
    case giveUp
  }

  private let output: OutputDescriptor
  private let limits: RPCLimits
  private let wake: WakePipe
  private let state = Mutex(State())
  private let work = Semaphore()

  /// `wake` is signalled when the client is gone, and when an `isAtMost` that was false becomes true.
  init(_ output: OutputDescriptor, limits: RPCLimits, wake: WakePipe) {
    self.output = output
    self.limits = limits
    self.wake = wake
  }

  var isClosed: Bool { state.withLock(\.isClosed) }
  var isLagging: Bool { state.withLock(\.isLagging) }
  /// How many bytes have yet to be taken by the client.
  var backlog: Int { state.withLock(\.backlog) }

  func setFraming(_ framing: Framing) { state.withLock { $0.framing = framing } }

  /// Whether no more than `count` bytes are on their way. If not, `wake` is signalled as soon as that is so.
  func isAtMost(_ count: Int) -> Bool {
    state.withLock { state in
      if state.isClosed || state.backlog <= count { return true }
      state.wakeAt = count
      return false
    }
  }

  /// Drops what is queued, and everything sent from now on.
  func close() {
    let waiters = state.withLock { state -> [Waiter] in
      state.isClosed = true
      state.isLagging = false
      state.queue = []
      return state.takeWaiters()
    }
    work.signal()
    wake.signal()
    for waiter in waiters { waiter() }
  }
}

// MARK: - Sending

extension Outbox {
  /// Sends what `fill` adds, in one piece. When the client is gone, `fill` is not called.
  func send(_ fill: (inout OutgoingBatch) -> Void) {
    guard let framing = state.withLock({ $0.isClosed ? nil : $0.framing }) else { return }
    var batch = OutgoingBatch(framing: framing)
    fill(&batch)
    submit(batch.bytes)
  }

  private func submit(_ bytes: [UInt8]) {
    let action: Action = state.withLock { state in
      guard !state.isClosed, !bytes.isEmpty else { return .none }
      if state.backlog >= limits.maximumOutboundBytes { return .giveUp }
      if state.backlog == 0, output.mayWriteNow(bytes.count) {
        state.inHand = bytes.count
        return .write(bytes)
      }
      state.queue.append(contentsOf: bytes)
      if state.backlog > limits.softOutboundBytes { state.isLagging = true }
      return callWriter(&state)
    }
    perform(action)
  }

  private func perform(_ action: Action) {
    var action = action
    while true {
      switch action {
      case .none: return
      case .wakeThread: return work.signal()
      case .startThread: return startThread("rpc-writer") { self.runWriter() }
      case .giveUp:
        output.abandon()
        return close()
      case .write(let bytes):
        let written = output.writeNow(bytes)
        action = settle(bytes, written) { state in
          // What others queued meanwhile leaves the same way if it can.
          guard written == bytes.count, output.mayWriteNow(state.queue.count) else { return callWriter(&state) }
          return .write(state.takeQueue())
        }
      }
    }
  }

  /// Sees to it that somebody writes what is queued: whoever is writing looks again afterwards, else the thread does.
  private func callWriter(_ state: inout State) -> Action {
    if state.inHand > 0 { return .none }
    if state.hasThread { return .wakeThread }
    state.hasThread = true
    return .startThread
  }

  /// Notes that `written` of `bytes` are out (`nil`: the client is gone), tells those who wait for room, and asks
  /// `proceed` what to do about what is queued.
  private func settle(_ bytes: [UInt8], _ written: Int?, _ proceed: (inout State) -> Action) -> Action {
    guard let written else {
      close()
      return .none
    }
    let (action, waiters, mustWake) = state.withLock { state -> (Action, [Waiter], Bool) in
      state.inHand = 0
      guard !state.isClosed else { return (.none, [], false) }
      if written < bytes.count { state.queue.insert(contentsOf: bytes[written...], at: 0) }
      if state.backlog > limits.softOutboundBytes { state.isLagging = true }
      let mustWake = state.wakeAt.map { state.backlog <= $0 } ?? false
      if mustWake { state.wakeAt = nil }
      let hasCaughtUp = state.isLagging && state.backlog < limits.lowOutboundBytes
      if hasCaughtUp { state.isLagging = false }
      return (state.queue.isEmpty ? .none : proceed(&state), hasCaughtUp ? state.takeWaiters() : [], mustWake)
    }
    if mustWake { wake.signal() }
    for waiter in waiters { waiter() }
    return action
  }

  private func runWriter() {
    while let bytes = nextLoad() {
      let isWritten = output.writeAll(bytes)
      _ = settle(bytes, isWritten ? bytes.count : nil) { _ in .none }
    }
  }

  /// What is queued, all of it, as soon as there is anything; `nil` when nothing will ever come.
  private func nextLoad() -> [UInt8]? {
    while true {
      let (load, isOver) = state.withLock { state -> ([UInt8]?, Bool) in
        if state.isClosed { return (nil, true) }
        return (state.inHand > 0 || state.queue.isEmpty ? nil : state.takeQueue(), false)
      }
      if load != nil || isOver { return load }
      work.wait()
    }
  }
}

// MARK: - Waiting for room

extension Outbox {
  /// Calls `body` once: when the client has caught up or is gone, at once if it is not lagging. The ticket ends the
  /// wait early.
  @discardableResult
  func whenDrained(_ body: @escaping @Sendable () -> Void) -> Int {
    let (ticket, isNow) = state.withLock { state in
      state.lastTicket += 1
      if state.isLagging { state.waiters[state.lastTicket] = body }
      return (state.lastTicket, !state.isLagging)
    }
    if isNow { body() }
    return ticket
  }

  /// Suspends until the client has caught up or is gone, or the task is cancelled.
  func drained() async {
    let ticket = Mutex<Int?>(nil)
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let number = whenDrained { continuation.resume() }
        ticket.withLock { $0 = number }
        // The handler below may have come too early to find the ticket.
        if Task.isCancelled { endWait(number) }
      }
    } onCancel: {
      if let number = ticket.withLock({ $0 }) { endWait(number) }
    }
  }

  private func endWait(_ ticket: Int) {
    let waiter = state.withLock { $0.waiters.removeValue(forKey: ticket) }
    waiter?()
  }
}
