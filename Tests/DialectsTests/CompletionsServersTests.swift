import Completion
import Dialects
import JSON
import Testing

/// What single servers want, beside the formats of thinking and of tools.
@Suite("Chat completions: servers")
struct CompletionsServersTests {
  let dialect = OpenAICompletions()

  // MARK: - Options

  @Test("a temperature is left out where the catalogue or the server says that reasoning models refuse it")
  func temperature() throws {
    func losses(_ quirks: JSONObject, _ change: @escaping (inout ModelInfo) -> Void) throws -> [String] {
      let written = try dialect.write(quirks, model: .with(change)) {
        $0.temperature = 0.2
        $0.stop = ["a"]
      }
      #expect((written.body["temperature"] == nil) == written.losses.contains("temperature"))
      #expect((written.body["stop"] == nil) == written.losses.contains("stop"))
      return written.losses
    }
    let quirks: JSONObject = ["reasoningModelsRefuse": ["temperature", "stop"]]
    #expect(try losses([:]) { $0.temperature = false } == ["temperature"])
    #expect(try losses(quirks) { $0.reasoning = true } == ["temperature", "stop"])
    #expect(try losses(quirks) { $0.reasoning = false } == [])
    let known = try losses(quirks) {
      $0.reasoning = true
      $0.temperature = true
    }
    #expect(known == ["stop"])
  }

  @Test("service tiers go out under the server's own words")
  func tiers() throws {
    let groq: JSONObject = [
      "supportsServiceTier": true, "serviceTiers": ["default": "on_demand", "priority": nil],
    ]
    func write(_ quirks: JSONObject, _ tier: ServiceTier) throws -> Written {
      try dialect.write(quirks) { $0.serviceTier = tier }
    }
    #expect(try write(groq, .default).body["service_tier"] == "on_demand")
    #expect(try write(groq, .flex).body["service_tier"] == "flex")
    #expect(try write(groq, .priority).body["service_tier"] == nil)
    #expect(try write(groq, .priority).losses == ["serviceTier"])
    #expect(try write([:], .default).dropped == [])
  }

