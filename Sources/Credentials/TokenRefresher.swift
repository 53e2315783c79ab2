internal import Completion
internal import HTTP
internal import JSON
internal import Platform
internal import Synchronization

/// Keeps logins alive: exchanges a token that is about to end for the next one, once for all tasks and processes of
/// the user, and has the new one on disk before anybody uses it.
final class TokenRefresher: Sendable {
  /// A token is exchanged when it has less than this left, in milliseconds.
  private static let lead = 5 * 60_000
  /// After a failure, in milliseconds, a token that is still good is used without another attempt.
  private static let backOff = 10_000
  /// How long a refresh waits for the one of another process: longer than a provider may take to answer it.
  private static let patience = Duration.seconds(150)

  private typealias Outcome = Result<OAuthCredential, ProviderError>

  private struct Failure {
    /// What could not be exchanged.
    var stored: OAuthCredential
    var error: ProviderError
    var until: Int
  }

  private struct State {
    var running: [AccountID: Task<Outcome, Never>] = [:]
    var failures: [AccountID: Failure] = [:]
    /// New tokens that could not be written yet, by what they were given for: that is worth nothing any more.
    var unwritten: [AccountID: (old: OAuthCredential, new: OAuthCredential)] = [:]
  }

  private let store: AuthStore
  private let flow: @Sendable (_ provider: String) -> (any LoginFlow)?
  private let http: HTTPClient
  private let now: @Sendable () -> Int
  private let state = Mutex(State())

  init(
    _ store: AuthStore, _ http: HTTPClient, now: @escaping @Sendable () -> Int,
    flow: @escaping @Sendable (_ provider: String) -> (any LoginFlow)?
  ) {
    self.store = store
    self.http = http
    self.now = now
    self.flow = flow
  }

  /// Whether `stored` can be exchanged for another.
  func canRefresh(_ stored: OAuthCredential, of account: AccountID) -> Bool {
    !stored.refresh.isEmpty && flow(account.provider) != nil
  }

  /// A credential that can be used: `stored`, or what came of exchanging it. `refused` is a token that the provider
  /// did not accept although its time is not over.
  /// - Throws: `authRequired` when there must be a new login; what the exchange threw when `stored` is of no use.
  func credential(
    _ stored: OAuthCredential, of account: AccountID, refused: Secret? = nil
  ) async throws(ProviderError) -> OAuthCredential {
    guard isDue(stored, refused) else { return stored }
    guard canRefresh(stored, of: account), let flow = flow(account.provider) else {
      if isGood(stored, refused) { return stored }
      throw over(account)
    }
    if let failure = recentFailure(stored, account) {
      if isGood(stored, refused) { return stored }
      // The provider does not change its mind about a refresh token. Whatever else failed may work now.
      if failure.kind == .authRequired { throw failure }
    }
    for _ in 0..<2 {
      let task = join(stored, account, flow, refused)
      // Whoever only waits leaves the exchange alone.
      guard let outcome = await unlessCancelled({ await task.value }) else {
        throw ProviderError(.cancelled, "cancelled while the login for \(account.provider) was renewed")
      }
      switch outcome {
      // What was under way may have begun before the token was refused, and have found it good.
      case .success(let fresh) where fresh.access == refused: continue
      case .success(let fresh): return fresh
      case .failure where isGood(stored, refused): return stored
      case .failure(let error): throw error
      }
    }
    throw over(account)
  }

  private func isDue(_ stored: OAuthCredential, _ refused: Secret?) -> Bool {
    stored.access == refused || stored.expiresAt - now() < Self.lead
  }

  private func isGood(_ stored: OAuthCredential, _ refused: Secret?) -> Bool {
    stored.access != refused && stored.expiresAt > now()
  }

  private func recentFailure(_ stored: OAuthCredential, _ account: AccountID) -> ProviderError? {
    let now = now()
    return state.withLock { state in
      guard let failure = state.failures[account], failure.stored == stored, now < failure.until else { return nil }
      return failure.error
    }
  }

