internal import Catalog
package import Completion
package import Dialects
internal import JSON

/// GitHub's Copilot CLI: one command for each turn, an event a line.
struct CopilotCLI: ProgramFamily {
  let api = "copilot-cli"

  func conversation(for turn: ProgramTurn) throws(ProviderError) -> (any ProgramConversation, [Dropped]) {
    var carried: Set<String> = ["allowedTools"]
    if case .level? = turn.request.options.reasoning { carried.insert("reasoning") }
    var dropped = turn.losses(carrying: carried)
    let conversation = try CopilotConversation(turn, resuming: turn.session, &dropped)
    return (conversation, dropped)
  }
}

/// One run of the Copilot CLI.
struct CopilotConversation: ProgramConversation {
  private static let configName = "mcp.json"

  private let turn: ProgramTurn
  private let resumed: ProgramSession?
  private let prompt: ProgramPrompt
  private var result: JSONValue?
  private var failure: ProviderError?
  private var items = CodexItems()

  let launch: ProgramLaunch

  init(_ turn: ProgramTurn, resuming session: ProgramSession?, _ dropped: inout [Dropped]) throws(ProviderError) {
    self.turn = turn
    resumed = session
    prompt = try turn.prompt(knowing: session, media: false, &dropped).led(by: session == nil ? turn.system : nil)
    launch = Self.launch(turn, session)
  }

  private static func launch(_ turn: ProgramTurn, _ session: ProgramSession?) -> ProgramLaunch {
    var words = ["--output-format", "json", "--stream", "on", "--no-ask-user", "--no-auto-update"]
    if let model = turn.model { words += ["--model", model] }
    if let session { words.append("--resume=\(session.id)") }
    if turn.settings.fullAuto { words.append("--allow-all-tools") }
    for tool in turn.settings.allowedTools ?? [] { words.append("--allow-tool=\(tool)") }
    for server in turn.servers { words.append("--allow-tool=\(server.name)") }
    if case .level(let level)? = turn.request.options.reasoning, level != .off {
      let efforts: [ReasoningLevel: String] = [.minimal: "low", .max: "xhigh"]
      words += ["--effort", efforts[level] ?? level.rawValue]
    }
    guard !turn.servers.isEmpty else { return turn.launch(words) }
    var files = PrivateFiles(folder: turn.folder)
    let servers = turn.servers.map { server in
      var members = server.claudeJSON.object ?? JSONObject()
      members["tools"] = ["*"]
      return (server.name, JSONValue.object(members))
    }
    files.texts[configName] = JSONValue.object(["mcpServers": .object(JSONObject(servers))]).text
    var launch = turn.launch(words + ["--additional-mcp-config", "@\(files.path(configName))"])
    launch.files = files
    return launch
  }

  func begin() -> ProgramStep {
    var step = ProgramStep()
    step.input = Array(prompt.text.utf8)
    step.closesInput = true
    return step
  }

  mutating func take(_ line: JSONValue, into step: inout ProgramStep) throws(ProviderError) {
    let data = line["data"]
    switch line["type"]?.string {
    case "session.tools_updated"?: step.events.append(.started(id: nil, model: data?["model"]?.string))
    case "assistant.message_delta"?:
      items.say(data?["deltaContent"]?.string ?? "", item: data?["messageId"]?.string, &step)
    case "assistant.reasoning_delta"?: step.events.append(.reasoning(data?["deltaContent"]?.string ?? ""))
    case "assistant.message"?:
      let message: JSONValue = [
        "type": "agentMessage", "id": data?["messageId"] ?? .null, "text": data?["content"] ?? "",
      ]
      items.end(message, &step)
    case "tool.execution_start"?: step.events.append(.activity("uses \(data?["toolName"]?.string ?? "a tool")"))
    case "session.error"?: failure = error(data)
    case "result"?:
      result = line
      step.isDone = true
    default: break
    }
  }

  mutating func finish(
    _ exit: ProgramExit, errors: String, into step: inout ProgramStep
  ) throws(ProviderError) -> (any ProgramConversation)? {
    guard let result, result["exitCode"]?.int == 0, failure == nil || items.hadText else {
      if resumed != nil, !items.hadText, failure == nil, errors.contains("No session") {
        var dropped: [Dropped] = []
        return try CopilotConversation(turn, resuming: nil, &dropped)
      }
      throw failure ?? exit.error(of: turn, errors)
    }
    if let session = result["sessionId"]?.string, turn.isKept {
      step.events.append(ProgramSession(id: session, directory: turn.directory).event)
    }
    step.events.append(.stop(.end, raw: "exitCode 0"))
    return nil
  }

  private func error(_ data: JSONValue?) -> ProviderError {
    .reported(
      status: data?["statusCode"]?.int, code: data?["errorType"]?.string,
      data?["message"]?.string ?? "the program reports an error without a reason")
  }
}
