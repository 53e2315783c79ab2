internal import JSON
internal import Platform
internal import Synchronization
internal import TestSupport
internal import Testing
internal import Upstream

/// Kills programs that log in, log out and renew a login at the same time, wherever they happen to be, and looks at what
/// is left.
@Suite("kill -9 during logins", .serialized, .timeLimit(.minutes(5)))
struct LoginCrashSlowTests {
  private static let providers = ["openai", "groq", "mistral"]
  private static let renewals = 2
  private static let kills = 500

  /// One program, and what it is to do at `provider`.
  private struct Attempt {
    var provider: String
    /// The key it logs in with; `nil` for one that logs out, and for one that uses a login whose time is over.
    var key: String?
    var child: ChildProcess
  }

  @Test("500 times: auth.json is whole, nobody else can read it, and what was acknowledged is in it")
  func kills() async throws {
    let issuer = ShortLivedIssuer()
    let upstream = try issuer.serve()
    let home = try TemporaryFolder()
    try issuer.logIn(home, upstream)
    var generator = SeededGenerator(seed: 4)
    var (killed, acknowledged, number, rounds) = (0, 0, 0, 0)
    while killed < Self.kills {
      rounds += 1
      var attempts: [Attempt] = []
      for provider in Self.providers {
        number += 1
        let key = Bool.random(using: &generator) ? PlantedSecret.key("\(number)") : nil
        let arguments = key == nil ? ["logout", provider] : ["login", provider, "--api-key-file", "-"]
        attempts.append(Attempt(provider: provider, key: key, child: try start(arguments, home)))
      }
      for _ in 0..<Self.renewals {
        let child = try start(["complete", "-p", ShortLivedIssuer.provider, "-m", "m", "hello"], home)
        attempts.append(Attempt(provider: ShortLivedIssuer.provider, child: child))
      }
      for attempt in attempts {
        if let key = attempt.key { await attempt.child.write(Array(key.utf8)) }
        attempt.child.closeInput()
      }
      // Every third time one of them comes to its end before the others are killed, however fast the machine is.
      if rounds % 3 == 0 {
        #expect(try await attempts[rounds / 3 % attempts.count].child.waitForExit() == .status(0))
      }
      spin(.microseconds(Int.random(in: 0...25_000, using: &generator)))
      for attempt in attempts { attempt.child.kill(SIGKILL) }
      for attempt in attempts {
        let exit = try await attempt.child.waitForExit()
        if exit == .status(0) { acknowledged += 1 } else if exit == .signal(SIGKILL) { killed += 1 }
        // Who was not told may find it done or not; who was told finds it done.
        let stored = try entries(home)[attempt.provider]
        if attempt.provider == ShortLivedIssuer.provider {
          // A token is kept before it is used, and an older one never takes its place.
          #expect(issuer.number(of: stored) ?? 0 >= issuer.used, "\(stored?.text ?? "no login")")
        } else if exit == .status(0) {
          #expect(stored?["key"]?.string == attempt.key, "\(attempt.provider)")
        }
      }
    }
    print(
      "figure: \(killed) programs killed during logins, logouts and renewals, \(acknowledged) others kept their word; "
        + "\(issuer.issued) tokens were given")
    #expect(acknowledged >= rounds / 3)
    #expect(issuer.used > 1, "nobody got as far as using a renewed token")
    #expect(issuer.complaints == [])
  }

  private func start(_ arguments: [String], _ home: TemporaryFolder) throws -> ChildProcess {
    try ChildProcess(PatchbayProcess.binary(), arguments, environment: PatchbayProcess.environment(home: home))
  }

  /// What `auth.json` holds; its form and its mode are right at every moment.
  private func entries(_ home: TemporaryFolder) throws -> JSONObject {
    let path = "\(home.path)/data/auth.json"
    var status = stat()
    guard stat(path, &status) == 0 else { return [:] }
    #expect(status.st_mode & 0o777 == 0o600)
    return try #require(try JSONValue(parsing: Array(try home.read("data/auth.json").utf8)).object)
  }
}

/// Gives tokens that are due for renewal as soon as they are there. Every refresh token it gave is good, as with
/// providers that allow for answers that got lost.
private final class ShortLivedIssuer: Sendable {
  static let provider = "acme"

  private struct State {
    var issued = 1
    var used = 0
    var complaints: [String] = []
  }

  private let state = Mutex(State())

  /// The number of the newest token.
  var issued: Int { state.withLock { $0.issued } }
  /// The number of the newest token that was used.
  var used: Int { state.withLock { $0.used } }
  var complaints: [String] { state.withLock { $0.complaints } }

  private static func token(_ kind: String, _ number: Int) -> String { "\(kind)-\(number)-\(PlantedSecret.mark)" }

  /// The number of the token that `entry` holds.
  func number(of entry: JSONValue?) -> Int? { entry?["access"]?.string.flatMap(number) }

  private func number(_ token: String) -> Int? {
    let parts = token.split(separator: "-")
    guard parts.count == 3, let number = Int(parts[1]), number <= issued else { return nil }
    return number
  }

  func serve() throws -> Upstream {
    try Upstream { [self] request, exchange in
      if request.path == "/token" { return try renew(request, exchange) }
      let token = request.header("authorization")?.split(separator: " ").last.map(String.init)
      state.withLock { [number = token.flatMap(number)] state in
        if let number { state.used = max(state.used, number) } else { state.complaints.append("an unknown token") }
      }
      try exchange.streamChat(["fine"])
    }
  }

  private func renew(_ request: Request, _ exchange: Exchange) throws(Disconnected) {
    let form = String(decoding: request.body, as: UTF8.self)
    let isSound = form.contains("grant_type=refresh_token") && form.contains("refresh_token=refresh-")
    let number = state.withLock { state in
      if !isSound { state.complaints.append("a renewal without a refresh token") }
      state.issued += 1
      return state.issued
    }
    try exchange.respond(json: [
      "access_token": .string(Self.token("access", number)), "refresh_token": .string(Self.token("refresh", number)),
      "expires_in": 60, "token_type": "Bearer",
    ])
  }

  /// Logs the user who lives in `home` in with the first token, which is over.
  func logIn(_ home: TemporaryFolder, _ upstream: Upstream) throws {
    let url = upstream.url
    let login: JSONValue = [
      "flow": "device", "deviceURL": .string("\(url)/device"), "tokenURL": .string("\(url)/token"),
      "clientId": "client-1",
    ]
    try home.write(config: [
      "providers": [
        "acme": ["api": "openai-completions", "baseURL": .string("\(url)/v1"), "login": login]
      ]
    ])
    let entry: JSONValue = [
      "type": "oauth", "access": .string(Self.token("access", 1)), "refresh": .string(Self.token("refresh", 1)),
      "expires": 1,
    ]
    try home.write("data/auth.json", JSONValue.object(["acme": entry]).text)
  }
}
