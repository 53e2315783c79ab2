package import Completion
internal import Credentials
internal import Platform

/// What was used in a span of time.
package struct UsageReport: Sendable {
  /// What is added up by itself.
  package enum Grouping: String, Sendable, CaseIterable { case provider, model, session, day }

  /// Completions added up.
  package struct Sum: Sendable, Hashable {
    package var completions = 0
    /// How many of them brought no answer.
    package var failed = 0
    /// How many of them are paid for elsewhere: their costs are not in `cost`.
    package var billedElsewhere = 0
    /// How many of them have a price that is not known: their costs are not in `cost`.
    package var unpriced = 0
    package var usage = Usage()
    /// USD; `nil` when no cost is known.
    package var cost: Cost?
    package var durationMs = 0

    mutating func add(_ line: LedgerLine) {
      completions += 1
      if !line.isAnswered { failed += 1 }
      usage = usage + line.usage
      durationMs += line.durationMs
      if line.isElsewhere {
        billedElsewhere += 1
      } else if let cost = line.cost {
        self.cost = (self.cost ?? Cost()) + cost
      } else {
        unpriced += 1
      }
    }
  }

  /// A sum of what has a property in common.
  package struct Group: Sendable, Hashable {
    /// A provider's id, `provider/model`, a session's id, or a day by the local clock; `nil` for one-offs.
    package var key: String?
    package var sum: Sum
  }

  package var total = Sum()
  /// Days in their order, everything else with the dearest first.
  package var groups: [Group] = []
  /// How many lines of the ledger made no sense.
  package var damagedLines = 0
}

extension CompletionEngine {
  /// Adds up what the ledger holds from `since` on and before `until`, each a time or a day as ISO 8601 writes them; a
  /// day is one by the local clock, and all of it counts. Reads as much as there is and keeps only the sums.
  /// - Throws: `invalidParams` for what is no time, `storage` for a ledger that cannot be read.
  package func usage(
    since: String?, until: String?, by grouping: UsageReport.Grouping?
  ) async throws(ProviderError) -> UsageReport {
    let since = try since.map { text throws(ProviderError) in try Self.moment(text, "since", \.start) }
    let until = try until.map { text throws(ProviderError) in try Self.moment(text, "until", \.end) }
    let files = ledger.files
    await ledger.settle()
    return try await BlockingQueue.run { () throws(ProviderError) in
      var report = UsageReport()
      var groups: [String?: UsageReport.Sum] = [:]
      do throws(SystemError) {
        report.damagedLines = try files.read(since: since ?? 0) { line in
          guard line.time < until ?? .max else { return }
          report.total.add(line)
          guard let grouping else { return }
          groups[Self.key(line, grouping), default: UsageReport.Sum()].add(line)
        }.damaged
      } catch {
        throw ProviderError(error)
      }
      report.groups = groups.map { UsageReport.Group(key: $0.key, sum: $0.value) }.sorted {
        Self.precedes($0, $1, grouping)
      }
      return report
    }
  }

  private static func moment(
    _ text: String, _ field: String, _ side: (LocalDay) -> Int
  ) throws(ProviderError) -> Int {
    if let day = LocalDay(text) { return side(day) }
    if let time = Timestamp.milliseconds(text) { return time }
    throw ProviderError(
      .invalidParams, "\(field): must be a day as 2026-01-31 or a time as 2026-01-31T09:30:00Z, but is \"\(text)\"",
      path: field)
  }

  private static func key(_ line: LedgerLine, _ grouping: UsageReport.Grouping) -> String? {
    switch grouping {
    case .provider: line.provider
    case .model: "\(line.provider)/\(line.model)"
    case .session: line.session
    case .day: LocalDay(of: line.time).description
    }
  }

  private static func precedes(
    _ left: UsageReport.Group, _ right: UsageReport.Group, _ grouping: UsageReport.Grouping?
  ) -> Bool {
    let (leftKey, rightKey) = (left.key ?? "", right.key ?? "")
    if grouping == .day { return leftKey < rightKey }
    let (leftCost, rightCost) = (left.sum.cost?.total ?? 0, right.sum.cost?.total ?? 0)
    if leftCost != rightCost { return leftCost > rightCost }
    let (leftTokens, rightTokens) = (left.sum.usage.total, right.sum.usage.total)
    return leftTokens != rightTokens ? leftTokens > rightTokens : leftKey < rightKey
  }
}
