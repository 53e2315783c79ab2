internal import Completion
internal import JSON

extension CompletionsEncoder {
  /// What the caller asked for, in this model's terms.
  private struct Thinking {
    var isOn: Bool
    /// The server's word for the level; `nil` when it has none, or takes none.
    var effort: String?
    /// The budget that was asked for, as far as the model and the answer's length allow it.
    var budget: Int?
    var wish: ReasoningWish
  }

  /// What thinking must leave of the answer's length: it counts as output.
  private static let answerTokens = 1024

  mutating func encodeThinking() {
    guard let wish = thinkingWish(isSaid: quirks.thinkingFormat != .none) else { return }
    let level = wish.level
    let efforts = ReasoningEfforts(model, quirks.reasoningEfforts)
    if level == .off, efforts[.off] == nil, model.thinkingToggle == false {
      return drop("reasoning", "\(modelName) cannot stop thinking")
    }
    let thinking = Thinking(
      isOn: level != .off, effort: level == .off ? efforts[.off] : efforts.nearest(to: level),
      budget: wish.budget.map(fitted), wish: wish)
    encodeBudget(thinking)
    encodeFormat(thinking)
  }

  private func fitted(_ tokens: Int) -> Int {
    let allowed = model.thinkingBudget?.clamp(tokens) ?? tokens
    guard let maxTokens = options.maxTokens else { return allowed }
    let least = min(allowed, model.thinkingBudget?.min ?? 1)
    return max(least, min(allowed, maxTokens - Self.answerTokens))
  }

  private var takesEffort: Bool { quirks.supportsReasoningEffort ?? (model.efforts != nil) }

  private var takesBudget: Bool {
    [.openrouter, .reasoningBudget, .anthropic].contains(quirks.thinkingFormat) || templateUses("$budget")
  }

  private mutating func encodeBudget(_ thinking: Thinking) {
    guard let budget = thinking.budget else { return }
    if let field = quirks.thinkingBudgetField {
      body[field] = .int(budget)
    } else if !takesBudget {
      dropBudget()
    }
  }

  private mutating func encodeFormat(_ thinking: Thinking) {
    let isOn = thinking.isOn
    switch quirks.thinkingFormat {
    case .none: break
    case .openai: encodeEffort(thinking, mustTell: true)
    case .openrouter: body["reasoning"] = openRouterReasoning(thinking)
    case .deepseek, .zai:
      body["thinking"] = ["type": isOn ? "enabled" : "disabled"]
      if quirks.thinkingFormat == .zai, isOn { body["thinking"] = ["type": "enabled", "clear_thinking": false] }
      encodeEffort(thinking)
    case .together:
      body["reasoning"] = ["enabled": .bool(isOn)]
      encodeEffort(thinking)
    case .qwen:
      body["enable_thinking"] = .bool(isOn)
      encodeEffort(thinking)
    case .qwenChatTemplate: body["chat_template_kwargs"] = Self.qwenArguments(isOn)
    case .chatTemplate: body["chat_template_kwargs"] = .object(templateArguments(thinking))
    case .baseten:
      body["chat_template_args"] = .object(templateArguments(thinking))
      encodeEffort(thinking)
    case .stringThinking: body["thinking"] = .string(thinking.effort ?? (isOn ? "medium" : "none"))
    case .antLing:
      if let effort = thinking.effort, isOn {
        body["reasoning"] = ["effort": .string(effort)]
      } else {
        drop("reasoning", "\(modelName) has no such level")
      }
    case .reasoningBudget: if isOn, let budget = allow(thinking) { body["reasoning"] = ["max_tokens": .int(budget)] }
    case .anthropic where !isOn: body["thinking"] = ["type": "disabled"]
    case .anthropic:
      if let budget = allow(thinking) { body["thinking"] = ["type": "enabled", "budget_tokens": .int(budget)] }
    case .promptMode: encodePromptMode(thinking)
    }
  }

  private static func qwenArguments(_ isOn: Bool) -> JSONValue {
    ["enable_thinking": .bool(isOn), "preserve_thinking": .bool(isOn)]
  }

  private mutating func encodePromptMode(_ thinking: Thinking) {
    if takesEffort {
      encodeEffort(thinking, mustTell: true)
    } else if thinking.isOn {
      body["prompt_mode"] = "reasoning"
    } else {
      drop("reasoning", "\(modelName) cannot stop thinking")
    }
  }

  /// `reasoning_effort`, where the server takes it. `mustTell`: nothing else carries the wish, so a loss is reported.
  private mutating func encodeEffort(_ thinking: Thinking, mustTell: Bool = false) {
    if takesEffort, let effort = thinking.effort {
      body["reasoning_effort"] = .string(effort)
    } else if mustTell {
      drop("reasoning", thinking.isOn ? "\(modelName) does not take a level" : "\(modelName) cannot stop thinking")
    }
  }

  /// Claude's budget, for which the answer's limit makes room; `nil` where there is none.
  private mutating func allow(_ thinking: Thinking) -> Int? {
    guard let allowance = allowance(for: thinking.wish) else { return nil }
    if options.maxTokens != nil, quirks.maxTokensField != .none {
      body[quirks.maxTokensField.rawValue] = .int(allowance.maxTokens)
    }
    return allowance.budget
  }

  private func openRouterReasoning(_ thinking: Thinking) -> JSONValue {
    guard thinking.isOn else { return ["effort": .string(thinking.effort ?? "none")] }
    if let budget = thinking.budget { return ["max_tokens": .int(budget)] }
    return thinking.effort.map { ["effort": .string($0)] } ?? ["enabled": true]
  }

  private func templateUses(_ variable: String) -> Bool {
    [.chatTemplate, .baseten].contains(quirks.thinkingFormat)
      && quirks.chatTemplateArguments.contains { $0.value.string == variable }
  }

  private func templateArguments(_ thinking: Thinking) -> JSONObject {
    var arguments = JSONObject()
    for (name, value) in quirks.chatTemplateArguments {
      switch value.string {
      case "$enabled": arguments[name] = .bool(thinking.isOn)
      case "$effort": arguments.set(name, thinking.effort.map(JSONValue.string))
      case "$budget": arguments.set(name, thinking.budget.map(JSONValue.int))
      default: arguments[name] = value
      }
    }
    return arguments
  }
}
