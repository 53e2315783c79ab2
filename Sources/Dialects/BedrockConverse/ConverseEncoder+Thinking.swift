internal import Completion
internal import HTTP
internal import JSON

extension ConverseEncoder {
  /// Writes the wish to think. Comes after the tools, whose choice can rule it out.
  mutating func encodeThinking(_ conversation: [Message]) {
    guard let wish = thinkingWish(isSaid: quirks.thinkingFormat != .none) else { return }
    guard wish.level != .off else { return encodeOff() }
    if let obstacle = obstacle(conversation) { return drop("reasoning", obstacle) }
    let efforts = ReasoningEfforts(model, quirks.reasoningEfforts)
    if wish.budget != nil, quirks.thinkingFormat != .budget { dropBudget() }
    switch quirks.thinkingFormat {
    case .none: break
    case .budget: encodeBudget(wish)
    case .adaptive: encodeAdaptive(efforts.nearest(to: wish.level))
    case .nova:
      if let effort = efforts.nearest(to: wish.level) {
        add("reasoningConfig", ["type": "enabled", "maxReasoningEffort": .string(effort)])
      }
    case .effort, .reasoning: addEffort(efforts.nearest(to: wish.level))
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

  /// `maxTokens` counts thoughts, too, and must exceed the budget. Where the caller sets none, the model's own holds.
  private mutating func encodeBudget(_ wish: ReasoningWish) {
    guard let allowance = allowance(for: wish) else { return }
    if options.maxTokens != nil { body["inferenceConfig"] = ["maxTokens": .int(allowance.maxTokens)] }
    add("thinking", ["type": "enabled", "budget_tokens": .int(allowance.budget)])
    if quirks.supportsInterleavedThinking, body["toolConfig"] != nil {
      add("anthropic_beta", ["interleaved-thinking-2025-05-14"])
    }
  }
}
