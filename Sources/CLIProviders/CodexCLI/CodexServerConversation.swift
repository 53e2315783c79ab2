internal import Catalog
internal import Completion
internal import Dialects
internal import JSON

/// A turn with `codex app-server`: JSON-RPC, a message a line, without the member `jsonrpc`.
struct CodexServerConversation: ProgramConversation {
  private enum Call: Int { case initialize = 1, thread, turn }

  private let turn: ProgramTurn
  private var resumed: ProgramSession?
  private var prompt: ProgramPrompt
  private var wasGreeted = false
  /// Whether the thread is only to be opened when all servers are there: then they are there for the first turn.
  private var requiresServers = true
  private var thread: String?
  private var id: String?
  private var failure: ProviderError?
  /// The turn as it ended.
  private var ended: JSONValue?
  private var items = CodexItems()
  /// What the thread has used up to now, and this turn of it.
  private var usage = Usage()
  private var total: JSONValue?

  let launch: ProgramLaunch

  init(_ turn: ProgramTurn, _ dropped: inout [Dropped]) throws(ProviderError) {
    self.turn = turn
    resumed = turn.session
    prompt = try turn.prompt(knowing: resumed, media: true, &dropped)
    launch = turn.launch(["app-server"])
  }

  func begin() -> ProgramStep {
    var step = ProgramStep()
    let client: JSONValue = ["name": "patchbay", "title": "patchbay", "version": "0.1.0"]
    ask(.initialize, "initialize", ["clientInfo": client], &step)
    return step
  }

  mutating func take(_ line: JSONValue, into step: inout ProgramStep) throws(ProviderError) {
    if let method = line["method"]?.string {
      if let request = line["id"] {
        answer(request, method, &step)
      } else {
        take(method, line["params"] ?? [:], &step)
      }
    } else if let call = line["id"]?.int.flatMap(Call.init) {
      if let error = line["error"] { return try fail(call, error, &step) }
      succeed(call, line["result"] ?? [:], &step)
    }
  }

  mutating func finish(
    _ exit: ProgramExit, errors: String, into step: inout ProgramStep
  ) throws(ProviderError) -> (any ProgramConversation)? {
    guard wasGreeted else {
      if case .status(let status) = exit, status != 0 { return try CodexExecConversation(turn, resuming: turn.session) }
      throw exit.error(of: turn, errors)
    }
    guard let ended else { throw failure ?? exit.error(of: turn, errors) }
    switch ended["status"]?.string {
    case "completed"?: break
    case "failed"?:
      throw ended["error"].flatMap { $0.isNull ? nil : CodexError.error($0) } ?? failure
        ?? CodexError.error(nil)
    default: throw ProviderError(.upstreamError, "the program gave up the turn")
    }
    step.events.append(.usage(usage))
    if turn.isKept, let thread {
      step.events.append(ProgramSession(id: thread, directory: turn.directory).event)
    }
    step.events.append(.stop(.end, raw: "completed"))
    return nil
  }

  // MARK: What is asked

  private func ask(_ call: Call, _ method: String, _ params: JSONObject, _ step: inout ProgramStep) {
    step.say(["id": .int(call.rawValue), "method": .string(method), "params": .object(params)])
  }

  private func openThread(_ step: inout ProgramStep) {
    // Nobody is there to be asked.
    var params: JSONObject = ["cwd": .string(turn.directory), "approvalPolicy": "never"]
    params.set("model", turn.model.map(JSONValue.string))
    if turn.settings.fullAuto { params["sandbox"] = "workspace-write" }
    params.set("developerInstructions", turn.system.map(JSONValue.string))
    if !turn.servers.isEmpty {
      let servers = JSONObject(turn.servers.map { ($0.name, $0.codexJSON(isRequired: requiresServers)) })
      params["config"] = ["mcp_servers": .object(servers)]
    }
    if let resumed {
      params["threadId"] = .string(resumed.id)
      ask(.thread, "thread/resume", params, &step)
    } else {
      if !turn.isKept { params["ephemeral"] = true }
      ask(.thread, "thread/start", params, &step)
    }
  }