  /// The exchange that is under way, or else a new one. No child of the caller's task: others wait for it too, and a
  /// provider that has given new tokens must find somebody to keep them.
  private func join(
    _ stored: OAuthCredential, _ account: AccountID, _ flow: any LoginFlow, _ refused: Secret?
  ) -> Task<Outcome, Never> {
    state.withLock { state in
      if let task = state.running[account] { return task }
      let task = Task {
        let outcome: Outcome
        do throws(ProviderError) {
          outcome = .success(try await self.refresh(stored, account, flow, refused))
        } catch {
          outcome = .failure(error)
        }
        self.finish(outcome, stored, account)
        return outcome
      }
      state.running[account] = task
      return task
    }
  }

  private func finish(_ outcome: Outcome, _ stored: OAuthCredential, _ account: AccountID) {
    let until = now() + Self.backOff
    state.withLock { state in
      state.running[account] = nil
      switch outcome {
      case .success: state.failures[account] = nil
      case .failure(let error): state.failures[account] = Failure(stored: stored, error: error, until: until)
      }
    }
  }

  /// Waits until nothing is under way, so that the end of the process loses no tokens.
  func settle() async {
    for task in state.withLock({ Array($0.running.values) }) { _ = await task.value }
  }
}

// MARK: - One exchange

extension TokenRefresher {
  private func refresh(
    _ stored: OAuthCredential, _ account: AccountID, _ flow: any LoginFlow, _ refused: Secret?
  ) async throws(ProviderError) -> OAuthCredential {
    let folder = store.path.lastIndex(of: "/").map { store.path[...$0] } ?? ""
    let lockPath = "\(folder)refresh-\(account.key.percentEncoded(keeping: "#")).lock"
    let lock = try await AuthStore.lock(lockPath, within: Self.patience, for: "the login for \(account)")
    defer { lock.release() }
    guard case .oauth(let current)? = try await store.currentCredential(for: account) else { throw over(account) }
    // Somebody else was faster.
    let isOther = current.access != stored.access && isGood(current, refused)
    if isOther || !isDue(current, refused) { return current }
    let fresh = try await exchange(current, account, flow)
    do throws(ProviderError) {
      let kept = try await store.exchange(current, for: fresh, of: account)
      state.withLock { $0.unwritten[account] = nil }
      guard case .oauth(let kept)? = kept else { throw over(account) }
      return kept
    } catch {
      if error.kind == .storage { state.withLock { $0.unwritten[account] = (current, fresh) } }
      throw error
    }
  }

  private func exchange(
    _ current: OAuthCredential, _ account: AccountID, _ flow: any LoginFlow
  ) async throws(ProviderError) -> OAuthCredential {
    if let (old, new) = state.withLock({ $0.unwritten[account] }), old == current { return new }
    do throws(ProviderError) {
      var fresh = try await flow.refresh(current, http, now: now())
      // Providers that keep the refresh token do not always repeat it.
      if fresh.refresh.isEmpty { fresh.refresh = current.refresh }
      var extra = current.extra
      extra.merge(fresh.extra)
      fresh.extra = extra
      return fresh
    } catch {
      var error = error.redacting([current.access, current.refresh])
      error.provider = account.provider
      guard error.kind == .authRequired else {
        error.message = "the login for \(account) could not be renewed: \(error.message)"
        throw error
      }
      error.hint = "Run: \(account.loginCommand)"
      throw error
    }
  }

  private func over(_ account: AccountID) -> ProviderError {
    let hint =
      flow(account.provider) == nil
      ? "Replace the entry \"\(account)\" there with a fresh one, or remove it to use another key."
      : "Run: \(account.loginCommand)"
    var error = ProviderError(.authRequired, "the login for \(account) in \(store.path) has expired", hint: hint)
    error.provider = account.provider
    return error
  }
}
