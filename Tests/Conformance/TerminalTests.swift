internal import JSON
internal import Platform
internal import TestSupport
internal import Testing

/// The program that runs another one on a terminal of its own; the tests know its Linux form.
private let script: String? = ["/usr/bin/script", "/bin/script"].first { (path: String) in access(path, X_OK) == 0 }

@Suite(
  "On a terminal", .enabled(if: script != nil, "there is no `script` to make a terminal with (util-linux has it)"),
  .timeLimit(.minutes(1)))
struct TerminalTests {
  @Test("without arguments it prints help")
  func help() async throws {
    let child = try await onTerminal("")
    #expect(child.exit == .status(0))
    #expect(child.output.contains("complete") && child.output.contains("serve"))
  }

  @Test("complete streams its answer")
  func streams() async throws {
    let child = try await onTerminal("complete hello there")
    #expect(child.exit == .status(0))
    #expect(child.output.contains("hello there"))
  }

  @Test("control characters of a model arrive as something harmless")
  func controlCharacters() async throws {
    // Colour, title, clipboard, cursor, bell, backspace, the one-byte forms of CSI and OSC, and DEL.
    let hostile = "a\u{1b}[31mred \u{1b}]0;title\u{7} \u{1b}]52;c;eA==\u{1b}\\ \u{8}b \u{9b}31m\u{9d}0;x \u{7f} end"
    let child = try await onTerminal("complete", input: hostile, environment: ["NO_COLOR": "1"])
    #expect(child.output.contains("red") && child.output.contains("end"))
    let harmless: Set<Unicode.Scalar> = ["\n", "\r", "\t"]
    let raw = child.output.unicodeScalars.filter {
      ($0.value < 0x20 || 0x7f...0x9f ~= $0.value) && !harmless.contains($0)
    }
    #expect(raw.isEmpty, "\(raw.map { String($0.value, radix: 16) })")
  }

  @Test(
    "nor do they arrive raw in JSON",
    arguments: [
      "complete --json",
      #"call -n complete '{"provider":"echo","input":"a \u009b31m \u007f end"}'"#,
    ])
  func controlCharactersInJSON(command: String) async throws {
    let child = try await onTerminal(command, input: "a \u{9b}31m \u{7f} end", environment: ["NO_COLOR": "1"])
    #expect(child.output.contains("end"))
    let raw = child.output.unicodeScalars.filter { 0x7f...0x9f ~= $0.value }
    #expect(raw.isEmpty, "\(raw.map { String($0.value, radix: 16) })")
  }

  @Test("nor does a session's name reach it raw")
  func hostileName() async throws {
    let home = try TemporaryFolder()
    try await withPatchbay(home: home) { patchbay in
      let refused = try await patchbay.callForError("createSession", ["name": "x\u{1b}[2Jy", "provider": "echo"])
      #expect(refused.kind == "invalidParams")
      // A mark that would turn the rest of the line around; not a control character, so a name may hold it.
      try await patchbay.call("createSession", ["name": "x\u{202E}y", "provider": "echo"])
    }
    let child = try await onTerminal("sessions", home: home, environment: ["NO_COLOR": "1"])
    #expect(!child.output.contains("\u{1b}"))
    #expect(child.output.contains("x\u{FFFD}y"))
  }

  @Test("NO_COLOR means no colour", arguments: ["doctor", "providers", "models", "--help"])
  func noColour(command: String) async throws {
    let child = try await onTerminal(command, environment: ["NO_COLOR": "1"])
    #expect(!child.output.contains("\u{1b}"))
  }

  @Test("usage draws bars across the width of the terminal")
  func usageBars() async throws {
    let home = try TemporaryFolder()
    try await withPatchbay(home: home) { patchbay in
      try await patchbay.call("complete", echo("one two three four"))
      try await patchbay.call("complete", echo("one", model: "think"))
    }
    let child = try await onTerminal("usage --by model", home: home, environment: ["NO_COLOR": "1"])
    let rows = child.output.split(separator: "\r\n").map(String.init)
    #expect(rows.count == 4, "\(rows)")
    #expect(rows[1].hasPrefix("echo/echo") && rows[1].contains("█"))
    #expect(rows[1].count == 80 && rows[2].count < 80)
    #expect(rows.last?.hasPrefix("total") == true && rows.last?.contains("█") == false)
  }

  /// Runs the program with both output streams on a terminal; its input is one too unless `input` is given.
  private func onTerminal(
    _ arguments: String, input: String? = nil, home: TemporaryFolder? = nil, environment: [String: String] = [:]
  ) async throws -> (exit: ChildProcess.Exit, output: String) {
    let home = try home ?? TemporaryFolder()
    try home.write(config: ["defaultProvider": "echo"])
    try home.write("input", input ?? "")
    let redirect = input == nil ? "" : " <\"$HOME/input\""
    var environment = PatchbayProcess.environment(home: home, environment)
    environment["PATCHBAY"] = try PatchbayProcess.binary()
    environment["TERM"] = "xterm-256color"
    let command = "\"$PATCHBAY\" \(arguments)\(redirect)"
    let child = try ChildProcess(try #require(script), ["-qec", command, "/dev/null"], environment: environment)
    let exit = try await child.waitForExit()
    child.closeInput()
    return (exit, child.outputText)
  }
}
