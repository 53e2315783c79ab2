import Catalog
import Completion
import Dialects
import JSON
import Platform
import TestSupport
import Testing
import Upstream

@testable import Engine

@Suite("Models of a server", .timeLimit(.minutes(1)))
struct ModelListTests {
  /// A server that lists models and answers chats.
  private func server(_ models: JSONValue) throws -> Upstream {
    try Upstream { request, exchange in
      guard request.method == "GET" else { return try exchange.streamChat(["answer"]) }
      try exchange.respond(json: models)
    }
  }

  @Test("A list has what the settings know and what the server has, each once, with its window")
  func live() async throws {
    let upstream = try server(["data": [["id": "small-model"], ["id": "new", "max_model_len": 8192], ["name": "?"]]])
    let person = try Person(upstream)
    let provider = try await person.engine.catalog().provider(named: "acme")
    let known = try await person.engine.models(of: [provider], refresh: false)
    #expect(known.models.map(\.model.id) == ["small-model"])
    #expect(upstream.requests.isEmpty)
    let all = try await person.engine.models(of: [provider], refresh: true)
    #expect(all.models.map(\.model.id) == ["small-model", "new"])
    #expect(all.models.map(\.source) == [.config, .live])
    #expect(all.models.last?.model.contextWindow == 8192)
    #expect(upstream.requests.map(\.path) == ["/v1/models"])
    #expect(upstream.requests.last?.header("authorization") == "Bearer sk-stored-S3CRET")
    #expect(all.failures.isEmpty)
  }

  @Test(
    "A provider whose list cannot be had is named, and the others still answer",
    arguments: [
      (401, ["error": ["message": "bad sk-stored-S3CRET"]], ErrorKind.authRejected),
      (200, ["data": 1], .upstreamInvalid),
      (500, [:], .upstreamError),
    ] as [(Int, JSONValue, ErrorKind)])
  func failures(_ status: Int, _ body: JSONValue, _ kind: ErrorKind) async throws {
    let person = try Person(try Upstream.json(body, status: status))
    let catalog = try await person.engine.catalog()
    let providers = [try catalog.provider(named: "acme"), try catalog.provider(named: "echo")]
    let listing = try await person.engine.models(of: providers, refresh: true)
    #expect(listing.failures.map(\.provider) == ["acme"])
    #expect(listing.failures.map(\.error.kind) == [kind])
    #expect(listing.failures.first?.error.message.contains("sk-stored-S3CRET") == false)
    #expect(listing.models.contains { $0.provider.id == "echo" })
  }

  @Test("Of a login that was told which models the account may use, those are listed, and no others")
  func account() async throws {
    let login: JSONValue = [
      "github-copilot": [
        "type": "oauth", "access": "tid=S3CRET;", "refresh": "S3CRET", "expires": 4_102_444_800_000,
        "availableModelIds": ["gpt-5.4", "brand-new"],
      ]
    ]
    func models(_ auth: JSONValue?) async throws -> [ListedModel] {
      let person = try Person(config: [:], auth: auth?.text)
      let provider = try await person.engine.catalog().provider(named: "copilot")
      return try await person.engine.models(of: [provider], refresh: false).models
    }
    #expect(try await models(nil).count > 5)
    let own = try await models(login)
    #expect(own.map(\.model.id) == ["gpt-5.4", "brand-new"])
    #expect(own.map(\.source) == [.catalog, .live])
    let untold = try await models(["github-copilot": ["type": "api_key", "key": "S3CRET"]])
    #expect(untold.count > 5)
  }

  @Test("Without a name, the first model of a local server answers")
  func localDefault() async throws {
    let upstream = try server(["data": [["id": "loaded"], ["id": "second"]]])
    let person = try Person(
      config: ["providers": ["lmstudio": ["baseURL": .string(upstream.url)]]], upstream: upstream)
    let outcome = try await person.complete("Hi") { $0.provider = "lmstudio" }
    #expect((outcome.provider, outcome.model) == ("lmstudio", "loaded"))
    #expect(upstream.lastBody?["model"] == "loaded")
    #expect(upstream.requests.map(\.path) == ["/v1/models", "/v1/chat/completions"])
  }

