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
    guard let option = options.reasoning else { return .unsaid }
    let level: ReasoningLevel
    var budget: Int?
    switch option {
    case .level(let wanted): level = wanted
    case .budget(let tokens):
      level = ReasoningEfforts.level(forBudget: tokens)
      budget = tokens
    }
    guard model.reasoning, quirks.thinkingFormat != AnthropicMessagesQuirks.ThinkingFormat.none else {
      let why = model.reasoning ? "\(endpoint.provider) decides this by itself" : "\(modelName) is no reasoning model"
      if level != .off { drop("reasoning", why) }
      return .unsaid
    }
    let canStop = model.thinkingToggle != false
    if level == .off {
      if !canStop { drop("reasoning", "\(modelName) cannot stop thinking") }
      return canStop ? .off : .unsaid
    }
    if forcesTool {
      drop("reasoning", "\(modelName) cannot think when it is made to call a tool")
      return canStop ? .off : .unsaid
    }
    guard isAdaptive(hasBudget: budget != nil) else { return planBudget(budget ?? Self.budget(for: level)) }
    if budget != nil {
      drop("reasoning.budgetTokens", "\(modelName) takes levels only; the nearest level was used")
    }
    return .adaptive(effort: ReasoningEfforts(model, quirks.reasoningEfforts).nearest(to: level))
  }

  private func isAdaptive(hasBudget: Bool) -> Bool {
    if let format = quirks.thinkingFormat { return format == .adaptive }
    // Models that refuse a temperature came later than those that think by budget.
    guard let efforts = model.efforts else { return model.temperature == false && model.thinkingBudget == nil }
    // Opus 4.5 has efforts too, but thinks by budget; "max" came with adaptive thinking.
    return model.thinkingBudget == nil || !hasBudget && efforts.contains("max")
  }

  /// The budgets for levels; models that think by budget know nothing above high.
  private static func budget(for level: ReasoningLevel) -> Int {
    switch level {
    case .off, .minimal: 1024
    case .low: 2048
    case .medium: 8192
    case .high, .xhigh, .max: 16384
    }
  }

  private mutating func planBudget(_ wanted: Int) -> Thinking {
    let allowance = ThinkingAllowance(
      of: wanted, answer: options.maxTokens, for: model, usualLimit: quirks.defaultMaxTokens)
    guard let allowance else {
      drop("reasoning", "\(modelName) has no room to think in the tokens that it may write")
      return .unsaid
    }
    if case .budget(let tokens)? = options.reasoning, tokens > allowance.budget {
      drop("reasoning.budgetTokens", "\(allowance.budget) tokens are what \(modelName) can think with here")
    }
    return .budget(allowance.budget, maxTokens: allowance.maxTokens)
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