  @Test("a schema is asked for in the way that the model is known to take")
  func structured() throws {
    func write(_ quirks: JSONObject = [:], structured: Bool?, tools: Bool = true) throws -> JSONValue {
      let model = ModelInfo.with {
        $0.structured = structured
        $0.tools = tools
      }
      return try dialect.write(quirks, model: model) { $0.output = OutputFormat(schema: ["type": "object"]) }.body
    }
    #expect(try write(structured: nil)["response_format"]?["type"] == "json_schema")
    #expect(try write(structured: true)["response_format"]?["type"] == "json_schema")
    #expect(try write(structured: false)["tool_choice"]?["function"]?["name"] == "answer")
    #expect(try write(structured: false, tools: false)["response_format"] == ["type": "json_object"])
    #expect(
      try write(["structuredOutput": "json_schema"], structured: false)["response_format"]?["type"] == "json_schema")
    let answer = dialect.decode(
      [
        Array(
          #"{"choices":[{"message":{"tool_calls":[{"id":"1","function":{"name":"answer","arguments":"{}"}}]}}]}"#.utf8)[
            ...]
      ],
      options: .with { $0.output = OutputFormat(schema: [:]) }, quirks: ["supportsFinishReason": false],
      model: .with { $0.structured = false })
    #expect(answer.text == "{}")
    #expect(answer.calls == [])
  }

  // MARK: - Messages

  @Test("a server that does not go on with the assistant's words is not asked to")
  func trailingAssistant() throws {
    let messages = [Message(.user, "a"), Message(.assistant, "b")]
    let refusal = dialect.refusal(["trailingAssistant": "none"], messages: messages)
    #expect(refusal?.kind == .unsupported)
    #expect(refusal?.path == "messages")
    #expect(dialect.refusal(["trailingAssistant": "none"], messages: [Message(.user, "a")]) == nil)
    #expect(try dialect.write(messages: messages).body["messages"]?[1]?["prefix"] == nil)
  }

  @Test("a seal over hidden reasoning comes and goes back beside it, to its own model only")
  func seal() throws {
    let answer = dialect.decode(
      """
      data: {"choices":[{"delta":{"reasoning_text":"hm","reasoning_opaque":"S"}}]}

      data: {"choices":[{"delta":{"tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}

      data: [DONE]


      """)
    #expect(answer.reasoning == "hm")
    #expect(answer.opaque == ["field": "reasoning_text", "seal": "S"])
    let alone = dialect.decodeWhole(
      ["choices": [["message": ["content": "A", "reasoning_opaque": "S"], "finish_reason": "stop"]]])
    #expect(alone.opaque == ["seal": "S"])
    func replayed(_ model: String) throws -> JSONValue? {
      let parts: [Part] = [.reasoning(Reasoning(text: "", opaque: alone.opaque)), .text("A")]
      let origin = Origin(provider: "prov", api: "openai-completions", model: model)
      let message = Message(role: .assistant, content: parts, origin: origin)
      return try dialect.write(messages: [Message(.user, "a"), message, Message(.user, "b")]).body["messages"]?[1]
    }
    #expect(try replayed("model-1") == ["role": "assistant", "content": "A", "reasoning_opaque": "S"])
    #expect(try replayed("model-2") == ["role": "assistant", "content": "A"])
  }

  @Test("a model without tools gets a history without them")
  func withoutTools() throws {
    let messages = [
      Message(.user, "a"), Message(role: .assistant, content: [.call("c", "f", ["x": 1])]),
      Message(role: .tool, content: [.result("c", "r")]),
    ]
    let written = try dialect.write(["supportsTools": false], messages: messages)
    #expect(written.body.text.contains("tool_call") == false)
    #expect(written.body["messages"]?.array?.map { $0["role"]?.string } == ["user", "assistant", "user"])
    let refusal = dialect.refusal(["supportsTools": false]) { $0.tools = [.weather] }
    #expect(refusal?.path == "tools")
  }

  // MARK: - Cache markers

  @Test(
    "markers stand on system, instructions, the last tool and the last message, never on more than four",
    arguments: [(true, true, 4), (true, false, 3), (false, true, 3), (false, false, 2)])
  func markers(_ system: Bool, _ instructions: Bool, _ count: Int) throws {
    let written = try dialect.write(
      ["cacheControl": "anthropic", "structuredOutput": "json_object"],
      messages: [Message(.system, "s"), Message(.user, "a"), Message(.assistant, "b"), Message(.user, "c")]
    ) {
      $0.system = "S"
      $0.instructions = "I"
      $0.cachesSystem = system
      $0.cachesInstructions = instructions
      $0.tools = [.weather]
      $0.output = OutputFormat(schema: [:])
    }
    let parts = written.body["messages"]?[0]?["content"]?.array ?? []
    #expect(parts.map { $0["cache_control"] != nil } == [system, instructions, false])
    #expect(written.body["tools"]?[0]?["cache_control"] == ["type": "ephemeral"])
    #expect(written.body["messages"]?[4]?["content"]?[0]?["cache_control"] == ["type": "ephemeral"])
    #expect(written.body.text.split(separator: "cache_control").count == count + 1)
  }

  @Test("without options the system message of the conversation is marked")
  func systemMessage() throws {
    let messages = [Message(.system, "s"), Message(.user, "a")]
    func parts(_ caches: Bool) throws -> [Bool] {
      let written = try dialect.write(["cacheControl": "anthropic"], messages: messages) { $0.cachesSystem = caches }
      return (written.body["messages"]?.array ?? []).map { $0["content"]?[0]?["cache_control"] != nil }
    }
    #expect(try parts(true) == [true, true])
    #expect(try parts(false) == [false, true])
  }

  @Test("an input that cannot have fitted is doubted, not refused")
  func overlongInput() {
    let text = """
      data: {"choices":[{"delta":{"content":"A"},"finish_reason":"stop"}],"usage":{"prompt_tokens":90,"completion_tokens":1}}

      data: [DONE]


      """
    func warnings(_ window: Int) -> [String] {
      let answer = dialect.decode([Array(text.utf8)[...]], model: .with { $0.contextWindow = window })
      #expect(answer.text == "A")
      #expect(answer.stop == .end)
      return answer.warnings
    }
    #expect(warnings(89) == ["the input is longer than the model's context window; it may have been cut"])
    #expect(warnings(90) == [])
  }

  // MARK: - Addresses and headers

  @Test("fixed and variable parameters stand behind the path, and a missing variable is named")
  func query() throws {
    var endpoint = Endpoint.test(["query": ["api-version": "$apiVersion", "a b": "c&d"]])
    let request = CompletionRequest(messages: [Message(.user, "hi")])
    let error = #expect(throws: ProviderError.self) { try dialect.encode(request, for: endpoint) }
    #expect(error?.kind == .invalidParams)
    #expect(error?.message == "prov needs a value for apiVersion")
    endpoint.variables = ["apiVersion": "2025-04-01"]
    #expect(
      try dialect.write(request, at: endpoint).url
        == "https://host.test/v1/chat/completions?api-version=2025-04-01&a%20b=c%26d")
    endpoint.quirks = ["query": ["api-version": "$apiVersion|2024-10-21"]]
    for (version, expected) in [("2025-04-01", "2025-04-01"), ("", "2024-10-21"), (nil, "2024-10-21")] {
      endpoint.variables = version.map { ["apiVersion": $0] } ?? [:]
      #expect(try dialect.write(request, at: endpoint).url.hasSuffix("?api-version=\(expected)"))
    }
  }
}

extension CompletionOptions {
  static func with(_ change: (inout CompletionOptions) -> Void) -> CompletionOptions {
    var options = CompletionOptions()
    change(&options)
    return options
  }
}
