internal import JSON
internal import Platform
internal import TestSupport
internal import Testing
internal import Upstream

private let claude = "v-claude/lib/python3.11/site-packages/claude_agent_sdk/_bundled/claude"
private let codex = "v-codex/lib/python3.11/site-packages/codex_cli_bin/bin/codex"
private let python = "v-mcp/bin/python"

@Suite(
  "The real claude", .serialized,
  .enabled(if: Testbed.has(claude), "claude is not installed (testbed: setup claude)"), .timeLimit(.minutes(3)))
struct ClaudeRealTests {
  /// A configuration that keeps Claude Code at `upstream`, with `more` in its section.
  private func config(_ upstream: Upstream, _ home: TemporaryFolder, _ more: JSONObject = [:]) -> JSONValue {
    let environment: JSONValue = [
      "CLAUDE_CONFIG_DIR": .string("\(home.path)/claude"), "ANTHROPIC_BASE_URL": .string(upstream.url),
      "ANTHROPIC_AUTH_TOKEN": "sk-local", "ANTHROPIC_MODEL": "tiny", "ANTHROPIC_SMALL_FAST_MODEL": "tiny",
      "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1", "DISABLE_TELEMETRY": "1",
      "DISABLE_ERROR_REPORTING": "1", "ENABLE_TOOL_SEARCH": "false",
    ]
    var section: JSONObject = ["binary": .string("\(Testbed.programs)/\(claude)"), "env": environment]
    section.merge(more)
    return ["providers": ["claude-code": .object(section)], "mcp": .object(mcp)]
  }

  private var mcp: JSONObject {
    guard let scripts = Testbed.scripts, Testbed.has(python) else { return [:] }
    return ["servers": ["testbed": testbedServer(scripts)]]
  }

  @Test("a prompt streams, the next one goes on in the same conversation, and each says its own costs")
  func resumes() async throws {
    let (upstream, home) = (try ProgramModels.start(), try TemporaryFolder())
    try await withPatchbay(home: home, config: config(upstream, home, ["mcp": false])) { patchbay in
      let id = await patchbay.request("complete", ["provider": "claude-code", "session": "s", "input": "hello"])
      let first = try await patchbay.result(of: id)
      let deltas = expectSoundDeltas(patchbay, of: id, result: first)
      #expect(deltas.count { $0["delta"]?["type"] == "text" } > 1, "it came in one piece")
      let second = try await patchbay.call("complete", ["session": "s", "input": "again"])
      func count(_ result: JSONValue) -> Int { Int(text(of: result["message"]).filter(\.isNumber)) ?? 0 }
      #expect(count(second) == count(first) + 2)
      #expect(first["cost"]?["total"] == second["cost"]?["total"])
      #expect(first["usage"]?["input"] == 100 && second["usage"]?["input"] == 100)
    }
  }

  @Test("cancel leaves no process")
  func cancel() async throws {
    let (upstream, home) = (try ProgramModels.start(), try TemporaryFolder())
    let marker = randomHex(8)
    try await withPatchbay(
      home: home, config: config(upstream, home), environment: ["PATCHBAY_TEST_MARK": marker]
    ) { patchbay in
      let id = await patchbay.request("complete", ["provider": "claude-code", "input": "#hang"])
      try await patchbay.firstText(of: id)
      let alive = try processes(with: marker).count
      await patchbay.notify("$/cancelRequest", ["id": id])
      #expect(try await patchbay.error(of: id).kind == "cancelled")
      #expect(alive > 1)
      #expect(try processes(with: marker) == [patchbay.child.id])
    }
  }

  @Test("limits of turns and budget do what they say")
  func limits() async throws {
    let (upstream, home) = (try ProgramModels.start(), try TemporaryFolder())
    let turns: JSONObject = ["maxTurns": 1, "maxResumeAttempts": 1, "mcp": false]
    try await withPatchbay(home: home, config: config(upstream, home, turns)) { patchbay in
      let result = try await patchbay.call("complete", ["provider": "claude-code", "session": "s", "input": "#loop"])
      #expect(result["stopReason"] == "length")
      #expect(result["warnings"]?.array?.contains { $0.string?.contains("2 turns") == true } == true)
      #expect(result["usage"]?["input"]?.int ?? 0 >= 200)
    }
    let budget: JSONObject = ["maxBudgetUSD": 0.0001, "mcp": false]
    try await withPatchbay(home: home, config: config(upstream, home, budget)) { patchbay in
      let error = try await patchbay.callForError("complete", ["provider": "claude-code", "input": "#loop"])
      #expect(error.kind == "budgetExceeded")
    }
  }

