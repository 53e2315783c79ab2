internal import Completion
internal import HTTP

/// What Anthropic expects beside the token of a Claude Pro or Max subscription: the headers, the first system text and
/// the names of tools that its own program, Claude Code, sends. The token is refused without.
struct ClaudeCodeIdentity {
  /// The first system text, to the letter.
  static let systemText = "You are Claude Code, Anthropic's official CLI for Claude."
  static let betas = ["claude-code-20250219", "oauth-2025-04-20"]
  /// The version is the least that every model to date accepts; newer models refuse older ones by it.
  static let headers = [
    HTTPHeader("user-agent", "claude-cli/2.1.280"), HTTPHeader("x-app", "cli"),
    HTTPHeader("anthropic-dangerous-direct-browser-access", "true"),
  ]

  private static let toolNames = [
    "Read", "Write", "Edit", "Bash", "Grep", "Glob", "AskUserQuestion", "EnterPlanMode", "ExitPlanMode", "KillShell",
    "NotebookEdit", "Skill", "Task", "TaskOutput", "TodoWrite", "WebFetch", "WebSearch",
  ]
  private static let spelling = Dictionary(uniqueKeysWithValues: toolNames.map { ($0.lowercased(), $0) })

  /// From the caller's names of the tools on offer to those on the wire.
  private var wireNames: [String: String] = [:]
  private var callerNames: [String: String] = [:]

  /// The identity for a request that offers `tools`; `nil` where `quirks` and the endpoint's key ask for none.
  init?(_ endpoint: Endpoint, _ quirks: AnthropicMessagesQuirks, _ tools: [Tool]) {
    let isSubscription = endpoint.usesBearer && endpoint.apiKey?.reveal().hasPrefix("sk-ant-oat") ?? false
    guard quirks.claudeCode ?? isSubscription else { return nil }
    let own = Set(tools.map(\.name))
    for tool in tools {
      let wire = Self.spelling[tool.name.lowercased()] ?? tool.name
      // Two tools that differ in case only keep their names: the API takes each name once.
      let isTaken = wire != tool.name && own.contains(wire) || callerNames[wire] != nil
      wireNames[tool.name] = isTaken ? tool.name : wire
      callerNames[isTaken ? tool.name : wire] = tool.name
    }
  }

  /// The name on the wire of a tool on offer, or of one in the history.
  func wireName(_ name: String) -> String { wireNames[name] ?? Self.spelling[name.lowercased()] ?? name }
  /// The caller's name of a tool that the model calls.
  func callerName(_ name: String) -> String { callerNames[name] ?? name }
}