  private func startTurn(_ thread: String, _ step: inout ProgramStep) {
    var input: [JSONValue] = [["type": "text", "text": .string(prompt.text)]]
    for image in prompt.images {
      guard case .data(let data) = image.source else { continue }
      input.append(["type": "image", "url": .string("data:\(image.mediaType);base64,\(data)")])
    }
    var params: JSONObject = ["threadId": .string(thread), "input": .array(input)]
    if case .level(let level)? = turn.request.options.reasoning {
      params["effort"] = .string(level == .off ? "none" : level.rawValue)
    }
    params.set("outputSchema", turn.request.options.output.map { .object($0.schema) })
    ask(.turn, "turn/start", params, &step)
  }

  /// Nobody is there to be asked; the servers of the config file may be used.
  private func answer(_ request: JSONValue, _ method: String, _ step: inout ProgramStep) {
    switch method {
    case "item/commandExecution/requestApproval", "item/fileChange/requestApproval":
      step.say(["id": request, "result": ["decision": "decline"]])
    case "mcpServer/elicitation/request":
      step.say(["id": request, "result": ["action": "decline", "content": .null]])
    default:
      step.say(["id": request, "error": ["code": -32601, "message": "nobody is there to be asked"]])
    }
  }

  // MARK: What comes

  private mutating func succeed(_ call: Call, _ result: JSONValue, _ step: inout ProgramStep) {
    switch call {
    case .initialize:
      wasGreeted = true
      step.say(["method": "initialized"])
      openThread(&step)
    case .thread:
      thread = result["thread"]?["id"]?.string
      step.events.append(.started(id: nil, model: result["model"]?.string))
      if let thread { startTurn(thread, &step) }
    case .turn: id = result["turn"]?["id"]?.string
    }
  }

  private mutating func fail(
    _ call: Call, _ error: JSONValue, _ step: inout ProgramStep
  ) throws(ProviderError) {
    let text = error["message"]?.string ?? "the program refused without a reason"
    guard call == .thread else { throw CodexError.message(text) }
    if resumed != nil, text.contains("no rollout found") {
      // The thread to go on in is gone: the same turn in one of its own.
      resumed = nil
      var dropped: [Dropped] = []
      prompt = try turn.prompt(knowing: nil, media: true, &dropped)
    } else if requiresServers, text.contains("MCP") {
      // Better without one of them than not at all.
      requiresServers = false
      step.events.append(.warning(text.firstLine))
    } else {
      throw CodexError.message(text)
    }
    openThread(&step)
  }

  private mutating func take(_ method: String, _ params: JSONValue, _ step: inout ProgramStep) {
    switch method {
    case "thread/tokenUsage/updated": takeUsage(params)
    case "item/agentMessage/delta":
      items.say(params["delta"]?.string ?? "", item: params["itemId"]?.string, &step)
    case "item/reasoning/summaryTextDelta", "item/reasoning/textDelta":
      step.events.append(.reasoning(params["delta"]?.string ?? ""))
    case "item/started": items.begin(params["item"], &step)
    case "item/completed": items.end(params["item"], &step)
    case "warning": step.events.append(.warning(params["message"]?.string ?? ""))
    case "error":
      let error = CodexError.error(params["error"])
      if params["willRetry"]?.bool == true {
        step.events.append(.activity("\(error.message.firstLine); another attempt follows"))
      } else {
        failure = error
      }
    case "turn/completed":
      ended = params["turn"]
      step.closesInput = true
      step.isDone = true
    default: break
    }
  }

  /// Each call of the model adds to the thread's sum; what a resumed thread had before is told once, too.
  private mutating func takeUsage(_ params: JSONValue) {
    let counts = params["tokenUsage"]
    guard let sum = counts?["total"], sum != total else { return }
    total = sum
    guard let id, params["turnId"]?.string == id else { return }
    usage =
      usage
      + Usage(
        codex: counts?["last"],
        ("inputTokens", "cachedInputTokens", "cacheWriteInputTokens", "outputTokens", "reasoningOutputTokens"))
  }
}
