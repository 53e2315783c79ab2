internal import Completion
internal import JSON

/// The counts of a response.
enum ResponsesUsage {
  /// The counts in `usage`; `nil` when there are none.
  static func read(_ usage: JSONValue?) -> Usage? {
    guard let usage, usage["input_tokens"] != nil || usage["output_tokens"] != nil else { return nil }
    let input = max(0, usage["input_tokens"]?.int ?? 0)
    let output = max(0, usage["output_tokens"]?.int ?? 0)
    let details = usage["input_tokens_details"]
    let read = max(0, details?["cached_tokens"]?.int ?? 0)
    let write = max(0, details?["cache_write_tokens"]?.int ?? 0)
    let reasoning = max(0, usage["output_tokens_details"]?["reasoning_tokens"]?.int ?? 0)
    return Usage(
      input: max(0, input - read - write), output: output, cacheRead: read, cacheWrite: write,
      reasoning: min(reasoning, output))
  }

  /// The price in USD: OpenRouter says it so, xAI in ticks of a ten-thousand-millionth.
  static func cost(_ usage: JSONValue?) -> Double? {
    let cost = usage?["cost"]?.double ?? usage?["cost_in_usd_ticks"]?.double.map { $0 / 1e10 }
    return cost.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
  }
}
