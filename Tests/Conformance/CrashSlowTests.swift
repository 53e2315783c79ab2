internal import JSON
internal import Platform
internal import TestSupport
internal import Testing

/// Kills the program wherever it happens to be, 200 times on the same sessions, and looks each time at what is left.
@Suite("kill -9 during completions", .serialized, .timeLimit(.minutes(5)))
struct CrashSlowTests {
  private static let sessions = ["one", "two", "three"]

  @Test("every session opens afterwards, and no answered message is missing")
  func kills() async throws {
    let home = try TemporaryFolder()
    var generator = SeededGenerator(seed: 9)
    var answered: [String: [String]] = [:]
    for round in 0..<200 {
      let patchbay = try PatchbayProcess(home: home, check: nil)
      try await patchbay.initialize()
      try await expect(answered, on: patchbay, round)
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
      let before = patchbay.messages.count
      // The moment: when the program has said that much. It runs ahead of us, by an amount that nobody knows.
      let moment = Int.random(in: 0...250, using: &generator)
      await patchbay.sendTogether(requests)
      await patchbay.waitForMessages(before + moment, orAnswers: requests.count)
      patchbay.child.kill(SIGKILL)
      _ = try await patchbay.waitForExit()
      // In order of arrival: in one session that is the order in which they were stored.
      for message in patchbay.messages[before...] where message["result"] != nil {
        guard let input = inputs[message["id"] ?? .null] else { continue }
        answered[input.session, default: []].append(input.text)
      }
    }
    let last = try PatchbayProcess(home: home, check: nil)
    try await last.initialize()
    try await expect(answered, on: last, 200)
    let count = answered.values.map(\.count).reduce(0, +)
    print("figure: kill -9 at 200 moments: \(count) of 1600 completions were answered, none of them is missing")
    #expect(count > 100, "too few were answered before the kill for this to show anything")
  }

  /// Every answered input stands in its session, with its answer behind it and in the order of the answers.
  private func expect(_ answered: [String: [String]], on patchbay: PatchbayProcess, _ round: Int) async throws {
    for (session, inputs) in answered {
      let thread = try await patchbay.thread(session)
      let kept = zip(thread, thread.dropFirst()).compactMap { question, answer in
        question["role"] == "user" && answer["role"] == "assistant" && text(of: question) == text(of: answer)
          ? text(of: question) : nil
      }
      let wanted = Set(inputs)
      try #require(kept.filter { wanted.contains($0) } == inputs, "session \(session), before round \(round)")
    }
  }
}
