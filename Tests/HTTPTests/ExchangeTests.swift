import HTTP
import JSON
import Testing
import Upstream

@Suite("An exchange", .timeLimit(.minutes(1)))
struct ExchangeTests {
  let client = makeClient()

  @Test("Status, headers and body arrive, and the request is what was asked")
  func success() async throws {
    let upstream = try Upstream { _, exchange in
      try exchange.respond(
        status: 429, headers: [("Retry-After", " 7 "), ("X-Twice", "a"), ("x-twice", "b")], body: [1])
    }
    let request = HTTPRequest(
      url: upstream.url + "/v1/chat?q=1",
      headers: [HTTPHeader("Authorization", "Bearer k"), HTTPHeader("X-Empty", "")],
      body: Array("{}".utf8))
    try await client.withResponse(to: request) { response in
      #expect(response.status == 429)
      #expect(response.header("retry-after") == "7")
      #expect(response.headers.filter { $0.0 == "x-twice" }.map(\.1) == ["a", "b"])
      let (first, second) = (try await response.body.next(), try await response.body.next())
      #expect(first == [1])
      #expect(second == nil)
    }
    let received = try #require(upstream.requests.first)
    #expect(received.method == "POST")
    #expect(received.target == "/v1/chat?q=1")
    #expect(received.body == Array("{}".utf8))
    #expect(received.header("authorization") == "Bearer k")
    #expect(received.header("x-empty") == "")
    #expect(received.header("user-agent") == "patchbay/test")
    #expect(received.header("expect") == nil)
    #expect(received.header("content-type") == nil)
    #expect(await client.inFlightCount == 0)
  }

  @Test(
    "A method is sent as it is, with a body or without", arguments: ["GET", "HEAD", "DELETE", "PUT", "PATCH", "POST"])
  func method(_ method: String) async throws {
    let upstream = try Upstream { _, exchange in try exchange.respond(body: Array("ok".utf8)) }
    let text = try await client.text(of: HTTPRequest(method: method, url: upstream.url))
    #expect(text == (method == "HEAD" ? "" : "ok"))
    _ = try await client.text(of: HTTPRequest(method: method, url: upstream.url))
    #expect(upstream.requests.map(\.method) == [method, method])
    #expect(upstream.connectionCount == 1)
  }

  @Test("A header of the request takes the place of our own")
  func ownUserAgent() async throws {
    let upstream = try Upstream { _, exchange in try exchange.respond() }
    _ = try await client.text(of: HTTPRequest(url: upstream.url, headers: [HTTPHeader("user-agent", "other/1")]))
    #expect(upstream.requests.first?.headers.filter { $0.0 == "user-agent" }.map(\.1) == ["other/1"])
  }

  @Test("A large body goes up whole, without waiting for leave")
  func largeUpload() async throws {
    let upstream = try Upstream { _, exchange in try exchange.respond() }
    let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    _ = try await client.text(of: HTTPRequest(url: upstream.url, body: body))
    #expect(upstream.requests.first?.body == body)
    #expect(upstream.requests.first?.header("expect") == nil)
  }

  @Test("What arrived before the reader came is one batch")
  func batches() async throws {
    let upstream = try Upstream { _, exchange in
      try exchange.send()
      // One write, so that all chunks are there when the head is.
      try exchange.writeRaw((0..<100).map { "3\r\n\($0 + 100)\r\n" }.joined() + "0\r\n\r\n")
      exchange.waitForDisconnect()
    }
    try await client.withResponse(to: HTTPRequest(url: upstream.url)) { response in
      var text = ""
      var batches = 0
      while let bytes = try await response.body.next() {
        text += String(decoding: bytes, as: UTF8.self)
        batches += 1
      }
      #expect(text == (100..<200).map(String.init).joined())
      // The head and the chunks leave in two writes; each may be read by itself, but no chunk is.
      #expect(batches <= 2)
    }
  }

