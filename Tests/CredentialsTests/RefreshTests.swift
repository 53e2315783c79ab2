import Completion
import Credentials
import HTTP
import JSON
import Platform
import Synchronization
import TestSupport
import Testing

/// A login whose tokens are numbers: what is given for `r1` is `a2` and `r2`.
final class FakeFlow: LoginFlow {
  let methods = [LoginMethod.oauth]
  let notice: String? = nil
  private let answer: @Sendable (_ call: Int, _ refresh: String) async throws(ProviderError) -> Int
  private let calls = Mutex<[String]>([])

  /// `answer` gives the end of the new token.
  init(_ answer: @escaping @Sendable (_ call: Int, _ refresh: String) async throws(ProviderError) -> Int) {
    self.answer = answer
  }

  /// The refresh tokens it was given.
  var refreshed: [String] { calls.withLock { $0 } }

  func login(_ method: LoginMethod, _ context: LoginContext) async throws(ProviderError) -> OAuthCredential {
    throw ProviderError(.unsupported, "not here")
  }

  func refresh(_ credential: OAuthCredential, _ http: HTTPClient, now: Int) async throws(ProviderError)
    -> OAuthCredential
  {
    let text = credential.refresh.reveal()
    let call = calls.withLock { calls in
      calls.append(text)
      return calls.count
    }
    let end = try await answer(call, text)
    let number = (Int(text.dropFirst()) ?? 0) + 1
    return OAuthCredential(access: Secret("a\(number)"), refresh: Secret("r\(number)"), expiresAt: end)
  }

  func revoke(_ credential: OAuthCredential, _ http: HTTPClient) async throws(ProviderError) -> Bool { false }
}

/// The time, moved by hand.
final class Wall: Sendable {
  private let time: Mutex<Int>
  init(_ time: Int) { self.time = Mutex(time) }
  var now: Int { time.withLock { $0 } }
  func advance(_ milliseconds: Int) { time.withLock { $0 += milliseconds } }
}

@Suite("Renewing logins", .timeLimit(.minutes(1)))
struct RefreshTests {
  /// Five minutes and one hour, in milliseconds.
  static let (lead, hour) = (300_000, 3_600_000)

  /// A user who is logged in at "acme" until `expires`; every resolver is as another process would have it.
  private struct Setting {
    let folder: TemporaryFolder
    let flow: FakeFlow
    let wall = Wall(1_000_000)

    init(expires: Int, refresh: String = "r1", _ flow: FakeFlow) throws {
      folder = try TemporaryFolder()
      self.flow = flow
      try write(access: "a1", refresh: refresh, expires: expires)
    }

    func write(access: String, refresh: String, expires: Int) throws {
      try folder.write(
        "data/auth.json",
        #"{"acme": {"type": "oauth", "access": "\#(access)", "refresh": "\#(refresh)", "expires": \#(expires), "accountId": "me"}}"#
      )
    }

    func resolver() -> KeyResolver {
      let environment = Environment(["PATCHBAY_HOME": folder.path, "ACME_KEY": "from-the-environment"])
      return KeyResolver(
        environment: environment, directories: Directories(environment), now: { [wall] in wall.now },
        flow: { [flow] provider in provider == "acme" ? flow : nil })
    }

    var query: KeyQuery { KeyQuery(provider: "acme", variables: ["ACME_KEY"], configPath: "config.json") }

    func entry() throws -> JSONValue? {
      try JSONValue(parsing: FileSystem.read(folder.file("data/auth.json")) ?? [])["acme"]
    }
  }

