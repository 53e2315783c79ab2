import Completion
import JSON
import Platform
import TestSupport
import Testing
import Upstream

@testable import Engine

@Suite("What was used", .timeLimit(.minutes(1)))
struct UsageReportTests {
  private let person: Person
  /// Noon of two days, by the local clock.
  private let days: [Int]

  init() throws {
    person = try Person(config: [:])
    days = try ["2026-03-05", "2026-03-06"].map { try #require(LocalDay($0)).start + 12 * 3_600_000 }
  }

  private func record(_ lines: [LedgerLine]) async {
    for line in lines { #expect(await person.engine.ledger.record(line) == nil) }
  }

  private func report(
    by grouping: UsageReport.Grouping? = nil, since: String? = nil, until: String? = nil
  ) async throws -> UsageReport {
    try await person.engine.usage(since: since, until: until, by: grouping)
  }

  @Test("Nothing used is nothing known to cost")
  func nothing() async throws {
    let report = try await report(by: .day)
    #expect(report.total == UsageReport.Sum())
    #expect(report.groups.isEmpty)
  }

  @Test("Sums are made of everything, of providers, models, sessions and days")
  func groups() async throws {
    await record([
      .sample(days[0], provider: "a", model: "x", session: "s1", cost: 1),
      .sample(days[0], provider: "a", model: "y", cost: 0.25),
      .sample(days[1], provider: "b", model: "x", session: "s1", outcome: "rateLimited", usage: Usage(), cost: 0),
      .sample(days[1], provider: "b", model: "x", session: "s2", cost: 2),
    ])
    let total = try await report().total
    #expect((total.completions, total.failed, total.unpriced, total.durationMs) == (4, 1, 0, 400))
    #expect(total.usage == Usage(input: 30, output: 15))
    #expect(total.cost?.total == 3.25)
    func keys(_ grouping: UsageReport.Grouping) async throws -> [String] {
      try await report(by: grouping).groups.map { "\($0.key ?? "-") \($0.sum.completions) \($0.sum.cost?.total ?? -1)" }
    }
    #expect(try await keys(.provider) == ["b 2 2.0", "a 2 1.25"])
    #expect(try await keys(.model) == ["b/x 2 2.0", "a/x 1 1.0", "a/y 1 0.25"])
    #expect(try await keys(.session) == ["s2 1 2.0", "s1 2 1.0", "- 1 0.25"])
    #expect(try await keys(.day) == ["2026-03-05 2 1.25", "2026-03-06 2 2.0"])
  }

  @Test("An unknown price is counted, never taken for nothing; what is billed elsewhere is apart")
  func unknownCosts() async throws {
    var subscription = LedgerLine.sample(days[0], provider: "sub", cost: 9)
    subscription.isElsewhere = true
    await record([subscription, .sample(days[0], provider: "new", cost: nil), .sample(days[0], cost: 0.5)])
    let report = try await report(by: .provider)
    #expect((report.total.unpriced, report.total.billedElsewhere) == (1, 1))
    #expect(report.total.cost?.total == 0.5)
    let costs = Dictionary(uniqueKeysWithValues: report.groups.map { ($0.key ?? "", $0.sum.cost?.total) })
    #expect(costs == ["acme": 0.5, "new": nil, "sub": nil])
  }

  @Test("A day counts as a whole, a time is a point")
  func spans() async throws {
    await record([.sample(days[0], model: "1"), .sample(days[1], model: "2")])
    func count(_ since: String?, _ until: String?) async throws -> Int {
      try await report(since: since, until: until).total.completions
    }
    #expect(try await count("2026-03-05", nil) == 2)
    #expect(try await count("2026-03-06", nil) == 1)
    #expect(try await count(nil, "2026-03-05") == 1)
    #expect(try await count("2026-03-06", "2026-03-06") == 1)
    #expect(try await count(Timestamp.text(milliseconds: days[1]), nil) == 1)
    #expect(try await count(nil, Timestamp.text(milliseconds: days[1])) == 1)
    #expect(try await count("2026-03-07", nil) == 0)
  }

  @Test("What is no time is refused by name", arguments: ["2026-02-30", "yesterday", "2026-1-1", ""])
  func badTimes(text: String) async {
    let engine = person.engine
    let failed = await result { () throws(ProviderError) in try await engine.usage(since: nil, until: text, by: nil) }
    #expect(throws: ProviderError.self) { try failed.get() }
    if case .failure(let error) = failed { #expect((error.kind, error.path) == (.invalidParams, "until")) }
  }

  @Test("A day begins where the one before it ends, whatever the clocks do")
  func localDays() throws {
    for number in 0..<800 {
      let day = LocalDay(of: 1_700_000_000_000 + number * 86_400_000)
      #expect(LocalDay(of: day.start) == day)
      #expect(LocalDay(of: day.end - 1) == day)
      #expect(LocalDay(of: day.end) > day)
      #expect(LocalDay(day.description) == day)
    }
  }
}
