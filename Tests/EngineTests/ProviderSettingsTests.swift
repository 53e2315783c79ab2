import Catalog
import Completion
import Credentials
import Dialects
import HTTP
import JSON
import TestSupport
import Testing
import Upstream

@testable import Engine

@Suite("What the settings say where a call does not", .timeLimit(.minutes(1)))
struct ProviderSettingsTests {
  /// A person whose OpenAI is `upstream`, with a model that is sold faster.
  private func person(_ upstream: Upstream, _ more: JSONObject, fast: Bool = true) throws -> Person {
    let model: JSONValue = [
      "fastMode": .bool(fast), "cost": ["input": 1, "output": 1, "tiers": ["priority": 3]],
    ]
    var config: JSONObject = [
      "providers": [
        "openai": [
          "baseURL": .string(upstream.url), "apiKey": "k", "models": ["m": model],
        ]
      ]
    ]
    config.merge(more)
    return try Person(
      config: .object(config), upstream: upstream,
      dialects: [TierDialect(api: "openai-responses")])
  }

  private func tier(
    _ more: JSONObject, fast: Bool = true, _ change: (inout CompletionCall) -> Void = { _ in }
  ) async throws -> String? {
    let upstream = try Upstream.chat(["a"])
    let outcome = try await person(upstream, more, fast: fast).complete("Hi") {
      $0.model = "openai/m"
      change(&$0)
    }
    #expect(outcome.serviceTier == upstream.requests.last?.header("x-tier"))
    let factor = outcome.serviceTier == "priority" ? 3.0 : 1
    let tokens = Double(outcome.usage.input + outcome.usage.output)
    #expect(abs((outcome.cost?.total ?? -1) - tokens * factor / 1e6) < 1e-12)
    return outcome.serviceTier
  }

  @Test("Fast mode asks for the fast tier for its purpose, where provider and model have one and the call names none")
  func fastMode() async throws {
    let chat: JSONObject = ["fastMode": ["chat": true]]
    #expect(try await tier([:]) == nil)
    #expect(try await tier(chat) == "priority")
    #expect(try await tier(chat) { $0.purpose = .workflow } == nil)
    #expect(try await tier(["fastMode": ["workflow": true]]) { $0.purpose = .workflow } == "priority")
    #expect(try await tier(["fastMode": ["workflow": true]]) == nil)
    #expect(try await tier(chat, fast: false) == nil)
    #expect(try await tier(chat) { $0.options.serviceTier = .flex } == "flex")
  }

  @Test("Caching is on unless the settings or the call say otherwise")
  func cache() async throws {
    let upstream = try Upstream.chat(["a"])
    func sent(_ cache: JSONObject, _ policy: CachePolicy? = nil) async throws -> String? {
      _ = try await person(upstream, ["cache": .object(cache)]).complete("Hi") {
        $0.model = "openai/m"
        $0.options.cache = policy
      }
      return upstream.requests.last?.header("x-cache")
    }
    #expect(try await sent([:]) == "unset true true")
    #expect(try await sent(["enabled": false]) == "off true true")
    #expect(try await sent(["enabled": false], .long) == "long true true")
    #expect(try await sent(["systemPrompt": false]) == "unset false true")
    #expect(try await sent(["projectInstructions": false], .short) == "short true false")
  }

  @Test("A model is reached by its route: family, path, key header, and the answer says by which")
  func routes() async throws {
    let upstream = try Upstream.chat(["a"])
    let dialects: [any Dialect] = ["openai-completions", "openai-responses", "anthropic-messages"].map {
      TierDialect(api: $0)
    }
    let person = try Person(
      config: [
        "providers": [
          "github-copilot": ["baseURL": .string(upstream.url), "apiKey": "k", "models": ["gpt-5": [:], "odd": [:]]]
        ]
      ], upstream: upstream, dialects: dialects)
    func family(_ model: String, api: String? = nil) async throws -> String? {
      let outcome = try await person.complete("Hi") {
        $0.provider = "copilot"
        $0.model = model
        $0.api = api
      }
      #expect(upstream.requests.last?.header("x-api") == outcome.message.origin?.api)
      #expect(upstream.requests.last?.header("x-initiator") == "user")
      return outcome.message.origin?.api
    }
    #expect(try await family("gpt-5") == "openai-responses")
    #expect(try await family("claude-sonnet-4.5") == "anthropic-messages")
    #expect(try await family("odd") == "openai-completions")
    #expect(try await family("odd", api: "openai-responses") == "openai-responses")
  }

