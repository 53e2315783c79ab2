import HTTP
import Platform
import Testing
import Upstream

/// `openssl s_server` with a certificate for `localhost` that signs itself.
private final class TLSServer: Sendable {
  let port: Int
  let certificate: String
  private let folder: String
  private let process: pid_t
  // Safe: written by `init`, and only closed, once, by `stop`.
  nonisolated(unsafe) private let output: UnsafeMutablePointer<FILE>

  /// Makes the certificate, starts the server and waits until it listens; `nil` when there is no `openssl`.
  static func start(daysValid: Int) async -> TLSServer? {
    await BlockingQueue.run { TLSServer(daysValid: daysValid) }
  }

  private init?(daysValid: Int) {
    folder = "/tmp/patchbay-tls-\(getpid())-\(randomHex(4))"
    certificate = "\(folder)/cert.pem"
    guard (try? FileSystem.makeDirectory(folder)) != nil else { return nil }
    let script = """
      exec 2>/dev/null </dev/null; cd \(folder) &&
      openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -subj /CN=localhost \
        -out request.pem && printf 'subjectAltName=DNS:localhost' >names &&
      openssl x509 -req -in request.pem -signkey key.pem -days \(daysValid) -extfile names -out cert.pem &&
      echo $$ && exec openssl s_server -accept 127.0.0.1:0 -www -key key.pem -cert cert.pem
      """
    guard let output = popen(script, "r") else { return nil }
    guard let process = Self.line(of: output, after: "").flatMap({ pid_t($0) }),
      let port = Self.line(of: output, after: "ACCEPT 127.0.0.1:").flatMap({ Int($0) })
    else {
      pclose(output)
      try? FileSystem.remove(folder)
      return nil
    }
    (self.process, self.port, self.output) = (process, port, output)
  }

  func stop() {
    kill(process, SIGKILL)
    pclose(output)
    try? FileSystem.remove(folder)
  }

  /// What follows `start` on the first line that begins so.
  private static func line(of output: UnsafeMutablePointer<FILE>, after start: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 256)
    while fgets(&buffer, Int32(buffer.count), output) != nil {
      let line = String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if line.hasPrefix(start) { return String(line.dropFirst(start.count)) }
    }
    return nil
  }
}

@Suite("TLS", .timeLimit(.minutes(1)))
struct TLSTests {
  @Test("A certificate counts when its authority is trusted and its name is right, and only then")
  func verification() async throws {
    guard let server = await TLSServer.start(daysValid: 2) else {
      try Test.cancel("needs an openssl program that makes such certificates")
    }
    defer { server.stop() }
    let trusting = makeClient(["SSL_CERT_FILE": server.certificate])
    #expect(try await trusting.text(of: "https://localhost:\(server.port)/").contains("s_server"))
    #expect(await trusting.failure(of: "https://127.0.0.1:\(server.port)/")?.kind == "tls")
    #expect(await makeClient().failure(of: "https://localhost:\(server.port)/")?.kind == "tls")
    let misled = makeClient(["SSL_CERT_FILE": "/nonexistent/ca.pem"])
    guard case .tls(let message) = await misled.failure(of: "https://localhost:\(server.port)/") else {
      Issue.record("no TLS error")
      return
    }
    #expect(message.contains("/nonexistent/ca.pem"))
  }

  @Test("A certificate that has expired does not count")
  func expired() async throws {
    guard let server = await TLSServer.start(daysValid: -1) else {
      try Test.cancel("needs an openssl program that makes such certificates")
    }
    defer { server.stop() }
    let client = makeClient(["SSL_CERT_FILE": server.certificate])
    guard case .tls(let message) = await client.failure(of: "https://localhost:\(server.port)/") else {
      Issue.record("no TLS error")
      return
    }
    #expect(message.contains("expired"))
  }
}
