internal import JSON
internal import Platform
internal import TestSupport
internal import Testing

/// The program that runs another one on a terminal of its own.
private let script: String? = ["/usr/bin/script", "/bin/script"].first { (path: String) in access(path, X_OK) == 0 }

@Suite("patchbay chat, away from a terminal", .timeLimit(.minutes(1)))
struct ChatLinesTests {
  /// One chat with these lines as its input.
  private func chat(_ lines: String, _ arguments: [String] = [], home: TemporaryFolder) async throws -> ChildProcess {
    let child = try ChildProcess(
      try PatchbayProcess.binary(), ["chat"] + arguments, environment: PatchbayProcess.environment(home: home))
    await child.write(Array(lines.utf8))
    child.closeInput()
    _ = try await child.waitForExit()
    return child
  }

  private func home() throws -> TemporaryFolder {
    let home = try TemporaryFolder()
    try home.write(config: ["defaultProvider": "echo"])
    return home
  }

  @Test("each line is a message of one conversation, the last one even without its line end")
  func lines() async throws {
    let child = try await chat("one two\n\nthree\r\n//slashed\nlast", home: try home())
    #expect(try await child.waitForExit() == .status(0), "\(child.summary)")
    #expect(child.outputText == "one two\nthree\n/slashed\nlast\n")
  }

  @Test("a second chat goes on where the first one was, and --new does not")
  func resumes() async throws {
    let home = try home()
    _ = try await chat("tell me of alps\n", home: home)
    _ = try await chat("and of lakes\n", home: home)
    _ = try await chat("something else\n", ["--new"], home: home)
    let child = try await chat("/sessions\n/sessions tell me of alps\nmore\n/sessions\n", home: home)
    #expect(try await child.waitForExit() == .status(0), "\(child.summary)")
    let listed = child.errorText.split(separator: "\n").map(String.init)
    #expect(listed.contains { $0.contains("tell me of alps · echo/echo · 4 messages") })
    #expect(listed.contains { $0.hasPrefix("*") && $0.contains("something else · echo/echo · 2 messages") })
    #expect(listed.contains { $0.hasPrefix("*1  tell me of alps · echo/echo · 6 messages") })
  }

  @Test("a named session is begun, gone on with and renamed")
  func named() async throws {
    let home = try home()
    _ = try await chat("hello\n/rename journey\n", ["-s", "trip", "-m", "think"], home: home)
    let child = try await chat("/sessions\n", ["-s", "journey"], home: home)
    #expect(child.errorText.contains("*1  journey · echo/think · 2 messages"), "\(child.summary)")
  }

  @Test("providers and models are switched, and what cannot be is said while the chat goes on")
  func switching() async throws {
    let child = try await chat(
      "/model think\nhi\n/switch echo/echo\nho\n/switch nosuch\n/model nosuch\n/frob\n/swich\n/reasoning loud\nstill\n",
      home: try home())
    #expect(try await child.waitForExit() == .status(1), "\(child.summary)")
    #expect(child.outputText == "hi\nho\nstill\n")
    for said in [
      "echo/think answers", "echo/echo answers", "no provider \"nosuch\"", "no command /frob.", "did you mean /switch?",
      "/reasoning takes",
    ] {
      #expect(child.errorText.contains(said), "\(said)")
    }
  }

  @Test("/usage counts the conversation; /help names every command; /quit ends")
  func others() async throws {
    let child = try await chat("one two three\n/usage\n/help\n/quit\nnever sent\n", home: try home())
    #expect(child.outputText == "one two three\n")
    #expect(child.errorText.contains("echo/echo · 2 messages"))
    for word in ["switch", "model", "sessions", "new", "rename", "login", "logout", "usage", "reasoning", "quit"] {
      #expect(child.errorText.contains("  /\(word)"), "\(word)")
    }
  }

  @Test("an error leaves its status, and the words that came before it")
  func failure() async throws {
    let child = try await chat("some words here\n", ["-m", "fail:rateLimited"], home: try home())
    #expect(try await child.waitForExit() == .status(4), "\(child.summary)")
    #expect(child.outputText.hasPrefix("some"))
    #expect(child.errorText.contains("error:"))
  }
}

@Suite(
  "patchbay chat, on a terminal",
  .enabled(if: script != nil, "there is no `script` to make a terminal with (util-linux has it)"),
  .timeLimit(.minutes(1)))
