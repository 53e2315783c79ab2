internal import Catalog
package import Completion
package import Dialects
internal import JSON

/// Claude Code, in its streaming mode: a message a line in, a message a line out.
struct ClaudeCode: ProgramFamily {
  let api = "claude-code"

  func conversation(for turn: ProgramTurn) throws(ProviderError) -> (any ProgramConversation, [Dropped]) {
    var carried: Set<String> = ["reasoning", "maxTurns", "maxBudgetUSD", "allowedTools"]
    if turn.request.options.toolChoice == ToolChoice.none { carried.insert("toolChoice") }
    var dropped = turn.losses(carrying: carried)
    let conversation = try ClaudeConversation(turn, resuming: turn.session, &dropped)
    return (conversation, dropped)
  }
}

/// The words that start Claude Code.
struct ClaudeArguments {
  private static let configName = "mcp.json"
  private let turn: ProgramTurn

  init(_ turn: ProgramTurn) { self.turn = turn }

  /// What starts a run. `session` is gone on in; `spent` is what earlier runs for the same answer have cost, in USD.
  func launch(resuming session: ProgramSession?, spent: Double) -> ProgramLaunch {
    var words = [
      "-p", "--output-format", "stream-json", "--input-format", "stream-json", "--verbose",
      "--include-partial-messages",
    ]
    if let model = turn.model { words += ["--model", model] }
    if let session {
      words.append("--resume=\(session.id)")
    } else if !turn.isKept, turn.settings.maxTurns == nil {
      words.append("--no-session-persistence")
    }
    if let turns = turn.settings.maxTurns { words += ["--max-turns", String(turns)] }
    if let budget = turn.settings.maxBudgetUSD {
      words += ["--max-budget-usd", String(max(0.000_001, budget - spent))]
    }
    if let system = turn.system { words.append("--append-system-prompt=\(system)") }
    words += permissions + effort
    var launch = turn.launch(words)
    addServers(to: &launch)
    addThinking(to: &launch)
    return launch
  }

  /// No list leaves the decision to the person's own settings, an empty one allows everything.
  private var permissions: [String] {
    let servers = turn.servers.map { "mcp__\($0.name)__*" }
    var words = turn.request.options.toolChoice == ToolChoice.none ? ["--tools="] : []
    if let allowed = turn.settings.allowedTools, allowed.isEmpty {
      words.append("--dangerously-skip-permissions")
    } else {
      let allowed = (turn.settings.allowedTools ?? []) + servers
      if !allowed.isEmpty { words.append("--allowedTools=\(allowed.joined(separator: ","))") }
    }
    return words
  }

  private var effort: [String] {
    guard case .level(let level)? = turn.request.options.reasoning, level != .off else { return [] }
    return ["--effort", level == .minimal ? "low" : level.rawValue]
  }

  private func addThinking(to launch: inout ProgramLaunch) {
    switch turn.request.options.reasoning {
    case .level(.off)?: launch.environment["MAX_THINKING_TOKENS"] = "0"
    case .budget(let tokens)?: launch.environment["MAX_THINKING_TOKENS"] = String(tokens)
    default: break
    }
  }

  private func addServers(to launch: inout ProgramLaunch) {
    guard !turn.servers.isEmpty else { return }
    let servers = turn.servers.map { ($0.name, $0.claudeJSON) }
    var files = PrivateFiles(folder: turn.folder)
    files.texts[Self.configName] = JSONValue.object(["mcpServers": .object(JSONObject(servers))]).text
    launch.arguments += ["--mcp-config", files.path(Self.configName), "--strict-mcp-config"]
    launch.files = files
  }
}
