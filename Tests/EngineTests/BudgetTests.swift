import Catalog
import Completion
import JSON
import Platform
import TestSupport
import Testing
import Upstream

@testable import Engine

@Suite("Budgets", .timeLimit(.minutes(1)))
struct BudgetTests {
  /// A dollar for ten tokens of input, and for one of output.
  private static let priced: JSONObject = [
    "models": ["small-model": ["cost": ["input": 100_000, "output": 1_000_000]], "unpriced": [:]]
  ]

  private func person(_ upstream: Upstream, perDay: Double? = nil) throws -> Person {
    var more = JSONObject()
    if let perDay { more["limits"] = ["budgetUSDPerDay": .double(perDay)] }
    return try Person(upstream, acme: Self.priced, more: more)
  }

  private func lines(_ person: Person) throws -> [LedgerLine] {
    var lines: [LedgerLine] = []
    _ = try person.engine.ledger.files.read { lines.append($0) }
    return lines
  }

  /// Forty bytes: ten tokens by the usual estimate, and so a dollar.
  private let dollar = String(repeating: "word ", count: 8)

  @Test("A call whose input alone costs more is refused before anybody is asked")
  func refused() async throws {
    let upstream = try Upstream.chat()
    let person = try person(upstream)
    let error = try #require(await person.failure(dollar) { $0.budgetUSD = 0.5 })
    #expect((error.kind, error.path) == (.budgetExceeded, "budgetUSD"))
    #expect((error.provider, error.model) == ("acme", "small-model"))
    #expect(
      error.details["budget"]
        == ["scope": "call", "limitUSD": 0.5, "spentUSD": 0, "costUSD": 1, "started": false])
    #expect(error.message.contains("1.00 USD") && error.message.contains("0.50 USD"))
    #expect(upstream.requests.isEmpty)
    let line = try #require(try lines(person).first)
    #expect((line.outcome, line.usage.total, line.cost?.total) == ("budgetExceeded", 0, 0))
  }

  @Test("A call that stays below is answered")
  func within() async throws {
    let person = try person(try Upstream.chat(["Hello"]))
    let outcome = try await person.complete(dollar) { $0.budgetUSD = 100 }
    // Five tokens in, one out, as the server counts.
    #expect(outcome.cost?.total == 1.5)
    #expect(outcome.warnings.isEmpty)
  }

  @Test("An answer that costs more is stopped; what had come stays in the session as that of a cancelled one")
  func stopped() async throws {
    let gate = Gate()
    let upstream = try Upstream { _, exchange in
      try exchange.startEvents()
      try exchange.writeChatChunk(["role": "assistant", "content": "some"])
      try exchange.writeChatChunk(["content": .string(String(repeating: " more", count: 8))])
      // Goes on only when the client has gone.
      exchange.waitForDisconnect()
      gate.open()
    }
    let person = try person(upstream)
    let error = try #require(await person.failure("Hi", session: "s") { $0.budgetUSD = 5 })
    #expect((error.kind, error.path) == (.budgetExceeded, "budgetUSD"))
    #expect(error.details["budget"]?["started"] == true)
    #expect(error.completionId?.hasPrefix("cmp_") == true)
    try await gate.opened()
    let stored = try #require(try await person.messages("s").last)
    #expect(stored.stopReason == .cancelled)
    #expect(stored.message.text.hasPrefix("some more"))
    let line = try #require(try lines(person).first)
    #expect(line.outcome == "budgetExceeded")
    #expect(line.usage == .estimated(input: 0, output: 11))
    #expect(line.cost?.total == 11)
  }

  @Test("A session's budget holds for all its completions together, and can be raised")
  func session() async throws {
    let upstream = try Upstream.chat(["Hello"])
    let person = try person(upstream)
    let record = try await person.engine.createSession(
      id: nil, name: "s", provider: nil, model: nil, connectionDefault: nil, system: nil, cwd: nil, budgetUSD: 2)
    #expect(record.budgetUSD == 2)
    _ = try await person.complete("Hi", session: "s")
    // A dollar and a half are gone.
    let error = try #require(await person.failure(dollar, session: "s"))
    #expect((error.kind, error.path) == (.budgetExceeded, "budgetUSD"))
    #expect(error.details["budget"]?["scope"] == "session")
    #expect(error.details["budget"]?["spentUSD"] == 1.5)
    _ = try await person.complete(dollar)
    #expect(try await person.engine.setBudget(of: "s", to: 20).budgetUSD == 20)
    _ = try await person.complete(dollar, session: "s")
    #expect(try await person.engine.setBudget(of: "s", to: nil).budgetUSD == nil)
    #expect(upstream.requests.count == 3)
  }

  @Test("A day's budget counts what any process has spent on that day, and not what was spent before")
  func day() async throws {
    let upstream = try Upstream.chat(["Hello"])
    let person = try person(upstream, perDay: 4)
    let today = LocalDay(of: person.engine.now())
    let files = LedgerFiles(folder: person.folder.file("state"))
    try files.append(LedgerLine.sample(today.start - 1, cost: 50).json.bytes + [0x0A])
    _ = try await person.complete("Hi")
    // Another process spends two dollars.
    try files.append(LedgerLine.sample(today.start, cost: 2).json.bytes + [0x0A])
    let error = try #require(await person.failure(dollar))
    #expect((error.kind, error.path) == (.budgetExceeded, "limits.budgetUSDPerDay"))
    #expect(error.details["budget"]?["spentUSD"] == 3.5)
    #expect(upstream.requests.count == 1)
    let failed = await result { () throws(ProviderError) in
      var call = CompletionCall(input: [])
      (call.provider, call.model) = ("acme", "small-model")
      return try await person.engine.embed(EmbeddingRequest(input: [dollar]), call).vectors
    }
    if case .failure(let error) = failed { #expect(error.kind == .budgetExceeded) }
    #expect(upstream.requests.count == 1)
  }

  @Test("What runs in the same process counts as spent")
  func running() throws {
    let folder = try TemporaryFolder()
    let spending = Spending(LedgerFiles(folder: folder.path))
    var model = ModelInfo(id: "m")
    model.cost = ModelCost(input: 1_000_000, output: 1_000_000)
    let provider = try ProviderCatalog.withoutConfig(environment: Environment([:])).provider(named: "openai")
    let meter = SpendMeter {}
    try meter.begin(model, of: provider, tier: nil, inputEstimate: 3, [])
    spending.began("cmp_1", session: "s", meter)
    func spent(besides id: String) throws -> [Double] {
      let spent = try spending.spent(session: "s", since: 0, besides: id, now: 1_769_851_800_000)
      return [spent.day, spent.session]
    }
    #expect(try spent(besides: "cmp_2") == [3, 3])
    #expect(try spent(besides: "cmp_1") == [0, 0])
    meter.note(Usage(input: 4, output: 1), contentSize: 4)
    #expect(try spent(besides: "cmp_2") == [5, 5])
    spending.ended("cmp_1")
    #expect(try spent(besides: "cmp_2") == [0, 0])
  }

  @Test("Without a price a budget cannot be kept, and the call is refused with the remedy")
  func unknownPrice() async throws {
    let upstream = try Upstream.chat()
    let person = try person(upstream)
    let error = try #require(
      await person.failure("Hi") {
        $0.budgetUSD = 5
        $0.model = "unpriced"
      })
    #expect((error.kind, error.path) == (.unsupported, "budgetUSD"))
    #expect(error.hint?.contains("providers.acme.models.unpriced.cost") == true)
    #expect(upstream.requests.isEmpty)
    #expect(try await person.complete("Hi") { $0.model = "unpriced" }.cost == nil)
    #expect(try lines(person).map(\.cost?.total) == [0, nil])
  }

  @Test("What is billed elsewhere needs no budget")
  func elsewhere() async throws {
    let person = try Person(config: ["limits": ["budgetUSDPerDay": 0]])
    let outcome = try await person.complete("one two") {
      $0.provider = "echo"
      $0.budgetUSD = 0
    }
    #expect(outcome.message.text == "one two")
    #expect(try lines(person).map(\.isElsewhere) == [true])
  }

  @Test("Attempts before the one that answers are paid for, too")
  func attempts() throws {
    var model = ModelInfo(id: "m")
    model.cost = ModelCost(input: 1_000_000, output: 1_000_000)
    let provider = try ProviderCatalog.withoutConfig(environment: Environment([:])).provider(named: "openai")
    let gate = Gate()
    let meter = SpendMeter { gate.open() }
    let budget = Budget(scope: .call, limit: 10, spent: 0)
    try meter.begin(model, of: provider, tier: nil, inputEstimate: 2, [budget])
    meter.note(Usage(input: 3, output: 0), contentSize: 8)
    #expect(meter.cost == 5)
    try meter.begin(model, of: provider, tier: nil, inputEstimate: 2, [budget])
    #expect(meter.earlier.usage.total == 5 && meter.earlier.cost?.total == 5)
    #expect(meter.cost == 7)
    meter.note(nil, contentSize: 12)
    #expect(meter.cost == 10 && !gate.isOpen)
    meter.note(nil, contentSize: 16)
    #expect(gate.isOpen)
    #expect(meter.exceeded?.details["budget"]?["costUSD"] == 11)
    #expect(throws: ProviderError.self) {
      try meter.begin(model, of: provider, tier: nil, inputEstimate: 2, [budget])
    }
  }

  @Test(
    "Amounts show as many digits as they need",
    arguments: [
      (12.5, "12.50"), (0, "0.00"), (0.000424, "0.000424"), (0.5, "0.50"), (0.123, "0.123"), (-1, "-1.00"),
      (1e13, "10000000000000.0"),
    ])
  func amounts(amount: Double, text: String) {
    #expect(USD.text(amount) == text)
  }
}
