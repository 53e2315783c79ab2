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
    #if canImport(Glibc)
    let kind = Int32(SOCK_STREAM.rawValue)
    #else
    let kind = SOCK_STREAM
    #endif
    let descriptor = socket(AF_INET, kind, 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(descriptor, pointer, length) == 0 ? getsockname(descriptor, pointer, &length) : -1
      }
    }
    guard status == 0 else { throw ChildFailure("no free port: \(String(cString: strerror(errno)))") }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}
