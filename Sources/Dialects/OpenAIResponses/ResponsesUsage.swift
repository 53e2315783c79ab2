internal import Completion
internal import JSON

/// The counts of a response.
enum ResponsesUsage {
  /// The counts in `usage`; `nil` when there are none.
  static func read(_ usage: JSONValue?) -> Usage? {
    guard let usage, usage["input_tokens"] != nil || usage["output_tokens"] != nil else { return nil }
    let input = usage["input_tokens"]?.tokenCount ?? 0
    let output = usage["output_tokens"]?.tokenCount ?? 0
    let details = usage["input_tokens_details"]
    let read = details?["cached_tokens"]?.tokenCount ?? 0
    let write = details?["cache_write_tokens"]?.tokenCount ?? 0
    let reasoning = usage["output_tokens_details"]?["reasoning_tokens"]?.tokenCount ?? 0
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
