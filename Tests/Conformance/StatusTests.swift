internal import JSON
internal import Platform
internal import TestSupport
internal import Testing
internal import Upstream

@Suite("patchbay status", .timeLimit(.minutes(1)))
struct StatusTests {
  private func run(_ arguments: [String], _ home: TemporaryFolder, input: String = "") async throws -> String {
    let child = try ChildProcess(
      try PatchbayProcess.binary(), arguments, environment: PatchbayProcess.environment(home: home))
    await child.write(Array(input.utf8))
    child.closeInput()
    #expect(try await child.waitForExit() == .status(0), "\(child.summary)")
    return child.outputText
  }

  private func short(_ home: TemporaryFolder) async throws -> String { try await run(["status", "--short"], home) }
  private func json(_ home: TemporaryFolder) async throws -> JSONValue {
    try JSONValue(parsing: Array(try await run(["status", "--json"], home).utf8))
  }

  private func echoHome() throws -> TemporaryFolder {
    let home = try TemporaryFolder()
    try home.write(config: ["defaultProvider": "echo"])
    return home
  }

  @Test("before the first question the short form is empty; the others say who would answer")
  func fresh() async throws {
    let home = try echoHome()
    #expect(try await short(home) == "")
    #expect(
      try await json(home) == [
        "provider": "echo", "model": "echo",
        "today": ["completions": 0, "failed": 0, "cost": 0, "unpriced": 0, "billedElsewhere": 0], "running": 0,
      ])
    let text = try await run(["status"], home)
    #expect(text.contains("conversation  none yet\nanswers       echo/echo\n"))
    #expect(text.contains("today         0 completions · $0.000000\nrunning       0\n"))
    #expect(try home.entries() == ["config"])
  }

  @Test("after a question it names who answers when nothing is named, and what the day cost")
  func cost() async throws {
    let upstream = try Upstream { _, exchange in try exchange.streamChat(["Hello"]) }
    let home = try TemporaryFolder()
    let model: JSONValue = ["cost": ["input": 100_000, "output": 1_000_000]]
    let mock: JSONValue = [
      "api": "openai-completions", "baseURL": .string(upstream.url + "/v1"), "model": "m", "models": ["m": model],
    ]
    try home.write(config: ["defaultProvider": "mock", "providers": ["mock": mock]])
    _ = try await run(["complete", "Hi"], home)
    #expect(try await short(home) == "mock/m $1.50\n")
    let today = try await json(home)["today"]
    #expect((today?["completions"], today?["cost"]) == (1, 1.5))
  }

  @Test("it names the conversation of the last chat, and who answers in it")
  func conversation() async throws {
    let home = try echoHome()
    _ = try await run(["chat", "-s", "trip", "-m", "think"], home, input: "hello\n")
    _ = try await run(["complete", "-p", "echo", "something else"], home)
    #expect(try await short(home) == "echo/think\n")
    let status = try await json(home)
    #expect(status["session"]?["name"] == "trip")
    #expect(status["model"] == "think")
    #expect(status["today"]?["billedElsewhere"] == 2)
    #expect(try await run(["status"], home).contains("conversation  trip (ses_"))
    _ = try await run(["sessions", "delete", "trip"], home)
    #expect(try await json(home)["session"] == nil)
    #expect(try await short(home) == "echo/echo\n")
  }

  @Test("who was chosen before a conversation has begun is named, and answers in it")
  func chosen() async throws {
    let home = try echoHome()
    _ = try await run(["chat"], home, input: "/switch echo/think\n")
    #expect(try await short(home) == "echo/think\n")
    _ = try await run(["chat"], home, input: "hello\n")
    let status = try await json(home)
    #expect(status["model"] == "think")
    #expect(status["session"]?["name"] == "hello")
  }

  @Test("what runs in one process counts in another, until it ends or is killed")
  func running() async throws {
    let home = try echoHome()
    let patchbay = try PatchbayProcess(home: home)
    try await patchbay.initialize()
    for _ in 1...2 {
      let id = await patchbay.request("complete", echo(endless, model: "slow"))
      // Written down on the side, within the second that twenty words take.
      _ = try await patchbay.receive("the twentieth delta") {
        $0["params"]?["requestId"] == id && ($0["params"]?["seq"]?.int ?? 0) >= 20
      }
    }
    #expect(try await json(home)["running"] == 2)
    #expect(try await short(home) == "echo/echo ⟳2\n")
    patchbay.child.kill(SIGKILL)
    _ = try await patchbay.waitForExit()
    #expect(try home.files(below: "state/running").count == 1)
    #expect(try await json(home)["running"] == 0)
    #expect(try home.files(below: "state/running").isEmpty)
  }
}
