internal import JSON
internal import TestSupport
internal import Testing

@Suite("A shell pipeline is a client", .timeLimit(.minutes(1)))
struct PipelineTests {
  private static let initialize = #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#
  private static let complete =
    #"{"jsonrpc":"2.0","id":2,"method":"complete","params":{"provider":"echo","input":"hello there"}}"#

  @Test("printf of two lines prints the handshake, the deltas and the result, and exits with 0")
  func lines() async throws {
    let output = try await shell("printf '%s\\n' '\(Self.initialize)' '\(Self.complete)' | \"$PATCHBAY\"", .lines)
    expectExchange(output)
  }

  @Test("the same with Content-Length framing")
  func headers() async throws {
    let script = """
      frame() { printf 'Content-Length: %s\\r\\n\\r\\n%s' "${#1}" "$1"; }
      { frame '\(Self.initialize)'; frame '\(Self.complete)'; } | "$PATCHBAY"
      """
    expectExchange(try await shell(script, .headers))
  }

  @Test("the program says the same under its serve command")
  func serve() async throws {
    let output = try await shell("printf '%s\\n' '\(Self.initialize)' '\(Self.complete)' | \"$PATCHBAY\" serve", .lines)
    expectExchange(output)
  }

  @Test("a last line without a line end is read as well")
  func noLastLineEnd() async throws {
    let output = try await shell("printf '%s\\n%s' '\(Self.initialize)' '\(Self.complete)' | \"$PATCHBAY\"", .lines)
    expectExchange(output)
  }

  @Test("nothing but white space is no request")
  func blank() async throws {
    #expect(try await shell("printf '\\n \\r\\n\\n' | \"$PATCHBAY\"", .lines).isEmpty)
  }

  /// Runs a script that pipes into the program and gives what came out; the script must succeed.
  private func shell(_ script: String, _ framing: Framing) async throws -> [JSONValue] {
    let home = try TemporaryFolder()
    let environment = PatchbayProcess.environment(home: home, ["PATCHBAY": try PatchbayProcess.binary()])
    let child = try ChildProcess("/bin/sh", ["-c", script], environment: environment)
    child.closeInput()
    #expect(try await child.waitForExit() == .status(0), "\(child.summary)")
    var reader = MessageReader(framing)
    return reader.read(child.output).compactMap { item in
      if case .message(let message) = item { return message }
      Issue.record("not a message: \(item)")
      return nil
    }
  }

  private func expectExchange(_ messages: [JSONValue]) {
    #expect(messages.first?["id"] == 1)
    #expect(messages.first?["result"]?["serverInfo"]?["name"] == "patchbay")
    #expect(messages.last?["id"] == 2)
    #expect(text(of: messages.last?["result"]?["message"]) == "hello there")
    let deltas = messages.dropFirst().dropLast()
    #expect(deltas.allSatisfy { $0["method"] == "streamDelta" })
    #expect(joined(deltas.compactMap { $0["params"] }) == "hello there")
  }
}
