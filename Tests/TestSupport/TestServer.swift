internal import Platform

/// A real program that serves on this machine for the length of a test.
package final class TestServer: Sendable {
  /// The program, with what it logs.
  package let process: ChildProcess
  /// Where it listens.
  package let url: String

  private init(_ process: ChildProcess, port: Int) {
    self.process = process
    url = "http://127.0.0.1:\(port)"
  }

  deinit { process.kill(SIGTERM) }

  /// Starts `command` with `arguments`, and waits until it says `ready`.
  package static func start(
    _ command: String, _ arguments: [String], port: Int, ready: String, environment more: [String: String] = [:],
    seconds: Int = patience
  ) async throws -> TestServer {
    var environment = ["PATH", "HOME", "PATCHBAY_TESTBED"].reduce(into: [String: String]()) { values, name in
      values[name] = Environment.process[name]
    }
    environment.merge(more) { $1 }
    let process = try ChildProcess("/usr/bin/env", [command] + arguments, environment: environment)
    try await process.waitForText(ready, seconds: seconds)
    return TestServer(process, port: port)
  }

  /// The server that streams as many words as the model's name says, as fast as it says.
  package static func mock(_ script: String) async throws -> TestServer {
    let port = try freePort()
    return try await start("python3", [script, "\(port)"], port: port, ready: "listening")
  }

  /// A port that nobody listened on a moment ago.
  package static func freePort() throws -> Int {
    let (socket, port) = try Loopback.listen(port: 0, backlog: 1)
    close(socket)
    return port
  }
}
