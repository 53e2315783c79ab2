internal import CLIProviders
internal import Catalog
internal import Completion
internal import JSON
internal import Testing

/// Lines as codex-cli 0.163.0 printed them, with the members that nobody reads left out.
private enum Recorded {
  static let greeting = #"{"id":1,"result":{"userAgent":"patchbay/0.163.0","platformFamily":"unix"}}"#
  static let thread = #"{"id":2,"result":{"thread":{"id":"01a1","ephemeral":false},"model":"tiny"}}"#
  static let turn = #"{"id":3,"result":{"turn":{"id":"t1","items":[],"status":"inProgress","error":null}}}"#
  static let work = [
    #"{"method":"warning","params":{"threadId":"01a1","message":"Model metadata for `tiny` not found."}}"#,
    #"{"method":"thread/tokenUsage/updated","params":{"threadId":"01a1","turnId":"t0","tokenUsage":{"total":{"totalTokens":50,"inputTokens":50,"cachedInputTokens":0,"cacheWriteInputTokens":0,"outputTokens":0,"reasoningOutputTokens":0},"last":{"inputTokens":50,"cachedInputTokens":0,"cacheWriteInputTokens":0,"outputTokens":0,"reasoningOutputTokens":0}}}}"#,
    #"{"method":"item/started","params":{"item":{"type":"commandExecution","id":"call_4","command":"/bin/bash -lc 'echo hi'","status":"inProgress"},"threadId":"01a1","turnId":"t1"}}"#,
    #"{"method":"item/started","params":{"item":{"type":"mcpToolCall","id":"call_5","server":"testbed","tool":"get_weather","status":"inProgress"},"threadId":"01a1","turnId":"t1"}}"#,
    #"{"method":"item/reasoning/summaryTextDelta","params":{"itemId":"r_1","delta":"hm "}}"#,
    #"{"method":"item/agentMessage/delta","params":{"threadId":"01a1","turnId":"t1","itemId":"m_1","delta":"answer "}}"#,
    #"{"method":"item/agentMessage/delta","params":{"threadId":"01a1","turnId":"t1","itemId":"m_1","delta":"one"}}"#,
    #"{"method":"item/completed","params":{"item":{"type":"agentMessage","id":"m_1","text":"answer one"},"threadId":"01a1","turnId":"t1"}}"#,
    #"{"method":"item/completed","params":{"item":{"type":"agentMessage","id":"m_2","text":"answer two"},"threadId":"01a1","turnId":"t1"}}"#,
    #"{"method":"thread/tokenUsage/updated","params":{"threadId":"01a1","turnId":"t1","tokenUsage":{"total":{"totalTokens":157,"inputTokens":150,"cachedInputTokens":40,"cacheWriteInputTokens":0,"outputTokens":7,"reasoningOutputTokens":2},"last":{"inputTokens":100,"cachedInputTokens":40,"cacheWriteInputTokens":0,"outputTokens":7,"reasoningOutputTokens":2}}}}"#,
  ]
  static let end =
    #"{"method":"turn/completed","params":{"threadId":"01a1","turn":{"id":"t1","status":"completed","error":null}}}"#
  static let failed =
    #"{"method":"turn/completed","params":{"threadId":"01a1","turn":{"id":"t1","status":"failed","error":{"message":"exceeded retry limit, last status: 429 Too Many Requests","codexErrorInfo":{"responseTooManyFailedAttempts":{"httpStatusCode":429}}}}}}"#
  static let refused =
    #"{"method":"turn/completed","params":{"threadId":"01a1","turn":{"id":"t1","status":"failed","error":{"message":"unexpected status 401 Unauthorized: mock says no, url: http://127.0.0.1:4502/v1/responses","codexErrorInfo":{"httpConnectionFailed":{"httpStatusCode":401}}}}}}"#
  static let gone = #"{"error":{"code":-32600,"message":"no rollout found for thread id 1111"},"id":2}"#
  static let noServer =
    #"{"error":{"code":-32603,"message":"error creating thread: Fatal error: Failed to initialize session: required MCP servers failed to initialize: testbed: No such file or directory (os error 2)"},"id":2}"#
  static let approval = #"{"method":"item/commandExecution/requestApproval","id":0,"params":{"itemId":"call_1"}}"#

  static let execution = [
    #"{"type":"thread.started","thread_id":"01a1"}"#,
    #"{"type":"item.completed","item":{"id":"item_0","type":"error","message":"Model metadata for `tiny` not found."}}"#,
    #"{"type":"turn.started"}"#,
    #"{"type":"item.started","item":{"id":"item_1","type":"command_execution","command":"/bin/bash -lc 'echo hi'","aggregated_output":"","exit_code":null,"status":"in_progress"}}"#,
    #"{"type":"item.completed","item":{"id":"item_2","type":"agent_message","text":"answer to 6 items "}}"#,
    #"{"type":"turn.completed","usage":{"input_tokens":200,"cached_input_tokens":80,"cache_write_input_tokens":0,"output_tokens":14,"reasoning_output_tokens":4}}"#,
  ]
  static let executionRefused = [
    #"{"type":"thread.started","thread_id":"01a1"}"#,
    #"{"type":"turn.failed","error":{"message":"unexpected status 401 Unauthorized: mock says no, url: http://127.0.0.1:4502/v1/responses"}}"#,
  ]
}

