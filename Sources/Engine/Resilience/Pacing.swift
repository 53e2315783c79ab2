package import Completion
internal import Platform
internal import Synchronization

/// Sends requests to each provider and account as fast as these take them: no more at the same time than the settings
/// allow, and after a refusal none before the pause is over, whoever was refused.
final class Pacing: Sendable {
  private struct State {
    var lanes: [Lane: LaneState] = [:]
    var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
    /// Those who got a place before they began to wait for it.
    var granted: Set<Int> = []
    var nextTicket = 0

    /// Forgets the lanes that have nothing to say: this one, and all once there are many.
    mutating func tidy(_ lane: Lane, _ now: Int64) {
      if lanes[lane]?.isIdle(at: now) == true { lanes[lane] = nil }
      if lanes.count > Pacing.manyLanes { lanes = lanes.filter { !$0.value.isIdle(at: now) } }
    }
  }

  private static let manyLanes = 64

  private let clock: MonotonicClock
  private let state = Mutex(State())

  init(clock: MonotonicClock) { self.clock = clock }

  /// Lets a request go when it need not wait; returns whether it may. `leave` must follow then.
  func entersAtOnce(_ lane: Lane, limit: Int) -> Bool {
    let now = clock.now()
    return state.withLock { $0.lanes[lane, default: LaneState()].entersAtOnce(limit: limit, now: now) }
  }

  /// Waits until a request may go. `leave` must follow when this returns.
  /// - Throws: `cancelled`; the error of a pause that lasts longer than `maxWaitMs`.
  func enter(_ lane: Lane, limit: Int, maxWaitMs: Int) async throws(ProviderError) {
    let ticket = state.withLock { state in
      state.nextTicket += 1
      return state.nextTicket
    }
    var hasPlace = false
    while true {
      let (step, freed) = state.withLock { state in
        let step = state.lanes[lane, default: LaneState()]
          .step(ticket, limit: limit, hasPlace: hasPlace, now: clock.now())
        return (step, hasPlace && step != .goes)
      }
      if freed { grant(lane) }
      switch step {
      case .goes: return
      case .sleeps(let until, let coolDown):
        hasPlace = false
        let waitMs = clock.milliseconds(until: until)
        guard waitMs <= maxWaitMs else { throw Self.tooLong(coolDown, waitMs, lane) }
        guard await clock.wait(until: until) else { throw Self.cancelled }
      case .queues:
        guard await place(ticket, lane) else { throw Self.cancelled }
        hasPlace = true
      }
    }
  }

  /// The request is over.
  func leave(_ lane: Lane) {
    state.withLock { $0.lanes[lane]?.leave() }
    grant(lane)
    state.withLock { $0.tidy(lane, clock.now()) }
  }

  /// How often in a row the provider has refused, this time included.
  func refuse(_ lane: Lane) -> Int {
    let now = clock.now()
    return state.withLock { $0.lanes[lane, default: LaneState()].refuse(now: now) }
  }

  /// Lets all requests wait. `isRefusal` tells whether the provider refused one, or only said that it would.
  func pause(_ lane: Lane, ms: Int, _ reason: ErrorKind, isRefusal: Bool = true) {
    let until = clock.deadline(inMs: ms)
    state.withLock { $0.lanes[lane, default: LaneState()].pause(until: until, reason, isRefusal: isRefusal) }
  }

  /// The provider has taken a request.
  func accept(_ lane: Lane) { state.withLock { $0.lanes[lane]?.accept() } }

  /// The longest pause that requests to a provider keep now; `nil` when there is none.
  func coolDown(of provider: String) -> (account: String?, milliseconds: Int, reason: ErrorKind)? {
    let now = clock.now()
    let pauses = state.withLock { state in
      state.lanes.compactMap { lane, state in
        // What a call brought along is its own business.
        let isStanding = lane.provider == provider && lane.ownKey == nil && lane.baseURL == nil
        return isStanding ? state.coolDown.map { (lane.account, $0) } : nil
      }
    }
    guard let (account, longest) = pauses.max(by: { $0.1.until < $1.1.until }), longest.until > now else { return nil }
    return (account, clock.milliseconds(until: longest.until), longest.reason)
  }

  /// Waits for a place; `false` when the task is cancelled before there is one.
  private func place(_ ticket: Int, _ lane: Lane) async -> Bool {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver: Bool? = state.withLock { state in
          if state.granted.remove(ticket) != nil { return true }
          guard state.lanes[lane]?.queue.contains(ticket) == true else { return false }
          state.waiting[ticket] = continuation
          return nil
        }
        if let isOver { continuation.resume(returning: isOver) }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        _ = state.lanes[lane]?.abandon(ticket)
        return state.waiting.removeValue(forKey: ticket)
      }
      waiter?.resume(returning: false)
    }
  }

  private func grant(_ lane: Lane) {
    while true {
      let (ticket, waiter) = state.withLock { state in
        let ticket = state.lanes[lane]?.next()
        let waiter = ticket.flatMap { state.waiting.removeValue(forKey: $0) }
        if let ticket, waiter == nil { state.granted.insert(ticket) }
        return (ticket, waiter)
      }
      guard ticket != nil else { return }
      waiter?.resume(returning: true)
    }
  }

  private static var cancelled: ProviderError {
    ProviderError(.cancelled, "cancelled while waiting to ask the provider")
  }

  private static func tooLong(_ coolDown: LaneState.CoolDown, _ waitMs: Int, _ lane: Lane) -> ProviderError {
    let seconds = (waitMs + 999) / 1000
    var error = ProviderError(
      coolDown.reason, "\(lane.provider) has asked for a pause that lasts another \(seconds) s",
      hint: "Wait, use another provider, or raise retry.maxDelayMs.")
    error.retryAfterMs = waitMs
    return error
  }
}

extension CompletionEngine {
  /// The pause that requests to a provider keep right now, because it has refused some; `nil` when there is none.
  package func coolDown(of provider: String) -> (account: String?, until: String, reason: ErrorKind)? {
    pacing.coolDown(of: provider).map { pause in
      (pause.account, Timestamp.text(inMs: pause.milliseconds), pause.reason)
    }
  }
}
