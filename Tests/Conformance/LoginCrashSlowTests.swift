internal import JSON
internal import Platform
internal import TestSupport
internal import Testing

/// Kills programs that log in and out at the same time, wherever they happen to be, and looks at what is left.
@Suite("kill -9 during logins", .serialized, .timeLimit(.minutes(5)))
struct LoginCrashSlowTests {
  private static let providers = ["openai", "groq", "mistral"]
  private static let kills = 500

  @Test("500 times: auth.json is whole, nobody else can read it, and what was acknowledged is in it")
  func kills() async throws {
    let home = try TemporaryFolder()
    var generator = SeededGenerator(seed: 4)
    var (killed, acknowledged, number, rounds) = (0, 0, 0, 0)
    while killed < Self.kills {
      rounds += 1
      var attempts: [(provider: String, key: String?, child: ChildProcess)] = []
      for provider in Self.providers {
        number += 1
        let key = Bool.random(using: &generator) ? "sk-\(number)" : nil
        attempts.append((provider, key, try start(provider, key, home)))
      }
      for attempt in attempts {
        if let key = attempt.key { await attempt.child.write(Array(key.utf8)) }
        attempt.child.closeInput()
      }
      // Every third time one of them comes to its end before the others are killed, however fast the machine is.
      if rounds % 3 == 0 { #expect(try await attempts[0].child.waitForExit() == .status(0)) }
      spin(.microseconds(Int.random(in: 0...12_000, using: &generator)))
      for attempt in attempts { attempt.child.kill(SIGKILL) }
      for attempt in attempts {
        let exit = try await attempt.child.waitForExit()
        if exit == .status(0) { acknowledged += 1 } else if exit == .signal(SIGKILL) { killed += 1 }
        // Who was not told may find it done or not; who was told finds it done.
        let stored = try entries(home)[attempt.provider]?["key"]?.string
        if exit == .status(0) { #expect(stored == attempt.key, "\(attempt.provider)") }
      }
    }
    print("figure: \(killed) programs killed during logins and logouts, \(acknowledged) others kept their word")
    #expect(acknowledged >= rounds / 3)
  }

  private func start(_ provider: String, _ key: String?, _ home: TemporaryFolder) throws -> ChildProcess {
    let arguments = key == nil ? ["logout", provider] : ["login", provider, "--api-key-file", "-"]
    return try ChildProcess(
      PatchbayProcess.binary(), arguments, environment: PatchbayProcess.environment(home: home))
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
