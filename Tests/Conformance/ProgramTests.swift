internal import JSON
internal import Platform
internal import TestSupport
internal import Testing

@Suite("programs that answer by themselves, as doubles", .timeLimit(.minutes(2)))
struct ProgramTests {
  @Test(
    "the prompt goes in by standard input, the answer streams, and only three descriptors come along",
    arguments: Doubles.providers)
  func answers(_ provider: String) async throws {
    let home = try Doubles.home(["env": ["ADDED": "here"], "path": ["/added/first"]])
    try await withPatchbay(home: home, environment: ["CLAUDECODE": "1"]) { patchbay in
      let id = await patchbay.request(
        "complete", ["provider": .string(provider), "input": "what #bytes", "temperature": 0.5])
      let result = try await patchbay.result(of: id)
      expectSoundDeltas(patchbay, of: id, result: result)
      let told = try account(of: result)
      #expect(told["prompt"] == "what #bytes")
      #expect(told["words"]?.text.contains("what #bytes") == false)
      #expect(told["descriptors"] == [0, 1, 2])
      #expect(told["environment"]?["ADDED"] == "here")
      #expect(told["environment"]?["PATH"]?.string?.contains("/added/first:") == true)
      #expect((told["environment"]?["CLAUDECODE"] == nil) == (provider == "claude-code"))
      #expect(result["dropped"]?.array?.contains { $0["what"] == "temperature" } == true)
      #expect(result["stopReason"] == "end")
      #expect(result["message"]?["content"]?.array?.count == 1, "a one-off is not gone on with")
    }
  }

  @Test("a second prompt goes on in the program's session; another session does not", arguments: Doubles.providers)
  func resumes(_ provider: String) async throws {
    try await withPatchbay(home: try Doubles.home()) { patchbay in
      func complete(_ session: String, _ input: String) async throws -> JSONValue {
        try account(
          of: try await patchbay.call(
            "complete", ["provider": .string(provider), "session": .string(session), "input": .string(input)]))
      }
      #expect(try await complete("one", "first")["resumed"]?.isNull == true)
      let second = try await complete("one", "second")
      #expect(second["resumed"]?.string?.hasSuffix("-session") == true)
      #expect(second["prompt"] == "second")
      let other = try await complete("two", "hello")
      #expect(other["resumed"]?.isNull == true)
      #expect(other["prompt"] == "hello")
    }
  }

  @Test("what the program does not know of a conversation is told with the prompt")
  func carried() async throws {
    try await withPatchbay(home: try Doubles.home()) { patchbay in
      try await patchbay.call("complete", ["provider": "echo", "session": "s", "input": "the word is xyzzy"])
      try await patchbay.call("switchProvider", ["session": "s", "provider": "claude-code", "carry": "all"])
      let result = try await patchbay.call("complete", ["session": "s", "input": "which word?"])
      let prompt = try account(of: result)["prompt"]?.string ?? ""
      #expect(prompt.contains("xyzzy") && prompt.hasSuffix("which word?"))
      #expect(try account(of: result)["resumed"]?.isNull == true)
    }
  }

  @Test("cancel ends the program and all it has started", arguments: ["#spawn", "#stubborn"])
  func cancel(_ word: String) async throws {
    let marker = "PATCHBAY_TEST_MARK=\(randomHex(8))"
    let home = try Doubles.home(["env": ["PATCHBAY_TEST_MARK": .string(String(marker.dropFirst(19)))]])
    try await withPatchbay(home: home) { patchbay in
      let id = await patchbay.request("complete", ["provider": "claude-code", "session": "s", "input": .string(word)])
      try await patchbay.firstText(of: id)
      #expect(try processes(with: marker).count == 3)
      await patchbay.notify("$/cancelRequest", ["id": id])
      #expect(try await patchbay.error(of: id).kind == "cancelled")
      #expect(try processes(with: marker).isEmpty, "something was left when the client heard of the end")
      let next = try await patchbay.call("complete", ["provider": "claude-code", "session": "s", "input": "and now?"])
      #expect(try account(of: next)["prompt"]?.string?.contains(word) == true, "the unanswered question is told, too")
    }
  }

