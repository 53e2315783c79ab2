package import Catalog
package import Completion
package import Credentials
package import HTTP
internal import Synchronization

/// A wish to log in.
package struct LoginCall: Sendable {
  /// An id or an alias.
  package var provider: String
  /// `nil` means the provider's usual way.
  package var method: LoginMethod?
  /// The key in any format; `nil` with the method `apiKey` means to ask for it.
  package var apiKey: Secret?
  /// An enterprise's own host.
  package var domain: String?
  /// The name to keep it under; `nil` for the account that is used when none is named.
  package var account: String?

  /// A login at `provider` in its usual way.
  package init(provider: String) { self.provider = provider }
}

/// What a login came to.
package struct LoginOutcome: Sendable, Hashable {
  /// Under what it is stored.
  package let account: AccountID
  package let method: LoginMethod
  /// When the tokens end that were stored, in milliseconds since 1970; `nil` for a key.
  package let expiresAt: Int?
}

/// What a logout came to.
package struct LogoutOutcome: Sendable {
  /// Whether there was something to forget.
  package var wasStored = false
  /// Whether the provider made the tokens worthless; `nil` when there were none, or it could not be asked.
  package var isRevoked: Bool?
  /// Why it could not be asked, although it should have been.
  package var problem: ProviderError?
  /// Where the provider's key comes from all the same; `nil` when there is none any more.
  package var remaining: KeyPlace?
}

/// How one stays logged in at the providers of the settings in force, for whoever knows no settings.
final class LoginFlowTable: Sendable {
  private let catalog = Mutex<ProviderCatalog?>(nil)

  /// The settings are `catalog` from now on.
  func take(_ catalog: ProviderCatalog) { self.catalog.withLock { $0 = catalog } }

  /// The flow of the provider with the id `id`; `nil` where there is none that can be used.
  func flow(of id: String) -> (any LoginFlow)? {
    guard let provider = catalog.withLock({ $0?.providers.first { $0.id == id } }) else { return nil }
    return try? Self.flow(for: provider)
  }

  /// The flow of `provider`; `nil` for one that has keys alone.
  /// - Throws: `storage` naming the member of its section in the config file that describes none.
  static func flow(for provider: Provider) throws(ProviderError) -> (any LoginFlow)? {
    guard let spec = provider.login else { return nil }
    do {
      return try LoginFlows.flow(spec, provider: provider.id)
    } catch {
      throw ProviderError(
        .storage, "\(provider.origin(of: "login")): \(error)", hint: "Correct it there, and reload the config.")
    }
  }
}

/// The logins that go on, one at a time for each account. What a login gave is stored when all of it is there; a
/// login that ends before leaves nothing behind.
final class Logins: Sendable {
  /// How long a login may take, the person's part included.
  static let patience = Duration.seconds(600)

  private let store: any CredentialStore
  private let http: HTTPClient
  private let now: @Sendable () -> Int
  private let pause: @Sendable (Duration) async throws -> Void
  private let running = Mutex<Set<AccountID>>([])

  /// Logins into `store`. `now` is the time in milliseconds since 1970; `pause` waits.
  init(
    store: any CredentialStore, http: HTTPClient, now: @escaping @Sendable () -> Int = KeyResolver.systemTime,
    pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    self.store = store
    self.http = http
    self.now = now
    self.pause = pause
  }

  /// The ways to log in at `provider`, the usual one first. `flow` is what it has beside keys.
  static func methods(of provider: Provider, _ flow: (any LoginFlow)?) -> [LoginMethod] {
    provider.auth.need == .none ? [] : (flow?.methods ?? []) + [.apiKey]
  }

