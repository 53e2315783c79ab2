internal import Completion
internal import JSON

extension GeminiEncoder {
  /// What is spent at a level, before the model's own bounds; above medium it is all the model may spend.
  private static let budgets: [ReasoningLevel: Int] = [.minimal: 128, .low: 2048, .medium: 8192]
  /// All that a model may spend of which nothing is known: what the smaller models of Gemini 2.5 take.
  private static let highestBudget = 24576

  /// `thinkingConfig`, with a level or a budget, never both: together they are refused.
  mutating func encodeThinking() {
    guard let wish = thinkingWish(isSaid: traits.thinking != .none) else { return }
    if traits.thinking == .level {
      encode(wish)
    } else if wish.level == .off {
      encodeBudgetOff()
    } else {
      let bounds = model.thinkingBudget ?? ThinkingBudget()
      let wanted = wish.budget ?? Self.budgets[wish.level] ?? bounds.max ?? Self.highestBudget
      let clamped = bounds.clamp(wanted)
      if let budget = wish.budget, budget != clamped {
        drop("reasoning.budgetTokens", "\(modelName) thinks within bounds; \(clamped) tokens were asked for")
      }
      generation["thinkingConfig"] = ["includeThoughts": true, "thinkingBudget": .int(clamped)]
    }
  }

  private mutating func encode(_ wish: ReasoningWish) {
    let efforts = ReasoningEfforts(model, quirks.reasoningEfforts)
    if wish.budget != nil { dropBudget() }
    var word = efforts.nearest(to: wish.level)
    if wish.level == .off {
      word = efforts[.off]
      if word == nil {
        word = efforts.nearest(to: .minimal)
        drop("reasoning", "\(modelName) cannot stop thinking; its lowest level was used")
      }
    }
    var thinking = JSONObject()
    if wish.level != .off { thinking["includeThoughts"] = true }
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
