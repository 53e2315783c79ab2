internal import Completion
internal import HTTP
internal import JSON

extension ConverseEncoder {
  /// The least budget Claude takes, in tokens.
  private static let leastBudget = 1024

  /// Writes the wish to think. Comes after the tools, whose choice can rule it out.
  mutating func encodeThinking(_ conversation: [Message]) throws(ProviderError) {
    reportCaching()
    guard let option = options.reasoning else { return }
    let (level, budget) = Self.wish(option)
    guard model.reasoning, quirks.thinkingFormat != .none else {
      if level != .off {
        let why = model.reasoning ? "\(modelName) decides this by itself" : "\(modelName) is no reasoning model"
        drop("reasoning", why)
      }
      return
    }
    guard level != .off else { return encodeOff() }
    if let obstacle = obstacle(conversation) { return drop("reasoning", obstacle) }
    let efforts = ReasoningEfforts(model, quirks.reasoningEfforts)
    if budget != nil, quirks.thinkingFormat != .budget {
      drop("reasoning.budgetTokens", "\(modelName) takes levels only; the nearest level was used")
    }
    switch quirks.thinkingFormat {
    case .none: break
    case .budget: encodeBudget(budget ?? Self.budget(for: level))
    case .adaptive: encodeAdaptive(efforts.nearest(to: level))
    case .nova:
      if let effort = efforts.nearest(to: level) {
        add("reasoningConfig", ["type": "enabled", "maxReasoningEffort": .string(effort)])
      }
    case .effort, .reasoning: addEffort(efforts.nearest(to: level))
    }
  }

  private static func wish(_ option: ReasoningOption) -> (level: ReasoningLevel, budget: Int?) {
    switch option {
    case .level(let level): (level, nil)
    case .budget(let tokens): (ReasoningEfforts.level(forBudget: tokens), tokens > 0 ? tokens : nil)
    }
  }

  private mutating func add(_ field: String, _ value: JSONValue) {
    var fields = body["additionalModelRequestFields"]?.object ?? JSONObject()
    fields[field] = value
    body["additionalModelRequestFields"] = .object(fields)
  }

  private mutating func encodeAdaptive(_ effort: String?) {
    var thinking: JSONObject = ["type": "adaptive"]
    // Without it the newer ones keep their thoughts to themselves. GovCloud refuses the field.
    if !BedrockAddress.isGovernment(BedrockAddress(endpoint).region, model.wireID) {
      thinking["display"] = "summarized"
    }
    add("thinking", .object(thinking))
    if let effort { add("output_config", ["effort": .string(effort)]) }
  }

  private mutating func addEffort(_ effort: String?) {
    guard let effort else { return drop("reasoning", "\(modelName) does not take a level") }
    if quirks.thinkingFormat == .effort {
      add("reasoning_effort", .string(effort))
    } else {
      add("reasoning", ["effort": .string(effort)])
    }
  }

  /// Most models do not think unless told to; those with a switch are told.
  private mutating func encodeOff() {
    let word = ReasoningEfforts(model, quirks.reasoningEfforts)[.off]
    switch quirks.thinkingFormat {
    case _ where model.thinkingToggle == false: drop("reasoning", "\(modelName) cannot stop thinking")
    case .none, .budget, .nova: break
    case .adaptive: if model.thinkingToggle == true { add("thinking", ["type": "disabled"]) }
    case .effort, .reasoning:
      guard let word else { return drop("reasoning", "\(modelName) cannot stop thinking") }
      addEffort(word)
    }
  }

  /// Why Claude would refuse to think in this request; `nil` when it would not.
  private func obstacle(_ conversation: [Message]) -> String? {
    guard quirks.thinkingFormat.isClaude else { return nil }
    if body["toolConfig"]?["toolChoice"] != nil {
      return "\(modelName) does not think where a tool call is forced"
    }
    guard quirks.thinkingFormat == .budget, conversation.last?.role == .tool,
      let asked = conversation.last(where: { $0.role == .assistant })
    else { return nil }
    // In the middle of a turn, thinking cannot begin: the turn would have begun with a thought.
    if case .reasoning(let reasoning)? = asked.content.first, reasoning.signature != nil || reasoning.redacted {
      return nil
    }
    return "\(modelName) cannot begin to think between a tool call and its result"
  }

  // MARK: - Budgets

  private static func budget(for level: ReasoningLevel) -> Int {
    switch level {
    case .off, .minimal: leastBudget
    case .low: 2048
    case .medium: 8192
    case .high, .xhigh, .max: 16_384
    }
  }

  /// `maxTokens` counts thoughts, too, and must exceed the budget; the caller means the answer alone. Where the model's
  /// limit is too low for both, the budget gives way.
  private mutating func encodeBudget(_ wanted: Int) {
    var budget = max(Self.leastBudget, model.thinkingBudget?.clamp(wanted) ?? wanted)
    let answer = options.maxTokens ?? 0
    let most = model.maxOutputTokens ?? .max
    if answer > 0 {
      let limit = answer >= most - budget ? most : answer + budget
      budget = min(budget, limit - 1)
      body["inferenceConfig"] = ["maxTokens": .int(limit)]
    } else {
      budget = min(budget, most - 1)
    }
    guard budget >= Self.leastBudget else {
      body["inferenceConfig"] = nil
      return drop("reasoning", "\(modelName) cannot write enough tokens to think first")
    }
    add("thinking", ["type": "enabled", "budget_tokens": .int(budget)])
    if quirks.supportsInterleavedThinking, body["toolConfig"] != nil {
      add("anthropic_beta", ["interleaved-thinking-2025-05-14"])
    }
  }
}