  /// Logs in at `provider`; `flow` is what it has beside keys.
  /// - Throws: `unsupported` for a provider or a way that is not to be had, `invalidParams` for a key or a name that
  ///   cannot be one, `busy`, `loginFailed`, `cancelled`, `storage`.
  func login(
    at provider: Provider, _ flow: (any LoginFlow)?, _ call: LoginCall, _ interaction: any LoginInteraction
  ) async throws(ProviderError) -> LoginOutcome {
    let method = try Self.method(for: call, provider, flow)
    let account = AccountID(provider.id, account: try call.account.map(Self.checked(account:)))
    let key = try call.apiKey.map { key throws(ProviderError) in try Self.checked(key: key.reveal()) }
    guard running.withLock({ $0.insert(account).inserted }) else {
      throw ProviderError(
        .busy, "a login for \(account) is going on already", hint: "Finish or cancel that one first.")
    }
    defer { running.withLock { _ = $0.remove(account) } }
    // A store that cannot be used is better found before the person goes to the trouble than after it.
    let old = try await store.credential(for: account)
    let credential = try await limited { [self] () throws(ProviderError) in
      guard let flow, method != .apiKey else {
        return try await self.key(key, provider, replacing: old, interaction)
      }
      let context = LoginContext(
        interaction: interaction, http: http, now: now, pause: pause, domain: call.domain)
      return .oauth(try await flow.login(method, context))
    }
    try await store.save(credential, for: account)
    return LoginOutcome(account: account, method: method, expiresAt: credential.expiresAt)
  }

  /// Forgets `account`, and has its tokens made worthless where `flow`, the provider's, can do that.
  func logout(_ account: AccountID, _ flow: (any LoginFlow)?) async throws(ProviderError) -> LogoutOutcome {
    var outcome = LogoutOutcome()
    guard let old = try await store.remove(account) else { return outcome }
    outcome.wasStored = true
    guard case .oauth(let credential) = old, let flow else { return outcome }
    do throws(ProviderError) {
      outcome.isRevoked = try await flow.revoke(credential, http)
    } catch {
      outcome.problem = error
    }
    return outcome
  }

  private static func method(
    for call: LoginCall, _ provider: Provider, _ flow: (any LoginFlow)?
  ) throws(ProviderError) -> LoginMethod {
    let methods = methods(of: provider, flow)
    let wantsKey = call.apiKey != nil || call.method == .apiKey
    guard !methods.isEmpty, provider.kind != .local || wantsKey else {
      throw ProviderError(
        .unsupported, "\(provider.id) needs no login",
        hint: methods.isEmpty
          ? "Use it as it is." : "Use it as it is; a server that does want a key gets it by the method apiKey.",
        path: "provider")
    }
    let method = call.apiKey != nil ? .apiKey : call.method ?? methods[0]
    guard methods.contains(method) else {
      throw ProviderError(
        .unsupported, "method: \(provider.id) has no login by \"\(method.rawValue)\"",
        hint: "There is \(methods.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")).", path: "method")
    }
    if call.domain != nil, method == .apiKey || flow?.takesDomain != true {
      throw ProviderError(
        .invalidParams, "domain: \(provider.id) has no login by \"\(method.rawValue)\" at an enterprise's own host",
        hint: "Leave it away.", path: "domain")
    }
    return method
  }

  private func key(
    _ given: String?, _ provider: Provider, replacing old: StoredCredential?, _ interaction: any LoginInteraction
  ) async throws(ProviderError) -> StoredCredential {
    let key: String
    if let given {
      key = given
    } else {
      let parts = provider.auth.keyParts.map { "\($0.uppercased())::" }.joined()
      let form = parts.isEmpty ? "" : " as \(parts)KEY"
      key = try Self.checked(key: try await interaction.ask("API key for \(provider.name)\(form)", secret: true))
    }
    // What stands beside the key, such as an account's id, outlives it.
    var environment: [String: String] = [:]
    if case .apiKey(_, let kept) = old { environment = kept }
    return .apiKey(KeyText(key, origin: .call), environment: environment)
  }

  /// What `work` gives, which has ten minutes for it.
  private func limited(
    _ work: @escaping @Sendable () async throws(ProviderError) -> StoredCredential
  ) async throws(ProviderError) -> StoredCredential {
    let task = Task { () -> Result<StoredCredential, ProviderError> in
      do throws(ProviderError) {
        return .success(try await work())
      } catch {
        return .failure(error)
      }
    }
    let alarm = Task { [pause] in
      guard (try? await pause(Self.patience)) != nil else { return false }
      task.cancel()
      return true
    }
    let result = await withTaskCancellationHandler {
      await task.value
    } onCancel: {
      task.cancel()
    }
    alarm.cancel()
    // Whatever the login made of being cancelled, this is what happened.
    guard !Task.isCancelled else { throw ProviderError(.cancelled, "the login was cancelled; nothing was stored") }
    if case .failure = result, await alarm.value {
      throw ProviderError(
        .loginFailed, "nobody went on with the login for ten minutes", hint: "Log in again when you have the time.")
    }
    return try result.get()
  }

  private static func checked(account: String) throws(ProviderError) -> String {
    let isName = account.utf8.count <= 128 && account.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x23 }
    guard isName else {
      throw ProviderError(
        .invalidParams, "account: must be at most 128 bytes without white space or \"#\"", path: "account")
    }
    return account
  }

  /// The key without white space at its ends. What it is is not said in the error.
  private static func checked(key: String) throws(ProviderError) -> String {
    func mistake(_ what: String) -> ProviderError {
      ProviderError(.invalidParams, "apiKey: \(what)", hint: "Copy the key again, in one piece.", path: "apiKey")
    }
    let key = KeyText.trimmed(key)
    guard !key.isEmpty else { throw mistake("must not be blank") }
    guard key.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw mistake("must not hold line breaks or other control characters")
    }
    if let error = KeyText.mistake(in: key) { throw mistake(error) }
    return key
  }
}

