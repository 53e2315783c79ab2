internal import Completion
internal import HTTP
internal import Platform
internal import Synchronization

/// Keeps keys by their source for as long as they are good, and gets new ones before they end. Whoever asks for the
/// same source meanwhile waits for the same answer; a failure is not kept.
final class AWSKeyCache: Sendable {
  /// New keys are got when less than this is left, in milliseconds, as botocore does.
  private static let advisory = 15 * 60_000
  /// As long as more than this is left, the old keys do when new ones cannot be had.
  private static let mandatory = 10 * 60_000

  typealias Outcome = Result<AWSKeys?, ProviderError>

  private struct State {
    var keys: [AWSSource: AWSKeys] = [:]
    var flights: [AWSSource: Task<Outcome, Never>] = [:]
    var near: HTTPClient?
  }

  private let state = Mutex(State())

  /// A client for services on this machine, which uses no proxy.
  func near(_ environment: Environment) -> HTTPClient {
    state.withLock { state in
      if let near = state.near { return near }
      let direct = environment.all.filter { !$0.key.lowercased().hasSuffix("_proxy") }
      let client = HTTPClient(environment: Environment(direct), userAgent: "patchbay")
      state.near = client
      return client
    }
  }

  /// The keys of `source`, from `fetch` when none are kept; `now` is in milliseconds since 1970. A caller that is
  /// cancelled stops waiting; what was asked goes on for the others, or for the next caller.
  func keys(
    of source: AWSSource, now: @escaping @Sendable () -> Int,
    fetch: @escaping @Sendable () async throws(ProviderError) -> AWSKeys?
  ) async throws(ProviderError) -> AWSKeys? {
    let (kept, flight) = state.withLock { state -> (AWSKeys?, Task<Outcome, Never>?) in
      let kept = state.keys[source]
      if let kept, Self.left(kept, now()) >= Self.advisory { return (kept, nil) }
      if let flight = state.flights[source] { return (kept, flight) }
      let flight = Task { await self.land(source, now: now, fetch: fetch) }
      state.flights[source] = flight
      return (kept, flight)
    }
    guard let flight else { return kept }
    let outcome = await Waiter.outcome(of: flight)
    switch outcome {
    case nil: throw ProviderError(.cancelled, "the completion was cancelled")
    case .success(let keys): return keys
    case .failure(let error):
      if let kept, Self.left(kept, now()) >= Self.mandatory { return kept }
      throw error
    }
  }

  /// Forgets the keys of `source` if they are some that turned out to be no good.
  func forget(_ source: AWSSource, where isBad: (AWSKeys) -> Bool) {
    state.withLock { state in
      if state.keys[source].map(isBad) == true { state.keys[source] = nil }
    }
  }

  private func land(
    _ source: AWSSource, now: @Sendable () -> Int,
    fetch: @Sendable () async throws(ProviderError) -> AWSKeys?
  ) async -> Outcome {
    var outcome: Outcome
    do throws(ProviderError) {
      let keys = try await fetch()
      if let keys, Self.left(keys, now()) <= 0 {
        throw ProviderError(
          .authRequired, "the AWS keys of \(source.place.detail) had expired when they came",
          hint: "Check this machine's clock, and who gives the keys.")
      }
      outcome = .success(keys)
    } catch {
      outcome = .failure(error)
    }
    state.withLock { state in
      state.flights[source] = nil
      if case .success(let keys?) = outcome { state.keys[source] = keys }
    }
    return outcome
  }

  private static func left(_ keys: AWSKeys, _ now: Int) -> Int { keys.expiresAt.map { $0 - now } ?? .max }
}

/// Waits for a task that others wait for too, and stops waiting when it is cancelled itself.
private final class Waiter: Sendable {
  private enum State {
    case idle
    case waiting(CheckedContinuation<AWSKeyCache.Outcome?, Never>)
    case over(AWSKeyCache.Outcome?)
  }

  private let state = Mutex(State.idle)

  /// What `task` gives; `nil` when the caller was cancelled first.
  static func outcome(of task: Task<AWSKeyCache.Outcome, Never>) async -> AWSKeyCache.Outcome? {
    let waiter = Waiter()
    Task { waiter.end(with: await task.value) }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { waiter.start($0) }
    } onCancel: {
      waiter.end(with: nil)
    }
  }

  private func start(_ continuation: CheckedContinuation<AWSKeyCache.Outcome?, Never>) {
    let early = state.withLock { state -> AWSKeyCache.Outcome?? in
      if case .over(let outcome) = state { return .some(outcome) }
      state = .waiting(continuation)
      return .none
    }
    if case .some(let outcome) = early { continuation.resume(returning: outcome) }
  }

  private func end(with outcome: AWSKeyCache.Outcome?) {
    let waiting = state.withLock { state -> CheckedContinuation<AWSKeyCache.Outcome?, Never>? in
      switch state {
      case .over: return nil
      case .idle:
        state = .over(outcome)
        return nil
      case .waiting(let continuation):
        state = .over(outcome)
        return continuation
      }
    }
    waiting?.resume(returning: outcome)
  }
}
