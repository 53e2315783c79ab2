internal import JSON
internal import TestSupport
internal import Testing

@Suite("Two programs on one session (protocol §5)", .timeLimit(.minutes(2)))
struct SharedSessionTests {
  @Test("they never interleave or lose a message")
  func together() async throws {
    let home = try TemporaryFolder()
    try await withPatchbay(home: home) { left in
      try await left.call("createSession", ["name": "shared", "provider": "echo"])
      try await withPatchbay(home: home) { right in
        async let leftAnswered = completions(by: "left", on: left)
        async let rightAnswered = completions(by: "right", on: right)
        let answered = try await leftAnswered + rightAnswered
        #expect(answered.count == 80)
        for program in [left, right] {
          let thread = try await program.thread("shared").map { text(of: $0) }
          let pairs = stride(from: 0, to: thread.count - 1, by: 2).map { [thread[$0], thread[$0 + 1]] }
          #expect(pairs.allSatisfy { $0[0] == $0[1] }, "a question without its own answer")
          #expect(pairs.map { $0[0] }.sorted() == answered.sorted())
        }
      }
    }
  }

  @Test("a completion that runs in one makes the other wait or be refused, and both see what came of it")
  func running() async throws {
    let home = try TemporaryFolder()
    try await withPatchbay(home: home) { left in
      let id = await left.request("complete", echo(endless, model: "slow", ["session": "shared"]))
      try await left.firstText(of: id)
      try await withPatchbay(home: home) { right in
        let refused = try await right.callForError("complete", echo("hello", ["session": "shared"]))
        #expect(refused.code == -32016)
        let waiting = await right.request("complete", echo("hello", ["session": "shared", "queue": true]))
        await left.notify("$/cancelRequest", ["id": id])
        _ = try await left.error(of: id)
        let result = try await right.result(of: waiting)
        #expect(text(of: result["message"]) == "hello")
        for program in [left, right] {
          let thread = try await program.thread("shared")
          #expect(thread.map { $0["role"] } == ["user", "assistant", "user", "assistant"])
          #expect(thread[1]["stopReason"] == "cancelled")
        }
      }
    }
  }

  @Test("who waits for the other program can stop waiting")
  func cancelledWaiting() async throws {
    let home = try TemporaryFolder()
    try await withPatchbay(home: home) { left in
      let id = await left.request("complete", echo(endless, model: "slow", ["session": "shared"]))
      try await left.firstText(of: id)
      try await withPatchbay(home: home) { right in
        let waiting = await right.request("complete", echo("hello", ["session": "shared", "queue": true]))
        await right.notify("$/cancelRequest", ["id": waiting])
        #expect(try await right.error(of: waiting).code == -32800)
        await left.notify("$/cancelRequest", ["id": id])
        _ = try await left.error(of: id)
        // Nor does it take the thread when its turn comes after all.
        try await right.call("complete", echo("again", ["session": "shared", "queue": true]))
        #expect(try await right.thread("shared").last.map { text(of: $0) } == "again")
      }
    }
  }

  @Test("a name used first by both at once is one session")
  func firstUse() async throws {
    let home = try TemporaryFolder()
    try await withPatchbay(home: home) { left in
      try await withPatchbay(home: home) { right in
        async let one = left.call("complete", echo("from left", ["session": "new", "queue": true]))
        async let two = right.call("complete", echo("from right", ["session": "new", "queue": true]))
        let sessions = try await [one["session"], two["session"]]
        #expect(sessions[0] == sessions[1])
        let thread = try await left.thread("new")
        #expect(thread.count == 4)
      }
    }
  }

  /// Completes 40 times in a row, and gives the inputs that were answered.
  private func completions(by name: String, on patchbay: PatchbayProcess) async throws -> [String] {
    var answered: [String] = []
    for number in 0..<40 {
      let input = "\(name) \(number) \(words(20))"
      try await patchbay.call("complete", echo(input, ["session": "shared", "queue": true]))
      answered.append(input)
    }
    return answered
  }
}