  @Test("The file of a preferred provider makes it the default, before others that are configured")
  func preferred() async throws {
    let upstream = try Upstream.chat(["a"])
    let person = try Person(
      config: ["providers": ["acme": ["api": "openai", "baseURL": "http://127.0.0.1:9", "model": "m"]]],
      upstream: upstream, dialects: [TierDialect(api: "openai-completions")])
    #expect(await person.engine.defaultChoice()?.provider == "acme")
    let file: JSONValue = [
      "altimateUrl": .string(upstream.url), "altimateInstanceName": "corp", "altimateApiKey": "alt-key",
    ]
    try person.folder.write(".altimate/altimate.json", file.text, mode: 0o600)
    // The catalogue is read once; what lies beside it is looked at each time.
    let outcome = try await person.complete("Hi")
    #expect((outcome.provider, outcome.model) == ("altimate-backend", "altimate-default"))
    let request = try #require(upstream.requests.last)
    #expect(request.path == "/agents/v1/chat/completions")
    #expect(request.header("authorization") == "Bearer alt-key")
    #expect(request.header("x-tenant") == "corp")
    #expect(person.engine.configuredChoice(try await person.engine.catalog())?.provider == "altimate-backend")
    let report = try #require(try await person.engine.reports(on: "altimate").first)
    #expect((report.status, report.place?.source.rawValue) == (.ready, "ambient"))
    #expect(try await person.complete("Hi") { $0.provider = "echo" }.provider == "echo")
  }

  @Test(
    "Real providers that need more than a key are ready only with it",
    arguments: [
      ("databricks", ["DATABRICKS_TOKEN": "t"], false),
      ("databricks", ["DATABRICKS_TOKEN": "t", "DATABRICKS_HOST": "https://x.cloud.databricks.com"], true),
      ("databricks", ["DATABRICKS_TOKEN": "t", "DATABRICKS_HOST": "evil.example"], false),
      ("databricks", ["DATABRICKS_TOKEN": "x.azuredatabricks.net::t"], true),
      ("snowflake-cortex", ["SNOWFLAKE_CORTEX_PAT": "t"], false),
      ("snowflake-cortex", ["SNOWFLAKE_CORTEX_PAT": "t", "SNOWFLAKE_ACCOUNT": "my_org"], true),
      ("bedrock", [:], false), ("bedrock", ["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"], true),
      ("bedrock", ["AWS_ACCESS_KEY_ID": "a"], false), ("bedrock", ["AWS_BEARER_TOKEN_BEDROCK": "b"], true),
    ])
  func ready(_ provider: String, _ environment: [String: String], _ isReady: Bool) async throws {
    let person = try Person(config: [:], environment: environment)
    let report = try #require(try await person.engine.reports(on: provider).first)
    #expect(report.status == (isReady ? .ready : .missing))
    #expect((report.problem == nil) == isReady)
    // A provider that is not ready is no reason to hide the settings of the others.
    let id = report.provider.id
    #expect(try await person.engine.keySources()[id] == report.place.map { "env:\($0.detail)" })
  }
}

/// A family that says in headers what it was asked for.
private struct TierDialect: Dialect {
  let api: APIFamily
  private let base = OpenAICompletions()

  init(api: APIFamily) { self.api = api }

  func validate(quirks: JSONObject) throws(JSONFieldError) {}
  func encode(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest {
    var encoded = try base.encode(request, for: Self.plain(endpoint))
    encoded.dropped.removeAll { $0.what == "serviceTier" }
    let options = request.options
    let cache = "\(options.cache?.rawValue ?? "unset") \(options.cachesSystem) \(options.cachesInstructions)"
    encoded.http.headers += [HTTPHeader("x-api", api), HTTPHeader("x-cache", cache)]
    if let tier = options.serviceTier { encoded.http.headers.append(HTTPHeader("x-tier", tier.rawValue)) }
    return encoded
  }
  func streamDecoder(for request: CompletionRequest, at endpoint: Endpoint) -> any AnswerDecoder {
    base.streamDecoder(for: request, at: Self.plain(endpoint))
  }
  func decodeWhole(
    _ body: [UInt8], for request: CompletionRequest, at endpoint: Endpoint
  ) throws(ProviderError) -> [StreamEvent] { try base.decodeWhole(body, for: request, at: Self.plain(endpoint)) }
  func error(status: Int, headers: [(String, String)], body: [UInt8]) -> ProviderError {
    base.error(status: status, headers: headers, body: body)
  }

  private static func plain(_ endpoint: Endpoint) -> Endpoint {
    var endpoint = endpoint
    endpoint.quirks = [:]
    endpoint.model.quirks = [:]
    return endpoint
  }
}
