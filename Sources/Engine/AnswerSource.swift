internal import CLIProviders
internal import Catalog
internal import Completion
internal import Credentials
internal import Dialects
internal import HTTP
internal import JSON
internal import Platform

/// Gets one answer from where it comes from: a provider over HTTP, or the built-in echo.
final class AnswerSource: Sendable {
  /// How long, in milliseconds, a server may take to end its response once the answer is complete.
  private static let endingPatience = 1000

  let engine: CompletionEngine
  let target: Target
  let call: CompletionCall
  /// The session's id, for servers that keep its prompt; `nil` for a one-off.
  let sessionId: String?
  /// Where the session works; programs work there, too.
  let directory: String
  /// Everything a dialect encodes, as the settings complete it.
  let options: CompletionOptions
  /// Whose limits it counts towards.
  let lane: Lane
  /// The longest pause, in milliseconds, that the next request makes so that it is not refused.
  let maxPauseMs: Int

  init(
    of call: CompletionCall, at target: Target, _ options: CompletionOptions, for admission: CompletionEngine.Admission,
    on lane: Lane, maxPauseMs: Int, _ engine: CompletionEngine
  ) {
    (self.engine, self.target, self.call, self.options) = (engine, target, call, options)
    sessionId = admission.session?.id
    directory = admission.directory
    (self.lane, self.maxPauseMs) = (lane, maxPauseMs)
  }

  /// Streams the answer to `messages` into `answer`. Returns what the request could not carry.
  func stream(_ messages: [Message], into answer: LiveAnswer) async throws(ProviderError) -> [Dropped] {
    let request = CompletionRequest(
      messages: messages, options: options, stream: call.stream, sessionId: sessionId)
    if target.api == EchoProvider.api {
      try await echo(request, into: answer)
      return []
    }
    if let family = ProgramFamilies.all.first(where: { $0.api == target.api }) {
      let call = ProgramCall(target: target, call: call, directory: directory)
      return try await SilenceWatch.watch(answer, engine.clock, waiting: "waiting for the program to begin") {
        () throws(ProviderError) in try await engine.run(family, call, request, answer)
      }
    }
    return try await exchange(request, into: answer)
  }

  private func echo(_ request: CompletionRequest, into answer: LiveAnswer) async throws(ProviderError) {
    var batch: [StreamEvent] = []
    for step in try EchoProvider.answer(target.model.id, to: call.input, request) {
      if step.pause > .zero {
        do {
          try await Task.sleep(for: step.pause)
        } catch {
          throw ProviderError(HTTPError.cancelled)
        }
      }
      batch += step.events
      if step.pause > .zero || batch.count >= 64 || step.failure != nil {
        _ = await answer.take(batch)
        batch = []
      }
      if Task.isCancelled { throw ProviderError(HTTPError.cancelled) }
      if let failure = step.failure { throw failure }
    }
    _ = await answer.take(batch)
  }

  private func exchange(
    _ request: CompletionRequest, into answer: LiveAnswer
  ) async throws(ProviderError) -> [Dropped] {
    guard let dialect = engine.dialect(named: target.api) else {
      throw ProviderError(.unsupported, "the API family \"\(target.api)\" is not known here", path: "api")
    }
    // What was said cannot be taken back, so nothing is tried again behind it.
    return try await engine.withEndpoint(
      target.provider, target.model, call, messages: request.messages, mayRepeat: { !answer.hasOutput }
    ) { endpoint throws(ProviderError) in
      do throws(ProviderError) {
        let encoded = try dialect.encode(request, for: endpoint)
        try await SilenceWatch.watch(answer, engine.clock, waiting: "waiting for the model to begin") {
          () throws(ProviderError) in try await perform(encoded.http, request, endpoint, dialect, answer)
        }
        return encoded.dropped
      } catch {
        throw error.redacting(endpoint.secrets)
      }
    }
  }

  private func perform(
    _ http: HTTPRequest, _ request: CompletionRequest, _ endpoint: Endpoint, _ dialect: any Dialect,
    _ answer: LiveAnswer
  ) async throws(ProviderError) {
    try await engine.send(http, to: endpoint, dialect) { response in
      if let ms = UpstreamHeaders(response.headers).exhaustedMs, ms <= maxPauseMs {
        engine.pacing.pause(lane, ms: ms, .rateLimited, isRefusal: false)
      }
      if isWhole(response) {
        let body = try await response.body.readAll(limit: CompletionEngine.wholeLimit)
        _ = await answer.take(try dialect.decodeWhole(body, for: request, at: endpoint))
      } else {
        var decoder = dialect.streamDecoder(for: request, at: endpoint)
        try await read(response.body, &decoder, into: answer)
      }
    }
  }

  private func read(
    _ body: HTTPResponse.Body, _ decoder: inout any AnswerDecoder, into answer: LiveAnswer
  ) async throws {
    var events: [StreamEvent] = []
    var isComplete = false
    var size = 0
    while let bytes = try await next(body, isComplete, answer) {
      size += bytes.count
      guard size <= CompletionEngine.streamLimit else {
        throw ProviderError(tooLarge: "an answer larger than any sound one")
      }
      events.removeAll(keepingCapacity: true)
      do throws(ProviderError) {
        try decoder.decode(bytes[...], into: &events)
      } catch {
        // What came before the error was said, and the client hears it.
        _ = await answer.take(events)
        throw error
      }
      let heard = await answer.take(events)
      if heard != .nothing { body.noteProgress(isContent: heard == .content) }
      if !isComplete, answer.isComplete {
        isComplete = true
        body.expectEnd(withinMs: Self.endingPatience)
      }
    }
    events.removeAll(keepingCapacity: true)
    try decoder.finish(into: &events)
    _ = await answer.take(events)
  }

  /// The next bytes. Once the answer is complete, a connection that stays open or breaks is no longer its business.
  private func next(
    _ body: HTTPResponse.Body, _ isComplete: Bool, _ answer: LiveAnswer
  ) async throws(HTTPError) -> [UInt8]? {
    do throws(HTTPError) {
      return try await body.next()
    } catch {
      guard isComplete, error != .cancelled else { throw error }
      if error != .timeout(.idle) {
        _ = await answer.take([.warning("the connection broke after the answer was complete")])
      }
      return nil
    }
  }

  /// Whether the answer comes in one piece. What the server says it sends counts more than what it was asked for.
  private func isWhole(_ response: HTTPResponse) -> Bool {
    let type = response.header("content-type")?.lowercased() ?? ""
    let streams = ["text/event-stream", "application/x-ndjson", "application/vnd.amazon.eventstream"]
    if streams.contains(where: type.hasPrefix) { return false }
    return !call.stream || type.hasPrefix("application/json")
  }
}
