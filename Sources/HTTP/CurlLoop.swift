internal import CCurl
internal import Platform
internal import Synchronization

/// The one thread that touches libcurl, as an executor: an actor that adopts it runs there, so the compiler answers
/// "may I call libcurl here?". It is a task executor as well, so that whoever reads a response does so on the same
/// thread, without a hop for each chunk.
///
/// The thread is started by the first job. A turn is: wait for sockets, let libcurl work, run every
/// job that this woke, run the end-of-turn hooks. Nothing but `curl_multi_wakeup` is called from other threads.
final class CurlLoop: SerialExecutor, TaskExecutor {
  /// What happens on the loop thread outside of jobs.
  protocol Delegate: AnyObject, Sendable {
    /// libcurl has finished with `easy`.
    func transferEnded(_ easy: UnsafeMutableRawPointer, _ code: CURLcode)
    /// Ends what has taken too long at `now`, and returns the next deadline.
    func endOverdueTransfers(now: Int64) -> Int64
    /// Ends everything: the machine has slept, and whoever was at the other end has not waited.
    func machineSlept(milliseconds: Int)
  }

  private struct Inbox {
    var jobs: [UnownedJob] = []
    var calls: [@Sendable () -> Void] = []
    var hooks: [@Sendable () -> Void] = []
    weak var delegate: (any Delegate)?
    var hasThread = false
    /// Whether `multi` is there to be woken.
    var canWake = false
    var isWoken = false
    var isStopping = false

    var isEmpty: Bool { jobs.isEmpty && calls.isEmpty }
  }

  /// Jobs that wake one another may run this many rounds before the sockets get their turn.
  private static let maximumRounds = 64
  /// So short a nap, in nanoseconds, does no connection harm.
  private static let nap: Int64 = 1_000_000_000
  /// Kept connections, for all hosts together.
  private static let maximumIdleConnections = 64

  let clock: MonotonicClock
  private let inbox = Mutex(Inbox())
  private let thread = Atomic<UInt>(0)
  private let nearestDeadline = Atomic<Int64>(PhaseClock.never)
  // Safe: written once, on the loop thread, before `canWake` is set under the lock; others look only while it holds.
  nonisolated(unsafe) private(set) var multi: UnsafeMutableRawPointer?
  // Safe: `enqueue` asks which thread it is on and touches it on the loop thread alone, as `runJobs` does.
  nonisolated(unsafe) private var localJobs: [UnownedJob] = []

  // Safe: read and written by `work` and what it calls, which is the loop thread, and by nobody else.
  nonisolated(unsafe) private var suspended: Int64 = 0

  init(clock: MonotonicClock) { self.clock = clock }

  /// Names who is told of ends and deadlines. Before the first job.
  func attach(_ delegate: any Delegate) {
    inbox.withLock { $0.delegate = delegate }
    clock.observe? { [weak self] in self?.wake() }
  }

  /// Ends the thread once its jobs are done.
  func stop() {
    inbox.withLock { inbox in
      inbox.isStopping = true
      wake(&inbox)
    }
  }

  /// Has `hook` called after every turn in which jobs ran.
  func afterEachTurn(_ hook: @escaping @Sendable () -> Void) {
    inbox.withLock { $0.hooks.append(hook) }
  }

  /// Runs `call` on the loop thread, soon, outside of libcurl's callbacks. From any thread.
  func run(_ call: @escaping @Sendable () -> Void) {
    post { $0.calls.append(call) }
  }

  /// Sees to it that the loop looks at the deadlines no later than `deadline`. From any thread.
  func look(at deadline: Int64) {
    guard deadline < nearestDeadline.load(ordering: .relaxed) else { return }
    nearestDeadline.min(deadline, ordering: .sequentiallyConsistent)
    if !isOnLoopThread { wake() }
  }

