internal import Completion
internal import JSON

extension MessagesEncoder {
  /// What is said of thinking, and the limit of the whole answer that belongs to it.
  enum Thinking {
    case unsaid, off
    case adaptive(effort: String?)
    case budget(Int, maxTokens: Int)

    var isOn: Bool {
      switch self {
      case .unsaid, .off: false
      case .adaptive, .budget: true
      }
    }
  }

  mutating func planThinking() -> Thinking {
    guard let wish = thinkingWish(isSaid: quirks.thinkingFormat != AnthropicMessagesQuirks.ThinkingFormat.none) else {
      return .unsaid
    }
    let canStop = model.thinkingToggle != false
    if wish.level == .off {
      if !canStop { drop("reasoning", "\(modelName) cannot stop thinking") }
      return canStop ? .off : .unsaid
    }
    if forcesTool {
      drop("reasoning", "\(modelName) cannot think when it is made to call a tool")
      return canStop ? .off : .unsaid
    }
    guard isAdaptive(hasBudget: wish.budget != nil) else {
      let allowance = allowance(for: wish, usualLimit: quirks.defaultMaxTokens)
      return allowance.map { .budget($0.budget, maxTokens: $0.maxTokens) } ?? .unsaid
    }
    if wish.budget != nil { dropBudget() }
    return .adaptive(effort: ReasoningEfforts(model, quirks.reasoningEfforts).nearest(to: wish.level))
  }

  private func isAdaptive(hasBudget: Bool) -> Bool {
    if let format = quirks.thinkingFormat { return format == .adaptive }
    // Models that refuse a temperature came later than those that think by budget.
    guard let efforts = model.efforts else { return model.temperature == false && model.thinkingBudget == nil }
    // Opus 4.5 has efforts too, but thinks by budget; "max" came with adaptive thinking.
    return model.thinkingBudget == nil || !hasBudget && efforts.contains("max")
  }

  mutating func encode(_ thinking: Thinking) {
    var maxTokens = options.maxTokens ?? model.maxOutputTokens ?? quirks.defaultMaxTokens
    var value = JSONObject()
    switch thinking {
    case .unsaid: break
    case .off: value["type"] = "disabled"
    case .adaptive(let effort):
      value["type"] = "adaptive"
      if let effort { body["output_config"] = ["effort": .string(effort)] }
    case .budget(let tokens, let limit):
      maxTokens = limit
      value["type"] = "enabled"
      value["budget_tokens"] = .int(tokens)
      if quirks.supportsInterleavedThinking, body["tools"] != nil { betas.append("interleaved-thinking-2025-05-14") }
    }
    if thinking.isOn, quirks.supportsThinkingDisplay { value["display"] = "summarized" }
    if !value.isEmpty { body["thinking"] = .object(value) }
    body["max_tokens"] = .int(maxTokens)
  }
}
