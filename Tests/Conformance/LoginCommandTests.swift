internal import JSON
internal import Platform
internal import TestSupport
internal import Testing

/// The program that runs another one on a terminal of its own.
private let script: String? = ["/usr/bin/script", "/bin/script"].first { (path: String) in access(path, X_OK) == 0 }

@Suite("patchbay login", .timeLimit(.minutes(1)))
struct LoginCommandTests {
  private static let key = PlantedSecret.key("terminal")

  /// Runs the program away from any terminal.
  private func run(
    _ arguments: [String], home: TemporaryFolder, input: String = "", environment: [String: String] = [:]
  ) async throws -> ChildProcess {
    let child = try ChildProcess(
      try PatchbayProcess.binary(), arguments,
      environment: PatchbayProcess.environment(home: home, environment))
    await child.write(Array(input.utf8))
    child.closeInput()
    _ = try await child.waitForExit()
    return child
  }

  @Test("a key comes from standard input or a file, is listed and forgotten, and is never printed")
  func key() async throws {
    let home = try TemporaryFolder()
    try home.write("key", " \(Self.key)\n")
    for source in ["-", "\(home.path)/key"] {
      let login = try await run(["login", "groq", "--api-key-file", source], home: home, input: "\(Self.key)\n")
      #expect(try await login.waitForExit() == .status(0), "\(login.summary)")
      #expect(login.outputText.contains("groq") && login.outputText.contains("\(home.path)/data/auth.json"))
      let stored = try JSONValue(parsing: Array(try home.read("data/auth.json").utf8))
      #expect(stored["groq"]?["key"]?.string == Self.key)
      let status = try await run(["login", "--status"], home: home)
      #expect(status.outputText.contains("groq") && status.outputText.contains("ready"))
      #expect(!status.outputText.contains("openai"))
      let logout = try await run(["logout", "groq"], home: home)
      #expect(try await logout.waitForExit() == .status(0))
      for child in [login, status, logout] {
        #expect(!child.outputText.contains(Self.key) && !child.errorText.contains(Self.key))
      }
      #expect(try !home.read("data/auth.json").contains(Self.key))
    }
  }

  @Test(
    "what it cannot do is said, with the status of wrong usage",
    arguments: [
      (["login"], "PROVIDER"), (["login", "groq"], "--api-key-file"), (["login", "a", "b"], "one PROVIDER"),
      (["login", "groq", "--verify"], "--status"), (["login", "--status", "--open"], "--open"),
      (["login", "groq", "--device", "--method", "oauth"], "--device"), (["login", "echo"], "needs no login"),
      (["login", "groq", "--api-key-file", "/nowhere"], "/nowhere"), (["logout"], "one PROVIDER"),
      (["login", "groq", "--api-key-file", "-"], "holds no key"),
    ])
  func usage(arguments: [String], mention: String) async throws {
    let home = try TemporaryFolder()
    let child = try await run(arguments, home: home)
    #expect(try await child.waitForExit() == .status(2), "\(child.summary)")
    #expect(child.errorText.contains(mention), "\(child.summary)")
    #expect(try home.read("data/auth.json").isEmpty)
  }

  @Test("an unknown provider is named, with the nearest there is")
  func unknown() async throws {
    let child = try await run(["login", "gorq", "--api-key-file", "-"], home: try TemporaryFolder(), input: "k")
    #expect(try await child.waitForExit() == .status(1))
    #expect(child.errorText.contains("gorq") && child.errorText.contains("groq"))
  }

  // MARK: On a terminal

  /// Runs a line of shell on a terminal, where `$PATCHBAY` is the program.
  private func onTerminal(_ line: String, home: TemporaryFolder) throws -> ChildProcess {
    var environment = PatchbayProcess.environment(home: home, ["NO_COLOR": "1", "TERM": "xterm"])
    environment["PATCHBAY"] = try PatchbayProcess.binary()
    return try ChildProcess(try #require(script), ["-qec", line, "/dev/null"], environment: environment)
  }

  @Test(
    "on a terminal the key is asked for and not shown, and the echo is back afterwards", .enabled(if: script != nil))
  func hidden() async throws {
    let home = try TemporaryFolder()
    let child = try onTerminal("\"$PATCHBAY\" login; stty -a", home: home)
    try await child.waitForText("Number or name: ")
    await child.write(Array("nobody\n".utf8))
    try await child.waitForText("Type a number")
    await child.write(Array("groq\n".utf8))
    try await child.waitForText("API key for")
    await child.write(Array("\(Self.key)\n".utf8))
    _ = try await child.waitForExit()
    #expect(child.outputText.contains("Logged in at groq"))
    #expect(!child.outputText.contains(Self.key))
    #expect(child.outputText.contains(" echo ") && !child.outputText.contains("-echo "), "\(child.summary)")
    #expect(try home.read("data/auth.json").contains(Self.key))
  }

  @Test(
    "Ctrl-C, and the end of the input, leave a terminal that shows what is typed, and store nothing",
    .enabled(if: script != nil), arguments: ["\u{3}", "\u{4}"])
  func interrupted(how: String) async throws {
    let home = try TemporaryFolder()
    let child = try onTerminal("trap : INT; \"$PATCHBAY\" login groq; echo \"status $?\"; stty -a", home: home)
    try await child.waitForText("API key for")
    await child.write(Array(how.utf8))
    _ = try await child.waitForExit()
    #expect(child.outputText.contains("status 130"), "\(child.summary)")
    #expect(child.outputText.contains(" echo ") && !child.outputText.contains("-echo "), "\(child.summary)")
    #expect(try home.read("data/auth.json").isEmpty)
  }

  @Test(
    "an address stands on a line of its own, together with the question for what the browser shows",
    .enabled(if: script != nil))
  func address() async throws {
    let home = try TemporaryFolder()
    try home.write(config: [
      "providers": [
        "acme": [
          "api": "openai-completions", "baseURL": "http://127.0.0.1:9/v1",
          "login": [
            "flow": "pkce", "clientId": "client", "authorizeURL": "http://127.0.0.1:9/authorize",
            "tokenURL": "http://127.0.0.1:9/token", "redirect": "http://localhost:0/callback",
          ],
        ]
      ]
    ])
    let child = try onTerminal("\"$PATCHBAY\" login acme", home: home)
    try await child.waitForText("http://127.0.0.1:9/authorize?")
    try await child.waitForText(": ")
    await child.write([3])
    #expect(try await child.waitForExit() == .status(130))
    let lines = child.outputText.split(whereSeparator: \.isNewline)
    let url = try #require(lines.first { $0.contains("/authorize?") })
    #expect(url.drop { $0 == " " }.hasPrefix("http://") && !url.dropFirst(2).contains(" "))
    #expect(try home.read("data/auth.json").isEmpty)
  }
}