extension StoredCredential {
  /// When it ends, in milliseconds since 1970; `nil` for a key.
  var expiresAt: Int? { if case .oauth(let credential) = self { credential.expiresAt } else { nil } }
}

extension CompletionEngine {
  /// Logs in, and stores what that gave. `interaction` is the person.
  /// - Throws: `providerNotFound`, `unsupported`, `invalidParams`, `busy`, `loginFailed`, `cancelled`, `storage`.
  package func login(
    _ call: LoginCall, _ interaction: any LoginInteraction
  ) async throws(ProviderError) -> LoginOutcome {
    let provider = try await catalog().provider(named: call.provider)
    do throws(ProviderError) {
      return try await logins.login(at: provider, try loginFlow(for: provider), call, interaction)
    } catch {
      var error = error
      error.provider = provider.id
      throw error
    }
  }

  /// Forgets a login. One of a provider that there is no more can be forgotten by its id.
  /// - Throws: `providerNotFound`, `storage`.
  package func logout(provider name: String, account: String?) async throws(ProviderError) -> LogoutOutcome {
    let catalog = try await catalog()
    let provider: Provider
    do throws(ProviderError) {
      provider = try catalog.provider(named: name)
    } catch {
      let id = AccountID(name, account: account)
      guard error.kind == .providerNotFound, try await store.accounts().contains(id) else { throw error }
      return try await logins.logout(id, nil)
    }
    var outcome = try await logins.logout(AccountID(provider.id, account: account), try? loginFlow(for: provider))
    // What is wrong with other places is for those to hear who use them.
    if account == nil { outcome.remaining = try? await place(of: provider, catalog) }
    return outcome
  }

  /// How to log in at `provider`, and to stay so; `nil` for one that has keys alone.
  /// - Throws: `storage` when its section in the config file describes none; it names the member.
  package func loginFlow(for provider: Provider) throws(ProviderError) -> (any LoginFlow)? {
    try LoginFlowTable.flow(for: provider)
  }

  /// The ways to log in at `provider`, the usual one first; none where nothing is needed.
  package func loginMethods(of provider: Provider) throws(ProviderError) -> [LoginMethod] {
    Logins.methods(of: provider, try loginFlow(for: provider))
  }
}