  // MARK: Executor

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    guard !isOnLoopThread else {
      localJobs.append(job)
      return
    }
    post { $0.jobs.append(job) }
  }

  /// libcurl calls back on its own thread but outside any job; this lets `assumeIsolated` agree.
  func isIsolatingCurrentContext() -> Bool? { isOnLoopThread }

  func checkIsolated() { precondition(isOnLoopThread, "not on the libcurl thread") }

  private var isOnLoopThread: Bool { thread.load(ordering: .relaxed) == currentThread() }

  private func post(_ change: (inout Inbox) -> Void) {
    let mustStart = inbox.withLock { inbox in
      change(&inbox)
      if inbox.hasThread {
        wake(&inbox)
        return false
      }
      inbox.hasThread = true
      return true
    }
    if mustStart { startThread("curl") { self.work() } }
  }

  private func wake() { inbox.withLock { wake(&$0) } }

  private func wake(_ inbox: inout Inbox) {
    guard inbox.canWake, !inbox.isWoken else { return }
    inbox.isWoken = true
    ccurl_multi_wakeup(multi)
  }

  // MARK: The loop thread

  private func work() {
    blockSignals()
    thread.store(currentThread(), ordering: .relaxed)
    // Requests see to it that libcurl is there before they come here.
    guard ccurl_load() == nil, let multi = ccurl_multi_init() else { preconditionFailure("no multi handle") }
    _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.maximumIdleConnections)
    self.multi = multi
    inbox.withLock { $0.canWake = true }
    suspended = clock.suspended()
    // Deadlines do not wake anyone after a sleep: the clock they are measured by stood still.
    let watch = ClockWatch()
    while !runJobs() {
      if ccurl_multi_poll(multi, watch.descriptor, millisecondsToWait()) != 0 { watch.rearm() }
      noticeSleep()
      var running: Int32 = 0
      ccurl_multi_perform(multi, &running)
      reportEnds(multi)
    }
    inbox.withLock { $0.canWake = false }
    ccurl_multi_cleanup(multi)
    watch.close()
  }

  private func noticeSleep() {
    let slept = clock.suspended() - suspended
    suspended += slept
    if slept >= Self.nap { inbox.withLock(\.delegate)?.machineSlept(milliseconds: Int(slept / 1_000_000)) }
  }

  /// Runs what is waiting and returns whether the loop shall end.
  private func runJobs() -> Bool {
    var hasRun = false
    var hooks: [@Sendable () -> Void] = []
    var mustEnd = false
    for _ in 0..<Self.maximumRounds {
      let (jobs, calls) = inbox.withLock { inbox in
        let news = (inbox.jobs, inbox.calls)
        if !inbox.isEmpty { (inbox.jobs, inbox.calls) = ([], []) }
        inbox.isWoken = false
        hooks = inbox.hooks
        mustEnd = inbox.isStopping && news.0.isEmpty && news.1.isEmpty && localJobs.isEmpty
        return news
      }
      let local = localJobs
      if jobs.isEmpty, calls.isEmpty, local.isEmpty { break }
      hasRun = true
      localJobs = []
      for call in calls { call() }
      run(local)
      run(jobs)
    }
    if hasRun { for hook in hooks { hook() } }
    return mustEnd
  }

  private func run(_ jobs: [UnownedJob]) {
    for job in jobs {
      job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    }
  }

  private func reportEnds(_ multi: UnsafeMutableRawPointer) {
    var remaining: Int32 = 0
    while let message = ccurl_multi_info_read(multi, &remaining) {
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
      inbox.withLock(\.delegate)?.transferEnded(easy, ccurl_message_result(message))
    }
  }

  /// Ends what is overdue; then the time to the next deadline, rounded up.
  private func millisecondsToWait() -> Int32 {
    let nearest = nearestDeadline.load(ordering: .relaxed)
    var wait = PhaseClock.never
    if nearest != PhaseClock.never {
      let now = clock.now()
      if now >= nearest {
        nearestDeadline.store(PhaseClock.never, ordering: .sequentiallyConsistent)
        look(at: inbox.withLock(\.delegate)?.endOverdueTransfers(now: now) ?? PhaseClock.never)
      }
      wait = max(0, nearestDeadline.load(ordering: .relaxed) - now)
    }
    if !localJobs.isEmpty { return 0 }
    // A clock that is moved by hand calls `wake`.
    if clock.observe != nil { return .max }
    return Int32(clamping: wait == PhaseClock.never ? wait : (wait + 999_999) / 1_000_000)
  }

  /// Signals are for other threads. SIGPIPE too: OpenSSL writes with plain `write`, and a blocked SIGPIPE is just EPIPE.
  private func blockSignals() {
    var signals = sigset_t()
    sigfillset(&signals)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }
}

/// A number for the calling thread; 0 is none's.
private func currentThread() -> UInt {
  #if canImport(Glibc)
  pthread_self()
  #else
  UInt(bitPattern: pthread_self())
  #endif
}
