import Completion
import Dialects
import JSON
import TestSupport
import Testing

/// Our requests in the hands of the vendors' own Python packages: whatever we write loads in their request types.
@Suite("Request types of the vendors' packages", .timeLimit(.minutes(3)))
struct RequestTypesRefereeTests {
  static let families: Set = [
    "openai-completions", "openai-responses", "anthropic-messages", "google-generative-ai", "mistral",
  ]
  static let python = "\(Testbed.programs)/v-sdks/bin/python"

  @Test(
    "take every request we can write", .enabled(if: Testbed.has("v-sdks/bin/python"), "the SDKs are not installed"))
  func load() async throws {
    var names: [String] = []
    var lines: [String] = []
    for dialect in Dialects.all where Self.families.contains(dialect.api) {
      for feature in Feature.all {
        let body = try dialect.write(feature.request, at: feature.endpoint(dialect.api)).body
        names.append("\(dialect.api): \(feature.name)")
        lines.append(JSONValue.object(["family": .string(dialect.api), "body": body]).text)
      }
    }
    #expect(Set(names).count == Self.families.count * Feature.all.count)
    let script = "\(#filePath.dropLast("DialectsTests/RequestTypesRefereeTests.swift".count))Referees/sdk_types.py"
    let verdicts = try await LineServer(Self.python, [script]).answers(to: lines)
    for (index, verdict) in verdicts.enumerated() {
      #expect(verdict == "ok", "\(names[index]): \(lines[index])")
    }
  }
}

/// A request that uses one thing that requests can have.
struct Feature: Sendable {
  var name: String
  var request: CompletionRequest
  var model: ModelInfo

  init(
    _ name: String, _ messages: [Message] = [Message(.user, "hi")], reasons: Bool = false,
    options change: (inout CompletionOptions) -> Void = { _ in }
  ) {
    self.name = name
    var info = ModelInfo(id: "model-1")
    info.input = ["text", "image", "pdf"]
    info.maxOutputTokens = 32_000
    info.structured = true
    info.reasoning = reasons
    model = info
    request = CompletionRequest(messages: messages, sessionId: "session-1")
    change(&request.options)
  }

  /// The model at a provider of the family `api`, with an address as the catalogue has it.
  func endpoint(_ api: APIFamily) -> Endpoint {
    var endpoint = Endpoint(provider: "prov", baseURL: "https://host.test/v1", model: model)
    endpoint.variables = ["region": "us-east-1", "project": "project-1", "location": "us-central1"]
    // What the older family can do is its servers' affair, and must be switched on.
    if api == "openai-completions" {
      endpoint.quirks = [
        "supportsStore": true, "supportsDeveloperRole": true, "supportsReasoningEffort": true, "fileInput": "data",
        "maxTokensField": "max_completion_tokens", "promptCacheKey": "always", "supportsLongCacheRetention": true,
        "supportsServiceTier": true, "supportsStrictMode": true,
      ]
    }
    return endpoint
  }

  private static let weather: [Message] = [
    Message(.user, "Weather in Paris and Rome?"),
    Message(
      role: .assistant,
      content: [.text("Let me see."), .call("call_1", "weather", ["city": "Paris"]), .call("call_2", "weather")]),
    Message(role: .tool, content: [.result("call_1", "Sunny"), .result("call_2", "no city", isError: true)]),
  ]

  static let all: [Feature] = [
    Feature("a text"),
    Feature("system, instructions and sampling") { options in
      (options.system, options.instructions) = ("Be brief.", "Use tabs.")
      (options.maxTokens, options.temperature, options.topP, options.seed) = (100, 0.5, 0.9, 7)
      options.stop = ["END"]
    },
    Feature("images and a PDF", [Message(role: .user, content: [.text("What is this?"), .png, .pdf])]),
    Feature("tools", weather) { options in
      options.tools = [.weather]
      options.parallelTools = false
    },
    Feature("a tool that must be called") { options in
      options.tools = [.weather]
      options.toolChoice = .tool("weather")
    },
    Feature("some tool, and none") { options in
      options.tools = [.weather]
      options.toolChoice = .required
    },
    Feature("a tool's image", [weather[0], weather[1], Message(role: .tool, content: [imageResult])]) { options in
      options.tools = [.weather]
    },
    Feature("little thought", reasons: true) { $0.reasoning = .level(.low) },
    Feature("a budget of thought", reasons: true) { $0.reasoning = .budget(4000) },
    Feature("a schema") { options in
      options.output = OutputFormat(schema: Tool.weather.inputSchema, name: "city")
    },
    Feature("long caching", [Message(.user, "one"), Message(.assistant, "two"), Message(.user, "three")]) { options in
      (options.system, options.instructions, options.cache) = ("Be brief.", "Use tabs.", .long)
    },
    Feature("the fast tier") { $0.serviceTier = .priority },
  ]

  private static let imageResult = Part.toolResult(ToolResult(toolCallId: "call_1", content: [.text("A map"), .png]))
}
