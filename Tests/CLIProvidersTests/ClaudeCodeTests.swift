internal import CLIProviders
internal import Catalog
internal import Completion
internal import JSON
internal import Testing

/// Lines as Claude Code 2.1.329 printed them, with the members that nobody reads left out.
private enum Recorded {
  static func head(_ session: String = "d993") -> [String] {
    [
      #"{"type":"system","subtype":"init","cwd":"/work","session_id":"\#(session)","tools":["Bash"],"mcp_servers":[{"name":"testbed","status":"failed"}],"model":"tiny"}"#,
      #"{"type":"system","subtype":"status","status":"requesting","session_id":"\#(session)"}"#,
    ]
  }
  static let toolTurn = [
    #"{"type":"stream_event","event":{"type":"message_start","message":{"id":"msg_1","content":[],"model":"tiny"}},"session_id":"d993","parent_tool_use_id":null}"#,
    #"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm "}},"session_id":"d993","parent_tool_use_id":null}"#,
    #"{"type":"stream_event","event":{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}},"session_id":"d993","parent_tool_use_id":null}"#,
    #"{"type":"stream_event","event":{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Let me look."}},"session_id":"d993","parent_tool_use_id":null}"#,
    #"{"type":"assistant","message":{"id":"msg_1","content":[{"type":"text","text":"Let me look."}]},"parent_tool_use_id":null,"session_id":"d993"}"#,
    #"{"type":"assistant","message":{"id":"msg_1","content":[{"type":"tool_use","id":"toolu_2","name":"Bash","input":{"command":"echo hi"}}]},"parent_tool_use_id":null,"session_id":"d993"}"#,
    #"{"type":"assistant","message":{"id":"msg_9","content":[{"type":"text","text":"of a helper"}]},"parent_tool_use_id":"toolu_2","session_id":"d993"}"#,
    #"{"type":"user","message":{"role":"user","content":[{"tool_use_id":"toolu_2","type":"tool_result","content":"hi"}]},"parent_tool_use_id":null,"session_id":"d993"}"#,
  ]
  static let answer = [
    #"{"type":"stream_event","event":{"type":"message_start","message":{"id":"msg_2","content":[],"model":"tiny"}},"session_id":"d993","parent_tool_use_id":null}"#,
    #"{"type":"stream_event","event":{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}},"session_id":"d993","parent_tool_use_id":null}"#,
    #"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"It says hi."}},"session_id":"d993","parent_tool_use_id":null}"#,
    #"{"type":"assistant","message":{"id":"msg_2","content":[{"type":"text","text":"It says hi."}]},"parent_tool_use_id":null,"session_id":"d993"}"#,
  ]
  static let result =
    #"{"duration_api_ms":60,"stop_reason":"end_turn","session_id":"d993","total_cost_usd":0.75,"usage":{"input_tokens":200,"cache_creation_input_tokens":3,"cache_read_input_tokens":4,"output_tokens":14,"output_tokens_details":{"thinking_tokens":5}},"is_error":false,"num_turns":2,"subtype":"success","api_error_status":null,"result":"It says hi.","type":"result"}"#
  static let turnsUsedUp =
    #"{"stop_reason":"tool_use","session_id":"d993","total_cost_usd":0.75,"usage":{"input_tokens":200,"output_tokens":14},"terminal_reason":"max_turns","is_error":true,"num_turns":3,"subtype":"error_max_turns","errors":["Reached maximum number of turns (2)"],"type":"result"}"#
  static let overBudget =
    #"{"stop_reason":"tool_use","session_id":"d993","total_cost_usd":0.75,"usage":{"input_tokens":0,"output_tokens":0},"is_error":true,"subtype":"error_max_budget_usd","errors":["Reached maximum budget ($0.5)"],"type":"result"}"#
  static let gone =
    #"{"type":"result","subtype":"error_during_execution","is_error":true,"num_turns":0,"session_id":"old","total_cost_usd":0,"usage":{"input_tokens":0},"errors":["No conversation found with session ID: old"]}"#
  static let badRequest =
    #"{"session_id":"d993","total_cost_usd":0,"usage":{},"is_error":true,"subtype":"success","api_error_status":400,"api_error_type":"invalid_request_error","result":"API Error: 400 mock says no","type":"result"}"#
  static let retry =
    #"{"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,"retry_delay_ms":34293,"error_status":429,"error":"rate_limit","session_id":"d993"}"#
  static let refused =
    #"{"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,"retry_delay_ms":600,"error_status":401,"error":"authentication_failed","session_id":"d993"}"#
}

