internal import Catalog
internal import Completion
internal import Dialects
internal import HTTP
internal import JSON
internal import Platform

/// One completion from its turn to its end: history in, answer out, thread written.
final class CompletionRun: Sendable {
  let engine: CompletionEngine
  let admission: CompletionEngine.Admission
  let sink: any CompletionSink

  init(engine: CompletionEngine, admission: CompletionEngine.Admission, sink: any CompletionSink) {
    self.engine = engine
    self.admission = admission
    self.sink = sink
  }

  var target: Target { admission.target }
  var call: CompletionCall { admission.call }

  /// The outcome, or an error that says who failed and holds no secret.
  func result() async -> Result<CompletionOutcome, ProviderError> {
    do throws(ProviderError) {
      return .success(try await complete())
    } catch {
      var error = error
      error.completionId = error.completionId ?? admission.completionId
      error.provider = error.provider ?? target.provider.id
      error.model = error.model ?? target.model.id
      return .failure(error)
    }
  }

  private func complete() async throws(ProviderError) -> CompletionOutcome {
    guard let turn = admission.turn else {
      return try await answer(to: try await readMedia(call.input), thread: nil)
    }
    try await engine.sessions.lanes.wait(turn)
    let thread = try await engine.sessions.open(turn.key, wait: call.queue)
    defer { engine.sessions.close(thread, turn.key) }
    let input = try await readMedia(call.input)
    let history = thread.current.history
    try await write(input.map { stored($0, by: target) }, to: thread, sync: false)
    return try await answer(to: joined(history, input), thread: thread)
  }

  /// A question that was never answered stands before the new one: see `ThreadContent.history`.
  private func joined(_ history: [Message], _ input: [Message]) -> [Message] {
    guard let last = history.last, let first = input.first, last.role == .user, first.role == .user else {
      return history + input
    }
    return history.dropLast() + [ThreadContent.join(last, first)] + input.dropFirst()
  }

  private func answer(
    to messages: [Message], thread: OpenThread?
  ) async throws(ProviderError) -> CompletionOutcome {
    let answer = LiveAnswer(by: target, sink: sink, clock: engine.clock, meter: admission.meter)
    let started = engine.clock.now()
    do throws(ProviderError) {
      let answered = try await ask(messages, into: answer)
      return try await finish(answer, answered, started, thread)
    } catch {
      guard let thread else { throw error }
      if error.kind == .cancelled {
        let partial = stored(answer.message, by: answer.writer, stop: .cancelled, answer.usage)
        try await write([partial], to: thread, sync: true)
      } else {
        try await void(thread)
      }
      throw error
    }
  }

  /// The call's options, with what session and settings say where it says nothing.
  func options(for target: Target, _ call: CompletionCall) async throws(ProviderError) -> CompletionOptions {
    let catalog = try await engine.catalog()
    var options = call.options
    if options.system == nil { options.system = admission.session?.system }
    if options.maxTokens == nil { options.maxTokens = target.provider.maxTokens }
    var extra = target.provider.extra
    extra.merge(options.extra)
    options.extra = extra
    let isFast = call.purpose == .chat ? catalog.fastMode.chat : catalog.fastMode.workflow
    if options.serviceTier == nil, isFast, target.provider.fastMode, target.model.fastMode {
      options.serviceTier = .priority
    }
    let cache = catalog.cacheSettings
    if options.cache == nil, !cache.enabled { options.cache = .off }
    options.cachesSystem = cache.systemPrompt
    options.cachesInstructions = cache.projectInstructions
    return options
  }

  private func finish(
    _ answer: LiveAnswer, _ answered: Answered, _ started: Int64, _ thread: OpenThread?
  ) async throws(ProviderError) -> CompletionOutcome {
    let (facts, writer) = (answer.facts, answered.target)
    let stop = facts.stop ?? .end
    let message = answer.message
    let usage = facts.usage ?? estimate(answered.request, message)
    // A provider that does not say which tier it used was asked for one all the same, unless that was left out.
    let hasTier = !answered.dropped.contains { $0.what == "serviceTier" }
    let tier = facts.serviceTier ?? (hasTier ? answered.request.options.serviceTier?.rawValue : nil)
    var warnings = facts.warnings
    let structured = structured(message, &warnings)
    // On disk before the client hears that it is done.
    if let thread { try await write([stored(message, by: writer, stop: stop, usage)], to: thread, sync: true) }
    await answer.end(stop)
    return CompletionOutcome(
      completionId: admission.completionId, session: admission.session?.id, provider: writer.provider.id,
      model: writer.model.id, attempts: admission.attempts.all, message: message, stopReason: stop, usage: usage,
      cost: cost(usage, writer.model, facts, tier), queuedMs: Self.milliseconds(admission.since, started),
      firstTokenMs: answer.firstContent.map { Self.milliseconds(admission.since, $0) },
      totalMs: Self.milliseconds(admission.since, engine.clock.now()), structured: structured,
      dropped: answered.dropped.map { ($0.what, $0.why) }, warnings: warnings + (thread?.current.warnings ?? []),
      serviceTier: tier, upstreamId: facts.upstreamId, upstreamModel: facts.upstreamModel)
  }

  private static func milliseconds(_ from: Int64, _ to: Int64) -> Int { Int((to - from) / 1_000_000) }
}

// MARK: - The parts of an outcome

extension CompletionRun {
  private func cost(_ usage: Usage, _ model: ModelInfo, _ facts: AnswerBuilder, _ tier: String?) -> Cost? {
    var cost = Cost(of: usage, model, tier: tier)
    if let reported = facts.providerCost {
      // The parts are ours, the sum is the provider's.
      cost = cost ?? Cost()
      cost?.total = reported
    }
    return cost
  }

  /// What a provider that counts nothing probably counted.
  private func estimate(_ request: CompletionRequest, _ answer: Message) -> Usage {
    .estimated(input: TokenEstimate.tokens(in: request), output: TokenEstimate.tokens(of: [answer]))
  }

  /// The answer as the value that was asked for. Every dialect puts it into the text.
  private func structured(_ message: Message, _ warnings: inout [String]) -> JSONValue? {
    guard call.options.output != nil, message.toolCalls.isEmpty else { return nil }
    if let value = try? JSONValue(parsing: message.text) { return value }
    warnings.append("the answer is not the JSON that output.schema asks for")
    return nil
  }
}

// MARK: - The thread on disk

extension CompletionRun {
  /// `message` as it is kept; `writer` is the target for what was said to it.
  private func stored(
    _ message: Message, by writer: Target, stop: StopReason? = nil, _ usage: Usage? = nil
  ) -> StoredMessage {
    StoredMessage(
      id: Sessions.newMessageID(), message: message, provider: writer.provider.id, model: writer.model.id,
      api: message.role == .assistant ? writer.api : nil, at: Timestamp.now(), usage: usage, stopReason: stop,
      completionId: admission.completionId)
  }

  private func write(_ messages: [StoredMessage], to thread: OpenThread, sync: Bool) async throws(ProviderError) {
    let store = engine.sessions.store
    try await BlockingQueue.run { () throws(ProviderError) in
      try store.storage { () throws(SystemError) in try thread.append(messages, sync: sync) }
    }
  }

  private func void(_ thread: OpenThread) async throws(ProviderError) {
    let store = engine.sessions.store
    let id = admission.completionId
    try await BlockingQueue.run { () throws(ProviderError) in
      try store.storage { () throws(SystemError) in try thread.void(id) }
    }
  }

  private func readMedia(_ messages: [Message]) async throws(ProviderError) -> [Message] {
    try await MediaReader(directory: admission.directory).read(messages)
  }
}
