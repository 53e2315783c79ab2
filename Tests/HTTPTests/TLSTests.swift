import HTTP
import TestSupport
import Testing

@Suite("TLS", .timeLimit(.minutes(1)))
struct TLSTests {
  private func start(
    _ certificate: TLSServer.Certificate = .init(), _ behaviour: TLSServer.Behaviour = .namesProtocol
  ) async throws -> TLSServer {
    guard let server = try await TLSServer.start([(behaviour, certificate)]) else {
      try Test.cancel("needs an openssl program that makes such certificates, and python3")
    }
    return server
  }

  @Test("A certificate counts when its authority is trusted and its name is right, and only then")
  func verification() async throws {
    let server = try await start()
    let trusting = makeClient(["SSL_CERT_FILE": server.authority()])
    #expect(try await trusting.text(of: "https://localhost:\(server.ports[0])/") == "h2")
    #expect(await trusting.failure(of: "https://127.0.0.1:\(server.ports[0])/")?.kind == "tls")
    #expect(await makeClient().failure(of: "https://localhost:\(server.ports[0])/")?.kind == "tls")
    let misled = makeClient(["SSL_CERT_FILE": "/nonexistent/ca.pem"])
    guard case .tls(let message) = await misled.failure(of: "https://localhost:\(server.ports[0])/") else {
      Issue.record("no TLS error")
      return
    }
    #expect(message.contains("/nonexistent/ca.pem"))
  }

  @Test("A certificate that has expired does not count")
  func expired() async throws {
    let certificate = TLSServer.Certificate(daysValid: -1)
    let server = try await start(certificate)
    let client = makeClient(["SSL_CERT_FILE": server.authority(certificate)])
    guard case .tls(let message) = await client.failure(of: "https://localhost:\(server.ports[0])/") else {
      Issue.record("no TLS error")
      return
    }
    #expect(message.contains("expired"))
  }

  @Test("HTTP/2 is spoken where the server offers it, unless the request is for HTTP/1.1 only")
  func version() async throws {
    let server = try await start()
    let client = makeClient(["SSL_CERT_FILE": server.authority()])
    var request = HTTPRequest(url: "https://localhost:\(server.ports[0])/", body: [1])
    #expect(try await client.text(of: request) == "h2")
    request.http1Only = true
    #expect(try await client.text(of: request) == "http/1.1")
    request.http1Only = false
    #expect(try await client.text(of: request) == "h2")
  }

  @Test("A server that goes away before its answer, or in the middle of it, has cut the connection")
  func goAway() async throws {
    let body = TLSServer.Behaviour.goesAwayBehind(contentType: "text/plain", body: Array("12345".utf8))
    for (behaviour, expected, kind) in [(TLSServer.Behaviour.goesAway, "", "reset"), (body, "12345", "truncated")] {
      let server = try await start(.init(), behaviour)
      let client = makeClient(["SSL_CERT_FILE": server.authority()])
      let received = Received()
      let error = await #expect(throws: HTTPError.self) {
        try await client.withResponse(to: HTTPRequest(url: "https://localhost:\(server.ports[0])/", body: [1])) {
          while let bytes = try await $0.body.next() { received.append(bytes) }
        }
      }
      #expect(error?.kind == kind, "\(String(describing: error))")
      #expect(received.text == expected)
      #expect(await client.inFlightCount == 0)
    }
  }
}
