internal import JSON
internal import Platform
internal import TestSupport
internal import Testing

/// Kills the program wherever it happens to be, 200 times on the same sessions, and looks each time at what is left.
@Suite("kill -9 during completions", .serialized, .timeLimit(.minutes(5)))
struct CrashSlowTests {
  private static let sessions = ["one", "two", "three"]

  /// What was asked and what was answered, as the client saw it.
  private struct Exchange: Hashable {
    let question: String
    let answer: String
  }

  @Test("every session opens afterwards, and no answered message is missing")
  func kills() async throws {
    let home = try TemporaryFolder()
    var generator = SeededGenerator(seed: 9)
    var answered: [String: [Exchange]] = [:]
    for round in 0..<200 {
      let patchbay = try PatchbayProcess(home: home, check: nil)
      try await patchbay.initialize()
      try await expect(answered, on: patchbay, round)
      for (session, exchange) in try await completeUntilKilled(patchbay, round, &generator) {
        answered[session, default: []].append(exchange)
      }
    }
    let last = try PatchbayProcess(home: home, check: nil)
    try await last.initialize()
    try await expect(answered, on: last, 200)
    let count = answered.values.map(\.count).reduce(0, +)
    print("figure: kill -9 at 200 moments: \(count) of 1600 completions were answered, none of them is missing")
    #expect(count > 100, "too few were answered before the kill for this to show anything")
  }

  /// Starts eight completions in the three sessions, kills the program at some moment, and gives what it had answered,
  /// in the order of the requests: in one session that is the order in which they take effect, whatever the order in
  /// which their answers overtake each other on the way.
  private func completeUntilKilled(
    _ patchbay: PatchbayProcess, _ round: Int, _ generator: inout SeededGenerator
  ) async throws -> [(session: String, exchange: Exchange)] {
    var inputs: [JSONValue: (session: String, text: String)] = [:]
    var requests: [JSONValue] = []
    for number in 0..<8 {
      let session = Self.sessions.randomElement(using: &generator) ?? "one"
      let input = "\(round).\(number) \(words(Int.random(in: 1...60, using: &generator)))"
      let params = echo(input, ["session": .string(session), "queue": true])
      let (id, request) = patchbay.makeRequest("complete", params)
      inputs[id] = (session, input)
      requests.append(request)
    }
    // The moment: when the program has said that much. It runs ahead of us, by an amount that nobody knows.
    let moment = patchbay.messages.count + Int.random(in: 0...250, using: &generator)
    await patchbay.sendTogether(requests)
    await patchbay.waitForMessages(moment, orAnswersTo: Array(inputs.keys))
    patchbay.child.kill(SIGKILL)
    _ = try await patchbay.waitForExit()
    let answers = patchbay.messages.filter { $0["result"] != nil }
    return requests.compactMap { request in
      guard let answer = answers.first(where: { $0["id"] == request["id"] }),
        let input = inputs[request["id"] ?? .null]
      else { return nil }
      return (input.session, Exchange(question: input.text, answer: text(of: answer["result"]?["message"])))
    }
  }

  /// Every answered question stands in its session, with its answer right behind it and in the order of the questions.
  private func expect(_ answered: [String: [Exchange]], on patchbay: PatchbayProcess, _ round: Int) async throws {
    for (session, exchanges) in answered {
      let thread = try await patchbay.thread(session)
      let kept = zip(thread, thread.dropFirst()).compactMap { question, answer in
        question["role"] == "user" && answer["role"] == "assistant"
          ? Exchange(question: text(of: question), answer: text(of: answer)) : nil
      }
      let wanted = Set(exchanges)
      try #require(kept.filter { wanted.contains($0) } == exchanges, "session \(session), before round \(round)")
    }
  }
}
