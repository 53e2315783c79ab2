import Catalog
import Completion
import JSON
import Platform
import Synchronization
import TestSupport
import Testing
import Upstream

@testable import Engine

@Suite("Limits in one form", .timeLimit(.minutes(1)))
struct LimitsTests {
  private static let now = 1_769_851_800_000
  private static func at(_ seconds: Double) -> Int { now + Int(seconds * 1000) }

  private struct Sample: Sendable, CustomTestStringConvertible {
    let vendor: String
    let headers: [(String, String)]
    let windows: [LimitReport.Window]
    var testDescription: String { vendor }
  }

  private static func window(
    _ name: String, limit: Double? = nil, remaining: Double? = nil, used: Double? = nil, resetsAt: Int? = nil
  ) -> LimitReport.Window {
    LimitReport.Window(name: name, limit: limit, remaining: remaining, usedPercent: used, resetsAt: resetsAt)
  }

  private static let samples: [Sample] = [
    Sample(
      vendor: "OpenAI, xAI, Groq",
      headers: [
        ("x-ratelimit-limit-requests", "14400"), ("x-ratelimit-limit-tokens", "18000"),
        ("x-ratelimit-remaining-requests", "14370"), ("x-ratelimit-remaining-tokens", "17997"),
        ("x-ratelimit-reset-requests", "2m59.56s"), ("x-ratelimit-reset-tokens", "120ms"),
      ],
      windows: [
        window("requests", limit: 14400, remaining: 14370, resetsAt: at(179.56)),
        window("tokens", limit: 18000, remaining: 17997, resetsAt: at(0.12)),
      ]),
    Sample(
      vendor: "Anthropic with a key",
      headers: [
        ("anthropic-ratelimit-requests-limit", "50"), ("anthropic-ratelimit-requests-remaining", "49"),
        ("anthropic-ratelimit-requests-reset", "2026-01-31T09:31:00Z"),
        ("anthropic-ratelimit-input-tokens-limit", "50000"), ("anthropic-ratelimit-input-tokens-remaining", "12500"),
        ("anthropic-ratelimit-input-tokens-reset", "2026-01-31T09:31:00Z"), ("request-id", "req_1"),
      ],
      windows: [
        window("input-tokens", limit: 50000, remaining: 12500, resetsAt: at(60)),
        window("requests", limit: 50, remaining: 49, resetsAt: at(60)),
      ]),
    Sample(
      vendor: "Claude Pro and Max",
      headers: [
        ("anthropic-ratelimit-unified-status", "allowed"), ("anthropic-ratelimit-unified-reset", "1769869800"),
        ("anthropic-ratelimit-unified-5h-status", "allowed"), ("anthropic-ratelimit-unified-5h-utilization", "0.14"),
        ("anthropic-ratelimit-unified-5h-reset", "1769869800"),
        ("anthropic-ratelimit-unified-7d-utilization", "1.0"),
        ("anthropic-ratelimit-unified-fallback-percentage", "0.5"),
      ],
      windows: [window("5h", used: 14, resetsAt: 1_769_869_800_000), window("7d", used: 100)]),
    Sample(
      vendor: "ChatGPT Plus and Pro",
      headers: [
        ("x-codex-primary-used-percent", "24.5"), ("x-codex-primary-window-minutes", "300"),
        ("x-codex-primary-reset-at", "1769869800"), ("x-codex-secondary-used-percent", "80"),
        ("x-codex-secondary-reset-after-seconds", "600"), ("x-codex-credits-has-credits", "false"),
      ],
      windows: [
        window("primary", used: 24.5, resetsAt: 1_769_869_800_000), window("secondary", used: 80, resetsAt: at(600)),
      ]),
    Sample(
      vendor: "GitHub Copilot",
      headers: [
        ("x-quota-snapshot-premium_interactions", "ent=300&ov=0.0&ovPerm=false&rem=95.5&rst=2026-02-01T00:00:00Z"),
        ("x-usage-ratelimit-weekly", "ent=0&rem=74&rst=2026-02-01T00:00:00Z"),
      ],
      windows: [
        window("premium_interactions", limit: 300, used: 4.5, resetsAt: 1_769_904_000_000),
        window("weekly", limit: 0, used: 26, resetsAt: 1_769_904_000_000),
      ]),
    Sample(
      vendor: "Mistral, Cerebras",
      headers: [
        ("x-ratelimit-limit-tokens-minute", "60000"), ("x-ratelimit-remaining-tokens-minute", "50"),
        ("x-ratelimit-reset-tokens-minute", "26.5"), ("x-ratelimit-remaining-requests-day", "oops"),
        ("x-ratelimit-limit-requests-day", "1000"),
      ],
      windows: [window("tokens-minute", limit: 60000, remaining: 50, resetsAt: at(26.5))]),
    Sample(
      vendor: "OpenRouter",
      headers: [
        ("x-ratelimit-limit", "20"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1769851860000"),
      ],
      windows: [window("requests", limit: 20, remaining: 0, resetsAt: at(60))]),
    Sample(
      vendor: "Azure OpenAI",
      headers: [("x-ratelimit-remaining-requests", "9"), ("x-ratelimit-remaining-tokens", "9000")],
      windows: [window("requests", remaining: 9), window("tokens", remaining: 9000)]),
    Sample(
      vendor: "Together",
      headers: [
        ("x-ratelimit-limit", "10"), ("x-ratelimit-remaining", "9"), ("x-ratelimit-reset", "1"),
        ("x-tokenlimit-limit", "3000"), ("x-tokenlimit-remaining", "2990"),
      ],
      windows: [
        window("requests", limit: 10, remaining: 9, resetsAt: at(1)),
        window("tokens", limit: 3000, remaining: 2990),
      ]),
    Sample(
      vendor: "Fireworks",
      headers: [("x-ratelimit-limit-tokens-prompt", "100"), ("x-ratelimit-remaining-tokens-prompt", "60")],
      windows: [window("tokens-prompt", limit: 100, remaining: 60)]),
  ]

  private static func report(_ headers: [(String, String)]) throws -> LimitReport? {
    let rules = try ProviderCatalog.withoutConfig(environment: Environment([:])).limitHeaders
    return LimitReport(headers, rules, provider: "p", account: nil, now: now)
  }

  @Test("Every vendor's headers mean the same things", arguments: samples)
  private func headers(sample: Sample) throws {
    let report = try #require(try Self.report(sample.headers))
    #expect(report.windows == sample.windows)
    #expect((report.provider, report.source, report.asOf) == ("p", .headers, Self.now))
  }

  @Test("Headers that say nothing of limits make no report")
  func silence() throws {
    #expect(try Self.report([("content-type", "text/plain"), ("x-ratelimit-limit-requests", "5")]) == nil)
  }

  @Test("A share of a limit follows from what is left of it")
  func shares() {
    #expect(Self.window("a", limit: 200, remaining: 50).used == 75)
    #expect(Self.window("a", limit: 200, remaining: -5).used == 100)
    #expect(Self.window("a", limit: 0, remaining: 0).used == nil)
    #expect(Self.window("a", limit: 5, remaining: 5, used: 3).used == 3)
  }

  @Test(
    "Times are understood in every form that is in use",
    arguments: [
      ("0", 1_769_851_800_000), ("59.5", 1_769_851_859_500), ("1769869800", 1_769_869_800_000),
      ("1769851860000", 1_769_851_860_000), ("6m0s", 1_769_852_160_000), ("1h2m3.5s", 1_769_855_523_500),
      ("120ms", 1_769_851_800_120), ("2d", 1_770_024_600_000), ("2026-01-31T09:31:00Z", 1_769_851_860_000),
      ("2026-02-01", 1_769_904_000_000), ("soon", nil), ("", nil), ("5x", nil), ("-3", nil), ("nan", nil),
      ("1e300", nil),
    ])
  func times(text: String, moment: Int?) {
    #expect(LimitTime.moment(text, now: Self.now) == moment)
  }

  @Test("Somebody is told of the first report, of marks that are passed, and of nothing else")
  func noticeable() {
    func report(_ remaining: Double, limit: Double = 100, credits: Double? = nil) -> LimitReport {
      var report = LimitReport(provider: "p", asOf: 0, source: .headers)
      report.windows = [Self.window("requests", limit: limit, remaining: remaining)]
      report.credits = credits.map { LimitReport.Credits(remaining: $0) }
      return report
    }
    #expect(LimitBook.isNoticeable(nil, report(100)))
    #expect(!LimitBook.isNoticeable(report(100), report(51)))
    #expect(LimitBook.isNoticeable(report(51), report(50)))
    #expect(LimitBook.isNoticeable(report(6), report(4)))
    #expect(LimitBook.isNoticeable(report(4), report(0)))
    #expect(LimitBook.isNoticeable(report(0), report(90)))
    #expect(LimitBook.isNoticeable(report(90), report(90, limit: 200)))
    #expect(LimitBook.isNoticeable(report(90, credits: 1), report(90, credits: 0)))
    #expect(!LimitBook.isNoticeable(report(90, credits: 2), report(90, credits: 1)))
  }
}

@Suite("Limits of providers", .timeLimit(.minutes(1)))
struct ProviderLimitsTests {
  @Test("Responses tell, once for each mark, and each account has its own")
  func told() async throws {
    let upstream = try Upstream { request, exchange in
      let left = request.json?["messages"]?.text.contains("little") == true ? "5" : "90"
      let headers = [("x-ratelimit-limit-requests", "100"), ("x-ratelimit-remaining-requests", left)]
      try exchange.respond(headers: headers, json: OneOffTests.whole)
    }
    let person = try Person(upstream)
    let told = Mutex<[LimitReport]>([])
    let subscription = person.engine.limits.changes.subscribe { report in told.withLock { $0.append(report) } }
    defer { withExtendedLifetime(subscription) {} }
    for text in ["much", "much", "little", "little", "much"] { _ = try await person.complete(text) }
    #expect(told.withLock { $0.map { $0.windows[0].used } } == [10, 95, 10])
    #expect(told.withLock { $0.allSatisfy { $0.provider == "acme" && $0.account == nil } })
    let listing = try await person.engine.limits(of: "acme")
    #expect(listing.reports.count == 1 && listing.failures.isEmpty)
  }

