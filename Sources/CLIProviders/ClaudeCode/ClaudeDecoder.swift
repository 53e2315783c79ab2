internal import Completion
internal import Dialects
internal import JSON

/// What the lines of Claude Code mean. Unknown ones mean nothing: there are new kinds with every version.
struct ClaudeDecoder: Sendable {
  /// The session the program says it is in.
  private(set) var session: String?
  /// The line that ends a run.
  private(set) var result: JSONValue?
  /// What went wrong as far as the lines say.
  private(set) var failure: ProviderError?
  /// Whether any text of the answer has come.
  var hadText = false
  /// The messages whose pieces were streamed; they come once more as a whole.
  private var streamed: Set<String> = []
  private var current: String?

  mutating func take(_ line: JSONValue, time: Int, into step: inout ProgramStep) throws(ProviderError) {
    session = line["session_id"]?.string ?? session
    // What a helper of the program's own says is for the program.
    guard line["parent_tool_use_id"]?.string == nil else { return }
    switch line["type"]?.string {
    case "system"?: try takeNews(line, &step)
    case "stream_event"?: if let event = line["event"] { take(event: event, &step) }
    case "assistant"?: takeMessage(line, &step)
    case "rate_limit_event"?: takeLimit(line["rate_limit_info"], time)
    case "result"?:
      result = line
      step.isDone = true
    default: break
    }
  }

  private mutating func takeNews(_ line: JSONValue, _ step: inout ProgramStep) throws(ProviderError) {
    switch line["subtype"]?.string {
    case "init"?:
      step.events.append(.started(id: nil, model: line["model"]?.string))
      for server in line["mcp_servers"]?.array ?? [] where server["status"]?.string == "failed" {
        step.events.append(.warning("the MCP server \(server["name"]?.string ?? "?") cannot be reached"))
      }
    case "api_retry"?:
      let status = line["error_status"]?.int
      // No number of attempts makes a wrong key right.
      if status == 401 || status == 403 { throw Self.error(status, line["error"]?.string, nil) }
      let wait = (line["retry_delay_ms"]?.int ?? 0) / 1000
      let reason = line["error"]?.string ?? status.map { "status \($0)" } ?? "no connection"
      step.events.append(.activity("\(reason); another attempt follows in \(wait) s"))
    case "compact_boundary"?: step.events.append(.activity("shortens the conversation"))
    default: break
    }
  }

  private mutating func take(event: JSONValue, _ step: inout ProgramStep) {
    switch event["type"]?.string {
    case "message_start"?:
      current = event["message"]?["id"]?.string
      if let current { streamed.insert(current) }
    case "content_block_start"?:
      if event["content_block"]?["type"]?.string == "text" { separate(&step) }
    case "content_block_delta"?:
      if let text = event["delta"]?["text"]?.string { say(text, &step) }
      if let thought = event["delta"]?["thinking"]?.string { step.events.append(.reasoning(thought)) }
    default: break
    }
  }

  private mutating func takeMessage(_ line: JSONValue, _ step: inout ProgramStep) {
    let message = line["message"]
    let blocks = message?["content"]?.array ?? []
    if let code = line["error"]?.string {
      let text = blocks.compactMap { $0["text"]?.string }.joined(separator: " ")
      failure = Self.error(nil, code, text)
      return
    }
    let isNew = message?["id"]?.string.map { !streamed.contains($0) } ?? true
    for block in blocks {
      switch block["type"]?.string {
      case "text"? where isNew:
        separate(&step)
        say(block["text"]?.string ?? "", &step)
      case "thinking"? where isNew: step.events.append(.reasoning(block["thinking"]?.string ?? ""))
      case "tool_use"?: step.events.append(.activity(Self.activity(block)))
      default: break
      }
    }
  }

  private mutating func say(_ text: String, _ step: inout ProgramStep) {
    guard !text.isEmpty else { return }
    hadText = true
    step.events.append(.text(text))
  }

  /// What it says before and after using a tool are paragraphs.
  private func separate(_ step: inout ProgramStep) {
    if hadText { step.events.append(.text("\n\n")) }
  }

  /// "Bash: git status": the tool, and what it is used on.
  private static func activity(_ block: JSONValue) -> String {
    let name = block["name"]?.string ?? "a tool"
    let keys = ["description", "command", "file_path", "path", "pattern", "query", "url"]
    guard let detail = keys.lazy.compactMap({ block["input"]?[$0]?.string }).first else { return name }
    return "\(name): \(detail.firstLine)"
  }

  private mutating func takeLimit(_ info: JSONValue?, _ time: Int) {
    guard info?["status"]?.string == "rejected" else { return }
    var error = ProviderError(
      .rateLimited, "the subscription's limit is reached", hint: "Wait until it is lifted, or use another provider.")
    error.upstreamCode = info?["rateLimitType"]?.string
    error.retryAfterMs = info?["resetsAt"]?.int.map { max(0, $0 - time) * 1000 }
    failure = error
  }

  // MARK: Errors

  /// The error that a result reports.
  func error(in result: JSONValue, _ errors: [String]) -> ProviderError {
    if let failure, failure.kind == .rateLimited { return failure }
    let text = result["result"]?.string ?? errors.joined(separator: "; ")
    let status = result["api_error_status"]?.int
    let code = result["api_error_type"]?.string ?? failure?.upstreamCode
    return Self.error(status, code, text.isEmpty ? failure?.message : text)
  }

  private static func error(_ status: Int?, _ code: String?, _ text: String?) -> ProviderError {
    let kinds: [String: ErrorKind] = [
      "authentication_failed": .authRejected, "billing_error": .quotaExceeded, "rate_limit": .rateLimited,
      "server_error": .upstreamError, "invalid_request": .upstreamError,
    ]
    let message = text ?? code.map { "the program reports: \($0)" } ?? "the program reports an error without a reason"
    var error = ProviderError.reported(status: status, code: code, message)
    if let kind = code.flatMap({ kinds[$0] }), error.kind == .upstreamError { error.kind = kind }
    // "Invalid API key · Please run /login", "Not logged in · Please run /login".
    if message.contains("/login") { error.kind = .authRequired }
    return error
  }
}
