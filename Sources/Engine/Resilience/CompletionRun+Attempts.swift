internal import Catalog
internal import Completion
internal import Credentials
internal import Dialects
internal import HTTP
internal import JSON
internal import Platform

/// An answer that is whole: who gave it, to which request, and what that could not carry.
struct Answered: Sendable {
  let target: Target
  let request: CompletionRequest
  let dropped: [Dropped]
}

/// The one place where a failed try is made again and where another model takes over.
extension CompletionRun {
  /// Asks the target, and when it cannot answer its fallbacks, until one has answered.
  /// - Throws: why the first target failed for good, with every try; `cancelled`.
  func ask(_ messages: [Message], into answer: LiveAnswer) async throws(ProviderError) -> Answered {
    let deadline = call.timeout.totalMs.map(engine.clock.deadline)
    var fallbacks = try await fallbacks()[...]
    var (asked, askedCall) = (target, call)
    var first: ProviderError?
    while true {
      let failure: ProviderError
      do throws(ProviderError) {
        return try await tries(asked, askedCall, messages, deadline, answer)
      } catch {
        failure = error
      }
      first = first ?? failure
      guard failure.kind != .cancelled, let next = try await next(after: failure, at: asked, &fallbacks, answer) else {
        throw failure.kind == .cancelled ? failure : summary(first ?? failure)
      }
      await answer.fallBack(to: next.target.name, error: failure)
      (asked, askedCall) = next
    }
  }

  /// Asks one model, again and again where that makes sense.
  private func tries(
    _ target: Target, _ call: CompletionCall, _ messages: [Message], _ deadline: Int64?, _ answer: LiveAnswer
  ) async throws(ProviderError) -> Answered {
    let policy = RetryPolicy(call.retry.completed(by: try await engine.catalog().retry(of: target.provider)))
    let lane = Lane(target, call)
    var count = 0
    while true {
      count += 1
      do throws(ProviderError) {
        try await enter(lane, target, policy, answer)
      } catch {
        admission.attempts.add(target.provider.id, target.model.id, error)
        throw error
      }
      do throws(ProviderError) {
        return try await tryOnce(target, call, messages, lane, policy, deadline, answer)
      } catch {
        admission.attempts.add(target.provider.id, target.model.id, error)
        let pauseMs = pauseMs(after: error, count, lane, policy)
        let verdict = policy.verdict(on: error, attempt: count, hasOutput: answer.hasOutput, pauseMs: pauseMs)
        try await wait(verdict, after: error, policy, deadline, answer)
      }
    }
  }

  private func tryOnce(
    _ target: Target, _ call: CompletionCall, _ messages: [Message], _ lane: Lane, _ policy: RetryPolicy,
    _ deadline: Int64?, _ answer: LiveAnswer
  ) async throws(ProviderError) -> Answered {
    defer { engine.pacing.leave(lane) }
    var call = call
    if let deadline {
      let left = engine.clock.milliseconds(until: deadline)
      guard left > 0 else { throw ProviderError(HTTPError.timeout(.total)) }
      call.timeout.totalMs = left
    }
    let options = try await options(for: target, call)
    let request = CompletionRequest(messages: messages, options: options)
    try await engine.begin(request, target, of: admission)
    let source = AnswerSource(
      of: call, at: target, options, for: admission, on: lane, maxPauseMs: policy.maxDelayMs, engine)
    await answer.begin(target, attempt: admission.attempts.all.count + 1)
    let dropped = try await source.stream(messages, into: answer)
    try answer.conclude()
    engine.pacing.accept(lane)
    admission.attempts.add(target.provider.id, target.model.id)
    return Answered(target: target, request: request, dropped: dropped + leftOut(at: target))
  }

  /// Waits until the provider takes another request.
  private func enter(
    _ lane: Lane, _ target: Target, _ policy: RetryPolicy, _ answer: LiveAnswer
  ) async throws(ProviderError) {
    let (pacing, limit) = (engine.pacing, target.provider.maxConcurrent ?? .max)
    if pacing.entersAtOnce(lane, limit: limit) { return }
    let waiting = "waiting until \(target.provider.id) takes another request"
    let result = try await SilenceWatch.watch(answer, engine.clock, waiting: waiting) { () throws(ProviderError) in
      await admission.cancellation.pausing { () -> Result<Void, ProviderError> in
        do throws(ProviderError) {
          return .success(try await pacing.enter(lane, limit: limit, maxWaitMs: policy.maxDelayMs))
        } catch {
          return .failure(error)
        }
      }
    }
    guard case .failure(var error) = result else { return }
    if error.kind == .cancelled, !Task.isCancelled, let why = admission.cancellation.isLast { error.message = why }
    throw error
  }

