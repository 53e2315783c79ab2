import Completion
import Dialects
import HTTP
import JSON
import Testing

@Suite("Messages: requests")
struct MessagesEncoderTests {
  let dialect = AnthropicMessages()

  // MARK: - The frame

  @Test("the smallest request", arguments: ["https://host.test", "https://host.test/v1"])
  func smallest(_ baseURL: String) throws {
    let request = CompletionRequest(messages: [Message(.user, "hi")], stream: false)
    var endpoint = Endpoint.test(["supportsCacheControl": false], baseURL: baseURL)
    endpoint.apiKey = Secret("k")
    endpoint.authHeader = "x-api-key"
    let written = try dialect.write(request, at: endpoint)
    #expect(written.url == "https://host.test/v1/messages")
    #expect(
      written.headers == [
        "content-type": "application/json", "accept": "application/json", "x-api-key": "k",
        "anthropic-version": "2023-06-01",
      ])
    let user: JSONValue = ["role": "user", "content": [["type": "text", "text": "hi"]]]
    #expect(written.body == ["model": "model-1", "max_tokens": 8192, "messages": [user]])
    let streamed = try dialect.write(stream: true)
    #expect(streamed.body["stream"] == true)
    #expect(streamed.headers["accept"] == "text/event-stream")
  }

  @Test("betas of the request, the quirks and the configuration add up, unless an empty header takes them away")
  func betas() throws {
    let request = CompletionRequest(messages: [Message(.user, "hi")])
    var endpoint = Endpoint.test(["betas": ["one", "two"]])
    #expect(try dialect.write(request, at: endpoint).headers["anthropic-beta"] == "one,two")
    endpoint.headers = [HTTPHeader("Anthropic-Beta", "two, three"), HTTPHeader("anthropic-version", "2030-01-01")]
    #expect(try dialect.write(request, at: endpoint).headers["anthropic-beta"] == "one,two,three")
    #expect(try dialect.write(request, at: endpoint).headers["anthropic-version"] == "2030-01-01")
    endpoint.headers = [HTTPHeader("anthropic-beta", "")]
    #expect(try dialect.write(request, at: endpoint).headers["anthropic-beta"] == nil)
  }

  @Test("sessions are told where the server wants to know")
  func sessionHeaders() throws {
    let quirks: JSONObject = ["sessionHeaders": ["x-s"]]
    let written = try dialect.write(quirks, session: "abc")
    #expect(written.headers["x-s"] == "abc")
    #expect(try dialect.write(quirks, session: "abc") { $0.cache = .off }.headers["x-s"] == nil)
  }

  @Test("extra wins over everything, the quirks' body over the options")
  func extra() throws {
    let written = try dialect.write(["body": ["top_k": 3, "max_tokens": 7]]) {
      $0.maxTokens = 5
      $0.extra = ["top_k": 4]
    }
    #expect(written.body["max_tokens"] == 7)
    #expect(written.body["top_k"] == 4)
  }

  // MARK: - Options

  @Test("sampling options that the API or the model has no room for are dropped and named")
  func sampling() throws {
    let all: (inout CompletionOptions) -> Void = {
      ($0.temperature, $0.topP, $0.seed) = (0.5, 0.9, 1)
      $0.stop = ["a", " \n", "b"]
    }
    let usual = try dialect.write([:], all)
    #expect(usual.body["temperature"] == 0.5)
    #expect(usual.body["top_p"] == nil)
    #expect(usual.body["stop_sequences"] == ["a", "b"])
    #expect(usual.losses == ["topP", "seed", "stop[1]"])
    let newer = try dialect.write(model: .with { $0.temperature = false }, all)
    #expect(newer.body["temperature"] == nil)
    #expect(newer.losses.contains("temperature"))
    #expect(newer.losses.contains("topP"))
    let picky = try dialect.write(["refuses": ["temperature", "stop"]], all)
    #expect(picky.body["top_p"] == 0.9)
    #expect(picky.body["stop_sequences"] == nil)
    #expect(picky.losses == ["temperature", "seed", "stop"])
    let hot = try dialect.write { $0.temperature = 1.5 }
    #expect(hot.body["temperature"] == 1)
    #expect(hot.losses == ["temperature"])
  }

  @Test("priority is fast mode where there is such, else the account's capacity")
  func tiers() throws {
    let fast = try dialect.write(model: .with { $0.fastMode = true }) { $0.serviceTier = .priority }
    #expect(fast.body["speed"] == "fast")
    #expect(fast.headers["anthropic-beta"] == "fast-mode-2026-02-01")
    let quirks: JSONObject = ["supportsServiceTier": true]
    #expect(try dialect.write(quirks) { $0.serviceTier = .priority }.body["service_tier"] == "auto")
    #expect(try dialect.write(quirks) { $0.serviceTier = .default }.body["service_tier"] == "standard_only")
    #expect(try dialect.write(quirks) { $0.serviceTier = .flex }.losses == ["serviceTier"])
    #expect(try dialect.write { $0.serviceTier = .priority }.losses == ["serviceTier"])
    #expect(try dialect.write { $0.serviceTier = .default }.losses == [])
  }

  // MARK: - Tools

  @Test("tools, and the choice among them")
  func tools() throws {
    let bare = Tool(name: "bare", inputSchema: [:])
    let written = try dialect.write(["supportsCacheControl": false], stream: true) { $0.tools = [.weather, bare] }
    #expect(
      written.body["tools"] == [
        [
          "name": "weather", "description": "Tells it", "input_schema": .object(Tool.weather.inputSchema),
          "eager_input_streaming": true,
        ], ["name": "bare", "input_schema": ["type": "object"], "eager_input_streaming": true],
      ])
    #expect(written.body["tool_choice"] == nil)
    let beta = try dialect.write(["toolInputStreaming": "beta"], stream: true) { $0.tools = [bare] }
    #expect(beta.headers["anthropic-beta"] == "fine-grained-tool-streaming-2025-05-14")
    #expect(beta.body["tools"]?[0]?["eager_input_streaming"] == nil)
    let whole = try dialect.write { $0.tools = [bare] }
    #expect(whole.body["tools"]?[0]?["eager_input_streaming"] == nil)
  }

  @Test(
    "each choice",
    arguments: [
      (ToolChoice.auto, nil, #"{"type":"auto"}"#), (ToolChoice.none, nil, #"{"type":"none"}"#),
      (.required, nil, #"{"type":"any"}"#), (.tool("weather"), nil, #"{"type":"tool","name":"weather"}"#),
      (nil, false, #"{"type":"auto","disable_parallel_tool_use":true}"#), (nil, true, nil),
      (.required, false, #"{"type":"any","disable_parallel_tool_use":true}"#),
      (ToolChoice.none, false, #"{"type":"none"}"#),
    ] as [(ToolChoice?, Bool?, String?)])
  func choices(_ choice: ToolChoice?, _ parallel: Bool?, _ expected: String?) throws {
    let written = try dialect.write {
      ($0.tools, $0.toolChoice, $0.parallelTools) = ([.weather], choice, parallel)
    }
    let wanted = try expected.map { try json($0) }
    #expect(written.body["tool_choice"] == wanted)
  }

  @Test("what cannot be asked for is an error that names the field")
  func refusals() {
    #expect(dialect.refusal { $0.toolChoice = .tool("x") }?.path == "toolChoice")
    #expect(dialect.refusal { $0.toolChoice = .required }?.kind == .invalidParams)
    #expect(dialect.refusal(model: .with { $0.tools = false }) { $0.tools = [.weather] }?.path == "tools")
    let unforced: JSONObject = ["supportsForcedToolChoice": false]
    let forced = dialect.refusal(unforced) { ($0.tools, $0.toolChoice) = ([.weather], .required) }
    #expect(forced?.kind == .unsupported)
    #expect(forced?.path == "toolChoice")
    let output: (inout CompletionOptions) -> Void = { $0.output = OutputFormat(schema: [:]) }
    #expect(dialect.refusal(unforced, output)?.path == "output")
    #expect(dialect.refusal(["structuredOutput": "none"], output)?.kind == .unsupported)
    #expect(dialect.refusal(["supportsTools": false], output)?.path == "output")
    #expect(dialect.refusal(["suportsTools": false])?.path == "quirks.suportsTools")
  }

  // MARK: - Structured output

  @Test("a schema goes where the model takes it: natively, or as a tool that must be called")
  func output() throws {
    let schema: JSONObject = ["type": "object", "properties": [:], "required": [], "additionalProperties": false]
    let ask: (inout CompletionOptions) -> Void = {
      $0.output = OutputFormat(schema: schema, name: "city", strict: true)
    }
    let native = try dialect.write(model: .with { $0.structured = true }, ask)
    #expect(native.body["output_config"] == ["format": ["type": "json_schema", "schema": .object(schema)]])
    #expect(native.body["tools"] == nil)
    let forced = try dialect.write([:], ask)
    #expect(forced.body["output_config"] == nil)
    #expect(forced.body["tool_choice"] == ["type": "tool", "name": "city"])
    #expect(forced.body["tools"]?[0]?["input_schema"] == .object(schema))
    #expect(forced.losses == ["output.strict"])
    let strict = try dialect.write(["supportsStrictTools": true], ask)
    #expect(strict.body["tools"]?[0]?["strict"] == true)
    #expect(strict.losses == [])
    let beside = try dialect.write {
      ask(&$0); $0.tools = [.weather]
    }
    #expect(beside.body["tool_choice"] == ["type": "any"])
    #expect(beside.body["tools"]?.array?.count == 2)
    let alone = try dialect.write {
      ask(&$0); $0.tools = [.weather]; $0.toolChoice = ToolChoice.none
    }
    #expect(alone.body["tool_choice"] == ["type": "tool", "name": "city"])
    #expect(alone.body["tools"]?.array?.count == 1)
  }

  @Test("every quirk can be set, and is then not the default; a mistake is named")
  func everyQuirk() throws {
    let all = try json(
      """
      {"defaultMaxTokens":5,"thinkingFormat":"adaptive","reasoningEfforts":{"max":"xhigh"},
       "supportsThinkingDisplay":false,"supportsInterleavedThinking":false,"allowsEmptySignature":true,
       "structuredOutput":"tool","supportsStrictTools":true,"supportsTools":false,"supportsForcedToolChoice":false,
       "toolInputStreaming":"beta","supportsImages":true,"supportsFiles":true,"supportsMediaURLs":false,
       "supportsCacheControl":false,"supportsCacheControlOnTools":false,"supportsLongCacheRetention":false,
       "supportsServiceTier":true,"refuses":["stop"],"betas":["b"],"sessionHeaders":["a"],
       "claudeCode":true,"countsTokens":false,"body":{"a":1}}
      """)
    let object = try #require(all.object)
    let set = Mirror(reflecting: try AnthropicMessagesQuirks().with(object)).children
    let defaults = Mirror(reflecting: AnthropicMessagesQuirks()).children
    #expect(set.count == object.count)
    for (changed, usual) in zip(set, defaults) {
      #expect("\(changed.value)" != "\(usual.value)", "\(changed.label ?? "")")
      #expect(object[changed.label ?? ""] != nil, "a quirk is called like its property")
    }
    for dialect in [AnthropicMessages(), VertexAnthropic()] as [any Dialect] {
      #expect(throws: Never.self) { try dialect.validate(quirks: object) }
      #expect(throws: JSONFieldError.self) { try dialect.validate(quirks: ["beta": ["x"]]) }
      #expect(throws: JSONFieldError.self) { try dialect.validate(quirks: ["refuses": ["seed"]]) }
    }
  }

  // MARK: - Counting

  @Test("counting sends what counts and nothing else")
  func counting() throws {
    var options = CompletionOptions()
    options.system = "s"
    options.tools = [.weather]
    options.stop = ["x"]
    options.temperature = 0.5
    options.serviceTier = .priority
    options.reasoning = .level(.low)
    let model = ModelInfo.with { ($0.reasoning, $0.fastMode) = (true, true) }
    let request = CompletionRequest(messages: [Message(.user, "hi")], options: options, stream: true)
    let counted = try #require(try dialect.countRequest(request, for: .test(["body": ["x": 1]], model)))
    let body = try JSONValue(parsing: counted.http.body ?? [])
    #expect(counted.http.url == "https://host.test/v1/messages/count_tokens")
    #expect(body.object.map { Array($0.keys).sorted() } == ["messages", "model", "system", "thinking", "tools"])
    #expect(try dialect.countRequest(request, for: .test(["countsTokens": false], model)) == nil)
    #expect(try dialect.countedTokens(in: Array(#"{"input_tokens":42}"#.utf8)) == 42)
    let wrong = #expect(throws: ProviderError.self) { try dialect.countedTokens(in: Array(#"{"a":1}"#.utf8)) }
    #expect(wrong?.kind == .upstreamInvalid)
  }
}
