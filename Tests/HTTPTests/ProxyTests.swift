import Platform
import Testing
import Upstream

@testable import HTTP

@Suite("Proxies", .timeLimit(.minutes(1)))
struct ProxyTests {
  @Test("http_proxy is asked for the whole URL, and no_proxy keeps it out")
  func plain() async throws {
    let proxy = try Upstream { _, exchange in try exchange.respond(body: Array("by proxy".utf8)) }
    let upstream = try Upstream { _, exchange in try exchange.respond(body: Array("direct".utf8)) }
    let client = makeClient([
      "http_proxy": "http://user:pass@127.0.0.1:\(proxy.port)", "NO_PROXY": "example.invalid, 127.0.0.1",
    ])
    #expect(try await client.text(of: "http://nonexistent.invalid/path?q=1") == "by proxy")
    #expect(proxy.requests.map(\.target) == ["http://nonexistent.invalid/path?q=1"])
    #expect(proxy.requests.first?.header("proxy-authorization") == "Basic dXNlcjpwYXNz")
    #expect(try await client.text(of: upstream.url) == "direct")
    #expect(upstream.requests.first?.header("proxy-authorization") == nil)
  }

  @Test("Nothing is exempt by itself: this machine is asked through the proxy too")
  func loopback() async throws {
    let proxy = try Upstream { _, exchange in try exchange.respond(body: Array("by proxy".utf8)) }
    let client = makeClient(["all_proxy": "127.0.0.1:\(proxy.port)"])
    #expect(try await client.text(of: "http://127.0.0.1:1/") == "by proxy")
  }

  @Test("A proxy that refuses a tunnel, or is not there, is a proxy error")
  func failures() async throws {
    let proxy = try Upstream { _, exchange in try exchange.respond(status: 403) }
    let refusing = makeClient(["HTTPS_PROXY": "http://127.0.0.1:\(proxy.port)"])
    #expect(await refusing.failure(of: "https://nonexistent.invalid/")?.kind == "proxy")
    #expect(proxy.requests.map(\.method) == ["CONNECT"])
    #expect(proxy.requests.map(\.target) == ["nonexistent.invalid:443"])
    let closed = try ClosedPort()
    let absent = makeClient(["https_proxy": "http://127.0.0.1:\(closed.port)"])
    #expect(await absent.failure(of: "https://nonexistent.invalid/")?.kind == "proxy")
    let nameless = makeClient(["https_proxy": "http://nonexistent.invalid:1"])
    #expect(await nameless.failure(of: "https://127.0.0.1/")?.kind == "proxy")
  }

  @Test("A head from a proxy's tunnel is not the response's")
  func tunnelHead() async throws {
    let proxy = try Upstream { _, exchange in
      try exchange.writeRaw("HTTP/1.1 200 Connection established\r\nx-proxy: 1\r\n\r\n")
      try exchange.writeRaw("no TLS here\r\n")
      exchange.close()
    }
    let client = makeClient(["https_proxy": "http://127.0.0.1:\(proxy.port)"])
    #expect(await client.failure(of: "https://nonexistent.invalid/")?.kind == "tls")
  }

  @Test(
    "The variables mean what they mean to curl",
    arguments: [
      ([:], "", ""),
      (["http_proxy": "a"], "a", ""),
      (["HTTP_PROXY": "a"], "", ""),
      (["HTTPS_PROXY": "a"], "", "a"),
      (["https_proxy": "a", "HTTPS_PROXY": "b"], "", "a"),
      (["ALL_PROXY": "a"], "a", "a"),
      (["all_proxy": "a", "ALL_PROXY": "b", "https_proxy": "c"], "a", "c"),
      (["http_proxy": ""], "", ""),
    ] as [([String: String], String, String)])
  func variables(_ variables: [String: String], _ http: String, _ https: String) {
    let settings = ProxySettings(Environment(variables))
    #expect(settings.proxy(forScheme: "http") == http)
    #expect(settings.proxy(forScheme: "https") == https)
  }

  @Test("Lower case wins for no_proxy")
  func exempt() {
    #expect(ProxySettings(Environment(["no_proxy": "a", "NO_PROXY": "b"])).exempt == "a")
    #expect(ProxySettings(Environment(["NO_PROXY": "b"])).exempt == "b")
  }
}

@Suite("Certificate authorities")
struct CertificateAuthoritiesTests {
  @Test(
    "The environment decides, then the first file that exists",
    arguments: [
      (["CURL_CA_BUNDLE": "/a", "SSL_CERT_FILE": "/b"], "/a", nil),
      (["SSL_CERT_FILE": "/b", "SSL_CERT_DIR": "/c"], "/b", "/c"),
      (["SSL_CERT_DIR": "/c"], "/built-in", "/c"),
      ([:], "/built-in", nil),
    ] as [([String: String], String?, String?)])
  func environment(_ variables: [String: String], _ file: String?, _ folder: String?) {
    let found = CertificateAuthorities(Environment(variables), builtIn: "/built-in") { $0 == "/built-in" }
    #expect(found.file == file)
    #expect(found.folder == folder)
  }

  @Test("A distribution's own place is found", arguments: CertificateAuthorities.knownFiles)
  func probing(_ place: String) {
    let found = CertificateAuthorities(Environment([:]), builtIn: "/absent") { $0 == place }
    #expect(found.file == place)
  }

  @Test("Where there is none, libcurl decides")
  func none() {
    #expect(CertificateAuthorities(Environment([:]), builtIn: nil) { _ in false }.file == nil)
  }
}
