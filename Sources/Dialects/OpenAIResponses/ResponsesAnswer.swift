internal import Completion
internal import JSON

/// What a model has answered so far: turns the events of a stream, or the one document of a whole answer, into events.
/// A document is what the last event of a stream holds, with nothing said before it.
struct ResponsesAnswer: JSONAnswer {
  /// The tool whose arguments are the structured answer: they become text, and the call does not exist.
  let answerTool: String?
  /// Whether the pieces of arguments count, or only the finished ones.
  let streamsArguments: Bool

  var items: [ResponsesItem] = []
  var index = ResponsesItemIndex()
  /// The message or thought being written.
  var current: Int?
  var announcedCalls = 0
  var hasAnswer = false
  var hasText = false
  var hasReasoning = false
  var heldText = ""
  var refusal = ""
  /// Reasoning items whose sealed content came only after another part had begun.
  var lateItems: [JSONValue] = []
  /// Where in `lateItems` the item of an id is.
  var latePositions: [String: Int] = [:]
  private var hasStarted = false
  private var isDone = false
  private var endType = ""
  var warnings: Set<String> = []

  init(answerTool: String? = nil, streamsArguments: Bool = true) {
    self.answerTool = answerTool
    self.streamsArguments = streamsArguments
  }

  var hasOutput: Bool { hasText || hasReasoning || !refusal.isEmpty || items.contains { $0.kind != .message } }

  // MARK: - Events

  mutating func takeChunk(
    _ data: ArraySlice<UInt8>, type: String?, into events: inout [StreamEvent]
  ) throws(ProviderError) {
    let value = try UpstreamAnswer.event(data, type: type)
    guard case .object(let event) = value else { throw UpstreamAnswer.notAnAnswer(value) }
    let type = event["type"]?.string ?? type ?? ""
    if isDone { return noteSurplus(type, &events) }
    if type == "error" || type.isEmpty && event["error"] != nil { throw Self.failure(event) }
    if type.isEmpty, event["output"] != nil { return try end(event, "", &events) }
    let before = events.count
    try take(event, type, &events)
    // Searches, hidden thoughts and the like: each event of a response is a step of it.
    if events.count == before, type.hasPrefix("response.") { events.append(.progress) }
  }

  /// Codex ends twice; its limits may come at any time.
  private mutating func noteSurplus(_ type: String, _ events: inout [StreamEvent]) {
    let isOtherEnd = ["response.done", "response.completed"].contains(type) && type != endType
    if isOtherEnd || type == "codex.rate_limits" { return }
    warn("the provider went on after the end of its answer", &events)
  }

  private mutating func take(
    _ event: JSONObject, _ type: String, _ events: inout [StreamEvent]
  ) throws(ProviderError) {
    switch type {
    case "response.created", "response.queued", "response.in_progress": start(event["response"], &events)
    case "response.output_item.added":
      start(nil, &events)
      if let item = event["item"]?.object { open(item, event["output_index"]?.int, &events) }
    case "response.output_item.done":
      start(nil, &events)
      if let item = event["item"]?.object { close(item, event["output_index"]?.int, &events) }
    case "response.completed", "response.incomplete", "response.failed", "response.done", "response.cancelled":
      guard let response = event["response"]?.object else {
        throw ProviderError(.upstreamInvalid, "the provider's last event holds no response")
      }
      endType = type
      try end(response, String(type.dropFirst("response.".count)), &events)
    default: takePiece(event, type, &events)
    }
  }

  mutating func takeDocument(_ data: ArraySlice<UInt8>, into events: inout [StreamEvent]) throws(ProviderError) {
    let value = try UpstreamAnswer.document(data)
    guard case .object(let response) = value, response["output"] != nil || response["object"] == "response" else {
      let isError =
        value["error"] != nil || value[0]?["error"] != nil || value["detail"] != nil || value["message"] != nil
      if isError { throw ErrorClassification.error(inside: value) }
      throw UpstreamAnswer.notAnAnswer(value)
    }
    try end(response, "", &events)
  }

  /// This API ends with an event of its own.
  mutating func takeDone(into events: inout [StreamEvent]) throws(ProviderError) {}

