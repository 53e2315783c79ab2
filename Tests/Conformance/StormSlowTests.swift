internal import JSON
internal import Platform
internal import Synchronization
internal import TestSupport
internal import Testing
internal import Upstream

/// A provider that fails with one request in five, in ways that are the same in every run, and counts what it gave.
private final class StormyProvider: Sendable {
  struct Tally: Sendable, Hashable {
    /// Answers that were whole.
    var answers = 0
    var inputTokens = 0
    var outputTokens = 0
  }

  fileprivate struct State {
    var random = SeededGenerator(seed: 2000)
    var tally = Tally()
    var requests = 0
    var faults: [String: Int] = [:]
    var active = 0
    var mostActive = 0
    /// While it gathers, requests wait until there are as many as that.
    var gathering: (missing: Int, gate: Gate)?
  }

  private static let again = [("retry-after-ms", "1")]
  /// All but those that take time.
  fileprivate static let faults: [Fault] = [
    .refusal("429", .rateLimited, headers: again), .refusal("503", .overloaded, headers: again),
    .refusal("500", .serverError), .page(502), .page(200), .resetBeforeHead, .closedBeforeHead, .closedInHead,
    .resetAfterHead, .shortBody, .cutChunks, .noEnd, .garbage, .emptyBody, .invalidJSON, .errorFirst,
    .errorInTheMiddle, .notCompressed, .emptyAnswer.with { $0.answer.usage = nil },
  ]

  private let state = Mutex(State())
  let family = CompletionsAnswers()

  var tally: Tally { state.withLock(\.tally) }
  var requests: Int { state.withLock(\.requests) }
  var faults: [String: Int] { state.withLock(\.faults) }
  var mostActive: Int { state.withLock(\.mostActive) }

  /// Lets the next `count` requests wait for one another, and ends the connection behind each of their answers.
  func gather(_ count: Int) { state.withLock { $0.gathering = (count, Gate()) } }
  func stopGathering() { state.withLock { $0.gathering = nil } }

  func serve(_ exchange: Exchange) throws {
    let (fault, answer, gate) = state.withLock { $0.next() }
    defer { state.withLock { $0.active -= 1 } }
    if let gate { gate.wait() }
    guard let fault else {
      let ending =
        gate == nil ? [] : [("connection", "close"), ("content-length", "\(family.bytes(of: answer).count)")]
      try exchange.send(headers: [("content-type", family.contentType)] + ending)
      for piece in family.pieces(of: answer) { try exchange.write(piece.bytes) }
      try exchange.finish()
      return
    }
    try exchange.play(fault.makeScript(family, fault.answer))
  }
}

extension StormyProvider.State {
  /// What to do with the next request.
  fileprivate mutating func next() -> (Fault?, ModelAnswer, Gate?) {
    requests += 1
    active += 1
    mostActive = max(mostActive, active)
    let texts = (0..<Int.random(in: 1...20, using: &random)).map { "word\($0) " }
    let usage = ModelAnswer.Counts(input: .random(in: 1...500, using: &random), output: texts.count)
    var gate: Gate?
    if gathering != nil {
      gathering?.missing -= 1
      gate = gathering?.gate
      if gathering?.missing == 0 { gate?.open() }
    } else if Int.random(in: 0..<5, using: &random) == 0 {
      let fault = StormyProvider.faults.randomElement(using: &random)
      faults[fault?.name ?? "", default: 0] += 1
      return (fault, ModelAnswer(), nil)
    }
    tally.answers += 1
    tally.inputTokens += usage.input
    tally.outputTokens += usage.output
    return (nil, ModelAnswer(texts: texts, usage: usage), gate)
  }
}

@Suite(
  "2,000 completions, 50 at a time, while one answer in five fails", .serialized,
  .enabled(if: tellsMemory, "the system does not tell a process's memory"), .timeLimit(.minutes(5)))
struct StormSlowTests {
  private static let count = 2000
  private static let width = 50

  /// What a process holds when nothing runs.
  private struct Holdings: CustomStringConvertible {
    var memory: Int
    var descriptors: Int
    var description: String { "\(memory >> 10) KB and \(descriptors) descriptors" }
  }

