internal import JSON
internal import Platform
internal import Synchronization
internal import TestSupport
internal import Testing
internal import Upstream

/// Many programs of one user share one login: when its token ends, one of them renews it, and the others use what it
/// got.
@Suite("One login, many programs", .serialized, .timeLimit(.minutes(5)))
struct RefreshSlowTests {
  static let programs = 32
  static let rounds = 20

  @Test("32 programs, 20 tokens: each is renewed once, and nobody is logged out")
  func renewals() async throws {
    let issuer = Issuer()
    let upstream = try issuer.serve()
    let home = try TemporaryFolder()
    try issuer.logIn(home, upstream)
    let programs = try (0..<Self.programs).map { _ in try PatchbayProcess(home: home, check: nil) }
    for program in programs { try await program.initialize() }
    for round in 1...Self.rounds {
      issuer.endToken()
      var ids: [JSONValue] = []
      for program in programs { ids.append(await program.request("complete", Self.question)) }
      for (program, id) in zip(programs, ids) {
        let result = try await program.result(of: id)
        #expect(text(of: result["message"]) == "fine", "round \(round)")
      }
      #expect(issuer.renewals == round)
    }
    #expect(issuer.complaints == [])
    print("figure: \(Self.programs) programs, \(Self.rounds) ended tokens: \(issuer.renewals) renewals")
  }

  @Test("a program that is killed while it renews leaves the login to the others")
  func killed() async throws {
    let issuer = Issuer()
    let upstream = try issuer.serve()
    let home = try TemporaryFolder()
    try issuer.logIn(home, upstream)
    let victim = try PatchbayProcess(home: home, check: nil)
    try await victim.initialize()
    let others = try (0..<4).map { _ in try PatchbayProcess(home: home, check: nil) }
    for program in others { try await program.initialize() }
    issuer.endToken()
    let (arrived, isDead) = (Gate(), Gate())
    issuer.holdNextRenewal(arrived, until: isDead)
    _ = await victim.request("complete", Self.question)
    try await arrived.opened()
    victim.child.kill(SIGKILL)
    _ = try await victim.waitForExit()
    isDead.open()
    for program in others {
      let result = try await program.call("complete", Self.question)
      #expect(text(of: result["message"]) == "fine")
    }
    #expect(issuer.complaints == [])
  }

  private static let question: JSONValue = ["provider": "acme", "model": "m", "input": "hello"]
}

/// Who gives tokens and who takes them, in one server. A token it has given is good until `endToken`; a refresh token is
/// good once.
private final class Issuer: Sendable {
  private struct State {
    var number = 1
    var isEnded = false
    var renewals = 0
    var complaints: [String] = []
    var hold: (arrived: Gate, until: Gate)?
  }

  private let state = Mutex(State())

  var renewals: Int { state.withLock { $0.renewals } }
  var complaints: [String] { state.withLock { $0.complaints } }

  private static func token(_ kind: String, _ number: Int) -> String { "\(kind)-\(number)-\(PlantedSecret.mark)" }

  /// From now on the token that is in use is refused.
  func endToken() { state.withLock { $0.isEnded = true } }

  /// Leaves the next renewal without an answer: opens `arrived`, and drops the request when `until` is open.
  func holdNextRenewal(_ arrived: Gate, until: Gate) { state.withLock { $0.hold = (arrived, until) } }

  func serve() throws -> Upstream {
    try Upstream { [self] request, exchange in
      if request.path == "/token" { return try renew(request, exchange) }
      let token = state.withLock { $0.isEnded ? nil : "Bearer \(Self.token("access", $0.number))" }
      guard request.header("authorization") == token else {
        return try exchange.respond(status: 401, json: ["error": ["message": "the token has expired"]])
      }
      try exchange.streamChat(["fine"])
    }
  }

  private func renew(_ request: Request, _ exchange: Exchange) throws(Disconnected) {
    let hold = state.withLock { state in
      defer { state.hold = nil }
      return state.hold
    }
    if let hold {
      hold.arrived.open()
      hold.until.wait()
      return
    }
    let number = state.withLock { state -> Int? in
      let form = String(decoding: request.body, as: UTF8.self)
      guard form.contains("grant_type=refresh_token"),
        form.contains("refresh_token=\(Self.token("refresh", state.number))")
      else {
        state.complaints.append("a renewal with an old refresh token: \(form)")
        return nil
      }
      guard state.isEnded else {
        state.complaints.append("token \(state.number) was renewed before its end")
        return nil
      }
      state.number += 1
      state.renewals += 1
      state.isEnded = false
      return state.number
    }
    guard let number else { return try exchange.respond(status: 400, json: ["error": "invalid_grant"]) }
    try exchange.respond(json: [
      "access_token": .string(Self.token("access", number)), "refresh_token": .string(Self.token("refresh", number)),
      "expires_in": 100_000, "token_type": "Bearer",
    ])
  }

  /// Makes the first token that of the user who lives in `home`.
  func logIn(_ home: TemporaryFolder, _ upstream: Upstream) throws {
    let url = upstream.url
    try home.write(config: [
      "providers": [
        "acme": [
          "api": "openai-completions", "baseURL": .string("\(url)/v1"),
          "login": [
            "flow": "device", "deviceURL": .string("\(url)/device"), "tokenURL": .string("\(url)/token"),
            "clientId": "client-1",
          ],
        ]
      ]
    ])
    let entry: JSONValue = [
      "acme": [
        "type": "oauth", "access": .string(Self.token("access", 1)), "refresh": .string(Self.token("refresh", 1)),
        "expires": 4_102_444_800_000,
      ]
    ]
    try home.write("data/auth.json", entry.text)
  }
}
