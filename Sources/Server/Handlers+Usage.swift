internal import Completion
internal import Engine
internal import JSON
internal import Synchronization
internal import WireProtocol

extension ClientSession {
  static let usage: [Handler] = [
    .free(.getUsage, GetUsageParams.self) { session, params, _ throws(ProviderError) in
      let grouping = params.groupBy.flatMap { UsageReport.Grouping(rawValue: $0.rawValue) }
      let report = try await session.engine.usage(since: params.since, until: params.until, by: grouping)
      let groups = grouping.map { _ in report.groups.map { ($0.key, UsageSum($0.sum)) } }
      let damaged = report.damagedLines
      let warnings = damaged > 0 ? ["\(damaged) lines of the ledger make no sense and were left out"] : []
      return UsageResult(total: UsageSum(report.total), groups: groups, warnings: warnings).json
    },
    .free(.getLimits, GetLimitsParams.self) { session, params, _ throws(ProviderError) in
      let listing = try await session.engine.limits(of: params.provider)
      return LimitsResult(limits: listing.reports.map(LimitsInfo.init), failures: listing.failures).json
    },
    .free(.getRequestLog, GetRequestLogParams.self) { session, params, _ in
      RequestLogResult(exchanges: session.engine.log.latest(params.limit).map(\.json)).json
    },
  ]

  /// Tells a client of limits and, when it asked for all there is to know, of exchanges, for as long as what this
  /// returns lives.
  func listen(for peer: any ClientPeer) -> [Subscription] {
    let limits = engine.limits.changes.subscribe { [self] report in
      guard state.withLock({ !$0.optedOut.contains(.limitsChanged) }) else { return }
      peer.notify(.limitsChanged, LimitsInfo(report).json)
    }
    let exchanges = engine.log.exchanges.subscribe { [self] entry in
      trace(.verbose, entry.summary, peer, logger: "http")
    }
    return [limits, exchanges]
  }
}

extension UsageSum {
  fileprivate init(_ sum: UsageReport.Sum) {
    self.init(
      completions: sum.completions, failed: sum.failed, billedElsewhere: sum.billedElsewhere, unpriced: sum.unpriced,
      usage: sum.usage, cost: sum.cost, durationMs: sum.durationMs)
  }
}

extension LimitsInfo {
  fileprivate init(_ report: LimitReport) {
    self.init(
      provider: report.provider, account: report.account,
      windows: report.windows.map { window in
        Window(
          name: window.name, limit: window.limit, remaining: window.remaining, usedPercent: window.used,
          resetsAt: window.resetsAt.map(CompletionEngine.timestamp))
      },
      credits: report.credits.map { credits in
        Credits(
          remaining: credits.remaining, total: credits.total, used: credits.used, currency: credits.currency,
          unlimited: credits.isUnlimited)
      }, asOf: CompletionEngine.timestamp(report.asOf), source: report.source.rawValue)
  }
}