  @Test(
    "an MCP server is started and its tool called",
    .enabled(if: Testbed.has(python), "the MCP server is not installed (testbed: setup mcp)"))
  func server() async throws {
    let (upstream, home) = (try ProgramModels.start(), try TemporaryFolder())
    try await withPatchbay(home: home, config: config(upstream, home)) { patchbay in
      let result = try await patchbay.call("complete", ["provider": "claude-code", "input": "#mcp"])
      #expect(text(of: result["message"]).contains("answer to"))
      let told = upstream.requests.contains { String(decoding: $0.body, as: UTF8.self).contains("sunny in Paris") }
      #expect(told, "the tool's result did not reach the model")
    }
  }
}

@Suite(
  "The real codex", .serialized,
  .enabled(if: Testbed.has(codex), "codex is not installed (testbed: setup codex)"), .timeLimit(.minutes(3)))
struct CodexRealTests {
  private func home(_ upstream: Upstream) throws -> TemporaryFolder {
    let home = try TemporaryFolder()
    try home.write(
      "codex/config.toml",
      """
      model = "tiny"
      model_provider = "local"
      web_search = "disabled"
      check_for_update_on_startup = false
      [analytics]
      enabled = false
      [model_providers.local]
      name = "local"
      base_url = "\(upstream.url)/v1"
      env_key = "LOCAL_KEY"
      wire_api = "responses"
      request_max_retries = 0
      stream_max_retries = 0
      """)
    return home
  }

  private func config(_ home: TemporaryFolder, servers: Bool = false) -> JSONValue {
    let section: JSONValue = [
      "binary": .string("\(Testbed.programs)/\(codex)"), "mcp": .bool(servers),
      "env": ["CODEX_HOME": .string("\(home.path)/codex"), "LOCAL_KEY": "local-key-0123"],
    ]
    var config: JSONObject = ["providers": ["codex-cli": section]]
    if servers, let scripts = Testbed.scripts { config["mcp"] = ["servers": ["testbed": testbedServer(scripts)]] }
    return .object(config)
  }

  @Test("a prompt streams, and the next one goes on in the same thread; codex's files stay as they are")
  func resumes() async throws {
    let upstream = try ProgramModels.start()
    let home = try home(upstream)
    let before = try home.read("codex/config.toml")
    try await withPatchbay(home: home, config: config(home)) { patchbay in
      let id = await patchbay.request("complete", ["provider": "codex-cli", "session": "s", "input": "hello"])
      let first = try await patchbay.result(of: id)
      let deltas = expectSoundDeltas(patchbay, of: id, result: first)
      #expect(deltas.count { $0["delta"]?["type"] == "text" } > 1, "it came in one piece")
      let second = try await patchbay.call("complete", ["session": "s", "input": "again"])
      func count(_ result: JSONValue) -> Int { Int(text(of: result["message"]).filter(\.isNumber)) ?? 0 }
      #expect(count(second) > count(first))
      #expect(first["usage"] == second["usage"])
    }
    #expect(try home.read("codex/config.toml") == before)
  }

  @Test("cancel leaves no process")
  func cancel() async throws {
    let upstream = try ProgramModels.start()
    let home = try home(upstream)
    let marker = randomHex(8)
    try await withPatchbay(home: home, config: config(home), environment: ["PATCHBAY_TEST_MARK": marker]) { patchbay in
      let id = await patchbay.request("complete", ["provider": "codex-cli", "input": "#hang"])
      try await patchbay.firstText(of: id)
      await patchbay.notify("$/cancelRequest", ["id": id])
      #expect(try await patchbay.error(of: id).kind == "cancelled")
      #expect(try processes(with: marker) == [patchbay.child.id])
    }
  }

  @Test(
    "an MCP server is started and its tool called",
    .enabled(if: Testbed.has(python), "the MCP server is not installed (testbed: setup mcp)"))
  func server() async throws {
    let upstream = try ProgramModels.start()
    let home = try home(upstream)
    try await withPatchbay(home: home, config: config(home, servers: true)) { patchbay in
      let id = await patchbay.request("complete", ["provider": "codex-cli", "input": "#mcp"])
      let result = try await patchbay.result(of: id)
      #expect(text(of: result["message"]).contains("answer to"))
      let told = upstream.requests.contains { String(decoding: $0.body, as: UTF8.self).contains("sunny in Paris") }
      #expect(told, "the tool's result did not reach the model")
      let statuses = patchbay.deltas(of: result["completionId"]).filter { $0["delta"]?["type"] == "status" }
      #expect(statuses.contains { $0["delta"]?["message"] == "uses testbed.get_weather" })
    }
  }
}

/// The MCP server of the testbed.
private func testbedServer(_ scripts: String) -> JSONValue {
  ["command": .string("\(Testbed.programs)/\(python)"), "args": [.string("\(scripts)/mcp/server.py")]]
}
