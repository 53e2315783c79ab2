internal import Catalog
internal import HTTP
internal import Synchronization

/// What providers said last of their limits, for each account there.
package final class LimitBook: Sendable {
  struct Key: Hashable {
    let provider: String
    let account: String?
    let source: LimitReport.Source
  }

  /// Somebody is told when more than one of these shares, in percent, of a limit is used up, or no longer.
  private static let marks: [Double] = [50, 75, 90, 95, 100]

  private struct State {
    var rules: LimitHeaders?
    var reports: [Key: LimitReport] = [:]
    /// What was told of each, and what is to be told.
    var told: [Key: LimitReport] = [:]
    var news: Set<Key> = []
  }

  private let state = Mutex(State())
  private let now: @Sendable () -> Int
  /// Tells of limits that changed noticeably.
  package let changes = Broadcast<LimitReport>()

  init(now: @escaping @Sendable () -> Int) { self.now = now }

  /// How headers are read from now on.
  func take(_ rules: LimitHeaders) { state.withLock { $0.rules = rules } }

  /// An exchange is over.
  func note(_ report: ExchangeReport, _ context: ExchangeContext) {
    guard context.purpose != nil, let provider = context.provider, let rules = state.withLock({ $0.rules }) else {
      return
    }
    let found = LimitReport(report.headers, rules, provider: provider, account: context.account, now: now())
    if let found { note(found) }
  }

  /// Keeps a report in place of the last one.
  func note(_ report: LimitReport) {
    let key = Key(provider: report.provider, account: report.account, source: report.source)
    state.withLock { state in
      state.reports[key] = report
      if Self.isNoticeable(state.told[key], report) { state.news.insert(key) } else { state.news.remove(key) }
    }
  }

  /// Tells of what has changed noticeably since this was last called, once for each account.
  func publish() {
    let news = state.withLock { state in
      let news = state.news.compactMap { key in state.reports[key].map { (key, $0) } }
      for (key, report) in news { state.told[key] = report }
      state.news = []
      return news.map(\.1)
    }
    for report in news.sorted(by: { ($0.provider, $0.account ?? "") < ($1.provider, $1.account ?? "") }) {
      changes.send(report)
    }
  }

  /// What is known of the accounts of `provider`, or of everybody's.
  package func reports(of provider: String?) -> [LimitReport] {
    let all = state.withLock { Array($0.reports.values) }
    return all.filter { provider == nil || $0.provider == provider }.sorted {
      ($0.provider, $0.account ?? "", $0.source.rawValue) < ($1.provider, $1.account ?? "", $1.source.rawValue)
    }
  }

  /// Whether a person would want to know of the difference.
  static func isNoticeable(_ old: LimitReport?, _ new: LimitReport) -> Bool {
    guard let old else { return true }
    let (hadCredits, hasCredits) = ((old.credits?.remaining ?? 1) > 0, (new.credits?.remaining ?? 1) > 0)
    if hadCredits != hasCredits { return true }
    return new.windows.contains { window in
      guard let before = old.window(window.name) else { return true }
      return before.limit != window.limit || level(before) != level(window)
    }
  }

  private static func level(_ window: LimitReport.Window) -> Int {
    guard let used = window.used else { return window.remaining.map { $0 <= 0 ? 1 : 0 } ?? 0 }
    return marks.count { used >= $0 }
  }
}
