internal import Catalog
internal import Completion
internal import Synchronization

/// What a completion costs while it runs: what it used goes into the ledger however it ends, and it is ended when it
/// costs more than a budget has left.
package final class SpendMeter: Sendable {
  private struct State {
    var model: ModelInfo?
    var provider: ProviderKind?
    var isElsewhere: Bool { provider?.isBilledElsewhere ?? false }
    var tier: String?
    /// What the request probably counts.
    var inputEstimate = 0
    /// What the provider has said so far, and how many bytes of content there were.
    var usage: Usage?
    var contentSize = 0
    /// Attempts before the one that runs.
    var earlier = Usage()
    var earlierCost = 0.0
    /// The same in parts; `nil` when a price is not known.
    var earlierParts: Cost? = Cost()
    var budgets: [Budget] = []
    var exceeded: ProviderError?

    /// What the attempt that runs has probably used.
    var current: Usage {
      guard usage != nil || contentSize > 0 else { return Usage() }
      let guess = Usage.estimated(input: inputEstimate, output: contentSize / 4)
      guard var usage else { return guess }
      // Providers name the output at the end, some a first count at the beginning.
      if usage.output < guess.output {
        usage.output = guess.output
        usage.estimated = true
      }
      return usage
    }

    /// Puts what was used so far to what attempts before have used.
    mutating func closeAttempt() {
      let usage = current
      guard usage.total > 0 else { return }
      earlier = earlier + usage
      earlierCost += cost(of: usage)
      let parts = model.flatMap { Cost(of: usage, $0, tier: tier) }
      earlierParts = earlierParts.flatMap { sum in parts.map { sum + $0 } }
    }

    /// USD, for the request itself while nothing has come.
    func cost(of usage: Usage) -> Double {
      guard let model, !isElsewhere else { return 0 }
      let counted = usage.total > 0 ? usage : Usage(input: inputEstimate, output: 0)
      return Cost(of: counted, model, tier: tier)?.total ?? 0
    }
  }

  private let state = Mutex(State())
  private let end: @Sendable () -> Void

  /// A meter that calls `end` when a budget is used up.
  init(end: @escaping @Sendable () -> Void) { self.end = end }

  /// An attempt begins: `model` is asked for something of `inputEstimate` tokens, and may cost what `budgets` have left.
  /// - Throws: `budgetExceeded` when the input alone would cost more, `unsupported` when nobody can tell.
  func begin(
    _ model: ModelInfo, of provider: Provider, tier: String?, inputEstimate: Int, _ budgets: [Budget]
  ) throws(ProviderError) {
    let problem = state.withLock { state -> ProviderError? in
      state.closeAttempt()
      (state.usage, state.contentSize) = (nil, 0)
      (state.model, state.tier, state.inputEstimate) = (model, tier, inputEstimate)
      state.provider = provider.kind
      state.budgets = state.isElsewhere ? [] : budgets
      if let budget = state.budgets.first, model.cost == nil { return budget.unknowable(model, of: provider) }
      let cost = state.earlierCost + state.cost(of: Usage())
      let exhausted = state.budgets.first { cost > $0.left }
      return exhausted?.exceeded(by: cost, isEstimate: true)
    }
    if let problem {
      // Nothing was asked, so nothing is running up.
      state.withLock { $0.model = nil }
      throw problem
    }
  }

  /// More of the answer has come: the provider's counts so far, and the bytes of content.
  func note(_ usage: Usage?, contentSize: Int) {
    let isOver = state.withLock { state in
      (state.usage, state.contentSize) = (usage, contentSize)
      guard state.exceeded == nil, !state.budgets.isEmpty else { return false }
      let cost = state.earlierCost + state.cost(of: state.current)
      state.exceeded = state.budgets.first { cost > $0.left }?.exceeded(by: cost, isEstimate: false)
      return state.exceeded != nil
    }
    if isOver { end() }
  }

  /// Whether what was asked last is paid for elsewhere; `nil` when nothing was asked.
  var isElsewhere: Bool? { state.withLock { $0.provider?.isBilledElsewhere } }
  /// Why it was ended, if it was.
  var exceeded: ProviderError? { state.withLock { $0.exceeded } }
  /// What all attempts have used, as far as is known.
  var usage: Usage { state.withLock { $0.earlier + $0.current } }
  /// What attempts that came to nothing have used and cost.
  var earlier: (usage: Usage, cost: Cost?) { state.withLock { ($0.earlier, $0.earlierParts) } }
  /// What it costs so far, in USD.
  var cost: Double { state.withLock { $0.model == nil ? $0.earlierCost : $0.earlierCost + $0.cost(of: $0.current) } }
  /// The same in parts; `nil` when a price is not known. Nothing costs nothing.
  var knownCost: Cost? {
    state.withLock { state in
      let usage = state.current
      guard usage.total > 0 else { return state.earlierParts }
      let parts = state.model.flatMap { Cost(of: usage, $0, tier: state.tier) }
      return state.earlierParts.flatMap { sum in parts.map { sum + $0 } }
    }
  }
}

extension ProviderKind {
  /// Whether what such a provider does is paid for elsewhere, if at all, and not by what is used.
  var isBilledElsewhere: Bool {
    switch self {
    case .subscription, .local, .cli, .builtin: true
    case .api, .gateway: false
    }
  }
}
