package import Completion

extension ModelCost {
  /// What each part of `usage` costs, in USD. Where no price for cached tokens is known they cost what other input
  /// costs.
  package func parts(
    of usage: Usage
  ) -> (input: Double, output: Double, cacheRead: Double, cacheWrite: Double) {
    (
      input: Double(usage.input) * input / 1_000_000,
      output: Double(usage.output) * output / 1_000_000,
      cacheRead: Double(usage.cacheRead) * (cacheRead ?? input) / 1_000_000,
      cacheWrite: Double(usage.cacheWrite) * (cacheWrite ?? input) / 1_000_000
    )
  }
}
