internal import Completion
internal import JSON

/// What Codex says and does, whichever way it tells of it.
struct CodexItems: Sendable {
  /// Whether any text of the answer has come.
  private(set) var hadText = false
  /// The message whose pieces came last.
  private var current: String?
  /// The messages of which pieces came.
  private var streamed: Set<String> = []

  mutating func say(_ text: String, item: String?, _ step: inout ProgramStep) {
    guard !text.isEmpty else { return }
    // What it says before and after using a tool are paragraphs.
    if hadText, item != current || item == nil { step.events.append(.text("\n\n")) }
    current = item
    if let item { streamed.insert(item) }
    hadText = true
    step.events.append(.text(text))
  }

  mutating func begin(_ item: JSONValue?, _ step: inout ProgramStep) {
    if let activity = Self.activity(item) { step.events.append(.activity(activity)) }
  }

  /// Takes an item that is whole: what of it was not streamed, and what went wrong.
  mutating func end(_ item: JSONValue?, _ step: inout ProgramStep) {
    switch item?["type"]?.string {
    case "agentMessage"?, "agent_message"?:
      let id = item?["id"]?.string
      guard id.map({ !streamed.contains($0) }) ?? true else { return }
      say(item?["text"]?.string ?? "", item: id, &step)
    case "reasoning"? where item?["text"] != nil: step.events.append(.reasoning(item?["text"]?.string ?? ""))
    case "error"?: step.events.append(.warning(item?["message"]?.string ?? ""))
    default: break
    }
  }

  private static func activity(_ item: JSONValue?) -> String? {
    switch item?["type"]?.string {
    case "commandExecution"?, "command_execution"?: "runs: \((item?["command"]?.string ?? "").firstLine)"
    case "mcpToolCall"?, "mcp_tool_call"?:
      "uses \(item?["server"]?.string ?? "?").\(item?["tool"]?.string ?? "?")"
    case "fileChange"?, "file_change"?:
      "changes \((item?["changes"]?.array ?? []).compactMap { $0["path"]?.string }.joined(separator: ", ").firstLine)"
    case "webSearch"?, "web_search"?: "searches the web: \((item?["query"]?.string ?? "").firstLine)"
    default: nil
    }
  }
}