  @Test("Ollama's own list is read, and an empty one says what to do")
  func ollama() async throws {
    let upstream = try Upstream { _, exchange in try exchange.respond(json: ["models": [["name": "llama3.1:8b"]]]) }
    let person = try Person(config: ["providers": ["ollama": ["baseURL": .string(upstream.url)]]], upstream: upstream)
    let provider = try await person.engine.catalog().provider(named: "ollama")
    #expect(try await person.engine.firstModel(of: provider).id == "llama3.1:8b")
    #expect(upstream.requests.map(\.path) == ["/api/tags"])
    let empty = try Upstream.json(["models": []])
    let other = try Person(config: ["providers": ["ollama": ["baseURL": .string(empty.url)]]], upstream: empty)
    let error = await other.failure("Hi") { $0.provider = "ollama" }
    #expect(error?.kind == .modelNotFound)
    #expect(error?.hint?.contains("Load a model") == true)
  }

  @Test("A list that goes on is read to its end, with what the asking needs; one that repeats itself ends too")
  func pages() async throws {
    let upstream = try Upstream { request, exchange in
      let isFirst = !request.target.contains("after_id")
      try exchange.respond(
        json: isFirst
          ? ["data": [["id": "a"], ["id": "b/ü"]], "has_more": true, "last_id": "b/ü"]
          : ["data": [["id": "b/ü"], ["id": "c"]], "has_more": .bool(!request.target.contains("c")), "last_id": "c"])
    }
    let person = try Person(
      config: ["providers": ["anthropic": ["baseURL": .string(upstream.url), "apiKey": "sk-mine"]]], upstream: upstream)
    let provider = try await person.engine.catalog().provider(named: "anthropic")
    let listing = try await person.engine.models(of: [provider], refresh: true)
    #expect(listing.failures.isEmpty)
    #expect(listing.models.filter { $0.source == .live }.map(\.model.id) == ["a", "b/ü", "c"])
    #expect(
      upstream.requests.map(\.target) == [
        "/v1/models?limit=1000", "/v1/models?limit=1000&after_id=b%2F%C3%BC", "/v1/models?limit=1000&after_id=c",
      ])
    #expect(upstream.requests.first?.header("x-api-key") == "sk-mine")
    #expect(upstream.requests.first?.header("anthropic-version") == "2023-06-01")
  }

  @Test("Of a local server's models those are listed that it has, with what the catalogue knows of them")
  func localModels() async throws {
    let upstream = try server(["models": [["name": "llama3.1:8b"], ["name": "mine"]]])
    let person = try Person(config: ["providers": ["ollama": ["baseURL": .string(upstream.url)]]], upstream: upstream)
    let provider = try await person.engine.catalog().provider(named: "ollama")
    let listing = try await person.engine.models(of: [provider], refresh: false)
    #expect(listing.models.map(\.model.id) == ["llama3.1:8b", "mine"])
    #expect(listing.models.first?.model.contextWindow == 128_000)
    #expect(listing.models.map(\.source) == [.catalog, .live])
  }

  @Test("Nothing of the models' list is read for what needs no model of a provider")
  func laziness() async throws {
    let person = try Person(config: [:])
    _ = try await person.complete("Hi") { $0.provider = "echo" }
    _ = try await person.engine.reports()
    #expect(try await person.engine.catalog().knowledge.parsedSections == ["echo"])
  }

  @Test("A file is downloaded without any key, and anything but a good answer is an error")
  func download() async throws {
    let upstream = try Upstream { request, exchange in
      try exchange.respond(status: request.path == "/api.json" ? 200 : 404, json: ["a": 1])
    }
    let person = try Person(upstream)
    #expect(try await person.engine.download(upstream.url + "/api.json") == (JSONValue.object(["a": 1]).bytes))
    #expect(upstream.requests.last?.header("authorization") == nil)
    let error = await #expect(throws: ProviderError.self) { try await person.engine.download(upstream.url + "/other") }
    #expect(error?.message.contains("404") == true)
    let closed = try ClosedPort()
    let down = await #expect(throws: ProviderError.self) {
      try await person.engine.download("http://127.0.0.1:\(closed.port)/api.json")
    }
    #expect(down?.hint?.contains("baseURL") == false && down?.hint?.contains("network") == true)
  }

  @Test("A report tells a server that answers from one that does not, and a good key from a bad one")
  func reports() async throws {
    let (sound, strict) = (try server(["data": []]), try Upstream.json(["error": "no"], status: 401))
    let closed = try ClosedPort()
    let person = try Person(
      config: [
        "providers": [
          "lmstudio": ["baseURL": .string(sound.url)], "vllm": ["baseURL": .string("http://127.0.0.1:\(closed.port)")],
          "strict": ["api": "openai", "baseURL": .string(strict.url), "apiKey": "sk-wrong"],
        ]
      ])
    func status(_ provider: String, verify: Bool = false) async throws -> ProviderReport.Status? {
      try await person.engine.reports(on: provider, verify: verify).first?.status
    }
    #expect(try await status("lmstudio") == .ready)
    #expect(try await status("vllm") == .unreachable)
    #expect(try await status("echo") == .ready)
    #expect(try await status("strict") == .ready)
    #expect(try await status("strict", verify: true) == .missing)
  }
}

