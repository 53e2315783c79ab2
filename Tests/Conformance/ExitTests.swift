internal import JSON
internal import Platform
internal import TestSupport
internal import Testing

@Suite("How the program ends (protocol §1)", .timeLimit(.minutes(1)))
struct ExitTests {
  @Test("the end of input lets what is in flight finish", arguments: Framing.allCases)
  func drains(framing: Framing) async throws {
    let patchbay = try PatchbayProcess(home: try TemporaryFolder(), framing: framing)
    try await patchbay.initialize()
    let slow = await patchbay.request("complete", echo(words(6), model: "slow"))
    let quick = await patchbay.request("complete", echo("hello there"))
    patchbay.closeInput()
    let results = [try await patchbay.result(of: slow), try await patchbay.result(of: quick)]
    #expect(results.map { text(of: $0["message"]) } == [words(6), "hello there"])
    #expect(try await patchbay.waitForExit() == .status(0))
    expectSoundDeltas(patchbay, of: slow, result: results[0])
    expectNoProblems(patchbay)
  }

  @Test("closing its output cancels what runs and ends it with status 0, though its input stays open")
  func closedOutput() async throws {
    let patchbay = try PatchbayProcess(home: try TemporaryFolder())
    try await patchbay.initialize()
    let id = await patchbay.request("complete", echo(endless, model: "slow"))
    try await patchbay.firstText(of: id)
    patchbay.child.closeOutput()
    #expect(try await patchbay.waitForExit() == .status(0))
  }

  @Test("a closed output is noticed while nothing is being written")
  func closedOutputWhileIdle() async throws {
    let patchbay = try PatchbayProcess(home: try TemporaryFolder())
    try await patchbay.initialize()
    patchbay.child.closeOutput()
    #expect(try await patchbay.waitForExit() == .status(0))
  }

  @Test("a signal cancels, keeps what had arrived, and ends the program", arguments: [SIGTERM, SIGINT])
  func signals(signal: Int32) async throws {
    let home = try TemporaryFolder()
    let patchbay = try PatchbayProcess(home: home)
    try await patchbay.initialize()
    let id = await patchbay.request("complete", echo(endless, model: "slow", ["session": "cut"]))
    let completion = try await patchbay.firstText(of: id)
    patchbay.child.kill(signal)
    let started = ContinuousClock.now
    let exit = try await patchbay.waitForExit()
    print("figure: signal \(signal) → \(exit) after \(ContinuousClock.now - started)")
    #expect(exit != .signal(SIGKILL))
    expectNoProblems(patchbay)
    try await withPatchbay(home: home) { next in
      let thread = try await next.thread("cut")
      #expect(thread.map { $0["role"] } == ["user", "assistant"])
      #expect(thread.last?["stopReason"] == "cancelled")
      let kept = text(of: thread.last)
      #expect(kept.hasPrefix(joined(patchbay.deltas(of: completion))))
      #expect(endless.hasPrefix(kept) && !kept.isEmpty)
    }
  }

  @Test("a signal ends an idle program", arguments: [SIGTERM, SIGINT])
  func idleSignals(signal: Int32) async throws {
    let patchbay = try PatchbayProcess(home: try TemporaryFolder())
    try await patchbay.initialize()
    patchbay.child.kill(signal)
    _ = try await patchbay.waitForExit()
  }

  @Test("it ends when the process that initialize named is gone, whatever runs")
  func watchesParent() async throws {
    let home = try TemporaryFolder()
    let editor = try ChildProcess("/bin/cat", environment: [:])
    let patchbay = try PatchbayProcess(home: home)
    try await patchbay.initialize(["processId": .int(Int(editor.id))])
    let id = await patchbay.request("complete", echo(endless, model: "slow"))
    try await patchbay.firstText(of: id)
    editor.kill(SIGKILL)
    _ = try await patchbay.waitForExit()
    expectNoProblems(patchbay)
  }

  @Test("a process id of null is nobody to watch")
  func watchesNobody() async throws {
    try await withPatchbay(initialized: false) { patchbay in
      try await patchbay.initialize(["processId": .null])
      try await patchbay.call("ping")
    }
  }

  @Test("a client that stops reading does not make memory grow, and reads everything afterwards")
  func slowReader() async throws {
    try await withPatchbay { patchbay in
      patchbay.child.pauseReading()
      let input = words(20_000)
      var ids: [JSONValue] = []
      for _ in 0..<8 { ids.append(await patchbay.request("complete", echo(input))) }
      // A second program answers while the first one is stuck: by then the first has filled its pipe.
      try await withPatchbay { other in try await other.call("complete", echo(input)) }
      let peak = try peakMemory(of: patchbay.child.id)
      #expect(peak < 64 << 20, "it held \(peak >> 20) MB")
      patchbay.child.resumeReading()
      for id in ids {
        let result = try await patchbay.result(of: id)
        #expect(text(of: result["message"]) == input)
        expectSoundDeltas(patchbay, of: id, result: result)
      }
    }
  }
}
