import Completion
import Testing

@Suite("Costs")
struct CostTests {
  private func cost(_ prices: ModelCost?) -> Cost? {
    var model = ModelInfo(id: "m")
    model.cost = prices
    let usage = Usage(input: 1_000_000, output: 500_000, cacheRead: 2_000_000, cacheWrite: 100_000, reasoning: 400)
    return Cost(of: usage, model)
  }

  @Test("A completion costs what its parts cost; cached tokens without a price of their own cost what input does")
  func parts() {
    let full = ModelCost(input: 3, output: 10, cacheRead: 0.5, cacheWrite: 4)
    #expect(cost(full) == Cost(input: 3, output: 5, cacheRead: 1, cacheWrite: 0.4))
    #expect(cost(ModelCost(input: 3, output: 10)) == Cost(input: 3, output: 5, cacheRead: 6, cacheWrite: 0.3))
    #expect(cost(ModelCost(input: 0, output: 0))?.total == 0)
  }

  @Test("An unknown price is unknown, not nothing")
  func unknown() {
    #expect(cost(nil) == nil)
  }
}
