import Completion
import JSON
import Platform
import TestSupport
import Testing
import Upstream

@testable import Engine

@Suite("One-off completions", .timeLimit(.minutes(1)))
struct OneOffTests {
  static let whole: JSONValue = [
    "id": "chatcmpl-9", "model": "real-model",
    "choices": [["index": 0, "finish_reason": "stop", "message": ["role": "assistant", "content": "Hello"]]],
    "usage": ["prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9],
  ]

  @Test("The answer comes whole and in pieces, with its facts, and nothing is stored")
  func streams() async throws {
    let upstream = try Upstream.chat(["Hel", "lo", "!"])
    let person = try Person(upstream)
    let sink = Sink()
    let outcome = try await person.complete("Hi", into: sink)
    #expect(outcome.message.content == [.text("Hello!")])
    #expect(outcome.message.origin == Origin(provider: "acme", api: "openai-completions", model: "small-model"))
    #expect(sink.text == "Hello!")
    #expect(sink.deltas.first == .start(model: "small-model", attempt: 1))
    #expect(sink.deltas.last == .end(.end))
    #expect((outcome.provider, outcome.model) == ("acme", "small-model"))
    #expect(outcome.stopReason == .end)
    #expect(outcome.usage == Usage(input: 5, output: 3))
    #expect(outcome.upstreamModel == "test-model")
    #expect(outcome.session == nil && outcome.cost == nil && outcome.structured == nil)
    #expect(outcome.completionId.hasPrefix("cmp_"))
    #expect(outcome.firstTokenMs != nil && outcome.totalMs >= outcome.queuedMs)
    #expect(upstream.requests.map(\.path) == ["/v1/chat/completions"])
    #expect(upstream.requests.first?.header("authorization") == "Bearer sk-stored-S3CRET")
    #expect(upstream.requests.first?.header("user-agent") == "patchbay/test")
    #expect(upstream.lastBody?["stream"] == true)
    #expect(upstream.lastMessages == ["user: Hi"])
    #expect(try FileSystem.list(person.folder.file("state")).sorted() == ["running", "usage.jsonl"])
  }

  @Test("stream: false asks for one piece and reads it")
  func wholeAnswer() async throws {
    let upstream = try Upstream.json(Self.whole)
    let person = try Person(upstream)
    let outcome = try await person.complete("Hi") { $0.stream = false }
    #expect(outcome.message.text == "Hello")
    #expect(outcome.usage == Usage(input: 7, output: 2))
    #expect(outcome.upstreamId == "chatcmpl-9")
    #expect(upstream.lastBody?["stream"] != true)
  }

  @Test("A server that ignores that a stream was wanted is understood all the same")
  func ignoredStream() async throws {
    let person = try Person(try Upstream.json(Self.whole))
    let sink = Sink()
    #expect(try await person.complete("Hi", into: sink).message.text == "Hello")
    #expect(sink.text == "Hello")
  }

  @Test("Usage is estimated from everything that was sent when the server counts nothing")
  func estimated() async throws {
    let upstream = try Upstream { _, exchange in
      try exchange.startEvents()
      try exchange.writeChatChunk(["content": .string(String(repeating: "a", count: 400))])
      try exchange.writeChatChunk([:], finishReason: "stop")
      try exchange.writeEvent("[DONE]")
      try exchange.finish()
    }
    let person = try Person(upstream)
    let first = try await person.complete(String(repeating: "q", count: 200), session: "s")
    #expect(first.usage.estimated)
    #expect((first.usage.input, first.usage.output) == (50, 100))
    let second = try await person.complete(String(repeating: "q", count: 200), session: "s")
    #expect((second.usage.input, second.usage.output) == (200, 100))
    let stored = try await person.messages("s")
    #expect(stored.last?.usage?.estimated == true)
  }

  @Test("A price in the config file makes a cost")
  func cost() async throws {
    let person = try Person(
      try Upstream.chat(["a", "b"]), acme: ["models": ["small-model": ["cost": ["input": 2, "output": 10]]]])
    let cost = try #require(try await person.complete("Hi").cost)
    #expect(abs(cost.total - (5 * 2 + 2 * 10) / 1e6) < 1e-12)
  }

  @Test("The price that the provider itself names is the sum, even where none is configured")
  func reportedCost() async throws {
    let usage: JSONValue = ["prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9, "cost": 0.25]
    var answer = try #require(Self.whole.object)
    answer["usage"] = usage
    let person = try Person(try Upstream.json(.object(answer)))
    #expect(try await person.complete("Hi").cost?.total == 0.25)
  }

  @Test("An answer by a schema is parsed; one that is none is said to be none")
  func structured() async throws {
    let person = try Person(try Upstream.chat([#"{"a":"#, " [1]}"]))
    let outcome = try await person.complete("Hi") { $0.options.output = OutputFormat(schema: ["type": "object"]) }
    #expect(outcome.structured == ["a": [1]])
    #expect(outcome.warnings.isEmpty)
    let prose = try Person(try Upstream.chat(["Sure! {}"]))
    let bad = try await prose.complete("Hi") { $0.options.output = OutputFormat(schema: ["type": "object"]) }
    #expect(bad.structured == nil)
    #expect(bad.warnings == ["the answer is not the JSON that output.schema asks for"])
  }

  @Test("maxTokens and extra of the settings are sent, and those of the call win")
  func settings() async throws {
    let upstream = try Upstream.chat()
    let person = try Person(
      upstream, acme: ["maxTokens": 100, "extra": ["top_k": 5, "nested": ["a": 1, "b": 2]]])
    _ = try await person.complete("Hi")
    #expect(upstream.lastBody?["max_tokens"] == 100)
    #expect(upstream.lastBody?["top_k"] == 5)
    _ = try await person.complete("Hi") {
      $0.options.maxTokens = 7
      $0.options.extra = ["nested": ["b": 3], "mine": true]
    }
    #expect(upstream.lastBody?["max_tokens"] == 7)
    #expect(upstream.lastBody?["top_k"] == 5)
    #expect(upstream.lastBody?["nested"] == ["a": 1, "b": 3])
    #expect(upstream.lastBody?["mine"] == true)
  }

  @Test("Headers of the settings are sent; the call adds, replaces, and removes with null")
  func headers() async throws {
    let upstream = try Upstream.chat()
    let person = try Person(upstream, acme: ["headers": ["X-One": "1", "X-Two": "2"]])
    _ = try await person.complete("Hi") { $0.headers = [("x-one", nil), ("X-TWO", "zwei"), ("x-three", "3")] }
    let request = try #require(upstream.requests.last)
    #expect(request.header("x-one") == nil)
    #expect(request.headers.filter { $0.0 == "x-two" }.map(\.1) == ["zwei"])
    #expect(request.header("x-three") == "3")
  }

  @Test("A call's null takes away what would be sent by itself, too")
  func removedHeaders() async throws {
    let upstream = try Upstream.chat()
    let person = try Person(upstream)
    _ = try await person.complete("Hi") { $0.headers = [("Authorization", nil)] }
    #expect(upstream.requests.count == 1)
    #expect(upstream.requests.last?.header("authorization") == nil)
  }
}

@Suite("Where keys go", .timeLimit(.minutes(1)))
struct KeyDestinationTests {
  @Test("The stored key, the environment's and stored headers do not go to a call's own baseURL")
  func foreign() async throws {
    let (home, elsewhere) = (try Upstream.chat(), try Upstream.chat())
    let stored = [nil, #"{"acme": {"type": "api_key", "key": "sk-from-auth-file"}}"#]
    for auth in stored {
      let person = try Person(home, acme: ["headers": ["x-secret": "also-stored"]], auth: auth)
      for key in [nil, "", "  "] {
        _ = try await person.complete("Hi") {
          $0.baseURL = elsewhere.url + "/v1"
          $0.apiKey = key
        }
        #expect(elsewhere.requests.last?.header("authorization") == nil)
        #expect(elsewhere.requests.last?.header("x-secret") == nil)
      }
    }
    #expect(elsewhere.requests.count == 6)
    #expect(home.requests.isEmpty)
  }

  @Test("A key that comes with the call does")
  func ownKey() async throws {
    let (home, elsewhere) = (try Upstream.chat(), try Upstream.chat())
    let person = try Person(home, auth: #"{"acme": {"type": "api_key", "key": "sk-from-auth-file"}}"#)
    _ = try await person.complete("Hi") {
      $0.baseURL = elsewhere.url
      $0.apiKey = "sk-of-the-call"
    }
    #expect(elsewhere.requests.last?.header("authorization") == "Bearer sk-of-the-call")
    _ = try await person.complete("Hi") { $0.apiKey = "sk-of-the-call" }
    #expect(home.requests.last?.header("authorization") == "Bearer sk-of-the-call")
    _ = try await person.complete("Hi")
    #expect(home.requests.last?.header("authorization") == "Bearer sk-from-auth-file")
  }

  @Test("The provider's own baseURL, however it is ended, is not foreign")
  func ownURL() async throws {
    let home = try Upstream.chat()
    let person = try Person(home)
    for ending in ["/v1", "/v1/"] {
      _ = try await person.complete("Hi") { $0.baseURL = home.url + ending }
      #expect(home.requests.last?.header("authorization") == "Bearer sk-stored-S3CRET")
      #expect(home.requests.last?.path == "/v1/chat/completions")
    }
  }

  @Test("A key that cannot be found is an error before anything is sent")
  func missingKey() async throws {
    let upstream = try Upstream.chat()
    let person = try Person(upstream, acme: ["apiKey": "$NO_SUCH_VARIABLE"])
    let error = await person.failure("Hi", session: "s")
    #expect(error?.kind == .authRequired)
    #expect(error?.message.contains("NO_SUCH_VARIABLE") == true)
    #expect(upstream.requests.isEmpty)
    #expect(try await person.messages("s").isEmpty)
  }
}

@Suite("Upstream errors", .timeLimit(.minutes(1)))
struct UpstreamErrorTests {
  @Test(
    "A status and its body become a kind",
    arguments: [
      (401, ["error": ["message": "no", "code": "invalid_api_key"]], ErrorKind.authRejected),
      (402, ["error": ["message": "pay"]], .quotaExceeded),
      (404, ["error": ["message": "The model `x` does not exist", "code": "model_not_found"]], .modelNotFound),
      (429, ["error": ["message": "slow down"]], .rateLimited),
      (400, ["error": ["message": "too long", "code": "context_length_exceeded"]], .contextOverflow),
      (500, ["error": ["message": "oops"]], .upstreamError), (503, [:], .overloaded),
    ] as [(Int, JSONValue, ErrorKind)])
  func statuses(_ status: Int, _ body: JSONValue, _ kind: ErrorKind) async throws {
    let upstream = try Upstream.json(body, status: status, headers: [("retry-after", "2"), ("x-request-id", "req_1")])
    for stream in [true, false] {
      let error = await (try Person(upstream)).failure("Hi") { $0.stream = stream }
      #expect(error?.kind == kind)
      #expect(error?.status == status)
      #expect(error?.retryAfterMs == 2000)
      #expect(error?.upstreamRequestId == "req_1")
      #expect((error?.provider, error?.model) == ("acme", "small-model"))
      #expect(error?.completionId?.hasPrefix("cmp_") == true)
    }
  }

  @Test("An error in a body with status 200 is an error", arguments: [true, false])
  func errorInside(_ stream: Bool) async throws {
    let person = try Person(try Upstream.json(["error": ["message": "Rate limit reached", "code": 429]]))
    let error = await person.failure("Hi") { $0.stream = stream }
    #expect(error?.kind == .rateLimited)
  }

  @Test("An error in the middle of a stream comes after the text before it")
  func midStream() async throws {
    let upstream = try Upstream { _, exchange in
      try exchange.startEvents()
      try exchange.writeChatChunk(["content": "Half"])
      try exchange.writeEvent(#"{"error":{"message":"overloaded","code":"overloaded_error"}}"#)
      try exchange.finish()
    }
    let sink = Sink()
    let error = await (try Person(upstream)).failure("Hi", into: sink)
    #expect(error?.kind == .overloaded)
    #expect(sink.text == "Half")
    #expect(!sink.deltas.contains { if case .end = $0 { true } else { false } })
  }

  @Test("A stream that ends too early is no answer", arguments: [true, false])
  func cutOff(_ inGoodOrder: Bool) async throws {
    let upstream = try Upstream { _, exchange in
      try exchange.startEvents()
      try exchange.writeChatChunk(["content": "Half"])
      if inGoodOrder { try exchange.finish() }
    }
    let error = await (try Person(upstream)).failure("Hi")
    #expect(error?.kind == .upstreamInvalid)
  }

  @Test("Out of time is an error that names the phase and the setting, and leaves the thread as it was")
  func timeout() async throws {
    let upstream = try Upstream { _, exchange in exchange.waitForDisconnect() }
    let person = try Person(upstream, acme: ["timeout": ["totalMs": 1]])
    let error = await person.failure("Hi", session: "s")
    #expect((error?.kind, error?.phase) == (.timeout, .total))
    #expect(error?.hint?.contains("timeout.totalMs") == true)
    #expect(try await person.messages("s").isEmpty)
  }

  @Test("A key that the upstream quotes is not repeated")
  func quotedKey() async throws {
    let upstream = try Upstream { request, exchange in
      let message = "bad key: \(request.header("authorization") ?? "") \(request.header("x-token") ?? "")"
      try exchange.respond(status: 401, json: ["error": ["message": .string(message)]])
    }
    let person = try Person(upstream, acme: ["headers": ["x-token": "token-123456"]])
    let error = try #require(await person.failure("Hi"))
    #expect(error.message == "bad key: Bearer ••• •••")
  }

  @Test("A server that is not there is the network's fault, and says where it should be")
  func refused() async throws {
    let port = try ClosedPort()
    let url = "http://127.0.0.1:\(port.port)"
    let person = try Person(
      config: ["providers": ["acme": ["api": "openai", "baseURL": .string(url), "models": ["m": [:]]]]])
    let error = await person.failure("Hi") { $0.provider = "acme" }
    #expect(error?.kind == .network)
    #expect(error?.message.contains("127.0.0.1:\(port.port)") == true)
  }

  @Test("Names that are no API family, provider or model are refused with the nearest")
  func names() async throws {
    let person = try Person(try Upstream.chat())
    let api = await person.failure("Hi") { $0.api = "openai-completion" }
    #expect(api?.kind == .unsupported)
    #expect(api?.hint?.contains("openai-completions") == true)
    #expect(await person.failure("Hi") { $0.provider = "acmee" }?.kind == .providerNotFound)
    #expect(await person.failure("Hi") { $0.model = "echo/eco" }?.kind == .modelNotFound)
  }
}
