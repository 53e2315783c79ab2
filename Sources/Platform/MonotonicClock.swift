/// Time that only moves forward. What waits for a deadline takes it from here, so that a test can move it by hand.
package struct MonotonicClock: Sendable {
  /// Nanoseconds since some fixed moment.
  package let now: @Sendable () -> Int64
  /// Has a closure called after every move of a clock that is moved by hand; `nil` when time passes by itself.
  package let observe: (@Sendable (_ moved: @escaping @Sendable () -> Void) -> Void)?

  /// A clock that `now` reads.
  package init(
    now: @escaping @Sendable () -> Int64,
    observe: (@Sendable (_ moved: @escaping @Sendable () -> Void) -> Void)? = nil
  ) {
    self.now = now
    self.observe = observe
  }

  /// The system's monotonic clock.
  package static let system = MonotonicClock(now: {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  })
}
