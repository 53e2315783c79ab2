/// Time that only moves forward. What waits for a deadline takes it from here, so that a test can move it by hand.
package struct MonotonicClock: Sendable {
  /// Nanoseconds since some fixed moment, those not counted that the machine was suspended.
  package let now: @Sendable () -> Int64
  /// How many nanoseconds the machine has been suspended so far.
  package let suspended: @Sendable () -> Int64
  /// Has a closure called after every move of a clock that is moved by hand; `nil` when time passes by itself.
  package let observe: (@Sendable (_ moved: @escaping @Sendable () -> Void) -> Void)?
  private let sleeper: @Sendable (_ deadline: Int64) async -> Void

  /// A clock that `now` reads. `wait` returns when `now` has reached its argument, or when its task is cancelled.
  package init(
    now: @escaping @Sendable () -> Int64, suspended: @escaping @Sendable () -> Int64 = { 0 },
    wait: @escaping @Sendable (_ deadline: Int64) async -> Void,
    observe: (@Sendable (_ moved: @escaping @Sendable () -> Void) -> Void)? = nil
  ) {
    self.now = now
    self.suspended = suspended
    self.observe = observe
    sleeper = wait
  }

  /// Waits until `deadline`. Returns `false`, at once, when the task is cancelled.
  package func wait(until deadline: Int64) async -> Bool {
    await sleeper(deadline)
    return !Task.isCancelled
  }

  /// The moment `milliseconds` after now; one that never comes when that is beyond all measure.
  package func deadline(inMs milliseconds: Int) -> Int64 {
    let (span, isTooLong) = Int64(max(0, milliseconds)).multipliedReportingOverflow(by: 1_000_000)
    let (moment, isTooFar) = now().addingReportingOverflow(span)
    return isTooLong || isTooFar ? .max : moment
  }

  /// How many whole milliseconds have passed since `moment`.
  package func milliseconds(since moment: Int64) -> Int { Int((now() - moment) / 1_000_000) }

  /// How many milliseconds are left until `moment`, rounded up; 0 for one that has passed.
  package func milliseconds(until moment: Int64) -> Int { Int((max(0, moment - now()) + 999_999) / 1_000_000) }

  /// The system's monotonic clock.
  package static let system = MonotonicClock(
    now: { read(awakeClock) }, suspended: systemSuspended,
    wait: { deadline in
      if deadline > read(awakeClock) { await Timers.shared.wait(until: deadline) { read(awakeClock) } }
    })

  #if canImport(Darwin)
  private static let awakeClock = CLOCK_UPTIME_RAW
  private static let elapsedClock = CLOCK_MONOTONIC_RAW
  #else
  private static let awakeClock = CLOCK_MONOTONIC
  private static let elapsedClock = CLOCK_BOOTTIME
  #endif

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Two clocks cannot be read at once: a process that is stopped in between would take that for a suspended machine.
  @Sendable private static func systemSuspended() -> Int64 {
    while true {
      let before = read(awakeClock)
      let elapsed = read(elapsedClock)
      if read(awakeClock) - before < 1_000_000 { return elapsed - before }
    }
  }
}
