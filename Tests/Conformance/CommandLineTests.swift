internal import JSON
internal import TestSupport
internal import Testing
internal import Upstream

@Suite("The command line", .timeLimit(.minutes(1)))
struct CommandLineTests {
  @Test("--help and help print what there is", arguments: [["--help"], ["help"], ["-h"]])
  func help(arguments: [String]) async throws {
    let child = try await run(arguments)
    #expect(child.exit == .status(0))
    for command in [
      "serve", "complete", "call", "login", "logout", "import", "models", "providers", "catalog", "sessions", "usage",
      "doctor", "schema",
    ] {
      #expect(child.output.contains(command), "\(command)")
    }
    #expect(child.output.lowercased().contains("exit"), "the exit codes")
  }

  @Test(
    "each command has help",
    arguments: [
      "serve", "complete", "call", "login", "logout", "import", "models", "providers", "catalog", "sessions", "usage",
      "doctor", "schema",
    ])
  func commandHelp(command: String) async throws {
    let child = try await run([command, "--help"])
    #expect(child.exit == .status(0))
    #expect(child.output.contains("patchbay \(command)"))
  }

  @Test(
    "what is not known is refused on standard error, with status 2",
    arguments: [["complet", "hello"], ["models", "--jsn"], ["--no-such-option"], ["call"]])
  func misuse(arguments: [String]) async throws {
    let child = try await run(arguments)
    #expect(child.exit == .status(2))
    #expect(child.output.isEmpty)
    #expect(!child.errors.isEmpty)
  }

  @Test("complete answers a prompt from its arguments, from standard input, or from both")
  func complete() async throws {
    let fromArguments = try await run(["complete", "hello", "there"])
    #expect(fromArguments.exit == .status(0))
    #expect(fromArguments.output == "hello there\n")
    let fromInput = try await run(["complete"], input: "hello from stdin")
    #expect(fromInput.output == "hello from stdin\n")
    let fromBoth = try await run(["complete", "summarise:"], input: "a text")
    #expect(fromBoth.output.contains("summarise:") && fromBoth.output.contains("a text"))
  }

  @Test("complete --no-stream prints the answer too")
  func wholeAnswer() async throws {
    let child = try await run(["complete", "--no-stream", "hello", "there"])
    #expect(child.exit == .status(0))
    #expect(child.output == "hello there\n")
  }

  @Test("an image that is no regular file is refused, not read for ever", arguments: ["/dev/zero", "/dev/tty", "/"])
  func endlessImage(path: String) async throws {
    let image: JSONValue = ["type": "image", "mediaType": "image/png", "path": .string(path)]
    let params: JSONValue = ["provider": "echo", "input": ["role": "user", "content": [image]]]
    let child = try await run(["call", "complete", params.text])
    #expect(child.exit == .status(2))
    #expect(child.errors.contains("is not a regular file"))
  }

  @Test("an answer that cannot be written is no success", arguments: [">/dev/full", ">&-"])
  func lostOutput(redirect: String) async throws {
    for command in ["complete -p echo hello", "call ping", "complete -p echo --json hello", "models"] {
      let child = try await shell("\"$PATCHBAY\" \(command) </dev/null \(redirect)")
      #expect(child.exit == .status(1), "\(command)")
      #expect(child.errors.contains("cannot write to standard output"), "\(command): \(child.errors)")
    }
  }

  @Test("what is written to a closed standard output ends up in no file")
  func closedOutput() async throws {
    let home = try TemporaryFolder()
    let environment = PatchbayProcess.environment(home: home, ["PATCHBAY": try PatchbayProcess.binary()])
    let command = "\"$PATCHBAY\" complete -p echo -s work hello >&- </dev/null; \"$PATCHBAY\" sessions show work"
    let child = try ChildProcess("/bin/sh", ["-c", command], environment: environment)
    child.closeInput()
    #expect(try await child.waitForExit() == .status(0))
    #expect(child.outputText.contains("hello"))
  }

  @Test("serve speaks when standard error is closed")
  func closedErrors() async throws {
    let greeting = #"{"jsonrpc":"2.0","id":1,"method":"initialize"}"#
    let child = try await shell("echo '\(greeting)' | \"$PATCHBAY\" serve 2>&-")
    #expect(child.exit == .status(0))
    #expect(child.output.contains("serverInfo"))
  }

  @Test("an option with an empty value does not take the next word for it")
  func emptyValue() async throws {
    let child = try await run(["complete", "--model=", "hello"])
    #expect(child.exit == .status(2))
    #expect(child.errors.contains("model"))
  }