  @Test("A compressed body is read as it was, and other encodings are offered")
  func gzip() async throws {
    let packed: [UInt8] = [
      31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 203, 72, 205, 201, 201, 87, 200, 64, 39, 1, 227, 81, 61, 141, 23, 0, 0, 0,
    ]
    let upstream = try Upstream { _, exchange in
      try exchange.respond(headers: [("content-encoding", "gzip")], body: packed)
    }
    #expect(try await client.text(of: upstream.url) == "hello hello hello hello")
    #expect(upstream.requests.first?.header("accept-encoding")?.contains("gzip") == true)
  }

  @Test("A connection serves request after request")
  func reuse() async throws {
    let upstream = try Upstream { request, exchange in try exchange.respond(body: Array(request.path.utf8)) }
    for index in 0..<10 { #expect(try await client.text(of: "\(upstream.url)/\(index)") == "/\(index)") }
    #expect(upstream.connectionCount == 1)
  }

  @Test("A kept connection that the server has closed costs nothing but a new one")
  func staleConnection() async throws {
    let upstream = try Upstream { request, exchange in
      try exchange.respond(body: Array("ok".utf8))
      exchange.close()
    }
    for _ in 0..<3 {
      #expect(try await client.text(of: HTTPRequest(url: upstream.url, body: [1, 2, 3])) == "ok")
    }
    #expect(upstream.connectionCount == 3)
    #expect(upstream.requests.map(\.body) == [[1, 2, 3], [1, 2, 3], [1, 2, 3]])
  }

  @Test("A body without a length ends with its connection")
  func closeDelimited() async throws {
    let upstream = try Upstream { _, exchange in
      try exchange.send(headers: [("connection", "close")])
      try exchange.write("to the end")
      exchange.close()
    }
    #expect(try await client.text(of: upstream.url) == "to the end")
  }

  @Test("Interim heads are skipped, trailers dropped and folded lines joined")
  func oddHeads() async throws {
    let upstream = try Upstream { _, exchange in
      try exchange.writeRaw("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
      try exchange.writeRaw("HTTP/1.1 200 OK\r\nx-long: one\r\n  two\r\ntransfer-encoding: chunked\r\n\r\n")
      try exchange.writeRaw("2\r\nok\r\n0\r\nx-trailer: 1\r\n\r\n")
      exchange.waitForDisconnect()
    }
    try await client.withResponse(to: HTTPRequest(url: upstream.url)) { response in
      #expect(response.status == 200)
      #expect(response.header("x-long") == "one two")
      #expect(response.header("link") == nil)
      let body = try await response.body.readAll(limit: 10)
      #expect(body == Array("ok".utf8))
      #expect(response.header("x-trailer") == nil)
    }
  }

  @Test("The reader runs on the libcurl thread, and the hook after every turn in which it ran")
  func readerThread() async throws {
    let upstream = try Upstream { _, exchange in
      try exchange.send()
      try exchange.write("1")
      try exchange.finish()
    }
    let turnEnded = Gate()
    client.afterEachTurn { turnEnded.open() }
    try await client.withResponse(to: HTTPRequest(url: upstream.url)) { response in
      client.preconditionIsolated()
      while try await response.body.next() != nil { client.preconditionIsolated() }
    }
    try await turnEnded.opened()
  }

  @Test("A chat that a responder streams arrives whole")
  func responders() async throws {
    let upstream = try Upstream { request, exchange in
      switch request.path {
      case "/chat": try exchange.streamChat(["Hel", "lo"])
      case "/lines": try exchange.streamLines([["a": 1], ["b": 2]])
      default: try exchange.respond(status: 404, json: ["error": "no route"])
      }
    }
    let chat = try await client.text(of: upstream.url + "/chat")
    #expect(chat.contains(#""delta":{"content":"Hel"}"#))
    #expect(chat.hasSuffix("data: [DONE]\n\n"))
    #expect(try await client.text(of: upstream.url + "/lines") == "{\"a\":1}\n{\"b\":2}\n")
    #expect(try await client.text(of: upstream.url + "/other") == #"{"error":"no route"}"#)
  }
}
