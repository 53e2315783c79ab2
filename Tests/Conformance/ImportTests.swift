internal import JSON
internal import TestSupport
internal import Testing

@Suite("patchbay import", .timeLimit(.minutes(1)))
struct ImportTests {
  private static let pi = """
    {"groq": {"type": "api_key", "key": "gsk-S3CRET-1"}, "nobody": {"type": "api_key", "key": "S3CRET-2"},
     "openai-codex": {"type": "oauth", "access": "S3CRET-3", "refresh": "S3CRET-4", "expires": 1, "accountId": "a"}}
    """

  @Test("lists, tries, takes, keeps and replaces logins, and never prints one")
  func logins() async throws {
    let home = try TemporaryFolder()
    try home.write(".pi/agent/auth.json", Self.pi)
    let listed = try await run([], home)
    #expect(listed.exit == .status(0))
    #expect(listed.output.contains("pi/groq") && listed.output.contains("pi/openai-codex"))
    #expect(try await run(["--all", "--dry-run"], home).output.contains("would be taken"))
    #expect(try home.read("data/auth.json").isEmpty)
    #expect(try await run(["pi/groq"], home).exit == .status(0))
    let entry = try JSONValue(parsing: try home.read("data/auth.json"))["groq"]
    #expect(entry == ["type": "api_key", "key": "gsk-S3CRET-1"])

    try home.write(".pi/agent/auth.json", Self.pi.replacing("gsk-S3CRET-1", with: "gsk-S3CRET-9"))
    let kept = try await run(["groq"], home)
    #expect(kept.exit == .status(1) && kept.output.contains("--replace"))
    let all = try await run(["--all", "--replace", "--json"], home)
    #expect(all.exit == .status(0))
    let results = try JSONValue(parsing: all.output)["logins"]?.array?.map { $0["result"]?.string }
    #expect(results == ["replaced", "left", "taken"])
    let stored = try JSONValue(parsing: try home.read("data/auth.json"))
    #expect(stored["groq"]?["key"] == "gsk-S3CRET-9")
    #expect(stored["openai-codex"]?["accountId"] == "a")
  }

  @Test("a damaged file is named, with status 1; what does not exist is wrong usage")
  func failures() async throws {
    let home = try TemporaryFolder()
    #expect(try await run(["--all"], home).exit == .status(0))
    #expect(try await run(["nothing"], home).exit == .status(2))
    #expect(try await run(["--from", "pie"], home).errors.contains("did you mean pi?"))
    #expect(try await run(["--config", "unknown.ini"], home).exit == .status(2))
    #expect(try await run(["--from", "atmos", "--config", "/nowhere.yaml"], home).exit == .status(2))
    try home.write(".codex/auth.json", "{")
    let damaged = try await run(["--all"], home)
    #expect(damaged.exit == .status(1) && damaged.errors.contains(".codex/auth.json:1:"))
  }

  @Test("prints settings, and adds them to the config file only when told to")
  func settings() async throws {
    let home = try TemporaryFolder()
    try home.write("config/config.json", "{\n  // mine\n  \"limits\": {}\n}\n")
    try home.write("m/models.json", #"{"providers": {"groq": {"apiKey": "S3CRET-5", "x": 1}}}"#)
    let arguments = ["--config", "\(home.path)/m/models.json"]
    let shown = try await run(arguments, home)
    #expect(shown.exit == .status(0))
    #expect(try JSONValue(parsing: shown.output) == ["providers": ["groq": ["apiKey": "•••"]]])
    #expect(shown.errors.contains("providers.groq.x") && shown.errors.contains("models.json:1"))
    #expect(try await run(arguments + ["--write", "--dry-run"], home).exit == .status(0))
    #expect(try !home.read("config/config.json").contains("groq"))
    #expect(try await run(arguments + ["--write"], home).exit == .status(0))
    let text = try home.read("config/config.json")
    #expect(text.contains("// mine") && text.contains("\"apiKey\": \"S3CRET-5\""))
    try home.write("config/config.json", "{\"modl\": 1}")
    let refused = try await run(arguments + ["--write"], home)
    #expect(refused.exit == .status(1) && refused.errors.contains("modl") && refused.output.contains("groq"))
    #expect(try home.read("config/config.json") == "{\"modl\": 1}")
  }

  private func run(
    _ arguments: [String], _ home: TemporaryFolder
  ) async throws -> (exit: ChildProcess.Exit, output: String, errors: String) {
    let child = try ChildProcess(
      PatchbayProcess.binary(), ["import"] + arguments, environment: PatchbayProcess.environment(home: home))
    child.closeInput()
    let exit = try await child.waitForExit()
    #expect(
      !child.outputText.contains(PlantedSecret.mark) && !child.errorText.contains(PlantedSecret.mark),
      "a key was printed")
    return (exit, child.outputText, child.errorText)
  }
}
