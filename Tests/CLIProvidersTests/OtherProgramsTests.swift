internal import CLIProviders
internal import Catalog
internal import Completion
internal import JSON
internal import Testing

/// Lines as the Gemini CLI's documentation and sources give them (2026-08); the program was not there to be recorded.
private enum Gemini {
  static let lines = [
    #"{"type":"init","timestamp":"2026-01-01T00:00:00.000Z","session_id":"g1","model":"gemini-3-pro"}"#,
    #"{"type":"message","timestamp":"2026-01-01T00:00:00.000Z","role":"user","content":"hello"}"#,
    #"{"type":"message","timestamp":"2026-01-01T00:00:00.000Z","role":"assistant","content":"Let me ","delta":true}"#,
    #"{"type":"message","timestamp":"2026-01-01T00:00:00.000Z","role":"assistant","content":"look.","delta":true}"#,
    #"{"type":"tool_use","timestamp":"2026-01-01T00:00:00.000Z","tool_name":"read_file","tool_id":"t","parameters":{}}"#,
    #"{"type":"tool_result","timestamp":"2026-01-01T00:00:00.000Z","tool_id":"t","status":"success","output":"x"}"#,
    #"{"type":"message","timestamp":"2026-01-01T00:00:00.000Z","role":"assistant","content":"Done.","delta":true}"#,
  ]
  static let end =
    #"{"type":"result","timestamp":"2026-01-01T00:00:00.000Z","status":"success","stats":{"total_tokens":120,"input_tokens":100,"output_tokens":20,"cached":40,"input":60,"duration_ms":5,"tool_calls":1}}"#
}

/// Lines as the Copilot CLI 1.0.36 printed them, with the members that nobody reads left out.
private enum Copilot {
  static let lines = [
    #"{"type":"session.mcp_servers_loaded","data":{"servers":[]},"ephemeral":true}"#,
    #"{"type":"session.tools_updated","data":{"model":"tiny"},"ephemeral":true}"#,
    #"{"type":"user.message","data":{"content":"hello there\n"}}"#,
    #"{"type":"assistant.message_delta","data":{"messageId":"2810","deltaContent":"answer "},"ephemeral":true}"#,
    #"{"type":"assistant.message_delta","data":{"messageId":"2810","deltaContent":"one"},"ephemeral":true}"#,
    #"{"type":"assistant.message","data":{"messageId":"2810","content":"answer one","toolRequests":[],"outputTokens":7}}"#,
    #"{"type":"assistant.turn_end","data":{"turnId":"0"}}"#,
  ]
  static let end = #"{"type":"result","sessionId":"d517","exitCode":0,"usage":{"premiumRequests":0}}"#
  static let refused = [
    #"{"type":"session.error","data":{"errorType":"authentication","message":"Authentication failed with provider (HTTP 401).","statusCode":401}}"#,
    #"{"type":"result","sessionId":"b718","exitCode":1,"usage":{"premiumRequests":0}}"#,
  ]
}

@Suite("gemini-cli and copilot-cli")
struct OtherProgramsTests {
  @Test("gemini: text, tools, usage and session")
  func gemini() throws {
    var asked = turn([user("hello")], api: "gemini-cli", model: "gemini-3-pro") { $0.allowedTools = ["read_file"] }
    asked.request.options.system = "be brief"
    let (conversation, _) = try start(asked)
    #expect(
      conversation.launch.arguments == [
        "--output-format", "stream-json", "--model", "gemini-3-pro", "--approval-mode", "auto_edit",
        "--allowed-tools=read_file",
      ])
    let outcome = try play(conversation, Gemini.lines + [Gemini.end])
    #expect(outcome.rawInput == "be brief\n\nhello")
    #expect(outcome.text == "Let me look.\n\nDone.")
    #expect(outcome.activities == ["uses read_file"])
    #expect(outcome.usage == Usage(input: 60, output: 20, cacheRead: 40))
    #expect(outcome.session == "g1" && outcome.stop == .end)
  }

  @Test("gemini: servers go in beside what the machine's settings say; that Google blocks them is said as such")
  func geminiServers() throws {
    var asked = turn([user("hello")], api: "gemini-cli") {
      $0.systemSettings = .init(variable: "SETTINGS", path: "/etc/x")
    }
    asked.systemSettings = ["theirs": true]
    asked.servers = [MCPServer(name: "here", .http(url: "http://x", headers: [:]))]
    let (conversation, _) = try start(asked)
    #expect(conversation.launch.environment["SETTINGS"] == "/run/abc/settings.json")
    let text = try #require(conversation.launch.files?.texts["settings.json"])
    #expect(
      try JSONValue(parsing: Array(text.utf8))
        == ["theirs": true, "mcpServers": ["here": ["httpUrl": "http://x", "headers": [:]]]])
    let notice = "MCP servers are disabled by your administrator"
    let warned = try play(conversation, Gemini.lines + [Gemini.end], errors: notice)
    #expect(warned.warnings.contains { $0.contains("Google blocks MCP servers") })
    let failed = try play(conversation, [], exit: .status(1), errors: notice)
    #expect(failed.error?.kind == .unsupported)
    #expect(try play(conversation, [], exit: .status(41), errors: "no auth").error?.kind == .authRequired)
  }

  @Test("copilot: text, session, errors")
  func copilot() throws {
    let messages = [user("one"), answer("two", api: "copilot-cli", session: "d517"), user("three")]
    let (conversation, _) = try start(turn(messages, api: "copilot-cli") { $0.fullAuto = true })
    #expect(
      conversation.launch.arguments == [
        "--output-format", "json", "--stream", "on", "--no-ask-user", "--no-auto-update", "--resume=d517",
        "--allow-all-tools",
      ])
    let outcome = try play(conversation, Copilot.lines + [Copilot.end])
    #expect(outcome.rawInput == "three")
    #expect(outcome.text == "answer one" && outcome.session == "d517" && outcome.stop == .end)
    #expect(try play(conversation, Copilot.refused, exit: .status(1)).error?.kind == .authRejected)
    let gone = try play(conversation, [], exit: .status(1), errors: "Error: No session, task, or name matched 'd517'")
    #expect(gone.next?.launch.arguments.contains("--resume=d517") == false)
  }
}
