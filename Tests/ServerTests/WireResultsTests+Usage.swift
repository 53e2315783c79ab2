import Completion
import JSON
import Testing
import WireProtocol

extension WireResultsTests {
  static let sum = UsageSum(
    completions: 0, failed: 0, billedElsewhere: 0, unpriced: 0, usage: Usage(), cost: nil, durationMs: 0)
  static let fullUsage = UsageResult(
    total: UsageSum(
      completions: 4, failed: 1, billedElsewhere: 2, unpriced: 1,
      usage: Usage(input: 1, output: 2, cacheRead: 3, cacheWrite: 4, reasoning: 1, cacheWriteLong: 2), cost: cost,
      durationMs: 9),
    groups: [("s1", sum), (nil, sum)], warnings: ["odd"])

  static let limits = [
    LimitsInfo(provider: "p", windows: [], asOf: at, source: "endpoint"),
    LimitsInfo(
      provider: "p", account: "work",
      windows: [
        .init(name: "requests", limit: 50, remaining: 49, usedPercent: 2, resetsAt: at), .init(name: "tokens"),
        .init(name: "5h", limit: 1, remaining: 0.5, usedPercent: 50.5, resetsAt: at), .init(name: "7d"),
      ],
      credits: .init(remaining: -0.5, total: 10, used: 10.5, currency: "USD", unlimited: true), asOf: at,
      source: "headers"),
  ]

  @Test("Requests and tokens stand apart, numbers have no fraction they do not need, and what is not known is left out")
  func limits() {
    #expect(
      Self.limits[1].json.text
        == #"{"provider":"p","account":"work","requests":{"limit":50,"remaining":49,"resetsAt":"\#(Self.at)"},"tokens":{},"#
        + #""window":[{"name":"5h","limit":1,"remaining":0.5,"usedPercent":50.5,"resetsAt":"\#(Self.at)"},{"name":"7d"}],"#
        + #""credits":{"remaining":-0.5,"total":10,"used":10.5,"currency":"USD","unlimited":true},"#
        + #""asOf":"\#(Self.at)","source":"headers"}"#)
  }
}
