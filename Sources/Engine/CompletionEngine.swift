internal import CLIProviders
package import Catalog
package import Completion
package import Credentials
internal import Dialects
internal import HTTP
internal import JSON
package import Platform
internal import Synchronization

/// Everything behind the protocol: who the providers are, the sessions, and the completions that run.
package final class CompletionEngine: Sendable {
  /// How long a result stays available under its `requestKey`.
  private static let requestKeyLifetime = Duration.seconds(3600)
  /// How many results are kept under their keys; beyond that the oldest are forgotten before their hour is over.
  private static let requestKeyLimit = 1000

  /// The sessions.
  package let sessions: Sessions
  let http: HTTPClient
  /// The time that pauses, limits and durations are measured by.
  package let clock: MonotonicClock
  /// A number from 0 up to, not including, 1: what spreads pauses.
  let random: @Sendable () -> Double
  let pacing: Pacing
  let keys: KeyResolver
  let clouds: CloudCredentials
  /// Where credentials are kept.
  package var store: any CredentialStore { keys.store }
  let logins: Logins
  private let flows = LoginFlowTable()
  let versions = ProgramVersions()
  /// What completions cost.
  let ledger: Ledger
  /// What of the budgets is gone.
  let spending: Spending
  /// What providers say is left of their limits.
  package let limits: LimitBook
  /// The latest exchanges, and the log file if there is one.
  package let log: EngineLog
  /// The time on the wall, in milliseconds since 1970.
  let now: @Sendable () -> Int
  /// What other processes see of how much runs in this one.
  let running: RunningCount
  let environment: Environment
  let directories: Directories
  /// The API families this engine speaks.
  let dialects: [any Dialect]
  private let state = Mutex(State())

  private struct State {
    var catalog: ProviderCatalog?
    /// What ends each running completion, by its id.
    var running: [String: Cancellation] = [:]
    var admitted = 0
    var keyed: [String: KeyedResult] = [:]
    /// The keys of `keyed`, oldest first; some may be gone already.
    var keys: [String] = []

    /// Forgets the results that are too old, and the oldest ones beyond the limit.
    mutating func forgetKeyed(before now: ContinuousClock.Instant) {
      while let oldest = keys.first {
        let isYoung = keyed[oldest].map { now - $0.since < CompletionEngine.requestKeyLifetime } ?? false
        if isYoung, keyed.count < CompletionEngine.requestKeyLimit { return }
        keyed[oldest] = nil
        keys.removeFirst()
      }
    }
  }

  private struct KeyedResult {
    let task: Task<Result<CompletionOutcome, ProviderError>, Never>
    let since: ContinuousClock.Instant
  }

  /// An engine that reads its settings from `directories` and `environment` when they are first needed.
  package convenience init(
    environment: Environment = .process, directories: Directories? = nil, userAgent: String = "patchbay",
    log: EngineLog = EngineLog()
  ) {
    self.init(
      environment: environment, directories: directories, userAgent: userAgent, dialects: Dialects.all, log: log)
  }

  init(
    environment: Environment, directories: Directories?, userAgent: String, dialects: [any Dialect],
    log: EngineLog = EngineLog(), now: @escaping @Sendable () -> Int = KeyResolver.systemTime,
    flow: (@Sendable (_ provider: String) -> (any LoginFlow)?)? = nil, clock: MonotonicClock = .system,
    random: @escaping @Sendable () -> Double = { .random(in: 0..<1) }
  ) {
    let directories = directories ?? Directories(environment)
    self.environment = environment
    self.directories = directories
    self.dialects = dialects
    sessions = Sessions(stateDirectory: directories.state)
    self.clock = clock
    self.random = random
    pacing = Pacing(clock: clock)
    (self.log, self.now) = (log, now)
    let limits = LimitBook(now: now)
    self.limits = limits
    ledger = Ledger(folder: directories.state)
    spending = Spending(ledger.files)
    running = RunningCount(stateDirectory: directories.state)
    http = HTTPClient(
      environment: environment, clock: clock, userAgent: userAgent, keptBody: log.keptBody,
      observer: { report in
        let context = ExchangeContext.current
        log.note(report, context)
        if let context { limits.note(report, context) }
      })
    let flows = flows
    keys = KeyResolver(
      environment: environment, directories: directories, http: http, flow: flow ?? { flows.flow(of: $0) })
    logins = Logins(store: keys.store, http: http)
    clouds = CloudCredentials(http: http)
  }

  /// Waits, for a second at most, until logins that are being renewed are on disk, for a token that was handed out and
  /// not kept would log the person out, and so are the ledger and the log. To be called before the program ends.
  package func settle() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        _ = await unlessCancelled {
          await self.keys.settle()
          await self.ledger.settle()
          await self.log.settle()
          await self.running.settle()
        }
      }
      group.addTask { try? await Task.sleep(for: .seconds(1)) }
      await group.next()
      group.cancelAll()
    }
  }

  // MARK: Settings

  /// The providers, as catalogue and config file have them.
  /// - Throws: `storage` when the config file cannot be used; it names file, line and remedy.
  package func catalog() async throws(ProviderError) -> ProviderCatalog {
    if let catalog = state.withLock({ $0.catalog }) { return catalog }
    return try await reloadConfig()
  }

  /// `catalog()` for a thread that may block.
  package func catalogBlocking() throws(ProviderError) -> ProviderCatalog {
    if let catalog = state.withLock({ $0.catalog }) { return catalog }
    let catalog = try ProviderCatalog.checked(environment: environment, directories: directories)
    take(catalog)
    return catalog
  }

  /// Reads the config file again. When it cannot be used, the settings stay as they were.
  @discardableResult
  package func reloadConfig() async throws(ProviderError) -> ProviderCatalog {
    let (environment, directories) = (environment, directories)
    let catalog = try await BlockingQueue.run { () throws(ProviderError) in
      try ProviderCatalog.checked(environment: environment, directories: directories)
    }
    take(catalog)
    return catalog
  }

  private func take(_ catalog: ProviderCatalog) {
    flows.take(catalog)
    limits.take(catalog.limitHeaders)
    state.withLock { $0.catalog = catalog }
  }

  // MARK: Completions

  /// A completion that has its place in line and its target, and has not begun.
  package final class Admission: Sendable {
    /// The completion's id.
    package let completionId: String
    /// The session's id; `nil` for a one-off.
    package let session: SessionRecord?
    /// Who is to answer.
    package let choice: (provider: String, model: String)
    let call: CompletionCall
    let target: Target
    let turn: Turn<ThreadLanes.Key>?
    /// When it was asked for, by the engine's clock.
    package let since: Int64
    /// Every try that was made for it so far.
    package let attempts = AttemptLog()
    /// Who ends it may come before it has begun.
    let cancellation: Cancellation
    /// What it costs so far.
    let meter: SpendMeter
    /// What its exchanges with providers are told apart by.
    let scope: ExchangeScope
    /// Where files it names lie, and where programs that answer it work.
    var directory: String { session?.cwd ?? workingDirectory() }

    init(
      _ completionId: String, of call: CompletionCall, by target: Target, in session: SessionRecord?,
      turn: Turn<ThreadLanes.Key>?, since: Int64, _ cancellation: Cancellation
    ) {
      (self.completionId, self.session) = (completionId, session)
      choice = (target.provider.id, target.model.id)
      (self.call, self.target, self.turn, self.since) = (call, target, turn, since)
      self.cancellation = cancellation
      meter = SpendMeter(end: cancellation.cancel)
      scope = ExchangeScope(.completion, completionId: completionId)
    }
  }

  /// Decides who answers, makes the session where there is none of that name, and takes the thread's next place.
  /// Calls made one after the other take their places in that order. `run` or `abandon` must follow.
  package func admit(_ call: CompletionCall) async throws(ProviderError) -> Admission {
    let since = clock.now()
    let catalog = try await catalog()
    try enter(limit: catalog.limits.maxCompletions)
    do throws(ProviderError) {
      let (session, target) = try await place(call, catalog)
      try checkFallbacks(call.fallbacks, catalog)
      var call = call
      if call.account == nil, session?.provider == target.provider.id { call.account = session?.account }
      let id = "cmp_" + randomHex(8)
      let key = session.map { ThreadLanes.Key(session: $0.id, provider: target.provider.id) }
      let turn: Turn<ThreadLanes.Key>? =
        if let key { try sessions.lanes.enter(key, id, mayWait: call.queue) } else { nil }
      let cancellation = Cancellation()
      state.withLock { $0.running[id] = cancellation }
      return Admission(
        id, of: call, by: target, in: session, turn: turn, since: since, cancellation)
    } catch {
      leave()
      throw error
    }
  }

  /// Gives up an admission that will not be run.
  package func abandon(_ admission: Admission) {
    if let turn = admission.turn { sessions.lanes.leave(turn) }
    spending.ended(admission.completionId)
    state.withLock { $0.running[admission.completionId] = nil }
    leave()
  }

  /// Completes. Everything said goes to `sink` before this returns.
  package func run(
    _ admission: Admission, into sink: any CompletionSink
  ) async throws(ProviderError) -> CompletionOutcome {
    defer { abandon(admission) }
    spending.began(admission.completionId, session: admission.session?.id, admission.meter)
    let task = ExchangeScope.$current.withValue(admission.scope) {
      Task { [self] () -> Result<CompletionOutcome, ProviderError> in
        await CompletionRun(engine: self, admission: admission, sink: sink).result()
      }
    }
    admission.cancellation.attach(task)
    let result = await withTaskCancellationHandler {
      await task.value
    } onCancel: {
      task.cancel()
    }
    return try await close(admission, result).get()
  }

  /// The completion that the same `requestKey` began within the last hour; its result, when it is there. A failed one
  /// leaves its key free. `whenKnown` is called before waiting for what another one began.
  package func once(
    _ key: String, whenKnown: () -> Void = {},
    _ work: @escaping @Sendable () async -> Result<CompletionOutcome, ProviderError>
  ) async throws(ProviderError) -> (outcome: CompletionOutcome, isFirst: Bool) {
    let now = ContinuousClock.now
    let (task, isFirst) = state.withLock { state in
      if let known = state.keyed[key], now - known.since < Self.requestKeyLifetime { return (known.task, false) }
      state.forgetKeyed(before: now)
      let task = Task { await work() }
      state.keyed[key] = KeyedResult(task: task, since: now)
      state.keys.append(key)
      return (task, true)
    }
    guard isFirst else {
      whenKnown()
      // Whoever only waits for another's result leaves it alone.
      guard let result = await unlessCancelled({ await task.value }) else {
        throw ProviderError(.cancelled, "cancelled while waiting for the result of the same requestKey")
      }
      return (try result.get(), false)
    }
    let result = await withTaskCancellationHandler {
      await task.value
    } onCancel: {
      task.cancel()
    }
    if case .failure = result { state.withLock { $0.keyed[key] = nil } }
    return (try result.get(), true)
  }

  /// Ends a running completion. What had arrived is kept in its session.
  package func cancel(_ completionId: String) -> Bool {
    guard let cancellation = state.withLock({ $0.running[completionId] }) else { return false }
    cancellation.cancel()
    return true
  }

  /// Lets the try that a completion is making be its last.
  func forbidFurtherTries(_ completionId: String, _ why: String) {
    state.withLock { $0.running[completionId] }?.forbidFurtherTries(why)
  }

  /// Removes a session, ending what runs in it.
  package func deleteSession(_ reference: String) async throws(ProviderError) -> SessionRecord {
    let record = try await sessions.find(reference)
    for completion in sessions.lanes.all(in: record.id) { _ = cancel(completion) }
    try await sessions.delete(record)
    return record
  }

  /// Does work that counts as a completion in flight.
  func inFlight<Value>(_ work: () async throws(ProviderError) -> Value) async throws(ProviderError) -> Value {
    try enter(limit: try await catalog().limits.maxCompletions)
    defer { leave() }
    return try await work()
  }

  private func enter(limit: Int) throws(ProviderError) {
    let isFull = state.withLock { state in
      if state.admitted >= limit { return true }
      state.admitted += 1
      return false
    }
    guard isFull else { return running.add(1) }
    var error = ProviderError(
      .engineBusy, "\(limit) completions are already in flight",
      hint: "Try again later, or raise limits.maxCompletions in the config file.")
    error.retryAfterMs = 1000
    throw error
  }

  private func leave() {
    state.withLock { $0.admitted -= 1 }
    running.add(-1)
  }
}
