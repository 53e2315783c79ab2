package import Completion

/// How many tokens a model may think that takes a budget, where thoughts count as part of the answer. A limit that the
/// caller gives is meant for the answer alone, so it is raised by the budget as far as the model goes; only what then
/// does not fit comes off the budget.
package struct ThinkingAllowance: Sendable, Hashable {
  /// The budget, in tokens.
  package let budget: Int
  /// The limit for thoughts and answer together, in tokens; `Int.max` where nobody knows one.
  package let maxTokens: Int

  /// The least that may be thought, and that is left for an answer whose length nobody limits to less.
  package static let least = 1024

  /// An allowance of `wanted` tokens at best. `usualLimit` is the limit where neither `answer`, the caller's, nor the
  /// catalogue has one. `nil` when there is no room to think in.
  package init?(of wanted: Int, answer: Int?, for model: ModelInfo, usualLimit: Int = .max) {
    let budget = max(Self.least, model.thinkingBudget?.clamp(wanted) ?? wanted)
    let cap = model.maxOutputTokens ?? Int.max
    var maxTokens = answer ?? model.maxOutputTokens ?? usualLimit
    if answer != nil || model.maxOutputTokens == nil {
      let (raised, isTooLarge) = maxTokens.addingReportingOverflow(budget)
      maxTokens = max(maxTokens, min(isTooLarge ? cap : raised, cap))
    }
    let reserve = min(answer ?? Self.least, Self.least)
    let fitting = max(Self.least, min(budget, maxTokens - reserve))
    guard fitting < maxTokens else { return nil }
    self.budget = fitting
    self.maxTokens = maxTokens
  }
}