  /// The pause behind a failure, in milliseconds, where the provider names none. After a refusal everyone keeps it.
  private func pauseMs(after error: ProviderError, _ count: Int, _ lane: Lane, _ policy: RetryPolicy) -> Int {
    guard [.rateLimited, .overloaded].contains(error.kind) else {
      return policy.pauseMs(afterFailures: count, random: engine.random())
    }
    let failures = engine.pacing.refuse(lane)
    let pauseMs = error.retryAfterMs ?? policy.pauseMs(afterFailures: failures, random: engine.random())
    engine.pacing.pause(lane, ms: pauseMs, error.kind)
    return pauseMs
  }

  /// Lets the pause before the next try go by.
  /// - Throws: `error` where there is none; `cancelled`.
  private func wait(
    _ verdict: RetryPolicy.Verdict, after error: ProviderError, _ policy: RetryPolicy, _ deadline: Int64?,
    _ answer: LiveAnswer
  ) async throws(ProviderError) {
    var error = error
    switch verdict {
    case .giveUp: throw error
    case .tooLong(let ms):
      error.hint =
        "The provider asks for a pause of \((ms + 999) / 1000) s, and retry.maxDelayMs allows \(policy.maxDelayMs) ms; "
        + "raise that, wait, or use another provider."
      throw error
    case .wait(let ms):
      let (clock, cancellation) = (engine.clock, admission.cancellation)
      let end = clock.deadline(inMs: ms)
      guard cancellation.isLast == nil, end < deadline ?? .max else { throw last(error) }
      await answer.retry(attempt: admission.attempts.all.count + 1, delayMs: ms, error: error)
      let hasPassed = await cancellation.pausing { await clock.wait(until: end) }
      if Task.isCancelled { throw ProviderError(HTTPError.cancelled) }
      guard hasPassed, cancellation.isLast == nil else { throw last(error) }
    }
  }

  /// `error`, with the reason why nothing more is tried where somebody wanted that.
  private func last(_ error: ProviderError) -> ProviderError {
    var error = error
    error.hint = admission.cancellation.isLast ?? error.hint
    return error
  }
}

// MARK: - Who else may answer

extension CompletionRun {
  /// The models that may answer in the target's place: the call's, else the session's, else those of the settings.
  private func fallbacks() async throws(ProviderError) -> [String] {
    if let named = call.fallbacks ?? admission.session?.fallbacks { return named }
    return try await engine.catalog().fallbacks(of: target.model.id, at: target.provider)
  }

  /// The next model that may answer what failed at `failed`, and the call as it is made there.
  private func next(
    after failure: ProviderError, at failed: Target, _ fallbacks: inout ArraySlice<String>, _ answer: LiveAnswer
  ) async throws(ProviderError) -> (target: Target, call: CompletionCall)? {
    guard !answer.hasOutput, admission.cancellation.isLast == nil else { return nil }
    let catalog = try await engine.catalog()
    while let name = fallbacks.popFirst() {
      do throws(ProviderError) {
        let choice = try engine.fallback(name, catalog)
        let call = call(at: choice.provider)
        let next = try engine.target(choice, call)
        let isNew = ![target.name, failed.name].contains(next.name)
        if isNew, FallbackPolicy.mayFollow(failure, at: failed.model, with: next.model) { return (next, call) }
      } catch {
        let parts = catalog.splitModel(name)
        admission.attempts.add(parts.provider ?? String(name.prefix { $0 != "/" }), parts.model, error)
      }
    }
    return nil
  }

  /// The call as it is made at another provider, which gets nothing that was meant for the first alone.
  private func call(at provider: Provider) -> CompletionCall {
    guard provider.id != target.provider.id else { return call }
    var call = call
    (call.apiKey, call.account, call.baseURL, call.api) = (nil, nil, nil, nil)
    call.headers = []
    call.options.extra = [:]
    return call
  }

  /// What another provider than the first did not get of the call.
  private func leftOut(at target: Target) -> [Dropped] {
    guard target.provider.id != self.target.provider.id else { return [] }
    let why = "it is meant for \(self.target.provider.id), and \(target.provider.id) answered"
    let parts = [("headers", call.headers.isEmpty), ("extra", call.options.extra.isEmpty)]
    return parts.filter { !$0.1 }.map { Dropped($0.0, why) }
  }

  /// The first model's failure, which says what became of the others.
  private func summary(_ error: ProviderError) -> ProviderError {
    let attempts = admission.attempts.all
    guard attempts.count > 1 else { return error }
    var error = last(error)
    error.attempts = attempts
    var others: [(name: String, message: String)] = []
    for attempt in attempts {
      let name = "\(attempt.provider)/\(attempt.model)"
      guard name != target.name, let message = attempt.error?.message else { continue }
      others.removeAll { $0.name == name }
      others.append((name, message))
    }
    if !others.isEmpty {
      error.message += "; then " + others.map { "\($0.name): \($0.message)" }.joined(separator: "; ")
    }
    return error
  }
}
