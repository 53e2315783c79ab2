/// Which phase of an exchange is running and when it will have taken too long, as a pure value. Times are those of a
/// `MonotonicClock`, in nanoseconds.
struct PhaseClock {
  /// The deadline of something that may take for ever.
  static let never = Int64.max

  private let timeouts: HTTPTimeouts
  private let totalDeadline: Int64
  private let started: Int64
  private var connected: Int64?
  private var firstProgress: Int64?
  private var phase = HTTPError.Phase.connect
  /// What is left of the phase's time, as of `runningSince`.
  private var remaining: Int64
  /// `nil` while the reader is busy: its own slowness is not the server's.
  private var runningSince: Int64?

  /// Starts the connect phase and the total at `now`.
  init(_ timeouts: HTTPTimeouts, now: Int64) {
    self.timeouts = timeouts
    started = now
    totalDeadline = Self.add(now, Self.nanoseconds(timeouts.totalMs))
    remaining = Self.nanoseconds(timeouts.connectMs)
    runningSince = now
  }

  /// The moment at which `expired` first names a phase, unless something happens before.
  var deadline: Int64 {
    guard let runningSince else { return totalDeadline }
    return min(totalDeadline, Self.add(runningSince, remaining))
  }

  /// The phase that has taken too long; the total when both have.
  func expired(at now: Int64) -> HTTPError.Phase? {
    if now >= totalDeadline { return .total }
    return now >= deadline ? phase : nil
  }

  /// How long it took until now, when the head is there.
  func timing(head now: Int64) -> HTTPResponse.Timing {
    .init(connectMs: Self.milliseconds((connected ?? now) - started), headMs: Self.milliseconds(now - started))
  }

  /// How long each phase took of an exchange that ended now; those that it did not reach are `nil`.
  func timing(end now: Int64) -> (connectMs: Double?, contentMs: Double?, totalMs: Double) {
    (
      connected.map { Self.milliseconds($0 - started) }, firstProgress.map { Self.milliseconds($0 - started) },
      Self.milliseconds(now - started)
    )
  }

  /// The connection stands and the request is about to be sent. Only the first call counts: libcurl tries once more
  /// when a connection it had kept turns out to be dead.
  mutating func connected(at now: Int64) {
    guard phase == .connect else { return }
    connected = now
    enter(.firstToken, Self.nanoseconds(timeouts.firstTokenMs), at: now)
  }

  /// The server has shown that it is at work. Until there is content, it is still the first that is waited for.
  mutating func progressed(at now: Int64, isContent: Bool = true) {
    if isContent { firstProgress = firstProgress ?? now }
    if isContent || phase == .idle {
      enter(.idle, Self.nanoseconds(timeouts.idleMs), at: now)
    } else {
      enter(phase, Self.nanoseconds(timeouts.firstTokenMs), at: now)
    }
  }

  /// Nothing but the end is still expected, and soon.
  mutating func expectEnd(withinMs milliseconds: Int, at now: Int64) {
    enter(.idle, Self.nanoseconds(milliseconds), at: now)
  }

  /// The reader has something to do.
  mutating func stop(at now: Int64) {
    guard let runningSince else { return }
    if remaining != Self.never { remaining -= now - runningSince }
    self.runningSince = nil
  }

  /// The reader is waiting again.
  mutating func start(at now: Int64) {
    if runningSince == nil { runningSince = now }
  }

  private mutating func enter(_ phase: HTTPError.Phase, _ allowance: Int64, at now: Int64) {
    self.phase = phase
    remaining = allowance
    if runningSince != nil { runningSince = now }
  }

  private static func nanoseconds(_ milliseconds: Int?) -> Int64 {
    guard let milliseconds else { return never }
    let (product, overflow) = Int64(max(0, milliseconds)).multipliedReportingOverflow(by: 1_000_000)
    return overflow ? never : product
  }

  private static func milliseconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds) / 1_000_000 }

  private static func add(_ moment: Int64, _ span: Int64) -> Int64 {
    let (sum, overflow) = moment.addingReportingOverflow(span)
    return overflow ? never : sum
  }
}
