internal import Completion
internal import JSON

/// Reads `usageMetadata`, which every chunk repeats: only news becomes an event.
struct GeminiUsage {
  private var last: Usage?
  private var tier: String?

  mutating func take(_ value: JSONValue?, into events: inout [StreamEvent]) {
    guard case .object(let counts)? = value else { return }
    func count(_ key: String) -> Int { counts[key]?.tokenCount ?? 0 }
    let cached = count("cachedContentTokenCount")
    let thoughts = count("thoughtsTokenCount")
    // What tools of the provider's own brought into the prompt is counted beside it.
    let usage = Usage(
      input: max(0, count("promptTokenCount") - cached) + count("toolUsePromptTokenCount"),
      output: count("candidatesTokenCount") + thoughts, cacheRead: cached, reasoning: thoughts)
    if usage != last, counts["promptTokenCount"] != nil || counts["candidatesTokenCount"] != nil {
      last = usage
      events.append(.usage(usage))
    }
    if let tier = Self.tier(counts), tier != self.tier {
      self.tier = tier
      events.append(.serviceTier(tier))
    }
  }

  /// Gemini's own word; Vertex AI's, as `ON_DEMAND_FLEX`, in the same terms.
  private static func tier(_ counts: JSONObject) -> String? {
    if let tier = counts["serviceTier"]?.string, !tier.isEmpty { return tier.lowercased() }
    switch counts["trafficType"]?.string {
    case "ON_DEMAND"?: return "standard"
    case "ON_DEMAND_FLEX"?: return "flex"
    case "ON_DEMAND_PRIORITY"?: return "priority"
    case let type?: return type.lowercased()
    case nil: return nil
    }
  }
}
