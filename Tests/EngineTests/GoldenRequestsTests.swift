import Catalog
import Completion
import Dialects
import HTTP
import JSON
import TestSupport
import Testing

@testable import Engine

@Suite("Every provider is sent what the facts about it say")
struct GoldenRequestsTests {
  @Test("a request is the golden one", arguments: GoldenRequest.all)
  func request(_ golden: GoldenRequest) async throws {
    let differences = try golden.differences(try await encode(golden))
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
  }

  @Test("the golden requests are there, and every provider that is reached over HTTP has one")
  func completeness() async throws {
    let engine = try Person(config: [:]).engine
    let catalog = try await engine.catalog()
    let covered = Set(GoldenRequest.all.compactMap { try? catalog.provider(named: $0.text("provider")).id })
    let missing = catalog.providers.filter { $0.baseURL != nil && !covered.contains($0.id) }.map(\.id)
    #expect(!GoldenRequest.all.isEmpty && missing.isEmpty, "\(missing)")
  }

  /// What would be sent, up to the point where it would leave.
  private func encode(_ golden: GoldenRequest) async throws -> HTTPRequest {
    let person = try Person(
      config: [:], auth: golden.entry["auth"]?.text, environment: golden.texts("environment"))
    for (name, content) in golden.entry["files"]?.object ?? [:] { try person.folder.write(name, content.text) }
    var call = CompletionCall(input: [Message(.user, "What is the weather in Paris?")])
    call.provider = golden.text("provider")
    call.model = golden.text("model")
    call.apiKey = golden.entry["key"]?.string ?? golden.entry["token"]?.string
    call.options.system = "Be brief."
    call.options.maxTokens = 3000
    call.options.reasoning = .level(.high)
    let schema: JSONObject = ["type": "object", "properties": ["city": ["type": "string"]], "required": ["city"]]
    call.options.tools = [Tool(name: "get_weather", description: "Tells the weather", inputSchema: schema)]
    try override(&call, golden.entry["call"]?.object ?? [:])

    let engine = person.engine
    let (_, target) = try await engine.place(call, try await engine.catalog())
    let dialect = try #require(engine.dialect(named: target.api), "\(target.api) is not spoken")
    let request = CompletionRequest(messages: call.input, options: call.options, sessionId: "session-1")
    let endpoint = try await engine.endpoint(target.provider, target.model, call, messages: call.input)
    return try dialect.authorize(
      try dialect.encode(request, for: endpoint).http, at: endpoint, time: 1_767_323_045)
  }

  private func override(_ call: inout CompletionCall, _ changes: JSONObject) throws {
    for (name, value) in changes {
      switch name {
      case "messages": call.input = try (value.array ?? []).map { try Message(json: $0) }
      case "reasoning": call.options.reasoning = ReasoningLevel(rawValue: value.string ?? "").map { .level($0) }
      case "maxTokens": call.options.maxTokens = value.int
      case "api": call.api = value.string
      case "headers": call.headers = (value.object ?? [:]).map { ($0.key, $0.value.string) }
      default: Issue.record("the entry overrides \"\(name)\", which the test does not know")
      }
    }
  }
}