  @Test("a program that takes too long is ended")
  func timeout() async throws {
    try await withPatchbay(home: try Doubles.home(["timeoutSeconds": 0.5])) { patchbay in
      let error = try await patchbay.callForError("complete", ["provider": "gemini-cli", "input": "#spawn"])
      #expect(error.kind == "timeout" && error.data?["phase"] == "total")
    }
  }

  @Test("a program that dies, is not logged in, or prints a line without end, is an error of its kind")
  func failures() async throws {
    try await withPatchbay(home: try Doubles.home()) { patchbay in
      for provider in Doubles.providers {
        let died = try await patchbay.callForError("complete", ["provider": .string(provider), "input": "#die"])
        #expect(died.kind == "upstreamError")
        #expect(died.message.contains("status 3") && died.message.contains("the reason of the double"))
        let refused = try await patchbay.callForError("complete", ["provider": .string(provider), "input": "#refused"])
        #expect(["authRequired", "authRejected"].contains(refused.kind ?? ""), "\(provider): \(refused)")
        #expect(refused.data?["hint"]?.string?.contains("log in") == true)
      }
      let endless = try await patchbay.callForError("complete", ["provider": "copilot-cli", "input": "#line"])
      #expect(endless.kind == "upstreamInvalid" && endless.message.contains("16777216"))
    }
  }

  @Test("an answer whose turns are used up is gone on with as often as it may be, its texts joined")
  func turns() async throws {
    let home = try Doubles.home(["maxTurns": 2, "maxResumeAttempts": 2])
    try await withPatchbay(home: home) { patchbay in
      let result = try await patchbay.call("complete", ["provider": "claude-code", "session": "s", "input": "#turns"])
      let runs = try text(of: result["message"]).split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
      #expect(runs.map { $0["prompt"]?.string } == ["#turns", "Continue.", "Continue."])
      #expect(runs.map { $0["resumed"]?.string } == [nil, "claude-session", "claude-session"])
      #expect(result["stopReason"] == "length")
      #expect(result["warnings"]?[0]?.string?.contains("6 turns") == true)
      #expect(result["usage"]?["output"] == 6)
    }
  }

  @Test("a missing program: which one, where it was looked for, how to install it")
  func missing() async throws {
    let home = try TemporaryFolder()
    try await withPatchbay(home: home, environment: ["PATH": "/nowhere"]) { patchbay in
      let error = try await patchbay.callForError("complete", ["provider": "claude-code", "input": "hello"])
      #expect(error.message.contains("claude") && error.message.contains("PATH, \(home.path)/.npm-global/bin/claude"))
      #expect(error.data?["hint"]?.string?.contains("npm install -g @anthropic-ai/claude-code") == true)
      let listed = try await patchbay.call("listProviders")["providers"]?.array ?? []
      #expect(listed.first { $0["id"] == "claude-code" }?["status"] == "missing")
    }
  }

  @Test("doctor says where a program is and which version")
  func doctor() async throws {
    let home = try Doubles.home()
    let child = try ChildProcess(
      PatchbayProcess.binary(), ["doctor", "--json"], environment: PatchbayProcess.environment(home: home))
    _ = try await child.waitForExit()
    let facts = try JSONValue(parsing: child.output)
    let claude = facts["providers"]?.array?.first { $0["id"] == "claude-code" }
    #expect(claude?["status"] == "ready")
    #expect(claude?["program"] == .string("\(home.path)/bin/claude"))
    #expect(claude?["version"] == "claude 1.2.3 (double)")
  }

  @Test("a setting that is for programs is an error elsewhere, with its line")
  func misplaced() async throws {
    let home = try TemporaryFolder()
    try home.write("config/config.json", "{\n\"providers\": {\"openai\": {\n\"maxTurns\": 3}}}")
    try await withPatchbay(home: home) { patchbay in
      let error = try await patchbay.callForError("complete", ["provider": "openai", "input": "hello"])
      #expect(error.message.contains("config.json:3") && error.message.contains("is for providers that are programs"))
    }
  }
}