  mutating func finish(into events: inout [StreamEvent]) throws(ProviderError) {
    guard !isDone else { return }
    throw UpstreamAnswer.cutOff("its last event")
  }

  mutating func start(_ response: JSONValue?, _ events: inout [StreamEvent]) {
    guard !hasStarted else { return }
    hasStarted = true
    let known = { (key: String) in response?[key]?.string.flatMap { $0.isEmpty ? nil : $0 } }
    events.append(.started(id: known("id"), model: known("model")))
  }

  /// The event's own type and number are no part of what went wrong.
  private static func failure(_ event: JSONObject) -> ProviderError {
    var event = event
    if event["type"] == "error", event["error"]?.object == nil { event["type"] = nil }
    return ErrorClassification.error(inside: .object(event))
  }
}

// MARK: - The end

extension ResponsesAnswer {
  /// Takes the finished response; `type` is what the event's name says of it.
  private mutating func end(
    _ response: JSONObject, _ type: String, _ events: inout [StreamEvent]
  ) throws(ProviderError) {
    let status = response["status"]?.string ?? (["", "done"].contains(type) ? "completed" : type)
    try checkStatus(status, type, response)
    start(.object(response), &events)
    reconcile(response["output"]?.array ?? [], &events)
    closeAll(&events)
    takeAccounts(response, &events)
    let isCut = status == "incomplete" || type == "incomplete"
    let raw = isCut ? response["incomplete_details"]?["reason"]?.string ?? "incomplete" : status
    let known = FinishMeaning.completions(isCut ? raw : "")
    var stop = known.stop ?? .end
    if !isCut, status != "completed" { warn("the status \"\(status)\" is not known; taken as the end", &events) }
    if !hasOutput { try checkEmpty(known, raw) }
    try checkCalls()
    if stop == .end { stop = announcedCalls > 0 ? .toolUse : .end }
    if isCut, known.stop == nil {
      warn("the reason \"\(raw)\" for an incomplete answer is not known; taken as the end", &events)
    }
    if !refusal.isEmpty {
      warn("the model refused: \(refusal)", &events)
      stop = .refusal
    }
    releaseHeldText(&events)
    if !lateItems.isEmpty { events.append(.reasoningEnd(opaque: ["next": ["items": .array(lateItems)]])) }
    events.append(.stop(stop, raw: raw))
    isDone = true
  }

  private func checkStatus(_ status: String, _ type: String, _ response: JSONObject) throws(ProviderError) {
    if status == "failed" || type == "failed" || response["status"] == nil && response["error"]?.object != nil {
      throw ErrorClassification.error(inside: ["error": response["error"] ?? .null])
    }
    switch status {
    case "cancelled": throw ProviderError(.upstreamError, "the provider cancelled its answer")
    case "queued", "in_progress":
      throw ProviderError(
        .upstreamInvalid, "the provider's answer is not finished: it is \(status)",
        hint: "Leave background out of extra, or stream the answer.")
    default: break
    }
  }

  /// No output at all is an answer only where the limit explains it, which hidden reasoning can use up.
  private func checkEmpty(_ finish: FinishMeaning, _ raw: String) throws(ProviderError) {
    if let kind = finish.errorWhenEmpty { throw FinishMeaning.failure(kind, raw) }
    if finish.stop == .length { return }
    throw UpstreamAnswer.empty
  }

  private func checkCalls() throws(ProviderError) {
    let isNameless = items.contains { [.call, .customCall].contains($0.kind) && $0.name.isEmpty }
    if isNameless { throw ProviderError(.upstreamInvalid, "the provider sent a tool call without the tool's name") }
  }

  /// Counts, price and tier: only the last event knows them.
  private func takeAccounts(_ response: JSONObject, _ events: inout [StreamEvent]) {
    if let counts = ResponsesUsage.read(response["usage"]) { events.append(.usage(counts)) }
    if let cost = ResponsesUsage.cost(response["usage"]) { events.append(.providerCost(cost)) }
    if let tier = response["service_tier"]?.string, !tier.isEmpty { events.append(.serviceTier(tier)) }
  }
}
