internal import Catalog
internal import Completion
internal import Dialects
internal import JSON

/// A turn with `codex exec --json`, for versions without a server.
struct CodexExecConversation: ProgramConversation {
  private static let schemaName = "schema.json"

  private let turn: ProgramTurn
  private let resumed: ProgramSession?
  private let prompt: ProgramPrompt
  private var thread: String?
  private var usage: Usage?
  private var failure: ProviderError?
  private var items = CodexItems()

  let launch: ProgramLaunch

  init(_ turn: ProgramTurn, resuming session: ProgramSession?) throws(ProviderError) {
    self.turn = turn
    resumed = session
    // What does not fit was told when the turn began.
    var dropped: [Dropped] = []
    prompt = try turn.prompt(knowing: session, media: false, &dropped).led(by: session == nil ? turn.system : nil)
    launch = Self.launch(turn, session)
  }

  private static func launch(_ turn: ProgramTurn, _ session: ProgramSession?) -> ProgramLaunch {
    var words = ["exec", "--json", "--skip-git-repo-check"]
    if let model = turn.model { words += ["--model", model] }
    if turn.settings.fullAuto, turn.servers.isEmpty { words += ["--sandbox", "workspace-write"] }
    if !turn.isKept { words.append("--ephemeral") }
    if case .level(let level)? = turn.request.options.reasoning {
      words += ["-c", "model_reasoning_effort=\"\(level == .off ? "none" : level.rawValue)\""]
    }
    var environment: [String: String] = [:]
    for server in turn.servers {
      let overrides = server.codexOverrides
      words += overrides.words
      environment.merge(overrides.environment) { $1 }
    }
    // These versions refuse calls of MCP servers when there is nobody to be asked.
    if !turn.servers.isEmpty { words.append("--dangerously-bypass-approvals-and-sandbox") }
    var files: PrivateFiles?
    if let output = turn.request.options.output {
      var made = PrivateFiles(folder: turn.folder)
      made.texts[schemaName] = JSONValue.object(output.schema).text
      words += ["--output-schema", made.path(schemaName)]
      files = made
    }
    if let session { words += ["resume", session.id] }
    var launch = turn.launch(words + ["-"])
    launch.environment.merge(environment) { $1 }
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
    switch line["type"]?.string {
    case "thread.started"?: thread = line["thread_id"]?.string
    case "item.started"?: items.begin(line["item"], &step)
    case "item.completed"?: items.end(line["item"], &step)
    case "turn.completed"?:
      usage = Usage(
        codex: line["usage"],
        (
          "input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens",
          "reasoning_output_tokens"
        ))
      step.isDone = true
    case "turn.failed"?: failure = CodexError.message(line["error"]?["message"]?.string ?? "")
    case "error"?: failure = CodexError.message(line["message"]?.string ?? "")
    default: break
    }
  }

  mutating func finish(
    _ exit: ProgramExit, errors: String, into step: inout ProgramStep
  ) throws(ProviderError) -> (any ProgramConversation)? {
    guard let usage else {
      if resumed != nil, thread == nil, errors.contains("no rollout found") {
        return try CodexExecConversation(turn, resuming: nil)
      }
      throw failure ?? exit.error(of: turn, errors)
    }
    step.events.append(.usage(usage))
    if turn.isKept, let thread { step.events.append(ProgramSession(id: thread, directory: turn.directory).event) }
    step.events.append(.stop(.end, raw: "turn.completed"))
    return nil
  }
}
