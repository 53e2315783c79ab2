internal import Catalog
internal import Completion
internal import Dialects
internal import JSON

/// One run of Claude Code.
struct ClaudeConversation: ProgramConversation {
  private static let goOn = "Continue."

  private let turn: ProgramTurn
  /// The session that is gone on in.
  private let resumed: ProgramSession?
  private let prompt: ProgramPrompt
  /// What earlier runs for the same answer have used.
  private var spent = ClaudeSpending()
  /// How often the answer was gone on with because the turns were used up.
  private var resumptions = 0
  private var decoder = ClaudeDecoder()

  let launch: ProgramLaunch

  init(
    _ turn: ProgramTurn, resuming session: ProgramSession?, _ dropped: inout [Dropped]
  ) throws(ProviderError) {
    self.turn = turn
    resumed = session
    prompt = try turn.prompt(knowing: session, media: true, &dropped)
    launch = ClaudeArguments(turn).launch(resuming: session, spent: 0)
  }

  /// The next run for an answer whose turns were used up.
  private init(after earlier: ClaudeConversation, in session: ProgramSession, _ spent: ClaudeSpending) {
    turn = earlier.turn
    resumed = session
    prompt = ProgramPrompt([Message(.user, Self.goOn)])
    self.spent = spent
    resumptions = earlier.resumptions + 1
    decoder.hadText = earlier.decoder.hadText
    launch = ClaudeArguments(turn).launch(resuming: session, spent: spent.cost ?? 0)
  }

  func begin() -> ProgramStep {
    var step = ProgramStep()
    var content: [JSONValue] = prompt.images.compactMap { image in
      guard case .data(let data) = image.source else { return nil }
      let source: JSONValue = ["type": "base64", "media_type": .string(image.mediaType), "data": .string(data)]
      return ["type": "image", "source": source]
    }
    content.append(["type": "text", "text": .string(prompt.text)])
    step.say([
      "type": "user", "message": ["role": "user", "content": .array(content)], "parent_tool_use_id": .null,
      "session_id": .string(resumed?.id ?? ""),
    ])
    step.closesInput = true
    return step
  }

  mutating func take(_ line: JSONValue, into step: inout ProgramStep) throws(ProviderError) {
    try decoder.take(line, time: turn.time, into: &step)
  }

  mutating func finish(
    _ exit: ProgramExit, errors: String, into step: inout ProgramStep
  ) throws(ProviderError) -> (any ProgramConversation)? {
    guard let result = decoder.result else { throw decoder.failure ?? exit.error(of: turn, errors) }
    let used = ClaudeSpending(result, after: turn.session?.cost ?? 0)
    let total = spent.adding(used)
    let session = decoder.session.map {
      ProgramSession(id: $0, directory: turn.directory, cost: result["total_cost_usd"]?.double)
    }
    switch result["subtype"]?.string {
    case "error_max_turns"?:
      if let session, resumptions < turn.settings.maxResumeAttempts {
        return ClaudeConversation(after: self, in: session, total)
      }
      step.events.append(
        .warning("the program stopped after \((turn.settings.maxTurns ?? 0) * (resumptions + 1)) turns (maxTurns)"))
      end(.length, "error_max_turns", total, session, &step)
      return nil
    case "error_max_budget_usd"?: throw overBudget(total)
    case "success"? where result["is_error"]?.bool != true:
      if !decoder.hadText, let text = result["result"]?.string { step.events.append(.text(text)) }
      end(Self.stop(result["stop_reason"]?.string), result["stop_reason"]?.string ?? "success", total, session, &step)
      return nil
    default: return try otherSession(result)
    }
  }

  /// The same turn in a session of its own, when the one to go on in is gone.
  /// - Throws: the error that the result reports.
  private func otherSession(_ result: JSONValue) throws(ProviderError) -> (any ProgramConversation)? {
    let errors = (result["errors"]?.array ?? []).compactMap(\.string)
    if resumed != nil, resumptions == 0, errors.contains(where: { $0.hasPrefix("No conversation found") }) {
      var dropped: [Dropped] = []
      return try ClaudeConversation(turn, resuming: nil, &dropped)
    }
    throw decoder.error(in: result, errors)
  }

  private func end(
    _ reason: StopReason, _ raw: String, _ spent: ClaudeSpending, _ session: ProgramSession?, _ step: inout ProgramStep
  ) {
    step.events.append(.usage(spent.usage))
    if let cost = spent.cost { step.events.append(.providerCost(cost)) }
    if turn.isKept, let session { step.events.append(session.event) }
    step.events.append(.stop(reason, raw: raw))
  }

  private static func stop(_ reason: String?) -> StopReason {
    switch reason {
    case "max_tokens"?: .length
    case "stop_sequence"?: .stopSequence
    case "refusal"?: .refusal
    default: .end
    }
  }

  private func overBudget(_ spent: ClaudeSpending) -> ProviderError {
    let limit = turn.settings.maxBudgetUSD.map { "\($0)" } ?? "?"
    let cost = spent.cost.map { ", after \($0) USD" } ?? ""
    return ProviderError(
      .budgetExceeded, "the program stopped\(cost), because the answer would cost more than \(limit) USD",
      hint: "Raise maxBudgetUSD of the provider in the config file.")
  }
}

/// What runs have used.
struct ClaudeSpending: Sendable, Hashable {
  var usage = Usage()
  /// In USD; for all runs in the session since the answer began.
  var cost: Double?

  init() {}

  /// Reads a result. Its costs are those of the whole session, of which `before` was spent for earlier answers.
  init(_ result: JSONValue, after before: Double) {
    let counts = result["usage"]
    usage = Usage(
      input: counts?["input_tokens"]?.tokenCount ?? 0, output: counts?["output_tokens"]?.tokenCount ?? 0,
      cacheRead: counts?["cache_read_input_tokens"]?.tokenCount ?? 0,
      cacheWrite: counts?["cache_creation_input_tokens"]?.tokenCount ?? 0,
      reasoning: counts?["output_tokens_details"]?["thinking_tokens"]?.tokenCount ?? 0)
    // Versions that count each run by itself are never above.
    cost = result["total_cost_usd"]?.double.map { $0 >= before ? $0 - before : $0 }
  }

  func adding(_ next: ClaudeSpending) -> ClaudeSpending {
    var sum = next
    sum.usage = usage + next.usage
    sum.cost = next.cost ?? cost
    return sum
  }
}
