internal import Catalog
package import Completion
package import Dialects
internal import JSON

/// Google's Gemini CLI: one command for each turn, an event a line.
struct GeminiCLI: ProgramFamily {
  let api = "gemini-cli"

  func conversation(for turn: ProgramTurn) throws(ProviderError) -> (any ProgramConversation, [Dropped]) {
    var dropped = turn.losses(carrying: ["allowedTools"])
    let conversation = try GeminiConversation(turn, resuming: turn.session, &dropped)
    return (conversation, dropped)
  }
}

/// One run of the Gemini CLI.
struct GeminiConversation: ProgramConversation {
  private static let settingsName = "settings.json"

  private let turn: ProgramTurn
  private let resumed: ProgramSession?
  private let prompt: ProgramPrompt
  private var session: String?
  private var result: JSONValue?
  private var failure: ProviderError?
  private var hadText = false
  /// Whether a tool was used since the last text: what follows is another paragraph.
  private var usedTool = false

  let launch: ProgramLaunch

  init(_ turn: ProgramTurn, resuming session: ProgramSession?, _ dropped: inout [Dropped]) throws(ProviderError) {
    self.turn = turn
    resumed = session
    prompt = try turn.prompt(knowing: session, media: false, &dropped).led(by: session == nil ? turn.system : nil)
    launch = Self.launch(turn, session)
  }

  private static func launch(_ turn: ProgramTurn, _ session: ProgramSession?) -> ProgramLaunch {
    var words = ["--output-format", "stream-json"]
    if let model = turn.model { words += ["--model", model] }
    words += ["--approval-mode", turn.settings.fullAuto ? "yolo" : "auto_edit"]
    for tool in turn.settings.allowedTools ?? [] { words.append("--allowed-tools=\(tool)") }
    if let session { words.append("--resume=\(session.id)") }
    guard !turn.servers.isEmpty else { return turn.launch(words) }
    words.append("--allowed-mcp-server-names=\(turn.servers.map(\.name).joined(separator: ","))")
    var launch = turn.launch(words)
    // The settings of the system, which nobody else reads from there, and none of the person's files is touched.
    var settings = turn.systemSettings
    settings["mcpServers"] = .object(JSONObject(turn.servers.map { ($0.name, $0.geminiJSON) }))
    var files = PrivateFiles(folder: turn.folder)
    files.texts[settingsName] = JSONValue.object(settings).text
    launch.files = files
    if let place = turn.settings.systemSettings { launch.environment[place.variable] = files.path(settingsName) }
    return launch
  }

  func begin() -> ProgramStep {
    var step = ProgramStep()
    step.input = Array(prompt.text.utf8)
    step.closesInput = true
    return step
  }

  mutating func take(_ line: JSONValue, into step: inout ProgramStep) throws(ProviderError) {
    switch line["type"]?.string {
    case "init"?:
      session = line["session_id"]?.string
      step.events.append(.started(id: nil, model: line["model"]?.string))
    case "message"? where line["role"]?.string == "assistant": say(line["content"]?.string ?? "", &step)
    case "tool_use"?:
      usedTool = true
      step.events.append(.activity("uses \(line["tool_name"]?.string ?? "a tool")"))
    case "error"?: takeError(line["message"]?.string ?? "", isFatal: line["severity"]?.string == "error", &step)
    case "result"?:
      result = line
      step.isDone = true
    default: break
    }
  }

  private mutating func say(_ text: String, _ step: inout ProgramStep) {
    guard !text.isEmpty else { return }
    if hadText, usedTool { step.events.append(.text("\n\n")) }
    (hadText, usedTool) = (true, false)
    step.events.append(.text(text))
  }

  private mutating func takeError(_ text: String, isFatal: Bool, _ step: inout ProgramStep) {
    if let error = blockedServers(text) {
      step.events.append(.warning(error.message))
    } else if isFatal {
      failure = .reported(status: nil, code: nil, text)
    } else {
      step.events.append(.warning(text))
    }
  }

  mutating func finish(
    _ exit: ProgramExit, errors: String, into step: inout ProgramStep
  ) throws(ProviderError) -> (any ProgramConversation)? {
    guard let result, result["status"]?.string != "error" else { return try otherwise(exit, errors) }
    step.events.append(.usage(Self.usage(result["stats"])))
    if turn.isKept, let session { step.events.append(ProgramSession(id: session, directory: turn.directory).event) }
    if let error = blockedServers(errors) { step.events.append(.warning(error.message)) }
    step.events.append(.stop(.end, raw: "success"))
    return nil
  }

  /// The same turn in a session of its own, when the one to go on in is gone.
  /// - Throws: why there is no answer.
  private func otherwise(_ exit: ProgramExit, _ errors: String) throws(ProviderError) -> (any ProgramConversation)? {
    if resumed != nil, !hadText,
      errors.contains("Invalid session identifier") || errors.contains("No previous sessions")
    {
      var dropped: [Dropped] = []
      return try GeminiConversation(turn, resuming: nil, &dropped)
    }
    let text = result?["error"]?["message"]?.string
    if let error = blockedServers("\(text ?? "")\n\(errors)") { throw error }
    var error =
      text.map { ProviderError.reported(status: nil, code: nil, $0) } ?? failure ?? exit.error(of: turn, errors)
    switch exit {
    case .status(41): error.kind = .authRequired
    case .status(53): error.hint = "The program has used up its turns; raise model.maxSessionTurns in its settings."
    case .status(55): error.hint = "Trust the folder: start the program in it once, and say so."
    default: break
    }
    throw error
  }

  /// Google decides for some kinds of accounts, personal ones among them, that there are no MCP servers.
  private func blockedServers(_ text: String) -> ProviderError? {
    guard !turn.servers.isEmpty else { return nil }
    let lines = text.lowercased().split(whereSeparator: \.isNewline).filter { $0.contains("mcp") }
    let words = ["administrator", "admin", "blocked", "not allowed", "disabled"]
    guard lines.contains(where: { line in words.contains { line.contains($0) } }) else { return nil }
    return ProviderError(
      .unsupported, "Google blocks MCP servers for this account, as it does for personal ones",
      hint:
        "Leave this provider away from mcp, with \"mcp\": false in its section, or use an account that may have them.")
  }

  private static func usage(_ stats: JSONValue?) -> Usage {
    let cached = stats?["cached"]?.tokenCount ?? 0
    return Usage(
      input: (stats?["input_tokens"]?.tokenCount ?? 0) - cached, output: stats?["output_tokens"]?.tokenCount ?? 0,
      cacheRead: cached)
  }
}
