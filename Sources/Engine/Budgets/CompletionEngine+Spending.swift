internal import Catalog
internal import Completion
internal import Platform

extension CompletionEngine {
  /// Begins an attempt of `admission`: from here on it runs up a cost.
  /// - Throws: `budgetExceeded` when the input of `request` alone costs more than a budget has left; `unsupported` when
  ///   there is a budget and no price; `storage` when there is a budget and the ledger cannot be read.
  func begin(_ request: CompletionRequest, _ target: Target, of admission: Admission) async throws(ProviderError) {
    let budgets = try await budgets(admission.call.budgetUSD, admission.session, besides: admission.completionId)
    try admission.meter.begin(
      target.model, of: target.provider, tier: request.options.serviceTier?.rawValue,
      inputEstimate: TokenEstimate.tokens(in: request), budgets)
  }

  /// The limits that hold for a call, with what is gone of each.
  private func budgets(
    _ call: Double?, _ session: SessionRecord?, besides completionId: String
  ) async throws(ProviderError) -> [Budget] {
    let perDay = try await catalog().limits.budgetUSDPerDay
    var budgets = call.map { [Budget(scope: .call, limit: $0, spent: 0)] } ?? []
    guard perDay != nil || session?.budgetUSD != nil else { return budgets }
    let tracked = session?.budgetUSD == nil ? nil : session?.id
    let since = session.flatMap { Timestamp.milliseconds($0.createdAt) } ?? 0
    let now = now()
    let (day, inSession) = try await BlockingQueue.run { [spending] () throws(ProviderError) in
      let spent = try spending.spent(session: tracked, since: since, besides: completionId, now: now)
      return Spent(day: spent.day, session: spent.session)
    }.figures
    if let limit = session?.budgetUSD { budgets.append(Budget(scope: .session, limit: limit, spent: inSession)) }
    if let perDay { budgets.append(Budget(scope: .day, limit: perDay, spent: day)) }
    return budgets
  }

  /// Two sums that cross a thread.
  private struct Spent: Sendable {
    let day: Double
    let session: Double
    var figures: (Double, Double) { (day, session) }
  }

  /// Does work at `target` that is no completion but costs, keeping to the day's budget, and writes its line whatever
  /// becomes of it. `work` says what it used.
  func metered<Value: Sendable>(
    _ method: String, _ target: Target, account: String? = nil, inputEstimate: Int,
    _ work: () async throws(ProviderError) -> (Value, Usage)
  ) async throws(ProviderError) -> Value {
    let started = clock.now()
    let id = "call_" + randomHex(8)
    let meter = SpendMeter {}
    let budgets = try await budgets(nil, nil, besides: id)
    try meter.begin(target.model, of: target.provider, tier: nil, inputEstimate: inputEstimate, budgets)
    spending.began(id, session: nil, meter)
    defer { spending.ended(id) }
    func line(_ outcome: String) -> LedgerLine {
      var line = LedgerLine(
        method: method, provider: target.provider.id, model: target.model.id, outcome: outcome, time: now())
      line.account = account
      line.isElsewhere = target.provider.kind.isBilledElsewhere
      line.durationMs = Int((clock.now() - started) / 1_000_000)
      return line
    }
    do throws(ProviderError) {
      let (value, usage) = try await work()
      var line = line(StopReason.end.rawValue)
      (line.usage, line.cost) = (usage, Cost(of: usage, target.model))
      await record(line)
      return value
    } catch {
      var line = line(error.kind.rawValue)
      line.cost = Cost()
      await record(line)
      throw error
    }
  }

  /// Writes the line of a completion that has ended, and says in its result when that could not be done.
  func close(
    _ admission: Admission, _ result: Result<CompletionOutcome, ProviderError>
  ) async -> Result<CompletionOutcome, ProviderError> {
    var result = result
    if case .failure(let error) = result, error.kind == .cancelled, var exceeded = admission.meter.exceeded {
      (exceeded.completionId, exceeded.provider, exceeded.model) = (error.completionId, error.provider, error.model)
      result = .failure(exceeded)
    }
    let problem = await record(line(admission, result))
    limits.publish()
    if let problem, case .success(var outcome) = result {
      outcome.warnings.append("this completion is not in the ledger yet: \(problem.message)")
      result = .success(outcome)
    }
    return result
  }

  private func line(_ admission: Admission, _ result: Result<CompletionOutcome, ProviderError>) -> LedgerLine {
    var line = LedgerLine(
      method: "complete", provider: admission.choice.provider, model: admission.choice.model, outcome: "", time: now())
    let meter = admission.meter
    switch result {
    case .success(let outcome):
      (line.provider, line.model, line.outcome) = (outcome.provider, outcome.model, outcome.stopReason.rawValue)
      let earlier = meter.earlier
      line.usage = outcome.usage + earlier.usage
      line.cost = outcome.cost.flatMap { cost in earlier.cost.map { cost + $0 } }
    case .failure(let error):
      (line.provider, line.model) = (error.provider ?? line.provider, error.model ?? line.model)
      line.outcome = error.kind.rawValue
      (line.usage, line.cost) = (meter.usage, meter.knownCost)
    }
    line.account = admission.call.account
    line.session = admission.session?.id
    line.completionId = admission.completionId
    line.isElsewhere = meter.isElsewhere ?? admission.target.provider.kind.isBilledElsewhere
    line.durationMs = Int((clock.now() - admission.since) / 1_000_000)
    line.attempts = admission.attempts.all.count
    return line
  }

  /// Writes a line to the ledger and the log.
  @discardableResult
  private func record(_ line: LedgerLine) async -> ProviderError? {
    log.note(line)
    let problem = await ledger.record(line)
    if let problem { log.note(problem, about: "the ledger") }
    return problem
  }
}
