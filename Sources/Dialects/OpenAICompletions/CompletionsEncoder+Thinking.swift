internal import Completion
internal import JSON

extension CompletionsEncoder {
  /// What the caller asked for, in this model's terms.
  private struct Thinking {
    var isOn: Bool
    /// The server's word for the level; `nil` when it has none, or takes none.
    var effort: String?
    var budget: Int?
  }

  mutating func encodeThinking() throws(ProviderError) {
    guard let option = options.reasoning else { return }
    let level: ReasoningLevel
    var budget: Int?
    switch option {
    case .level(let wanted): level = wanted
    case .budget(let tokens):
      level = ReasoningEfforts.level(forBudget: tokens)
      budget = tokens > 0 ? tokens : nil
    }
    guard model.reasoning, quirks.thinkingFormat != .none else {
      if level != .off {
        let why = model.reasoning ? "\(endpoint.provider) decides this by itself" : "\(modelName) is no reasoning model"
        drop("reasoning", why)
      }
      return
    }
    let efforts = ReasoningEfforts(model, quirks.reasoningEfforts)
    let thinking = Thinking(
      isOn: level != .off, effort: level == .off ? efforts[.off] : efforts.nearest(to: level), budget: budget)
    encodeBudget(thinking)
    encodeFormat(thinking, efforts)
  }

  private mutating func encodeBudget(_ thinking: Thinking) {
    guard let budget = thinking.budget else { return }
    if let field = quirks.thinkingBudgetField {
      body[field] = .int(budget)
    } else if quirks.thinkingFormat != .openrouter, !templateUses("$budget") {
      drop("reasoning.budgetTokens", "\(endpoint.provider) takes levels only; the nearest level was used")
    }
  }

  private mutating func encodeFormat(_ thinking: Thinking, _ efforts: ReasoningEfforts) {
    let isOn = thinking.isOn
    switch quirks.thinkingFormat {
    case .none: break
    case .openai: encodeEffort(thinking, mustTell: true)
    case .openrouter: body["reasoning"] = openRouterReasoning(thinking)
    case .deepseek, .zai:
      var value: JSONObject = ["type": isOn ? "enabled" : "disabled"]
      if quirks.thinkingFormat == .zai, isOn { value["clear_thinking"] = false }
      body["thinking"] = .object(value)
      encodeEffort(thinking)
    case .together:
      body["reasoning"] = ["enabled": .bool(isOn)]
      encodeEffort(thinking)
    case .qwen:
      body["enable_thinking"] = .bool(isOn)
      encodeEffort(thinking)
    case .qwenChatTemplate:
      body["chat_template_kwargs"] = ["enable_thinking": .bool(isOn), "preserve_thinking": .bool(isOn)]
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
    }
  }

  /// `reasoning_effort`, where the server takes it. `mustTell`: nothing else carries the wish, so a loss is reported.
  private mutating func encodeEffort(_ thinking: Thinking, mustTell: Bool = false) {
    if quirks.supportsReasoningEffort, let effort = thinking.effort {
      body["reasoning_effort"] = .string(effort)
    } else if mustTell {
      drop("reasoning", thinking.isOn ? "\(modelName) does not take a level" : "\(modelName) cannot stop thinking")
    }
  }

  private func openRouterReasoning(_ thinking: Thinking) -> JSONValue {
    guard thinking.isOn else { return ["effort": .string(thinking.effort ?? "none")] }
    if let budget = thinking.budget { return ["max_tokens": .int(budget)] }
    return thinking.effort.map { ["effort": .string($0)] } ?? ["enabled": true]
  }

  private func templateUses(_ placeholder: String) -> Bool {
    [.chatTemplate, .baseten].contains(quirks.thinkingFormat)
      && quirks.chatTemplateArguments.contains { $0.value.string == placeholder }
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