struct ChatTerminalTests {
  /// A chat on a terminal whose keyboard is the child's input; `after` is run by the shell when the chat is over.
  private func open(
    _ arguments: String = "", home: TemporaryFolder, term: String = "xterm-256color", after: String = ""
  ) async throws -> ChildProcess {
    try home.write(config: ["defaultProvider": "echo"])
    var environment = PatchbayProcess.environment(home: home)
    environment["PATCHBAY"] = try PatchbayProcess.binary()
    environment["TERM"] = term
    // The shell hears of a Ctrl-C as well, and must not die of it.
    let command = "trap : INT; \"$PATCHBAY\" chat \(arguments); echo \"left with $?\"; \(after)"
    let child = try ChildProcess(try #require(script), ["-qec", command, "/dev/null"], environment: environment)
    try await child.waitForText("› ")
    return child
  }

  private func type(_ keys: String, on child: ChildProcess) async { await child.write(Array(keys.utf8)) }

  @Test("a line is edited, sent and answered; Ctrl-D gives the terminal back as it was")
  func session() async throws {
    let home = try TemporaryFolder()
    let child = try await open(home: home, after: "stty -a")
    await type("helo wrld\u{1B}[D\u{1B}[D\u{1B}[Do\u{1}\u{6}\u{6}\u{6}l\r", on: child)
    try await child.waitForText("hello world\r\n")
    await type("\u{4}", on: child)
    try await child.waitForText("left with 0")
    _ = try await child.waitForExit()
    for setting in ["isig icanon", " echo ", " icrnl", " ixon"] {
      #expect(child.outputText.contains(setting), "\(setting)")
    }
    #expect(child.outputText.contains("\u{1B}[?2004l"))
  }

  @Test("Ctrl-C ends the answer and not the chat; what was typed meanwhile is not lost")
  func interrupt() async throws {
    let home = try TemporaryFolder()
    let child = try await open("-m slow", home: home)
    // Pasted: a terminal takes no more than 4,095 characters of a line before the program reads.
    await type("\(words(400))\r", on: child)
    try await child.waitForText("\nword1 word2 word3 ")
    await type("later\u{3}", on: child)
    try await child.waitForText("(stopped)")
    try await child.waitForText("› later")
    await type("\r", on: child)
    try await child.waitForText("later\r\n")
    #expect(!child.outputText.contains("\r\nword1 word2 word3 \(words(400).dropFirst(18))"))
    await type("/quit\r", on: child)
    try await child.waitForText("left with 0")
  }

  @Test("pasted lines are one message, and so are lines joined by a backslash")
  func severalLines() async throws {
    let home = try TemporaryFolder()
    let child = try await open(home: home)
    await type("\u{1B}[200~first\rsecond\u{1B}[201~ end\r", on: child)
    try await child.waitForText("first\r\nsecond end\r\n")
    await type("upper\\\rlower\r", on: child)
    try await child.waitForText("upper\r\nlower\r\n")
    await type("\u{4}", on: child)
    try await child.waitForText("left with 0")
    // The next chat shows where it goes on, and the arrow brings back what was typed.
    let next = try await open(home: home)
    try await next.waitForText("lower")
    await type("\u{1B}[A\u{1B}[A\u{1B}[A\r", on: next)
    try await next.waitForText("first\r\nsecond end\r\n")
    await type("\u{4}", on: next)
    try await next.waitForText("left with 0")
  }

  @Test("reasoning is dimmed")
  func reasoning() async throws {
    let home = try TemporaryFolder()
    let child = try await open("-m think", home: home)
    await type("why so\r", on: child)
    try await child.waitForText("[echo/think")
    #expect(child.outputText.contains("\u{1B}[2m"))
    await type("\u{4}", on: child)
    try await child.waitForText("left with 0")
  }

  @Test("a key is asked for without showing it")
  func login() async throws {
    let home = try TemporaryFolder()
    let child = try await open(home: home)
    await type("/login groq\r", on: child)
    try await child.waitForText("API key for Groq")
    await type("gsk-S3CRET-typed-0123456789\r", on: child)
    try await child.waitForText("Logged in at groq")
    await type("/switch\r", on: child)
    try await child.waitForText("groq  Groq")
    await type("\u{4}", on: child)
    try await child.waitForText("left with 0")
    #expect(!child.outputText.contains("S3CRET"))
    #expect(try home.read("data/auth.json").contains("S3CRET"))
  }

  @Test("on a terminal without cursor movements lines are read as they are, and Ctrl-C still ends the answer alone")
  func dumb() async throws {
    let home = try TemporaryFolder()
    let child = try await open("-m slow", home: home, term: "dumb")
    await type("\(words(100))\r", on: child)
    try await child.waitForText("\nword1 word2 word3 ")
    await type("\u{3}", on: child)
    try await child.waitForText("(stopped)")
    await type("\u{4}", on: child)
    try await child.waitForText("left with 0")
    #expect(!child.outputText.contains("\u{1B}"))
  }
}
