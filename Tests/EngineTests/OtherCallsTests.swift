import Catalog
import Completion
import Dialects
import HTTP
import JSON
import TestSupport
import Testing
import Upstream

@testable import Engine

/// A family that can do everything, as simply as possible; its completions are those of another family.
struct AbleDialect: CountsTokens, Embeds, Infills {
  /// Whether this model has the endpoints.
  var isAble = true
  var api: APIFamily
  /// What no request can carry.
  var losses: [Dropped] = []
  private let base = OpenAICompletions()

  init(isAble: Bool = true, api: APIFamily = "openai-completions", losses: [Dropped] = []) {
    self.isAble = isAble
    self.api = api
    self.losses = losses
  }

  func validate(quirks: JSONObject) throws(JSONFieldError) { try base.validate(quirks: quirks) }
  func encode(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest {
    try base.encode(request, for: endpoint)
  }
  func streamDecoder(for request: CompletionRequest, at endpoint: Endpoint) -> any AnswerDecoder {
    base.streamDecoder(for: request, at: endpoint)
  }
  func decodeWhole(
    _ body: [UInt8], for request: CompletionRequest, at endpoint: Endpoint
  ) throws(ProviderError) -> [StreamEvent] { try base.decodeWhole(body, for: request, at: endpoint) }
  func error(status: Int, headers: [(String, String)], body: [UInt8]) -> ProviderError {
    base.error(status: status, headers: headers, body: body)
  }

  func authorize(_ request: HTTPRequest, at endpoint: Endpoint, time: Int) throws(ProviderError) -> HTTPRequest {
    var request = request
    request.headers.append(HTTPHeader("x-signed", "\(endpoint.provider) \(time > 1_700_000_000)"))
    return request
  }

  func countRequest(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest? {
    guard isAble else { return nil }
    var body: JSONObject = ["texts": .strings(request.messages.map(\.text))]
    body.set("system", request.options.system.map(JSONValue.string))
    body["tools"] = .int(request.options.tools.count)
    return EncodedRequest(endpoint.post("/count", body, accept: "application/json"), dropped: losses)
  }
  func countedTokens(in body: [UInt8]) throws(ProviderError) -> Int { try Self.read(body)["tokens"]?.int ?? -1 }

  func embeddingLimit(for endpoint: Endpoint) -> Int { 2 }
  func embedRequest(_ request: EmbeddingRequest, for endpoint: Endpoint) throws(ProviderError) -> HTTPRequest {
    var body: JSONObject = ["texts": .strings(request.input)]
    body.set("dimensions", request.dimensions.map(JSONValue.int))
    return endpoint.post("/embed", body, accept: "application/json")
  }
  func embeddings(
    in body: [UInt8], for request: EmbeddingRequest, at endpoint: Endpoint
  ) throws(ProviderError) -> Embeddings {
    let value = try Self.read(body)
    let vectors = (value["vectors"]?.array ?? []).map { ($0.array ?? []).compactMap(\.double) }
    return Embeddings(vectors: vectors, usage: value["tokens"]?.int.map { Usage(input: $0, output: 0) })
  }

  func infillRequest(_ request: InfillRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest? {
    guard isAble else { return nil }
    var body: JSONObject = ["prefix": .string(request.prefix), "suffix": .string(request.suffix)]
    body["max"] = .int(request.maxTokens ?? 0)
    return EncodedRequest(endpoint.post("/infill", body, accept: "application/json"), dropped: losses)
  }
  func infill(in body: [UInt8], at endpoint: Endpoint) throws(ProviderError) -> InfillAnswer {
    InfillAnswer(text: try Self.read(body)["text"]?.string ?? "?", usage: Usage(input: 3, output: 1))
  }

  private static func read(_ body: [UInt8]) throws(ProviderError) -> JSONValue {
    guard let value = try? JSONValue(parsing: body) else { throw ProviderError(.upstreamInvalid, "no JSON") }
    return value
  }
}

extension Person {
  func count(
    _ text: String, _ change: (inout CompletionCall) -> Void = { _ in }
  ) async throws(ProviderError) -> TokenCount {
    var call = CompletionCall(input: [Message(.user, text)])
    change(&call)
    return try await engine.countTokens(call)
  }

  func embed(
    _ input: [String], _ model: String, dimensions: Int? = nil
  ) async throws(ProviderError) -> EmbeddingOutcome {
    var call = CompletionCall(input: [])
    call.model = model
    return try await engine.embed(EmbeddingRequest(input: input, dimensions: dimensions), call)
  }

  func inline(
    _ hole: InfillRequest, _ model: String = "acme/small-model", count: Int = 1
  ) async throws(ProviderError) -> InlineOutcome {
    var call = InlineCall(hole, count: count)
    call.model = model
    return try await engine.completeInline(call)
  }
}

@Suite("Counting tokens", .timeLimit(.minutes(1)))
struct CountTokensTests {
  @Test("The provider's own count is exact, and its request is authorized like any other")
  func exact() async throws {
    let upstream = try Upstream.json(["tokens": 42])
    let person = try Person(upstream, dialects: [AbleDialect(losses: [Dropped("tools[0]", "why")])])
    let count = try await person.count("Hi") {
      $0.model = "acme/small-model"
      $0.options.system = "be brief"
      $0.options.tools = [Tool(name: "f", inputSchema: [:])]
    }
    #expect((count.tokens, count.isExact, count.warnings) == (42, true, []))
    #expect(count.dropped.map(\.what) == ["tools[0]"] && count.dropped.map(\.why) == ["why"])
    #expect(upstream.requests.map(\.path) == ["/v1/count"])
    #expect(upstream.lastBody == ["texts": ["Hi"], "system": "be brief", "tools": 1])
    #expect(upstream.lastRequest("authorization") == "Bearer sk-stored-S3CRET")
    #expect(upstream.lastRequest("x-signed") == "acme true")
  }

  @Test("Without such an endpoint it is four bytes a token, images by the piece, and never exact")
  func estimate() async throws {
    let person = try Person(try Upstream.json([:]), dialects: [AbleDialect(isAble: false)])
    let text = String(repeating: "a", count: 400)
    #expect(try await person.count(text) { $0.model = "acme/m" }.tokens == 100)
    let more = try await person.count(text) {
      $0.model = "acme/m"
      $0.options.system = String(repeating: "b", count: 40)
      $0.options.tools = [Tool(name: "ffff", inputSchema: [:])]
      $0.input.append(
        Message(role: .user, content: [.image(Media(mediaType: "image/png", source: .data("AAAA")))]))
    }
    #expect((more.tokens, more.isExact, more.warnings) == (100 + 1200 + 11, false, []))
  }

  @Test("A provider that fails or has no key is no error but a warning")
  func fallback() async throws {
    let broken = try Person(try Upstream.json(["error": "no"], status: 500), dialects: [AbleDialect()])
    let count = try await broken.count("12345678") { $0.model = "acme/m" }
    #expect((count.tokens, count.isExact, count.warnings.count) == (2, false, 1))
    let upstream = try Upstream.json(["tokens": 1])
    let keyless = try Person(upstream, acme: ["apiKey": "$UNSET_VARIABLE"], dialects: [AbleDialect()])
    let guess = try await keyless.count("12345678") { $0.model = "acme/m" }
    #expect((guess.tokens, guess.isExact, guess.warnings.count) == (2, false, 1))
    #expect(upstream.requests.isEmpty)
    await #expect(throws: ProviderError.self) {
      try await broken.count("x") {
        $0.model = "nobody/m"; $0.provider = "nobody"
      }
    }
  }

  @Test("echo counts words")
  func echo() async throws {
    let person = try Person(config: [:])
    let count = try await person.count("one two three") { $0.provider = "echo" }
    let outcome = try await person.complete("one two three") { $0.provider = "echo" }
    #expect(count.isExact && count.tokens == outcome.usage.input)
  }
}

@Suite("Embeddings", .timeLimit(.minutes(1)))
struct EmbedTests {
  @Test("Long lists are split, and the vectors come in the order of the texts")
  func split() async throws {
    let upstream = try Upstream { request, exchange in
      let texts = request.json?["texts"]?.array ?? []
      let vectors = texts.map { JSONValue.array([.int(Int($0.string ?? "") ?? 0), 0.5]) }
      try exchange.respond(json: ["vectors": .array(vectors), "tokens": 10])
    }
    let person = try Person(upstream, dialects: [AbleDialect()])
    let outcome = try await person.embed(["1", "2", "3", "4", "5"], "acme/small-model", dimensions: 2)
    #expect(outcome.vectors == [[1, 0.5], [2, 0.5], [3, 0.5], [4, 0.5], [5, 0.5]])
    #expect(outcome.usage == Usage(input: 30, output: 0))
    #expect((outcome.provider, outcome.model) == ("acme", "small-model"))
    #expect(upstream.requests.map { $0.json?["texts"] } == [["1", "2"], ["3", "4"], ["5"]])
    #expect(upstream.requests.allSatisfy { $0.json?["dimensions"] == 2 && $0.header("x-signed") == "acme true" })
  }

  @Test("Vectors that are missing, and families that make none, are errors; counts that are missing are estimated")
  func failures() async throws {
    let short = try Person(try Upstream.json(["vectors": [[1]]]), dialects: [AbleDialect()])
    let missing = await #expect(throws: ProviderError.self) { try await short.embed(["a", "b"], "acme/m") }
    #expect((missing?.kind, missing?.provider, missing?.model) == (.upstreamInvalid, "acme", "m"))
    let estimated = try await short.embed(["12345678"], "acme/m")
    #expect(estimated.usage.estimated && estimated.usage.input == 2)
    let person = try Person(
      config: ["providers": ["mine": ["api": "ollama", "baseURL": "http://127.0.0.1:9"]]], dialects: [NoEmbeddings()])
    let unable = await #expect(throws: ProviderError.self) { try await person.embed(["a"], "mine/m") }
    #expect((unable?.kind, unable?.path) == (.unsupported, "provider"))
  }

  @Test("echo makes the same vectors of the same texts, at length 1")
  func echo() async throws {
    let person = try Person(config: [:])
    let outcome = try await person.embed(["hello", "there", "hello", ""], "echo/echo", dimensions: 5)
    #expect(outcome.vectors.map(\.count) == [5, 5, 5, 5])
    #expect(outcome.vectors[0] == outcome.vectors[2] && outcome.vectors[0] != outcome.vectors[1])
    for vector in outcome.vectors.prefix(3) { #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-9) }
    #expect(outcome.vectors[3] == [0, 0, 0, 0, 0])
    #expect(outcome.usage.input == 3)
  }
}

/// A family that can nothing but complete.
private struct NoEmbeddings: Dialect {
  private let base = OpenAICompletions()
  let api: APIFamily = "ollama-chat"
  func validate(quirks: JSONObject) throws(JSONFieldError) {}
  func encode(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest {
    try base.encode(request, for: endpoint)
  }
  func streamDecoder(for request: CompletionRequest, at endpoint: Endpoint) -> any AnswerDecoder {
    base.streamDecoder(for: request, at: endpoint)
  }
  func decodeWhole(
    _ body: [UInt8], for request: CompletionRequest, at endpoint: Endpoint
  ) throws(ProviderError) -> [StreamEvent] { [] }
  func error(status: Int, headers: [(String, String)], body: [UInt8]) -> ProviderError {
    base.error(status: status, headers: headers, body: body)
  }
}

@Suite("Filling holes", .timeLimit(.minutes(1)))
struct InlineTests {
  @Test("The provider's own endpoint is asked once for each text, and its answer is taken as it is")
  func native() async throws {
    let upstream = try Upstream.json(["text": "```\nx\n```"])
    let person = try Person(
      upstream, acme: ["models": ["small-model": ["cost": ["input": 1, "output": 10]]]],
      dialects: [AbleDialect(losses: [Dropped("maxTokens", "why")])])
    let outcome = try await person.inline(InfillRequest(prefix: "a(", suffix: ")"), count: 3)
    #expect(outcome.isNative)
    #expect(outcome.dropped.map(\.what) == ["maxTokens"] && outcome.dropped.map(\.why) == ["why"])
    #expect(outcome.texts == Array(repeating: "```\nx\n```", count: 3))
    #expect(outcome.usage == Usage(input: 9, output: 3))
    #expect(abs((outcome.cost?.total ?? 0) - 39e-6) < 1e-12)
    #expect(upstream.requests.map(\.path) == ["/v1/infill", "/v1/infill", "/v1/infill"])
    #expect(upstream.lastBody == ["prefix": "a(", "suffix": ")", "max": 256])
    #expect(upstream.lastRequest("x-signed") == "acme true")
  }

  @Test("Any other model is asked in words, soberly, and what it puts around the text is taken away")
  func prompted() async throws {
    let upstream = try Upstream.chat(["```swift\n", "a + b\n```"])
    let person = try Person(upstream, dialects: [AbleDialect(isAble: false)])
    let hole = InfillRequest(
      prefix: "func add(a: Int, b: Int) {\n  return ", suffix: "\n}", path: "Add.swift", language: "swift",
      stop: ["\n\n"])
    let outcome = try await person.inline(hole)
    #expect(!outcome.isNative && outcome.dropped.isEmpty)
    #expect(outcome.texts == ["a + b"])
    #expect((outcome.cost == nil, outcome.usage.total > 0) == (true, true))
    let body = try #require(upstream.lastBody)
    #expect(body["temperature"] == 0)
    #expect((body["max_tokens"] ?? body["max_completion_tokens"]) == 256)
    #expect(body["stop"] == ["\n\n"])
    let asked = upstream.lastMessages.joined(separator: "\n")
    for piece in ["Add.swift", "swift", hole.prefix, "\n}"] { #expect(asked.contains(piece)) }
    #expect(upstream.lastRequest("x-signed") == "acme true")
  }

  @Test("Several texts come in the order of their numbers, whichever is ready first")
  func order() async throws {
    let second = Gate()
    let upstream = try Upstream { request, exchange in
      // The first is likelier than the others, and waits here for one of them.
      guard request.json?["temperature"] == 0 else {
        try exchange.streamChat(["other"])
        return second.open()
      }
      second.wait()
      try exchange.streamChat(["first"])
    }
    let person = try Person(upstream, dialects: [AbleDialect(isAble: false)])
    #expect(try await person.inline(InfillRequest(prefix: "a"), count: 2).texts == ["first", "other"])
  }

  @Test("One failure is a failure of all, and completions in flight are counted")
  func limits() async throws {
    let person = try Person(
      try Upstream.json(["text": "x"]), more: ["limits": ["maxCompletions": 1]], dialects: [AbleDialect()])
    #expect(try await person.inline(InfillRequest(prefix: "a")).texts == ["x"])
    let slow = try Person(config: ["limits": ["maxCompletions": 2]])
    let full = await #expect(throws: ProviderError.self) {
      try await slow.inline(InfillRequest(prefix: "one two three"), "echo/slow", count: 3)
    }
    #expect(full?.kind == .engineBusy)
    #expect(
      try await slow.inline(InfillRequest(prefix: "one two"), "echo/slow", count: 2).texts == ["one two", "one two"])
    let failed = await #expect(throws: ProviderError.self) {
      try await slow.inline(InfillRequest(prefix: "a"), "echo/fail:overloaded", count: 2)
    }
    #expect((failed?.kind, failed?.provider, failed?.model) == (.overloaded, "echo", "fail:overloaded"))
  }

  @Test("Which models can be asked at an endpoint of their own is known without asking")
  func capability() async throws {
    let able = try Person(try Upstream.chat(), dialects: [AbleDialect()])
    let unable = try Person(try Upstream.chat(), dialects: [AbleDialect(isAble: false)])
    for (person, expected) in [(able, true), (unable, false)] {
      let acme = try await person.engine.catalog().provider(named: "acme")
      #expect(person.engine.canInfill(ModelInfo(id: "m"), of: acme) == expected)
    }
  }

  @Test(
    "Fences, and the line that is said again, are taken from an answer",
    arguments: [
      ("```\na\nb\n```", "x", "a\nb"), ("\n```js\na\n```\n", "x", "a"), ("a ``` b", "x", "a ``` b"),
      ("```", "x", "```"), ("  return 1", "f() {\n", "  return 1"), ("", "x", ""),
      ("  return a + b", "f() {\n  return ", "a + b"), ("return a + b", "f() {\n  return ", "a + b"),
      ("let x", "a\nlet", "let x"), (" tail ", "head", " tail "),
    ])
  func clean(_ answer: String, _ prefix: String, _ text: String) {
    #expect(InlinePrompt.clean(answer, for: InfillRequest(prefix: prefix)) == text)
  }
}

extension Upstream {
  /// A header of the last request.
  fileprivate func lastRequest(_ name: String) -> String? { requests.last?.header(name) }
}