@Suite("claude-code")
struct ClaudeCodeTests {
  @Test("text, thoughts and tools of several messages become one answer, each piece once")
  func answers() throws {
    let outcome = try play(
      try start(turn([user("hello")])).conversation,
      Recorded.head() + Recorded.toolTurn + Recorded.answer + [Recorded.result])
    #expect(outcome.error == nil)
    #expect(outcome.text == "Let me look.\n\nIt says hi.")
    #expect(outcome.events.contains(.reasoning("hm ")))
    #expect(outcome.activities == ["Bash: echo hi"])
    #expect(outcome.warnings == ["the MCP server testbed cannot be reached"])
    #expect(outcome.usage == Usage(input: 200, output: 14, cacheRead: 4, cacheWrite: 3, reasoning: 5))
    #expect(outcome.cost == 0.75 && outcome.stop == .end && outcome.session == "d993")
    #expect(outcome.input.first?["message"]?["content"]?[0]?["text"] == "hello")
  }

  @Test("versions that stream no pieces give the same")
  func whole() throws {
    let lines = (Recorded.toolTurn + Recorded.answer).filter { !$0.contains("stream_event") }
    let outcome = try play(
      try start(turn([user("hello")])).conversation, Recorded.head() + lines + [Recorded.result])
    #expect(outcome.text == "Let me look.\n\nIt says hi.")
  }

  @Test("a session is gone on in; its costs so far are not counted again")
  func resumes() throws {
    let (conversation, _) = try start(turn([user("one"), answer("two", session: "old"), user("three")]))
    #expect(conversation.launch.arguments.contains("--resume=old"))
    let outcome = try play(conversation, Recorded.head("old") + Recorded.answer + [Recorded.result])
    #expect(outcome.input[0]["message"]?["content"]?[0]?["text"] == "three")
    #expect(outcome.cost == 0.25)
  }

