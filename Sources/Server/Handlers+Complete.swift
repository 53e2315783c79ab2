internal import Catalog
internal import Completion
internal import Engine
internal import JSON
internal import Platform
internal import Synchronization
internal import WireProtocol

extension ClientSession {
  static let completions: [Handler] = [
    .custom(.complete, CompleteParams.self) { session, params, request throws(ProviderError) in
      session.complete(params, request)
    },
    .free(.cancel, CancelParams.self) { session, params, _ in
      CancelResult(cancelled: session.engine.cancel(params.completionId)).json
    },
  ]

  /// A completion holds up the ordered requests behind it only until it has its place in its thread; then it runs
  /// beside them.
  private func complete(_ params: CompleteParams, _ request: Request) -> Work {
    let turn = lane.enter(0)
    return { [self] () throws(ProviderError) in
      defer { if let turn { lane.leave(turn) } }
      if let turn, await !lane.wait(turn) { throw ProviderError(.cancelled, "the request was cancelled") }
      var call = CompletionCall(params)
      call.connectionDefault = state.withLock { $0.choice }
      guard let key = params.requestKey else {
        return try await run(call, params, request) { if let turn { self.lane.leave(turn) } }.json
      }
      let leave: @Sendable () -> Void = { if let turn { self.lane.leave(turn) } }
      let (outcome, _) = try await engine.once(key, whenKnown: leave) { [call] in
        do throws(ProviderError) {
          return .success(try await self.run(call, params, request, whenAdmitted: leave))
        } catch {
          return .failure(error)
        }
      }
      return outcome.json
    }
  }

  private func run(
    _ call: CompletionCall, _ params: CompleteParams, _ request: Request, whenAdmitted: () -> Void
  ) async throws(ProviderError) -> CompletionOutcome {
    let admission = try await engine.admit(call)
    whenAdmitted()
    let isSilent = !params.stream || state.withLock { $0.optedOut.contains(.streamDelta) }
    guard !isSilent else { return try await engine.run(admission, into: SilentSink()) }
    let encoder = StreamDeltaEncoder(
      completionId: admission.completionId, requestId: request.id, session: admission.session?.id,
      provider: admission.choice.provider)
    let sender = DeltaSender(to: request.peer, encoder)
    do throws(ProviderError) {
      let outcome = try await engine.run(admission, into: sender)
      // Every delta reaches the client before the response does.
      await sender.flush()
      return outcome
    } catch {
      await sender.flush()
      throw error
    }
  }
}

extension CompletionCall {
  /// The call that the parameters of `complete` describe.
  fileprivate init(_ params: CompleteParams) {
    self.init(input: params.input)
    session = params.session
    provider = params.provider
    model = params.model
    options = params.options
    stream = params.stream
    queue = params.queue
    purpose = params.purpose
    timeout = params.timeout
    retry = params.retry
    fallbacks = params.fallbacks
    apiKey = params.apiKey?.revealed
    account = params.account
    headers = params.headers
    baseURL = params.baseURL
    api = params.api
    budgetUSD = params.budgetUSD
  }
}

extension CompletionOutcome {
  /// The result of `complete`.
  fileprivate var json: JSONValue {
    CompleteResult(
      completionId: completionId, session: session, provider: provider, model: model, message: message,
      stopReason: stopReason, usage: usage, cost: cost,
      timing: CompletionTiming(queuedMs: queuedMs, firstTokenMs: firstTokenMs, totalMs: totalMs),
      attempts: attempts, structured: structured, dropped: DroppedItem.list(dropped), warnings: warnings,
      serviceTier: serviceTier,
      upstreamId: upstreamId, upstreamModel: upstreamModel
    ).json
  }
}