  @Test("complete needs no standard input when its arguments hold the prompt")
  func closedInput() async throws {
    let child = try await shell("\"$PATCHBAY\" complete -p echo hello there <&-")
    #expect(child.exit == .status(0), "\(child.errors)")
    #expect(child.output == "hello there\n")
  }

  @Test("complete ends when nobody reads its answer any more")
  func unreadAnswer() async throws {
    let child = try await shell("\"$PATCHBAY\" complete -p echo -m slow '\(endless)' </dev/null | head -c 5")
    #expect(child.output == "word1")
    #expect(child.errors.isEmpty)
  }

  @Test("complete without any prompt is a misuse")
  func noPrompt() async throws {
    let child = try await run(["complete"])
    #expect(child.exit == .status(2))
    #expect(child.output.isEmpty)
  }

  @Test("complete --json prints the whole result")
  func completeJSON() async throws {
    let child = try await run(["complete", "--json", "hello there"])
    let result = try JSONValue(parsing: child.output)
    #expect(text(of: result["message"]) == "hello there")
    #expect(result["stopReason"] == "end")
  }

  @Test("call prints the result of any method as JSON")
  func call() async throws {
    let child = try await run(["call", "complete", #"{"provider":"echo","input":"hello there"}"#])
    #expect(child.exit == .status(0))
    #expect(try text(of: JSONValue(parsing: child.output)["message"]) == "hello there")
    let ping = try await run(["call", "ping"])
    #expect(try JSONValue(parsing: ping.output) == [:])
  }

  @Test(
    "a failed call prints no result and says why on standard error",
    arguments: [
      ["call", "noSuch"], ["call", "complete", #"{"provider":"nowhere","input":"x"}"#], ["call", "complete", "{"],
    ])
  func failedCall(arguments: [String]) async throws {
    let child = try await run(arguments)
    #expect(child.exit != .status(0))
    #expect(!child.errors.isEmpty)
  }

  @Test("a failed completion keeps what came, says why, and ends with another status than 0")
  func failedCompletion() async throws {
    let config: JSONValue = ["defaultProvider": "echo", "model": "echo/fail:overloaded"]
    let child = try await run(["complete", "one two three four"], config: config)
    #expect(child.exit != .status(0) && child.exit != .status(2))
    #expect(child.output.hasPrefix("one two"))
    #expect(child.errors.contains("overloaded") || !child.errors.isEmpty)
  }

  @Test("the lists are for people, or JSON with --json", arguments: ["models", "providers", "sessions", "doctor"])
  func lists(command: String) async throws {
    let plain = try await run([command])
    #expect(plain.exit == .status(0))
    #expect(command == "sessions" || plain.output.contains("echo"))
    let machine = try await run([command, "--json"])
    #expect(machine.exit == .status(0))
    #expect(try JSONValue(parsing: machine.output).isNull == false)
  }

  @Test("doctor and providers say where another program keeps a key, and what is unsafe about the file")
  func ambientKey() async throws {
    let home = try TemporaryFolder()
    try home.write(
      ".altimate/altimate.json", #"{"altimateInstanceName": "corp", "altimateApiKey": "sk-hidden-S3CRET"}"#)
    let path = home.path + "/.altimate/altimate.json"
    _ = try await ChildProcess("/bin/chmod", ["644", path], environment: [:]).waitForExit()
    let shell = try await run(["doctor"], home: home)
    #expect(shell.output.contains("altimate-backend: ready, key from \(path)"))
    #expect(shell.output.contains("chmod 600 \(path)"))
    #expect(!shell.output.contains("sk-hidden-S3CRET"))
    let details = try await run(["providers", "--details"], home: home)
    let echo = try #require(details.output.split(separator: "\n").first { $0.hasPrefix("echo\t") })
    #expect(echo.split(separator: "\t").count == 7 && echo.contains("this machine"))
  }

  @Test("doctor shows what is set up and counts the rest, says whose key is refused, and has all of it with --all")
  func doctor() async throws {
    let upstream = try Upstream { _, exchange in
      try exchange.respond(status: 401, json: ["error": ["message": "wrong key"]])
    }
    let config: JSONValue = ["providers": ["groq": ["baseURL": .string(upstream.url), "apiKey": "S3CRET-wrong"]]]
    let home = try TemporaryFolder()
    let short = try await run(["doctor"], home: home, config: config)
    #expect(short.output.contains("groq: ready") && !short.output.contains("openai: "))
    #expect(short.output.contains("more are not set up"))
    let all = try await run(["doctor", "--all"], home: home, config: config)
    #expect(all.output.contains("openai: missing") && all.output.contains("OPENAI_API_KEY"))
    let verified = try await run(["doctor", "--verify"], home: home, config: config)
    #expect(verified.output.contains("groq: unusable, key from \(home.path)/config/config.json"))
    #expect(verified.output.contains("groq refuses the key from \(home.path)/config/config.json"))
    let status = try await run(["login", "--status", "--verify"], home: home, config: config)
    #expect(status.output.contains("unusable") && status.output.contains("groq refuses the key from"))
    let machine = try JSONValue(parsing: try await run(["doctor", "--json"], home: home, config: config).output)
    #expect(machine["providers"]?.array?.count ?? 0 > 40)
  }

  @Test("no colours go into a pipe", arguments: ["models", "providers", "sessions", "doctor", "--help"])
  func plainInPipe(command: String) async throws {
    let child = try await run([command])
    #expect(!child.output.contains("\u{1b}") && !child.errors.contains("\u{1b}"))
  }

  @Test("schema prints the description of the protocol")
  func schema() async throws {
    let child = try await run(["schema"])
    let document = try JSONValue(parsing: child.output)
    #expect(document["openrpc"]?.string?.hasPrefix("1.") == true)
    #expect(document["methods"]?.array?.contains { $0["name"] == "complete" } == true)
  }

  @Test("sessions lists what complete stored")
  func sessions() async throws {
    let home = try TemporaryFolder()
    _ = try await run(["call", "complete", #"{"provider":"echo","input":"hello","session":"work"}"#], home: home)
    let child = try await run(["sessions"], home: home)
    #expect(child.output.contains("work"))
  }

  @Test("a reader that goes away early ends a command in silence")
  func closedPipe() async throws {
    let home = try TemporaryFolder()
    let environment = PatchbayProcess.environment(home: home, ["PATCHBAY": try PatchbayProcess.binary()])
    let child = try ChildProcess(
      "/bin/sh", ["-c", "\"$PATCHBAY\" schema | head -n 1 >/dev/null"], environment: environment)
    child.closeInput()
    #expect(try await child.waitForExit() == .status(0))
    #expect(child.errorText.isEmpty)
  }

  /// How a command ended and what it said.
  private struct Outcome {
    let exit: ChildProcess.Exit
    let output: String
    let errors: String
  }

  private func shell(_ command: String) async throws -> Outcome {
    let home = try TemporaryFolder()
    let environment = PatchbayProcess.environment(home: home, ["PATCHBAY": try PatchbayProcess.binary()])
    let child = try ChildProcess("/bin/sh", ["-c", command], environment: environment)
    child.closeInput()
    let exit = try await child.waitForExit()
    return Outcome(exit: exit, output: child.outputText, errors: child.errorText)
  }

  @Test("catalog takes a list from a file, shows it, and takes it away; a damaged one stops nothing but models")
  func catalog() async throws {
    let home = try TemporaryFolder()
    let list: JSONValue = [
      "anthropic": ["models": ["claude-next": ["name": "Claude Next", "limit": ["context": 9, "output": 8]]]],
      "perplexity": ["models": ["sonar": [:]]],
    ]
    try home.write("api.json", list.text)
    let update = try await run(["catalog", "update", home.path + "/api.json"], home: home)
    #expect(update.exit == .status(0))
    #expect(update.errors.contains("perplexity"))
    #expect(try await run(["catalog"], home: home).output.contains("anthropic"))
    let models = try await run(["models", "claude-next", "--json"], home: home)
    #expect(try JSONValue(parsing: models.output.utf8)["models"]?[0]?["contextWindow"] == 9)
    try home.write("data/models.json", "{")
    let damaged = try await run(["models"], home: home)
    #expect(damaged.exit == .status(1))
    #expect(damaged.errors.contains("patchbay catalog reset"))
    #expect(try await run(["complete", "hello"], home: home).output == "hello\n")
    #expect(try await run(["catalog", "reset"], home: home).exit == .status(0))
    #expect(try await run(["models", "claude-next"], home: home).exit == .status(0))
    #expect(try await run(["catalog", "update", "/nowhere"], home: home).exit == .status(2))
    #expect(try await run(["catalog", "update"], home: home).exit == .status(2))
  }

  private func run(
    _ arguments: [String], input: String = "", home: TemporaryFolder? = nil,
    config: JSONValue = ["defaultProvider": "echo"]
  ) async throws -> Outcome {
    let home = try home ?? TemporaryFolder()
    try home.write(config: config)
    let child = try ChildProcess(
      PatchbayProcess.binary(), arguments, environment: PatchbayProcess.environment(home: home))
    await child.write(Array(input.utf8))
    child.closeInput()
    let exit = try await child.waitForExit()
    return Outcome(exit: exit, output: child.outputText, errors: child.errorText)
  }
}
