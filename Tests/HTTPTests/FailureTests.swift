import HTTP
import Testing
import Upstream

@Suite("A failure says what failed", .timeLimit(.minutes(1)))
struct FailureTests {
  let client = makeClient()

  /// A way to break a response, the error it must be, and the bytes that were good until then.
  struct Breakage: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let kind: String
    var received = ""
    let handler: @Sendable (Exchange) throws -> Void
  }

  static let breakages: [Breakage] = [
    Breakage(testDescription: "reset before the head", kind: "reset") { $0.reset() },
    Breakage(testDescription: "closed before the head", kind: "reset") { $0.close() },
    Breakage(testDescription: "closed inside the head", kind: "reset") { try $0.writeRaw("HTTP/1.1 200 OK\r\nx: ") },
    Breakage(testDescription: "shorter than its content-length", kind: "truncated", received: "12345") {
      try $0.send(headers: [("content-length", "10")])
      try $0.write("12345")
    },
    Breakage(testDescription: "no last chunk", kind: "truncated", received: "12345") {
      try $0.send()
      try $0.write("12345")
    },
    Breakage(testDescription: "inside a chunk", kind: "truncated", received: "123") {
      try $0.send()
      try $0.writeRaw("a\r\n123")
    },
    Breakage(testDescription: "a chunk without a size", kind: "malformed", received: "12345") {
      try $0.send()
      try $0.write("12345")
      try $0.writeRaw("what\r\n12345\r\n")
    },
    Breakage(testDescription: "no HTTP at all", kind: "malformed") { try $0.writeRaw("SSH-2.0-OpenSSH_9.2\r\n\r\n") },
    Breakage(testDescription: "not compressed as announced", kind: "malformed") {
      try $0.respond(headers: [("content-encoding", "gzip")], body: Array("plain text, not gzip".utf8))
    },
    Breakage(testDescription: "many headers", kind: "tooLarge") {
      try $0.writeRaw("HTTP/1.1 200 OK\r\n")
      while true { try $0.writeRaw("x-header: value\r\n") }
    },
    Breakage(testDescription: "a header without an end", kind: "tooLarge") {
      try $0.writeRaw("HTTP/1.1 200 OK\r\nx-header: ")
      while true { try $0.writeRaw(String(repeating: "a", count: 4096)) }
    },
    Breakage(testDescription: "large headers", kind: "tooLarge") {
      try $0.writeRaw("HTTP/1.1 200 OK\r\n")
      while true { try $0.writeRaw("x-header: \(String(repeating: "a", count: 4096))\r\n") }
    },
    Breakage(testDescription: "interim heads for ever", kind: "tooLarge") {
      while true { try $0.writeRaw("HTTP/1.1 103 Early Hints\r\n\r\n") }
    },
  ]

  @Test("A broken response throws, after the bytes that were good", arguments: breakages)
  func broken(_ breakage: Breakage) async throws {
    let upstream = try Upstream { _, exchange in try breakage.handler(exchange) }
    let (received, error) = await read(upstream.url)
    #expect(error?.kind == breakage.kind, "\(String(describing: error))")
    #expect(received == breakage.received)
    #expect(await client.inFlightCount == 0)
  }

  @Test("A reset in the middle of a body is a reset")
  func resetInBody() async throws {
    let hasRead = Gate()
    let upstream = try Upstream { _, exchange in
      try exchange.send()
      try exchange.write("12345")
      hasRead.wait()
      exchange.reset()
    }
    let error = await #expect(throws: HTTPError.self) {
      try await client.withResponse(to: HTTPRequest(url: upstream.url)) { response in
        while try await response.body.next() != nil { hasRead.open() }
      }
    }
    #expect(error?.kind == "reset", "\(String(describing: error))")
  }

  @Test("A name that does not resolve is a DNS error")
  func dns() async {
    let error = await client.failure(of: "http://nonexistent.invalid/")
    #expect(error?.kind == "dns", "\(String(describing: error))")
  }

  @Test("A port without a listener refuses")
  func refused() async throws {
    let closed = try ClosedPort()
    let error = await client.failure(of: "http://127.0.0.1:\(closed.port)/")
    #expect(error?.kind == "refused", "\(String(describing: error))")
    #expect(await client.inFlightCount == 0)
  }

  @Test("A server that does not speak TLS is a TLS error")
  func noTLS() async throws {
    // A TLS greeting holds no end of a head, so the server answers on its own.
    let upstream = try Upstream(greeting: "HTTP/1.1 400 Bad Request\r\n\r\n") { _, exchange in exchange.close() }
    let error = await client.failure(of: "https://127.0.0.1:\(upstream.port)/")
    #expect(error?.kind == "tls", "\(String(describing: error))")
  }

  @Test(
    "A URL that cannot be requested is refused, without repeating it",
    arguments: [
      "", "nonsense://key", "ftp://host/key", "http://", "http://host/a key", "http://host/\r\nkey: 1",
      "file:///etc/key",
      "http://host:99999/key",
    ])
  func badURL(_ url: String) async {
    guard case .badURL(let message) = await client.failure(of: url) else {
      Issue.record("no badURL")
      return
    }
    #expect(!message.contains("key"))
  }

  @Test(
    "A header that would begin another is refused by name",
    arguments: [
      ("X-Key", "secret\r\nx-other: 1"), ("X-Key", "secret\nx"), ("X-Key", "secret\r"), ("X-Key", "secret\0"),
      ("X-Key: secret\r\nx", "1"), ("", "secret"), ("X Key", "secret"),
    ])
  func headerInjection(_ name: String, _ value: String) async throws {
    let upstream = try Upstream { _, exchange in try exchange.respond() }
    let error = await client.failure(of: HTTPRequest(url: upstream.url, headers: [HTTPHeader(name, value)]))
    guard case .badHeader(let message) = error else {
      Issue.record("no badHeader: \(String(describing: error))")
      return
    }
    #expect(value.isEmpty || !message.contains(value))
    #expect(!message.contains("\n"))
    #expect(upstream.connectionCount == 0)
  }

  @Test("A method that would end its line is refused")
  func methodInjection() async {
    #expect(
      await client.failure(of: HTTPRequest(method: "GET / HTTP/1.1\r\n", url: "http://host"))?.kind == "badHeader")
  }

  @Test(
    "A redirect is not followed, and is named without its secrets",
    arguments: [
      ("https://user:password@other.example/path?key=1#part", "https://other.example/path"),
      ("/elsewhere?key=1", "/elsewhere"), ("elsewhere", "/v1/elsewhere"),
    ])
  func redirect(_ location: String, _ expected: String) async throws {
    let upstream = try Upstream { _, exchange in
      try exchange.respond(status: 307, headers: [("Location", location)])
    }
    let error = await client.failure(of: upstream.url + "/v1/models")
    #expect(error == .redirect(to: expected.hasPrefix("/") ? upstream.url + expected : expected))
    #expect(upstream.requests.count == 1)
  }

  @Test("A body beyond the limit is refused")
  func tooLarge() async throws {
    let upstream = try Upstream { _, exchange in try exchange.respond(body: [UInt8](repeating: 1, count: 1001)) }
    let request = HTTPRequest(url: upstream.url)
    let error = await #expect(throws: HTTPError.self) {
      try await client.withResponse(to: request) { try await $0.body.readAll(limit: 1000) }
    }
    #expect(error?.kind == "tooLarge")
    #expect(try await client.withResponse(to: request) { try await $0.body.readAll(limit: 1001).count } == 1001)
  }

  private func read(_ url: String) async -> (String, HTTPError?) {
    let received = Received()
    do {
      try await client.withResponse(to: HTTPRequest(url: url)) { response in
        while let bytes = try await response.body.next() { received.append(bytes) }
      }
      return (received.text, nil)
    } catch {
      return (received.text, error as? HTTPError)
    }
  }
}