  /// What `id` says of its limits when `upstream` stands in for the vendor.
  private func asked(_ id: String, _ upstream: Upstream, auth: String) async throws -> Result<
    LimitReport, ProviderError
  > {
    let person = try Person(config: [:], auth: auth, upstream: upstream)
    var provider = try await person.engine.catalog().provider(named: id)
    provider.baseURL = upstream.url
    for index in provider.limitEndpoints.indices where !provider.limitEndpoints[index].path.hasPrefix("/") {
      provider.limitEndpoints[index].path = upstream.url + "/elsewhere"
    }
    return await person.engine.askedLimits(provider, nil)
  }

  @Test("DeepSeek's balance")
  func deepSeek() async throws {
    let upstream = try Upstream.json([
      "is_available": true,
      "balance_infos": [["currency": "CNY", "total_balance": "110.00", "granted_balance": "10.00"]],
    ])
    let report = try await asked("deepseek", upstream, auth: #"{"deepseek":{"type":"api_key","key":"sk-deep-1"}}"#)
      .get()
    #expect(report.credits == LimitReport.Credits(remaining: 110, currency: "CNY"))
    #expect(report.source == .endpoint)
    #expect(upstream.requests.map(\.path) == ["/user/balance"])
    #expect(upstream.requests.first?.header("authorization") == "Bearer sk-deep-1")
  }

  @Test("OpenRouter's key and credits")
  func openRouter() async throws {
    let upstream = try Upstream { request, exchange in
      try exchange.respond(
        json: request.path == "/key"
          ? ["data": ["label": "k", "limit": 10, "limit_remaining": 2.5, "usage": 7.5]]
          : ["data": ["total_credits": 50, "total_usage": 12.25]])
    }
    let report = try await asked("openrouter", upstream, auth: #"{"openrouter":{"type":"api_key","key":"sk-or-1"}}"#)
      .get()
    #expect(report.windows == [LimitReport.Window(name: "key", limit: 10, remaining: 2.5)])
    #expect(report.credits == LimitReport.Credits(remaining: 37.75, total: 50, used: 12.25, currency: "USD"))
  }

  @Test("Codex' windows and credits")
  func codex() async throws {
    let upstream = try Upstream.json([
      "plan_type": "plus",
      "rate_limit": [
        "primary_window": ["used_percent": 6, "reset_at": 1_738_300_000, "limit_window_seconds": 18000],
        "secondary_window": ["used_percent": 24, "reset_at": 1_738_900_000, "limit_window_seconds": 604_800],
      ],
      "credits": ["has_credits": true, "unlimited": false, "balance": "$5.39"],
    ])
    let auth = #"{"openai-codex":{"type":"api_key","key":"acc_1::token-of-codex"}}"#
    let report = try await asked("openai-codex", upstream, auth: auth).get()
    #expect(
      report.windows == [
        LimitReport.Window(name: "primary", usedPercent: 6, resetsAt: 1_738_300_000_000),
        LimitReport.Window(name: "secondary", usedPercent: 24, resetsAt: 1_738_900_000_000),
      ])
    #expect(report.credits == LimitReport.Credits(remaining: 5.39))
    #expect(upstream.requests.map(\.path) == ["/wham/usage"])
  }

  @Test("Copilot's quotas, with the login itself")
  func copilot() async throws {
    let upstream = try Upstream.json([
      "copilot_plan": "individual", "quota_reset_date": "2026-02-01",
      "quota_snapshots": [
        "premium_interactions": ["entitlement": 300, "remaining": 180, "percent_remaining": 60.0, "unlimited": false],
        "chat": ["entitlement": 0, "percent_remaining": 100.0, "unlimited": true],
      ],
    ])
    let auth =
      #"{"github-copilot":{"type":"oauth","access":"tid=1;exp=9","refresh":"gho_login_1","expires":8640000000000000}}"#
    let report = try await asked("github-copilot", upstream, auth: auth).get()
    #expect(report.windows.map(\.name) == ["chat", "premium_interactions"])
    #expect(report.windows[1].usedPercent == 40 && report.windows[1].remaining == 180)
    #expect(report.windows[1].resetsAt == 1_769_904_000_000)
    #expect(upstream.requests.first?.header("authorization") == "Bearer gho_login_1")
  }

  @Test("The error of a provider that refuses does not show the key")
  func failure() async throws {
    let upstream = try Upstream.json(["error": ["message": "bad key sk-deep-1"]], status: 401)
    let answer = try await asked("deepseek", upstream, auth: #"{"deepseek":{"type":"api_key","key":"sk-deep-1"}}"#)
    guard case .failure(let error) = answer else { return #expect(Bool(false), "it was answered") }
    #expect(error.kind == .authRejected)
    #expect(!error.message.contains("sk-deep-1"))
  }

  @Test("Providers without a key are not asked, nor are those without an endpoint")
  func nobody() async throws {
    let listing = try await Person(config: [:]).engine.limits(of: nil)
    #expect(listing.reports.isEmpty && listing.failures.isEmpty)
  }
}
