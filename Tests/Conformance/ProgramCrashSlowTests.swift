internal import JSON
internal import Platform
internal import TestSupport
internal import Testing

/// Kills the engine wherever it happens to be while programs answer, and looks at what is left of them.
@Suite("kill -9 while programs answer", .serialized, .timeLimit(.minutes(5)))
struct ProgramCrashSlowTests {
  private static let kills = 200
  private static let together = 8

  @Test("200 times: no process is left, no file of ours, and the person's files are as they were")
  func kills() async throws {
    let servers: JSONValue = ["servers": ["here": ["command": "none", "env": ["KEY": "sk-secret-in-a-file"]]]]
    let home = try Doubles.home(mcp: servers)
    try home.write(".claude/settings.json", #"{"theirs": 1}"#)
    try home.write(".codex/config.toml", "model = \"theirs\"\n")
    try home.write(".gemini/settings.json", #"{"theirs": 2}"#)
    let before = try contents(home)
    var generator = SeededGenerator(seed: 6)
    var (started, longest) = (0, Duration.zero)
    for round in 0..<(Self.kills / Self.together) {
      let marker = "PATCHBAY_TEST_MARK=\(round)-\(randomHex(8))"
      started += try await kill(home, marker, &generator)
      let begun = ContinuousClock.now
      try await waitUntilGone(marker)
      longest = max(longest, .now - begun)
    }
    print("figure: kill -9 at 200 moments with \(started) processes at work: all gone after at most \(longest)")
    #expect(started > Self.kills / 4, "too few had begun for this to show anything")
    #expect(try contents(home) == before)
    #expect(try FileSystem.list("\(home.path)/state/run").isEmpty)
  }

  /// Starts engines whose programs start processes, kills each at some moment, and gives how many programs there were.
  private func kill(
    _ home: TemporaryFolder, _ marker: String, _ generator: inout SeededGenerator
  ) async throws -> Int {
    let pair = marker.split(separator: "=")
    var engines: [PatchbayProcess] = []
    for _ in 0..<Self.together {
      let engine = try PatchbayProcess(home: home, environment: [String(pair[0]): String(pair[1])], check: nil)
      let provider = Doubles.providers.randomElement(using: &generator) ?? ""
      let word = Bool.random(using: &generator) ? "#spawn" : "#stubborn"
      await engine.send(["jsonrpc": "2.0", "id": 1, "method": "initialize", "params": [:]])
      let params: JSONValue = ["provider": .string(provider), "input": .string(word)]
      await engine.send(["jsonrpc": "2.0", "id": 2, "method": "complete", "params": params])
      engines.append(engine)
    }
    // Every other time all have begun; else nobody knows how far they are.
    let waits = Bool.random(using: &generator)
    for engine in engines where waits { try await engine.firstText(of: 2) }
    if !waits { spin(.microseconds(Int.random(in: 0...150_000, using: &generator))) }
    let count = try processes(with: marker).count - engines.count
    for engine in engines { engine.child.kill(SIGKILL) }
    for engine in engines { _ = try await engine.waitForExit() }
    return max(0, count)
  }

  /// The person's files; the sessions are ours.
  private func contents(_ home: TemporaryFolder) throws -> [String: String] {
    var contents: [String: String] = [:]
    for name in try home.files() where !name.hasPrefix("state/") { contents[name] = try home.read(name) }
    return contents
  }
}