@Suite("codex-cli")
struct CodexTests {
  private func begin(
    _ messages: [Message] = [user("hello")], _ options: CompletionOptions = .init(), servers: [MCPServer] = []
  ) throws -> any ProgramConversation {
    var asked = turn(messages, api: "codex-cli", options) { $0.fullAuto = true }
    asked.servers = servers
    return try start(asked).conversation
  }

  @Test("a turn with its server: the calls in their order, deltas, what it does, and what this turn alone has used")
  func answers() throws {
    var options = CompletionOptions()
    (options.system, options.reasoning, options.output) = ("be brief", .level(.high), OutputFormat(schema: ["a": 1]))
    let outcome = try play(
      try begin([user("hello")], options),
      [Recorded.greeting, Recorded.thread, Recorded.turn] + Recorded.work + [Recorded.end])
    #expect(outcome.input.map { $0["method"]?.string } == ["initialize", "initialized", "thread/start", "turn/start"])
    let thread = outcome.input[2]["params"]
    #expect(thread?["sandbox"] == "workspace-write" && thread?["approvalPolicy"] == "never")
    #expect(thread?["developerInstructions"] == "be brief")
    #expect(outcome.input[3]["params"]?["effort"] == "high")
    #expect(outcome.input[3]["params"]?["outputSchema"] == ["a": 1])
    #expect(outcome.text == "answer one\n\nanswer two")
    #expect(outcome.activities == ["runs: /bin/bash -lc 'echo hi'", "uses testbed.get_weather"])
    #expect(outcome.usage == Usage(input: 60, output: 7, cacheRead: 40, reasoning: 2))
    #expect(outcome.session == "01a1" && outcome.stop == .end)
  }

  @Test("a thread is gone on in, and begun anew with everything when it is gone")
  func resumes() throws {
    let messages = [user("one"), answer("two", api: "codex-cli", session: "1111"), user("three")]
    let resumed = try play(try begin(messages), [Recorded.greeting, Recorded.thread, Recorded.turn, Recorded.end])
    #expect(resumed.input[2]["method"] == "thread/resume" && resumed.input[2]["params"]?["threadId"] == "1111")
    #expect(resumed.input[3]["params"]?["input"]?[0]?["text"] == "three")
    let fresh = try play(
      try begin(messages), [Recorded.greeting, Recorded.gone, Recorded.thread, Recorded.turn, Recorded.end])
    #expect(fresh.input[3]["method"] == "thread/start")
    #expect(fresh.input[4]["params"]?["input"]?[0]?["text"]?.string?.contains("one") == true)
  }

  @Test("servers are waited for; without one that does not come the turn is taken all the same")
  func servers() throws {
    let servers = [MCPServer(name: "testbed", .http(url: "http://x", headers: ["k": "secret"]))]
    let outcome = try play(
      try begin(servers: servers), [Recorded.greeting, Recorded.noServer, Recorded.thread, Recorded.turn, Recorded.end])
    let configs = outcome.input.compactMap { $0["params"]?["config"]?["mcp_servers"]?["testbed"] }
    #expect(configs.map { $0["required"]?.bool } == [true, nil])
    #expect(configs[0]["http_headers"] == ["k": "secret"])
    #expect(outcome.warnings.first?.contains("testbed: No such file") == true)
    #expect(outcome.stop == .end)
  }

  @Test("nobody is there to be asked")
  func approvals() throws {
    let outcome = try play(try begin(), [Recorded.greeting, Recorded.approval])
    #expect(outcome.input.last == ["id": 0, "result": ["decision": "decline"]])
  }

  @Test("errors are of our kinds")
  func errors() throws {
    func error(_ lines: [String]) throws -> ProviderError? {
      try play(try begin(), [Recorded.greeting, Recorded.thread, Recorded.turn] + lines).error
    }
    #expect(try error([Recorded.failed])?.kind == .rateLimited)
    #expect(try error([Recorded.refused])?.kind == .authRejected)
    #expect(try error([])?.message.contains("status 0") == true)
  }

  @Test("a program without a server: one command for the turn")
  func executes() throws {
    let messages = [user("one"), answer("two", api: "codex-cli", session: "1111"), user("three")]
    let next = try #require(
      try play(try begin(messages), [], exit: .status(2), errors: "error: unrecognized subcommand").next)
    #expect(
      next.launch.arguments == [
        "exec", "--json", "--skip-git-repo-check", "--sandbox", "workspace-write", "resume", "1111", "-",
      ])
    let outcome = try play(next, Recorded.execution)
    #expect(outcome.rawInput == "three")
    #expect(outcome.text == "answer to 6 items ")
    #expect(outcome.usage == Usage(input: 120, output: 14, cacheRead: 80, reasoning: 4))
    #expect(outcome.session == "01a1" && outcome.warnings.count == 1)
    #expect(try play(next, Recorded.executionRefused, exit: .status(1)).error?.kind == .authRejected)
    let fresh = try #require(
      try play(next, [], exit: .status(1), errors: "Error: thread/resume failed: no rollout found for thread id").next)
    #expect(!fresh.launch.arguments.contains("resume"))
  }
}