  @Test("each is answered once, its deltas are whole, and nothing is left behind")
  func storm() async throws {
    let provider = StormyProvider()
    let upstream = try Upstream { _, exchange in try provider.serve(exchange) }
    let home = try TemporaryFolder()
    try home.write(config: config(upstream.url))
    // Unchecked: what the messages look like is the subject of other tests.
    let patchbay = try PatchbayProcess(home: home, check: nil)
    try await patchbay.initialize()
    var holdings: [Holdings] = []
    var answered = 0
    let started = ContinuousClock.now
    for _ in 0..<3 {
      answered += try await lap(Self.count, patchbay)
      // As many as there are connections, all at once: each takes one, and is the last to do so.
      provider.gather(Self.width)
      answered += try await lap(Self.width, patchbay)
      provider.stopGathering()
      holdings.append(try look(at: patchbay.child.id))
    }
    let duration = ContinuousClock.now - started
    #expect(answered == provider.tally.answers)
    #expect(provider.faults.count == 19, "\(provider.faults)")
    try await checkLedger(patchbay, home, provider.tally)
    let (second, third) = (holdings[1], holdings[2])
    #expect(third.descriptors == second.descriptors)
    #expect(abs(third.memory - second.memory) * 20 <= second.memory, "\(holdings)")
    let total = 3 * (Self.count + Self.width)
    print(
      "figure: storm of \(total) completions in \(duration): \(provider.requests) requests, at most "
        + "\(provider.mostActive) at once, \(provider.faults.values.reduce(0, +)) of them failed, "
        + "\(total - answered) completions did; after each third: \(holdings)")
    patchbay.closeInput()
    let exit = try await patchbay.waitForExit()
    #expect(exit == .status(0))
    expectNoProblems(patchbay)
  }

  private func config(_ url: String) -> JSONValue {
    let provider: JSONValue = [
      "api": "openai-completions", "baseURL": .string(url), "apiKey": "sk-storm", "model": "test-model",
      "maxConcurrent": .int(Self.width),
    ]
    return [
      "providers": ["storm": provider], "limits": ["maxCompletions": .int(2 * Self.count)],
      "retry": ["maxDelayMs": 20],
    ]
  }

  private func look(at id: Int32) throws -> Holdings {
    Holdings(memory: try residentMemory(of: id), descriptors: try FileSystem.list("/proc/\(id)/fd").count)
  }

  /// Runs `count` completions, so many of them at a time as the provider takes, and returns how many had a result.
  private func lap(_ count: Int, _ patchbay: PatchbayProcess) async throws -> Int {
    let first = patchbay.messages.count
    let requests = (0..<count).map { _ in patchbay.makeRequest("complete", ["provider": "storm", "input": "go"]) }
    var next = min(Self.width, count)
    await patchbay.sendTogether(requests[..<next].map(\.message))
    for (id, _) in requests {
      _ = try await patchbay.response(to: id)
      guard next < count else { continue }
      await patchbay.send(requests[next].message)
      next += 1
    }
    return check(patchbay.messages[first...], Set(requests.map(\.id)))
  }

  /// Checks the messages of a lap, and returns how many results there are.
  private func check(_ messages: ArraySlice<JSONValue>, _ ids: Set<JSONValue>) -> Int {
    var open = ids
    var results = 0
    var deltas: [JSONValue: [JSONValue]] = [:]
    for message in messages {
      if message["method"] == "streamDelta", let params = message["params"] {
        let id = params["requestId"] ?? .null
        #expect(open.contains(id), "a delta behind the response")
        deltas[id, default: []].append(params)
      } else if let id = message["id"] {
        #expect(open.remove(id) != nil, "a second response")
        let own = deltas.removeValue(forKey: id) ?? []
        if !own.indices.allSatisfy({ own[$0]["seq"]?.int == $0 }) { Issue.record("a gap in the deltas of \(id.text)") }
        let isEnded = own.last?["delta"]?["type"] == "end"
        if let result = message["result"] {
          results += 1
          if joined(own) != text(of: result["message"]) { Issue.record("the deltas are not \(result.text)") }
          if !isEnded { Issue.record("a result without an end") }
        } else {
          let kind = message["error"]?["data"]?["kind"]?.string ?? "none"
          let isExpected = ["rateLimited", "overloaded", "upstreamError", "upstreamInvalid", "network"].contains(kind)
          if !isExpected || isEnded { Issue.record("\(message.text)") }
        }
      }
    }
    #expect(open.isEmpty, "\(open.count) without a response")
    return results
  }

  /// Holds the ledger against what the provider counted. What came of an answer that broke off is in the ledger, too,
  /// as an estimate: the provider never said what it counts.
  private func checkLedger(
    _ patchbay: PatchbayProcess, _ home: TemporaryFolder, _ tally: StormyProvider.Tally
  ) async throws {
    let total = try await patchbay.call("getUsage", [:])["total"]
    let completions = total?["completions"]?.int ?? 0
    #expect(completions == 3 * (Self.count + Self.width))
    #expect(completions - (total?["failed"]?.int ?? 0) == tally.answers)
    var sums = StormyProvider.Tally()
    for file in try home.files(below: "state") where file.hasPrefix("state/usage") && file.hasSuffix(".jsonl") {
      for line in try home.read(file).split(separator: "\n") {
        let line = try JSONValue(parsing: line.utf8)
        guard line["outcome"] == "end" else { continue }
        sums.answers += 1
        sums.inputTokens += line["usage"]?["input"]?.int ?? 0
        sums.outputTokens += line["usage"]?["output"]?.int ?? 0
      }
    }
    #expect(sums == tally)
  }
}
