internal import Catalog
internal import Completion
internal import JSON

/// A limit on what may be spent.
struct Budget: Sendable, Hashable {
  /// What it is for.
  enum Scope: String, Sendable { case call, session, day }

  let scope: Scope
  /// USD.
  let limit: Double
  /// What of it is gone without the completion that asks.
  let spent: Double

  var left: Double { limit - spent }

  /// Where it was set.
  private var field: String { scope == .day ? "limits.budgetUSDPerDay" : "budgetUSD" }

  private var hint: String {
    switch scope {
    case .call: "Raise budgetUSD, shorten the input, or use a cheaper model."
    case .session: "Raise the session's budget (setBudget, patchbay sessions budget), or use a cheaper model."
    case .day: "Raise limits.budgetUSDPerDay in the config file, or wait until tomorrow."
    }
  }

  /// The error for a completion that costs, or would cost, `cost` when only `left` remains.
  func exceeded(by cost: Double, isEstimate: Bool) -> ProviderError {
    let figures = "\(USD.text(limit)) USD for this \(scope.rawValue), of which \(USD.text(spent)) were spent before"
    let message =
      isEstimate
      ? "the input alone is estimated to cost \(USD.text(cost)) USD, but the budget is \(figures)"
      : "stopped after about \(USD.text(cost)) USD: the budget is \(figures)"
    var error = ProviderError(.budgetExceeded, message, hint: hint, path: field)
    error.details["budget"] = [
      "scope": .string(scope.rawValue), "limitUSD": .double(limit), "spentUSD": .double(spent),
      "costUSD": .double(cost), "started": .bool(!isEstimate),
    ]
    return error
  }

  /// The error for a model whose cost nobody can tell.
  func unknowable(_ model: ModelInfo, of provider: Provider) -> ProviderError {
    ProviderError(
      .unsupported, "\(field): the budget cannot be kept, for the prices of \(provider.id)/\(model.id) are not known",
      hint: "Set providers.\(provider.id).models.\(model.id).cost in the config file, or leave the budget away.",
      path: field)
  }
}

/// Amounts of money in words.
enum USD {
  /// With as many digits as a small amount needs: `12.50`, `0.000424`.
  static func text(_ amount: Double) -> String {
    let digits = abs(amount) >= 1 ? 2 : 6
    let scale = digits == 2 ? 100.0 : 1_000_000.0
    guard amount.isFinite, abs(amount) < 1e12 else { return "\(amount)" }
    let whole = Int((abs(amount) * scale).rounded())
    var fraction = String(String(whole % Int(scale) + Int(scale)).dropFirst())
    while fraction.count > 2, fraction.hasSuffix("0") { fraction.removeLast() }
    return "\(amount < 0 ? "-" : "")\(whole / Int(scale)).\(fraction)"
  }
}
