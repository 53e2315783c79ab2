internal import Completion
internal import JSON

/// Reads token counts and prices. Servers repeat them, some with every chunk: only news becomes an event.
struct CompletionsUsage {
  /// The counts so far.
  private(set) var last: Usage?
  private var cost: Double?

  /// Takes a `usage` object from wherever it stands.
  mutating func take(_ value: JSONValue?, into events: inout [StreamEvent]) {
    guard case .object(let usage)? = value else { return }
    if let counts = Self.read(usage), counts != last {
      last = counts
      events.append(.usage(counts))
    }
    takeCost(usage["cost"]?["total_cost"] ?? usage["cost"], into: &events)
  }

  /// Takes a price in USD.
  mutating func takeCost(_ value: JSONValue?, into events: inout [StreamEvent]) {
    guard let cost = value?.double, cost.isFinite, cost >= 0, cost != self.cost else { return }
    self.cost = cost
    events.append(.providerCost(cost))
  }

  /// The counts of a `usage` object; `nil` when it has none.
  static func read(_ usage: JSONObject) -> Usage? {
    let prompt = usage["prompt_tokens"]?.tokenCount ?? 0
    var output = usage["completion_tokens"]?.tokenCount ?? 0
    guard usage["prompt_tokens"] != nil || usage["completion_tokens"] != nil else { return nil }
    let details = usage["prompt_tokens_details"]
    let read = first(
      details?["cached_tokens"], usage["prompt_cache_hit_tokens"], usage["cached_tokens"], usage["num_cached_tokens"],
      usage["cache_read_input_tokens"])
    let write = first(details?["cache_write_tokens"], usage["cache_creation_input_tokens"])
    let reasoning = first(usage["completion_tokens_details"]?["reasoning_tokens"], usage["reasoning_tokens"])
    // xAI counts reasoning beside the completion, everyone else inside it; the total tells.
    if reasoning > 0, usage["total_tokens"]?.int == prompt + output + reasoning { output += reasoning }
    return Usage(
      input: max(0, prompt - read - write), output: output, cacheRead: read, cacheWrite: write,
      reasoning: min(reasoning, output))
  }

  private static func first(_ candidates: JSONValue?...) -> Int {
    candidates.lazy.compactMap { $0?.tokenCount }.first ?? 0
  }
}