  @Test("a session of another folder, or of another program, is not gone on in")
  func otherFolder() throws {
    for message in [
      answer("two", session: "old", directory: "/elsewhere"), answer("two", api: "gemini-cli", session: "old"),
    ] {
      let (conversation, _) = try start(turn([user("one"), message, user("three")]))
      #expect(!conversation.launch.arguments.contains { $0.hasPrefix("--resume") })
      let text = try play(conversation, []).input[0]["message"]?["content"]?[0]?["text"]?.string
      #expect(
        text
          == "<conversation_so_far>\n<user>\none\n</user>\n<assistant>\ntwo\n</assistant>\n</conversation_so_far>\n\nthree"
      )
    }
  }

  @Test("what was said since the program's last answer is told with the prompt")
  func unknown() throws {
    let messages = [
      user("one"), answer("two", session: "old"), user("three"), answer("from elsewhere", api: "echo"), user("four"),
    ]
    let (conversation, _) = try start(turn(messages))
    #expect(conversation.launch.arguments.contains("--resume=old"))
    let text = try play(conversation, []).input[0]["message"]?["content"]?[0]?["text"]?.string ?? ""
    #expect(text.contains("from elsewhere") && text.contains("three") && text.hasSuffix("four"))
    #expect(!text.contains("one") && !text.contains("two"))
  }

  @Test("a session that is gone: the whole conversation in another one")
  func gone() throws {
    let (conversation, _) = try start(turn([user("one"), answer("two", session: "old"), user("three")]))
    let next = try #require(try play(conversation, [Recorded.gone], exit: .status(1)).next)
    #expect(!next.launch.arguments.contains { $0.hasPrefix("--resume") })
    let text = try play(next, []).input[0]["message"]?["content"]?[0]?["text"]?.string ?? ""
    #expect(text.contains("one") && text.hasSuffix("three"))
  }

  @Test("used-up turns are gone on with as often as the settings say, and everything is added up")
  func turns() throws {
    let (first, _) = try start(turn([user("go")]) { ($0.maxTurns, $0.maxResumeAttempts, $0.maxBudgetUSD) = (2, 1, 2) })
    #expect(first.launch.arguments.contains("--max-turns"))
    let second = try #require(
      try play(first, Recorded.head() + Recorded.answer + [Recorded.turnsUsedUp], exit: .status(1)).next)
    #expect(second.launch.arguments.contains("--resume=d993"))
    #expect(
      second.launch.arguments.suffix(2) == ["--max-budget-usd", "1.25"] || second.launch.arguments.contains("1.25"))
    let outcome = try play(second, Recorded.head() + Recorded.answer + [Recorded.turnsUsedUp], exit: .status(1))
    #expect(outcome.next == nil && outcome.stop == .length)
    #expect(outcome.text == "\n\nIt says hi.")
    #expect(outcome.usage?.input == 400 && outcome.cost == 0.75)
    #expect(outcome.warnings.last == "the program stopped after 4 turns (maxTurns)")
  }

  @Test("errors are of our kinds")
  func errors() throws {
    func error(_ lines: [String], exit: ProgramExit = .status(1), errors: String = "") throws -> ProviderError? {
      try play(try start(turn([user("go")]) { $0.maxBudgetUSD = 0.5 }).conversation, lines, exit: exit, errors: errors)
        .error
    }
    #expect(try error([Recorded.overBudget])?.kind == .budgetExceeded)
    #expect(try error([Recorded.refused])?.kind == .authRejected)
    #expect(try error([Recorded.badRequest])?.status == 400)
    let login =
      #"{"type":"result","subtype":"success","is_error":true,"result":"Not logged in · Please run /login","session_id":"x"}"#
    #expect(try error([login])?.kind == .authRequired)
    let limit =
      #"{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1700000060,"rateLimitType":"five_hour"}}"#
    let limited = try error([limit, Recorded.badRequest])
    #expect(limited?.kind == .rateLimited && limited?.retryAfterMs == 60_000 && limited?.upstreamCode == "five_hour")
    let died = try error([], exit: .signal(9), errors: "noise\nout of memory\n")
    #expect(died?.message == "program was ended by signal 9: out of memory")
    #expect(try error([], exit: .failed("cannot start /bin/program: No such file"))?.kind == .internal)
  }

  @Test("a server that is asked again is told of")
  func retries() throws {
    let outcome = try play(
      try start(turn([user("go")])).conversation,
      Recorded.head() + [Recorded.retry] + Recorded.answer + [Recorded.result])
    #expect(outcome.activities == ["rate_limit; another attempt follows in 34 s"])
  }

  @Test("settings and options become arguments; what has none is named")
  func arguments() throws {
    var options = CompletionOptions()
    (options.system, options.temperature, options.reasoning) = ("be brief", 0.5, .level(.high))
    options.tools = [Tool(name: "t", inputSchema: [:])]
    var asked = turn([user("go")], model: "opus", options) {
      ($0.maxTurns, $0.allowedTools) = (7, ["Read", "Bash(git log:*)"])
    }
    asked.servers = [
      MCPServer(name: "here", .process(command: "c", arguments: [], environment: ["K": "v"], directory: nil))
    ]
    let (conversation, dropped) = try start(asked)
    let words = conversation.launch.arguments.joined(separator: " ")
    for part in [
      "--model opus", "--append-system-prompt=be brief", "--effort high", "--max-turns 7",
      "--allowedTools=Read,Bash(git log:*),mcp__here__*", "--mcp-config /run/abc/mcp.json --strict-mcp-config",
    ] { #expect(words.contains(part), "\(part) in \(words)") }
    #expect(dropped == ["temperature", "tools"])
    let none = try start(turn([user("go")]) { $0.allowedTools = [] }).conversation.launch.arguments
    #expect(none.contains("--dangerously-skip-permissions"))
    #expect(
      try start(turn([user("go")], session: nil)).conversation.launch.arguments.contains("--no-session-persistence"))
  }
}
