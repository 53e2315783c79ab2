internal import Completion
internal import JSON

/// Reads token counts. They come with the start of an answer and again, cumulative, with its end, where proxies leave
/// some out or make them null.
struct MessagesUsage {
  private var counts = Usage()
  private var tier: String?

  /// Takes a `usage` object; only news becomes an event.
  mutating func take(_ value: JSONValue?, into events: inout [StreamEvent]) {
    guard case .object(let usage)? = value else { return }
    let before = counts
    Self.set(&counts.input, usage["input_tokens"])
    Self.set(&counts.output, usage["output_tokens"])
    Self.set(&counts.cacheRead, usage["cache_read_input_tokens"])
    Self.set(&counts.reasoning, usage["output_tokens_details"]?["thinking_tokens"])
    counts.reasoning = min(counts.reasoning, counts.output)
    let split = usage["cache_creation"]?.object
    if usage["cache_creation_input_tokens"]?.int != nil {
      Self.set(&counts.cacheWrite, usage["cache_creation_input_tokens"])
    } else if let split {
      counts.cacheWrite = split.reduce(Usage()) { $0 + Usage(input: $1.value.tokenCount ?? 0, output: 0) }.input
    }
    Self.set(&counts.cacheWriteLong, split?["ephemeral_1h_input_tokens"])
    counts.cacheWriteLong = min(counts.cacheWriteLong, counts.cacheWrite)
    if counts != before { events.append(.usage(counts)) }
    // Fast mode has its own price, whatever the tier.
    takeTier(usage["speed"] == "fast" ? "fast" : usage["service_tier"]?.string, &events)
  }

  private mutating func takeTier(_ name: String?, _ events: inout [StreamEvent]) {
    guard let name, !name.isEmpty, name != tier else { return }
    tier = name
    events.append(.serviceTier(name))
  }

  private static func set(_ count: inout Int, _ value: JSONValue?) {
    if let number = value?.tokenCount { count = number }
  }
}
