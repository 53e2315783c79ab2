import Completion
import Credentials
import HTTP
import JSON
import Platform
import Synchronization
import Testing
import Upstream

@testable import Catalog
@testable import Engine

/// Keeps credentials in memory; may be out of order.
private actor Drawer: CredentialStore {
  private(set) var all: [AccountID: StoredCredential] = [:]
  private var failure: ProviderError?

  func breakDown(_ error: ProviderError) { failure = error }
  func put(_ credential: StoredCredential, _ account: AccountID) { all[account] = credential }

  func credential(for account: AccountID) async throws(ProviderError) -> StoredCredential? {
    if let failure { throw failure }
    return all[account]
  }
  func accounts() async throws(ProviderError) -> [AccountID] { Array(all.keys) }
  func save(_ credential: StoredCredential, for account: AccountID) async throws(ProviderError) {
    all[account] = credential
  }
  func remove(_ account: AccountID) async throws(ProviderError) -> StoredCredential? {
    all.removeValue(forKey: account)
  }
}

/// A person who has one answer, or takes for ever.
private final class Someone: LoginInteraction {
  let isAsked = Gate()
  private let answer: String?
  private let questions = Mutex<[String]>([])

  init(_ answer: String?) { self.answer = answer }

  var asked: [String] { questions.withLock { $0 } }

  func show(_ prompt: LoginPrompt) async {}
  func ask(_ message: String, secret: Bool) async throws(ProviderError) -> String {
    questions.withLock { $0.append(message + (secret ? " (secret)" : "")) }
    isAsked.open()
    if let answer { return answer }
    do { try await Gate().opened() } catch { throw ProviderError(.cancelled, "gave up") }
    return ""
  }
}

/// A login that asks for a code.
private struct CodeFlow: LoginFlow {
  var methods: [LoginMethod] = [.oauth, .device]
  var takesDomain = true
  var revocation: Result<Bool, ProviderError> = .success(true)

  func login(_ method: LoginMethod, _ context: LoginContext) async throws(ProviderError) -> OAuthCredential {
    let code = try await context.interaction.ask("Code", secret: false)
    return OAuthCredential(
      access: Secret("\(method.rawValue)-\(code)@\(context.domain ?? "")"), refresh: Secret("r"), expiresAt: 42)
  }
  func refresh(
    _ credential: OAuthCredential, _ http: HTTPClient, now: Int
  ) async throws(ProviderError) -> OAuthCredential { credential }
  func revoke(_ credential: OAuthCredential, _ http: HTTPClient) async throws(ProviderError) -> Bool {
    try revocation.get()
  }
}

@Suite("Logins", .timeLimit(.minutes(1)))
struct LoginsTests {
  private let drawer = Drawer()
  private let logins: Logins
  private let provider: Provider

  init() throws {
    logins = Logins(store: drawer, http: HTTPClient(environment: Environment([:]), userAgent: "test"))
    provider = Self.provider()
  }

  private static func provider(
    _ need: ProviderAuth.Need = .required, kind: ProviderKind = .api, keyParts: [String] = []
  ) -> Provider {
    var auth = ProviderAuth(need: need, header: "authorization")
    auth.keyParts = keyParts
    return Provider(id: "acme", name: "Acme", kind: kind, api: "openai-completions", auth: auth)
  }

  private func login(
    _ person: Someone = Someone("typed"), flow: CodeFlow? = nil, at provider: Provider? = nil,
    _ change: (inout LoginCall) -> Void = { _ in }
  ) async throws(ProviderError) -> LoginOutcome {
    var call = LoginCall(provider: "acme")
    change(&call)
    return try await logins.login(at: provider ?? self.provider, flow, call, person)
  }

  private func failure(
    _ person: Someone = Someone("typed"), flow: CodeFlow? = nil, at provider: Provider? = nil,
    _ change: (inout LoginCall) -> Void = { _ in }
  ) async -> ProviderError? {
    do throws(ProviderError) {
      _ = try await login(person, flow: flow, at: provider, change)
      return nil
    } catch {
      return error
    }
  }

  private func storedKey(_ account: String? = nil) async -> String? {
    guard case .apiKey(let key, _) = await drawer.all[AccountID("acme", account: account)] else { return nil }
    return key?.text
  }

  @Test(
    "A key is stored as it was given, whatever its format; white space around it is not part of it",
    arguments: ["sk-1", "$WORK_KEY", "{file:/run/key}", "!pass show acme", "account::token"])
  func key(text: String) async throws {
    let person = Someone(nil)
    let outcome = try await login(person) { $0.apiKey = Secret(" \(text)\n") }
    #expect(outcome == LoginOutcome(account: AccountID("acme"), method: .apiKey, expiresAt: nil))
    #expect(await storedKey() == text)
    #expect(person.asked.isEmpty)
  }

  @Test("A key that was not given is asked for as a secret, in the form the provider wants")
  func asks() async throws {
    let person = Someone("account::token\n")
    _ = try await login(person, at: Self.provider(keyParts: ["account"])) { $0.account = "work" }
    #expect(person.asked == ["API key for Acme as ACCOUNT::KEY (secret)"])
    #expect(await storedKey("work") == "account::token")
    #expect(await storedKey() == nil)
  }

  @Test(
    "What cannot be a key is refused without being repeated",
    arguments: ["", " \n ", "sk-private\nsk-other", "sk-private\u{0}", "${sk-private", "{env:sk-private}"])
  func badKey(text: String) async throws {
    for error in [await failure { $0.apiKey = Secret(text) }, await failure(Someone(text))] {
      #expect(error?.kind == .invalidParams)
      #expect(error?.path == "apiKey")
      #expect(error.map { "\($0)".contains("sk-private") } == false)
    }
    #expect(await drawer.all.isEmpty)
  }

