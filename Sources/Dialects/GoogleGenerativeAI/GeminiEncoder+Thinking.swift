internal import Completion
internal import JSON

extension GeminiEncoder {
  /// What is spent at a level, before the model's own bounds; above medium it is all the model may spend.
  private static let budgets: [ReasoningLevel: Int] = [.minimal: 128, .low: 2048, .medium: 8192]
  /// All that a model may spend of which nothing is known: what the smaller models of Gemini 2.5 take.
  private static let highestBudget = 24576

  /// `thinkingConfig`, with a level or a budget, never both: together they are refused.
  mutating func encodeThinking() {
    guard let option = options.reasoning else { return }
    var level: ReasoningLevel
    var budget: Int?
    switch option {
    case .level(let wanted): level = wanted
    case .budget(let tokens):
      level = ReasoningEfforts.level(forBudget: tokens)
      budget = tokens > 0 ? tokens : nil
    }
    guard model.reasoning, traits.thinking != .none else {
      if level != .off {
        let why = model.reasoning ? "\(endpoint.provider) decides this by itself" : "\(modelName) is no reasoning model"
        drop("reasoning", why)
      }
      return
    }
    if traits.thinking == .level {
      encode(level, budget)
    } else if level == .off {
      encodeBudgetOff()
    } else {
      let bounds = model.thinkingBudget ?? ThinkingBudget()
      let wanted = budget ?? Self.budgets[level] ?? bounds.max ?? Self.highestBudget
      let clamped = bounds.clamp(wanted)
      if let budget, budget != clamped {
        drop("reasoning.budgetTokens", "\(modelName) thinks within bounds; \(clamped) tokens were asked for")
      }
      generation["thinkingConfig"] = ["includeThoughts": true, "thinkingBudget": .int(clamped)]
    }
  }

  private mutating func encode(_ level: ReasoningLevel, _ budget: Int?) {
    let efforts = ReasoningEfforts(model, quirks.reasoningEfforts)
    if budget != nil {
      drop("reasoning.budgetTokens", "\(modelName) takes levels only; the nearest level was used")
    }
    var word = efforts.nearest(to: level)
    if level == .off {
      word = efforts[.off]
      if word == nil {
        word = efforts.nearest(to: .minimal)
        drop("reasoning", "\(modelName) cannot stop thinking; its lowest level was used")
      }
    }
    var thinking = JSONObject()
    if level != .off { thinking["includeThoughts"] = true }
    thinking.set("thinkingLevel", word.map { .string($0.uppercased()) })
    if !thinking.isEmpty { generation["thinkingConfig"] = .object(thinking) }
  }

  /// Zero tokens switch thinking off, where the model lets it.
  private mutating func encodeBudgetOff() {
    let least = model.thinkingBudget?.min ?? 0
    let canStop = model.thinkingToggle ?? (least == 0)
    if !canStop { drop("reasoning", "\(modelName) cannot stop thinking; its lowest budget was used") }
    generation["thinkingConfig"] = ["thinkingBudget": .int(canStop ? 0 : least)]
  }
}
