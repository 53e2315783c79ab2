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

  @Test("What is cached for an hour costs twice the input, or what the model says")
  func longWrites() {
    var model = ModelInfo(id: "m")
    let usage = Usage(input: 0, output: 0, cacheWrite: 3_000_000, cacheWriteLong: 1_000_000)
    // Two millions for five minutes at 1.25 times the input, one million for an hour at twice of it.
    model.cost = ModelCost(input: 4, output: 20, cacheRead: 0.4, cacheWrite: 5)
    #expect(Cost(of: usage, model) == Cost(cacheWrite: 2 * 5 + 8))
    model.cost?.cacheWriteLong = 7
    #expect(Cost(of: usage, model) == Cost(cacheWrite: 2 * 5 + 7))
    model.cost = ModelCost(input: 4, output: 20)
    #expect(Cost(of: usage, model) == Cost(cacheWrite: 2 * 4 + 8))
    #expect(Usage(input: 0, output: 0, cacheWrite: 1, cacheWriteLong: 5).cacheWriteLong == 1)
  }

  private func cost(input: Int, cacheRead: Int = 0, tier: String? = nil) throws -> [Double] {
    var model = ModelInfo(id: "m")
    var prices = ModelCost(input: 2, output: 10, cacheRead: 1)
    prices.tiers = ["priority": 2, "flex": 0.5]
    prices.longContext = .init(above: 1000, input: 3, output: 4)
    model.cost = prices
    let cost = try #require(Cost(of: Usage(input: input, output: 100, cacheRead: cacheRead), model, tier: tier))
    return [cost.input, cost.output, cost.cacheRead].map { ($0 * 1e6).rounded() }
  }

  @Test("A tier multiplies everything; a tier without a price costs what the default one does")
  func tiers() throws {
    #expect(try cost(input: 10) == [20, 1000, 0])
    #expect(try cost(input: 10, tier: "priority") == [40, 2000, 0])
    #expect(try cost(input: 10, tier: "flex") == [10, 500, 0])
    #expect(try cost(input: 10, tier: "standard") == [20, 1000, 0])
  }

  @Test("A long input makes the whole request dearer, and cached tokens count as input")
  func longContext() throws {
    #expect(try cost(input: 1000) == [2000, 1000, 0])
    #expect(try cost(input: 1001) == [6006, 4000, 0])
    #expect(try cost(input: 1, cacheRead: 1000) == [6, 4000, 3000])
    #expect(try cost(input: 1001, tier: "priority") == [12012, 8000, 0])
  }

  @Test("An unknown price is unknown, not nothing")
  func unknown() {
    #expect(cost(nil) == nil)
  }
}