  @Test("A token is renewed five minutes ahead of its end, not earlier, and is on disk with all that was beside it")
  func ahead() async throws {
    let setting = try Setting(
      expires: 1_000_000 + Self.lead, FakeFlow { _, _ throws(ProviderError) in 1_000_000 + Self.hour })
    let resolver = setting.resolver()
    #expect(try await resolver.key(for: setting.query)?.secret.reveal() == "a1")
    #expect(setting.flow.refreshed == [])
    setting.wall.advance(1)
    let key = try #require(try await resolver.key(for: setting.query))
    #expect(key.secret.reveal() == "a2")
    #expect(key.login == AccountID("acme"))
    #expect(key.isToken)
    #expect(
      try setting.entry() == [
        "type": "oauth", "access": "a2", "refresh": "r2", "expires": .int(1_000_000 + Self.hour), "accountId": "me",
      ])
    #expect(try await resolver.key(for: setting.query)?.secret.reveal() == "a2")
    #expect(setting.flow.refreshed == ["r1"])
  }

  @Test("However many ask at once, here and in other processes, there is one exchange")
  func once() async throws {
    let setting = try Setting(expires: 0, FakeFlow { _, _ throws(ProviderError) in 1_000_000 + Self.hour })
    let resolvers = (0..<8).map { _ in setting.resolver() }
    let keys = try await withThrowingTaskGroup(of: String?.self) { group in
      for number in 0..<160 {
        group.addTask { try await resolvers[number % 8].key(for: setting.query)?.secret.reveal() }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(keys == Array(repeating: "a2", count: 160))
    #expect(setting.flow.refreshed == ["r1"])
  }

  /// A flow that says when an exchange has begun, and goes on with it when it may.
  private static func held(_ started: AsyncStream<Void>.Continuation, until mayEnd: AsyncStream<Void>) -> FakeFlow {
    FakeFlow { _, _ throws(ProviderError) in
      started.yield()
      for await _ in mayEnd { break }
      return 1_000_000 + hour
    }
  }

  @Test("Whoever waits can be cancelled; the exchange goes on, and its tokens are kept")
  func cancelled() async throws {
    let (started, mayEnd) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
    let flow = Self.held(started.continuation, until: mayEnd.stream)
    let setting = try Setting(expires: 0, flow)
    let resolver = setting.resolver()
    let waiter = Task { () -> ErrorKind? in
      do throws(ProviderError) {
        _ = try await resolver.key(for: setting.query)
        return nil
      } catch {
        return error.kind
      }
    }
    for await _ in started.stream { break }
    waiter.cancel()
    #expect(await waiter.value == .cancelled)
    mayEnd.continuation.yield()
    await resolver.settle()
    #expect(try setting.entry()?["access"] == "a2")
    #expect(try await resolver.key(for: setting.query)?.secret.reveal() == "a2")
    #expect(flow.refreshed == ["r1"])
  }

  @Test("An exchange that fails does no harm while the token is good; the next attempt comes after ten seconds")
  func backOff() async throws {
    let flow = FakeFlow { call, _ throws(ProviderError) in
      guard call > 1 else { throw ProviderError(.network, "no route") }
      return 1_000_000 + Self.hour
    }
    let setting = try Setting(expires: 1_000_000 + 60_000, flow)
    let resolver = setting.resolver()
    for _ in 0..<3 { #expect(try await resolver.key(for: setting.query)?.secret.reveal() == "a1") }
    #expect(flow.refreshed == ["r1"])
    setting.wall.advance(10_000)
    #expect(try await resolver.key(for: setting.query)?.secret.reveal() == "a2")
    #expect(flow.refreshed == ["r1", "r1"])
  }

  @Test("An exchange that fails when the token is over is the request's error, and the next request tries again")
  func notSticky() async throws {
    let flow = FakeFlow { call, _ throws(ProviderError) in
      guard call > 1 else { throw ProviderError(.network, "no route with r1-secret") }
      return 1_000_000 + Self.hour
    }
    let setting = try Setting(expires: 0, refresh: "r1", flow)
    let resolver = setting.resolver()
    let error = await #expect(throws: ProviderError.self) { try await resolver.key(for: setting.query) }
    #expect(error?.kind == .network)
    #expect(error?.provider == "acme")
    #expect(error?.message.hasPrefix("the login for acme could not be renewed: ") == true)
    #expect(try await resolver.key(for: setting.query)?.secret.reveal() == "a2")
  }

  @Test("A refresh token that is refused asks for a new login, with no other key tried, until there is one")
  func over() async throws {
    let flow = FakeFlow { _, refresh throws(ProviderError) in
      guard refresh == "r7" else { throw ProviderError(.authRequired, "refused") }
      return 1_000_000 + Self.hour
    }
    let setting = try Setting(expires: 0, flow)
    let resolver = setting.resolver()
    for _ in 0..<3 {
      let error = await #expect(throws: ProviderError.self) { try await resolver.key(for: setting.query) }
      #expect(error?.kind == .authRequired)
      #expect(error?.hint == "Run: patchbay login acme")
    }
    #expect(flow.refreshed == ["r1"])
    try setting.write(access: "a7", refresh: "r7", expires: 0)
    #expect(try await resolver.key(for: setting.query)?.secret.reveal() == "a8")
  }

  @Test("A refused token is exchanged once; where another process has done so, its token is used")
  func forced() async throws {
    let setting = try Setting(
      expires: 1_000_000 + Self.hour, FakeFlow { _, _ throws(ProviderError) in 1_000_000 + Self.hour })
    let (one, two) = (setting.resolver(), setting.resolver())
    #expect(try await one.renew(AccountID("acme"), refused: Secret("a1")))
    #expect(try await two.renew(AccountID("acme"), refused: Secret("a1")))
    #expect(try await two.key(for: setting.query)?.secret.reveal() == "a2")
    #expect(setting.flow.refreshed == ["r1"])
    #expect(try await two.renew(AccountID("acme"), refused: Secret("a2")))
    #expect(setting.flow.refreshed == ["r1", "r2"])
    #expect(try await two.renew(AccountID("nobody"), refused: Secret("a2")) == false)
  }

  @Test("New tokens that cannot be written are not used, and not lost: the next attempt writes them")
  func unwritten() async throws {
    let (started, mayEnd) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
    let flow = Self.held(started.continuation, until: mayEnd.stream)
    let setting = try Setting(expires: 0, flow)
    let resolver = setting.resolver()
    let key = Task { try await resolver.key(for: setting.query) }
    for await _ in started.stream { break }
    // A file that others can read is refused.
    #expect(chmod(setting.folder.file("data/auth.json"), 0o644) == 0)
    mayEnd.continuation.yield()
    let error = await #expect(throws: ProviderError.self) { try await key.value }
    #expect(error?.kind == .storage)
    #expect(try setting.entry()?["access"] == "a1")
    #expect(chmod(setting.folder.file("data/auth.json"), 0o600) == 0)
    #expect(try await resolver.key(for: setting.query)?.secret.reveal() == "a2")
    #expect(try setting.entry()?["refresh"] == "r2")
    #expect(flow.refreshed == ["r1"])
  }

  @Test("A login that is removed while it is renewed stays removed")
  func removed() async throws {
    let (started, mayEnd) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
    let setting = try Setting(expires: 0, Self.held(started.continuation, until: mayEnd.stream))
    let resolver = setting.resolver()
    let key = Task { try await resolver.key(for: setting.query) }
    for await _ in started.stream { break }
    #expect(try await resolver.store.remove(AccountID("acme")) != nil)
    mayEnd.continuation.yield()
    let error = await #expect(throws: ProviderError.self) { try await key.value }
    #expect(error?.kind == .authRequired)
    #expect(try setting.entry() == nil)
    #expect(try await resolver.key(for: setting.query)?.secret.reveal() == "from-the-environment")
  }

  @Test("A login that renews itself has not expired; one without a refresh token has")
  func places() async throws {
    let flow = FakeFlow { _, _ throws(ProviderError) in 0 }
    let renewing = try Setting(expires: 0, flow)
    #expect(try await renewing.resolver().place(of: renewing.query)?.isExpired == false)
    let other = try Setting(expires: 0, refresh: "", flow)
    #expect(try await other.resolver().place(of: other.query)?.isExpired == true)
    let error = await #expect(throws: ProviderError.self) { try await other.resolver().key(for: other.query) }
    #expect(error?.hint == "Run: patchbay login acme")
  }
}

@Suite("Several accounts", .timeLimit(.minutes(1)))
struct AccountTests {
  @Test("A named account has its own entry and no other place")
  func named() async throws {
    let auth = #"{"acme#work": {"type": "api_key", "key": "w"}, "acme": {"type": "api_key", "key": "d"}}"#
    let user = try User(auth: auth, environment: ["ACME_KEY": "env"])
    var query = user.query(config: "conf")
    #expect(try await user.resolver.key(for: query)?.secret.reveal() == "d")
    query.account = "work"
    #expect(try await user.resolver.key(for: query)?.secret.reveal() == "w")
    query.account = "it's me"
    let error = await user.error { () throws(ProviderError) in try await user.resolver.key(for: query) }
    #expect(error?.kind == .authRequired)
    #expect(error?.message == #"there is no entry "acme#it's me" in HOME/data/auth.json"#)
    #expect(error?.hint == #"Run: patchbay login acme --account 'it'\''s me'"#)
    #expect(try await user.resolver.place(of: query) == nil)
    query.call = "param"
    #expect(try await user.resolver.key(for: query)?.secret.reveal() == "param")
  }

  @Test("A provider that only named accounts can use is not ready by itself")
  func onlyNamed() async throws {
    let user = try User(auth: #"{"acme#work": {"type": "api_key", "key": "w"}}"#, environment: ["ACME_KEY": "env"])
    #expect(try user.resolver.storedProvidersBlocking() == [])
    #expect(try await user.resolver.key(for: user.query())?.secret.reveal() == "env")
  }
}