@Suite("Quirks in the settings")
struct QuirksTests {
  @Test("Every quirk that ships is one its API family knows: of providers, of their routes, and of every model")
  func shipped() throws {
    let catalog = try ProviderCatalog.withoutConfig(environment: Environment([:]))
    var checked = 0
    func check(_ quirks: JSONObject, _ api: String, _ whose: String) {
      guard let dialect = Dialects.named(api) else { return }
      #expect(throws: Never.self, "\(whose)") { try dialect.validate(quirks: quirks) }
      checked += quirks.count
    }
    for provider in catalog.allProviders where provider.api != EchoProvider.api {
      check(provider.quirks, provider.api, provider.id)
      for route in provider.routes { check(route.quirks, route.api, "\(provider.id)'s \(route.api)") }
      // A model that no list has may be what a pattern is for.
      let patterns = provider.modelQuirks.flatMap(\.models).map { $0.filter { $0 != "*" } + "x" }
      for model in try catalog.models(of: provider) + patterns.map({ ModelInfo(id: $0) }) {
        let routed = provider.routed(to: model)
        check(routed.model.quirks, routed.provider.api, "\(provider.id)/\(model.id)")
      }
    }
    #expect(checked > 0)
  }

  private static let mistakes: [(JSONObject, String)] = [
    (
      ["quirks": ["supportStore": true]],
      "providers.acme.quirks.supportStore: is not a known field; did you mean \"supportsStore\"?"
    ),
    (["quirks": ["maxStopSequences": "4"]], "providers.acme.quirks.maxStopSequences: must be a whole number"),
    (
      ["models": ["m": ["quirks": ["toolStream": 1]]]],
      "providers.acme.models.m.quirks.toolStream: must be true or false, but is 1"
    ),
    (
      ["api": "ollama", "quirks": ["supportsStore": true]], "providers.acme.quirks.supportsStore: is not a known field"
    ),
  ]

  @Test("A mistake in the config file's quirks is found when it is read, with file and field", arguments: mistakes)
  func configured(_ section: JSONObject, _ message: String) async throws {
    var acme: JSONObject = ["api": "openai", "baseURL": "http://127.0.0.1:9/v1"]
    acme.merge(section)
    let person = try Person(config: ["providers": ["acme": .object(acme)]])
    let asynchronous = await #expect(throws: ProviderError.self) { try await person.engine.catalog() }
    let blocking = #expect(throws: ProviderError.self) { try person.engine.catalogBlocking() }
    #expect(asynchronous == blocking)
    #expect(asynchronous?.kind == .storage)
    #expect(asynchronous?.message.contains(message) == true, "\(asynchronous?.message ?? "")")
    #expect(asynchronous?.message.hasPrefix(person.folder.file("config/config.json")) == true)
  }

  @Test("A reload that fails leaves the settings as they were")
  func reload() async throws {
    let person = try Person(try Upstream.chat(), acme: ["quirks": ["supportsStore": true]])
    #expect(try await person.engine.catalog().provider(named: "acme").quirks == ["supportsStore": true])
    try person.folder.write(
      "config/config.json", #"{"providers": {"acme": {"api": "openai", "baseURL": "http://x/v1", "quirks": {"x": 1}}}}"#
    )
    await #expect(throws: ProviderError.self) { try await person.engine.reloadConfig() }
    #expect(try await person.engine.catalog().provider(named: "acme").quirks == ["supportsStore": true])
    try person.folder.write("config/config.json", "{}")
    try await person.engine.reloadConfig()
    await #expect(throws: ProviderError.self) { try await person.engine.catalog().provider(named: "acme") }
  }
}