  @Test(
    "A name for an account that would be read as another one is refused", arguments: ["a#b", "a b", "\n", "\u{7F}"])
  func badAccount(name: String) async throws {
    let error = await failure { ($0.apiKey, $0.account) = (Secret("k"), name) }
    #expect(error?.kind == .invalidParams)
    #expect(error?.path == "account")
  }

  @Test("A new key leaves what stood beside the old one")
  func keepsEnvironment() async throws {
    let old = KeyText("old", origin: .call)
    await drawer.put(.apiKey(old, environment: ["ACCOUNT_ID": "7"]), AccountID("acme"))
    _ = try await login { $0.apiKey = Secret("new") }
    let stored = await drawer.all[AccountID("acme")]
    #expect(stored == .apiKey(KeyText("new", origin: .call), environment: ["ACCOUNT_ID": "7"]))
  }

  @Test("The flow's first way is the usual one, and its tokens are stored")
  func flow() async throws {
    let outcome = try await login(flow: CodeFlow()) { $0.domain = "x.example" }
    #expect(outcome == LoginOutcome(account: AccountID("acme"), method: .oauth, expiresAt: 42))
    guard case .oauth(let tokens) = await drawer.all[AccountID("acme")] else {
      Issue.record("no tokens were stored")
      return
    }
    #expect(tokens.access.reveal() == "oauth-typed@x.example")
    let device = try await login(flow: CodeFlow()) { $0.method = .device }
    #expect(device.method == .device)
    let asked = try await login(flow: CodeFlow()) { $0.method = .apiKey }
    #expect(asked.method == .apiKey)
    let given = try await login(flow: CodeFlow()) { $0.apiKey = Secret("k") }
    #expect(given.method == .apiKey)
  }

  @Test("A way that is not there is refused, and those that are there are named")
  func wrongMethod() async throws {
    let device = await failure { $0.method = .device }
    #expect(device?.kind == .unsupported)
    #expect(device?.path == "method")
    #expect(device?.hint == "There is \"apiKey\".")
    for flow in [nil, CodeFlow(takesDomain: false)] {
      let error = await failure(flow: flow) { $0.domain = "x.example" }
      #expect((error?.kind, error?.path) == (.invalidParams, "domain"))
    }
  }

  @Test("Who needs no login is told so; a local server may get a key all the same")
  func needless() async throws {
    for provider in [Self.provider(.none, kind: .builtin), Self.provider(.optional, kind: .local)] {
      let error = await failure(at: provider)
      #expect(error?.kind == .unsupported)
      #expect(error?.message == "acme needs no login")
    }
    #expect(await failure(at: Self.provider(.none)) { $0.apiKey = Secret("k") }?.kind == .unsupported)
    _ = try await login(at: Self.provider(.optional, kind: .local)) { $0.method = .apiKey }
    #expect(await storedKey() == "typed")
  }

  @Test("One login at a time for an account; cancelling it stores nothing and makes room")
  func busy() async throws {
    let slow = Someone(nil)
    let first = Task { await failure(slow, flow: CodeFlow()) }
    try await slow.isAsked.opened()
    #expect(await failure { $0.apiKey = Secret("k") }?.kind == .busy)
    _ = try await login { ($0.apiKey, $0.account) = (Secret("k"), "other") }
    first.cancel()
    #expect(await first.value?.kind == .cancelled)
    #expect(await drawer.all.keys.map(\.key) == ["acme#other"])
    _ = try await login { $0.apiKey = Secret("k") }
  }

  @Test("A login that nobody goes on with ends after ten minutes and stores nothing")
  func patience() async throws {
    let slow = Someone(nil)
    let waited = Mutex<[Duration]>([])
    let hasty = Logins(
      store: drawer, http: HTTPClient(environment: Environment([:]), userAgent: "test"),
      pause: { duration in
        waited.withLock { $0.append(duration) }
        try await slow.isAsked.opened()
      })
    await #expect {
      try await hasty.login(at: provider, nil, LoginCall(provider: "acme"), slow)
    } throws: { error in
      (error as? ProviderError)?.kind == .loginFailed
    }
    #expect(waited.withLock { $0 } == [.seconds(600)])
    #expect(await drawer.all.isEmpty)
  }

  @Test("A store that cannot be used is found before the person is troubled")
  func brokenStore() async throws {
    await drawer.breakDown(ProviderError(.storage, "auth.json is damaged"))
    let person = Someone("typed")
    #expect(await failure(person, flow: CodeFlow())?.kind == .storage)
    #expect(person.asked.isEmpty)
  }

  @Test("A logout forgets the account, whatever the provider says of its tokens")
  func logout() async throws {
    let refusal = ProviderError(.network, "gone")
    for (revocation, revoked, problem) in [
      (Result<Bool, ProviderError>.success(true), true, nil), (.success(false), false, nil),
      (.failure(refusal), nil, refusal),
    ] as [(Result<Bool, ProviderError>, Bool?, ProviderError?)] {
      let flow = CodeFlow(revocation: revocation)
      _ = try await login(flow: flow)
      let outcome = try await logins.logout(AccountID("acme"), flow)
      #expect(outcome.wasStored)
      #expect(outcome.isRevoked == revoked)
      #expect(outcome.problem == problem)
      #expect(await drawer.all.isEmpty)
    }
    _ = try await login { $0.apiKey = Secret("k") }
    let other = try await logins.logout(AccountID("acme", account: "other"), nil)
    #expect(!other.wasStored)
    let key = try await logins.logout(AccountID("acme"), CodeFlow())
    #expect(key.wasStored && key.isRevoked == nil)
  }
}
