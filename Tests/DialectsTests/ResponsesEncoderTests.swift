import Completion
import Dialects
import HTTP
import JSON
import Testing

@Suite("Responses: requests")
struct ResponsesEncoderTests {
  let dialect = OpenAIResponses()
  static let thinker = ModelInfo.with { $0.reasoning = true }
  static let schema: JSONObject = [
    "type": "object", "properties": ["a": ["type": "string"]], "required": ["a"], "additionalProperties": false,
  ]

  @Test("the least: nothing is kept, nothing is said that was not asked for")
  func least() throws {
    let written = try dialect.write(stream: true)
    #expect(
      written.body == [
        "model": "model-1", "input": [["type": "message", "role": "user", "content": "hi"]], "stream": true,
        "store": false,
      ])
    #expect(written.url == "https://host.test/v1/responses")
    #expect(written.headers["accept"] == "text/event-stream")
    #expect(try dialect.write().headers["accept"] == "application/json")
    #expect(try dialect.write(["supportsStore": false]).body["store"] == nil)
  }

  @Test("the system text: a message of the right role, or a field")
  func system() throws {
    let change = { (options: inout CompletionOptions) in
      options.system = "a"
      options.instructions = "b"
    }
    let plain = try dialect.write(["supportsDeveloperRole": true], change)
    #expect(plain.body["input"]?[0] == ["type": "message", "role": "system", "content": "a\n\nb"])
    let developer = try dialect.write(["supportsDeveloperRole": true], model: Self.thinker, change)
    #expect(developer.body["input"]?[0]?["role"] == "developer")
    #expect(try dialect.write(model: Self.thinker, change).body["input"]?[0]?["role"] == "system")
    let field = try dialect.write(["system": "instructions"], change)
    #expect(field.body["instructions"] == "a\n\nb")
    #expect(field.body["input"]?.array?.count == 1)
    let later = try dialect.write(
      ["supportsDeveloperRole": true], messages: [Message(.user, "x"), Message(.system, "y")], model: Self.thinker)
    #expect(later.body["input"]?[1] == ["type": "message", "role": "developer", "content": "y"])
  }

  @Test("images and files")
  func media() throws {
    let messages = [Message(role: .user, content: [.text("see"), .png, .pdf])]
    let written = try dialect.write(messages: messages, model: .with { $0.input = ["text", "image", "pdf"] })
    #expect(
      written.body["input"]?[0]?["content"] == [
        ["type": "input_text", "text": "see"],
        ["type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,iVBO"],
        ["type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"],
      ])
    #expect(try dialect.write(messages: messages).losses == ["messages[0].content[1]", "messages[0].content[2]"])
    let file = Part.file(Media(mediaType: "application/pdf", source: .url("https://h.test/a.pdf")), name: nil)
    let fetched = try dialect.write(["fileInput": "dataOrURL"], messages: [Message(role: .user, content: [file])])
    #expect(fetched.body["input"]?[0]?["content"] == [["type": "input_file", "file_url": "https://h.test/a.pdf"]])
    let unfetched = try dialect.write(["fileInput": "data"], messages: [Message(role: .user, content: [file])])
    #expect(unfetched.losses == ["messages[0].content[0]"])
  }

  @Test("tool results: text, errors, nothing, and media in them or behind them all")
  func results() throws {
    let picture = Part.toolResult(ToolResult(toolCallId: "b", content: [.text("see"), .png]))
    let messages = [
      Message(.user, "hi"), Message(role: .assistant, content: [.call("a", "f"), .call("b", "g"), .call("c", "h")]),
      Message(role: .tool, content: [picture]), Message(role: .tool, content: [.result("a", "no", isError: true)]),
      Message(role: .tool, content: [.result("c", "")]), Message(.user, "on"),
    ]
    let model = ModelInfo.with { $0.input = ["text", "image"] }
    let image: JSONValue = ["type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,iVBO"]
    let inside = try dialect.write(messages: messages, model: model)
    let results = inside.body["input"]?.array?.filter { $0["type"] == "function_call_output" } ?? []
    #expect(results.map { $0["call_id"] } == ["b", "a", "c"])
    #expect(
      results.map { $0["output"] } == [[["type": "input_text", "text": "see"], image], "Error: no", "(no output)"])
    let behind = try dialect.write(["supportsToolResultMedia": false], messages: messages, model: model)
    let items = behind.body["input"]?.array ?? []
    #expect(items.map { $0["output"] }.compactMap { $0 } == ["see", "Error: no", "(no output)"])
    #expect(items.count == 9)
    #expect(items[7]["role"] == "user")
    #expect(items[7]["content"]?[1] == image)
    #expect(items[8]["content"] == "on")
  }

  @Test("ids that the API would refuse are replaced, in the call and in its result")
  func ids() throws {
    let long = String(repeating: "x", count: 65)
    func messages(_ id: String) -> [Message] {
      [Message(role: .assistant, content: [.call(id, "f")]), Message(role: .tool, content: [.result(id, "r")])]
    }
    let written = try dialect.write(messages: messages(long))
    let id = try #require(written.body["input"]?[0]?["call_id"]?.string)
    #expect(id != long && id.count <= 64)
    #expect(written.body["input"]?[1]?["call_id"]?.string == id)
    #expect(try dialect.write(messages: messages("a_")).body["input"]?[0]?["call_id"] == "a_")
    let strict = try dialect.write(["refusesTrailingUnderscore": true], messages: messages("a_"))
    #expect(strict.body["input"]?[0]?["call_id"]?.string?.hasSuffix("_") == false)
  }

  // MARK: - Tools

  @Test("tools, their strictness, and whether they must be called")
  func tools() throws {
    let tool: JSONValue = [
      "type": "function", "name": "weather", "description": "Tells it",
      "parameters": .object(Tool.weather.inputSchema), "strict": false,
    ]
    #expect(try dialect.write { $0.tools = [.weather] }.body["tools"] == [tool])
    let null = try dialect.write(["toolStrict": "null"]) { $0.tools = [.weather] }
    #expect(null.body["tools"]?[0]?["strict"] == .null)
    #expect(try dialect.write(["toolStrict": "omit"]) { $0.tools = [.weather] }.body["tools"]?[0]?["strict"] == nil)
    let forced = try dialect.write {
      $0.tools = [.weather]
      $0.toolChoice = .tool("weather")
      $0.parallelTools = false
    }
    #expect(forced.body["tool_choice"] == ["type": "function", "name": "weather"])
    #expect(forced.body["parallel_tool_calls"] == false)
    for (choice, word) in [(ToolChoice.auto, "auto"), (.none, "none"), (.required, "required")] {
      let written = try dialect.write {
        $0.tools = [.weather]
        $0.toolChoice = choice
      }
      #expect(written.body["tool_choice"]?.string == word)
    }
    #expect(dialect.refusal { $0.toolChoice = .required }?.path == "toolChoice")
    #expect(
      dialect.refusal(["supportsToolChoice": false]) {
        $0.tools = [.weather]; $0.toolChoice = .required
      }?.kind == .unsupported)
    #expect(dialect.refusal(["supportsTools": false]) { $0.tools = [.weather] }?.path == "tools")
    let left = try dialect.write(["supportsParallelToolCalls": false]) {
      $0.tools = [.weather]; $0.parallelTools = false
    }
    #expect(left.losses == ["parallelTools"])
  }

  @Test("a schema natively, strict where it qualifies; by a forced tool; or not at all")
  func output() throws {
    let native = try dialect.write { $0.output = OutputFormat(schema: Self.schema, name: "my name") }
    #expect(
      native.body["text"] == [
        "format": ["type": "json_schema", "name": "my_name", "strict": true, "schema": .object(Self.schema)]
      ])
    let open = try dialect.write { $0.output = OutputFormat(schema: ["type": "object"]) }
    #expect(open.body["text"]?["format"]?["strict"] == false)
    let lax = try dialect.write(["supportsStrictMode": false]) {
      $0.output = OutputFormat(schema: Self.schema, strict: true)
    }
    #expect(lax.losses == ["output.strict"])
    #expect(lax.body["text"]?["format"]?["strict"] == nil)
    let forced = try dialect.write(model: .with { $0.structured = false }) {
      $0.output = OutputFormat(schema: Self.schema)
    }
    #expect(forced.body["text"] == nil)
    #expect(forced.body["tool_choice"] == ["type": "function", "name": "answer"])
    #expect(forced.body["tools"]?[0]?["parameters"] == .object(Self.schema))
    let beside = try dialect.write(["structuredOutput": "tool"]) {
      $0.output = OutputFormat(schema: Self.schema)
      $0.tools = [.weather]
    }
    #expect(beside.body["tool_choice"] == "required")
    #expect(beside.body["tools"]?.array?.count == 2)
    #expect(dialect.refusal(["structuredOutput": "none"]) { $0.output = OutputFormat(schema: [:]) }?.path == "output")
    let verbose = try dialect.write(["verbosity": "low"]) {
      $0.extra = ["text": ["verbosity": "high"]]
      $0.output = OutputFormat(schema: Self.schema)
    }
    #expect(verbose.body["text"]?["verbosity"] == "high")
    #expect(verbose.body["text"]?["format"]?["type"] == "json_schema")
  }

  // MARK: - Options

  @Test("how much to think, in the model's words")
  func reasoning() throws {
    let model = ModelInfo.with {
      $0.reasoning = true
      $0.efforts = ["none", "low", "high"]
    }
    func written(_ option: ReasoningOption, _ model: ModelInfo, _ quirks: JSONObject = [:]) throws -> Written {
      try dialect.write(quirks, model: model) { $0.reasoning = option }
    }
    #expect(try written(.level(.xhigh), model).body["reasoning"] == ["effort": "high", "summary": "auto"])
    #expect(try written(.level(.off), model).body["reasoning"] == ["effort": "none"])
    #expect(try written(.level(.high), model, ["reasoningSummary": "none"]).body["reasoning"] == ["effort": "high"])
    let budget = try written(.budget(30_000), model)
    #expect(budget.body["reasoning"]?["effort"] == "high")
    #expect(budget.losses == ["reasoning.budgetTokens"])
    let always = try written(.level(.off), Self.thinker)
    #expect(always.body["reasoning"] == nil)
    #expect(always.losses == ["reasoning"])
    #expect(try written(.level(.high), .with { _ in }).losses == ["reasoning"])
    #expect(try written(.level(.off), .with { _ in }).losses == [])
    #expect(try written(.level(.high), model, ["supportsReasoningEffort": false]).losses == ["reasoning"])
    #expect(
      try written(.level(.high), model, ["reasoningEfforts": ["high": "huge"]]).body["reasoning"]?["effort"] == "huge")
    #expect(try dialect.write(model: Self.thinker).body["include"] == ["reasoning.encrypted_content"])
    #expect(try dialect.write(["includesEncryptedReasoning": false], model: Self.thinker).body["include"] == nil)
    for (option, isSent) in [(ReasoningOption.level(.off), false), (.budget(0), false), (.level(.low), true)] {
      #expect(try (written(option, Self.thinker).body["include"] != nil))
      let quirks: JSONObject = ["includesEncryptedReasoningWhenOff": false]
      #expect(try (written(option, Self.thinker, quirks).body["include"] != nil) == isSent)
    }
  }

  @Test("limits and sampling, and what this API does not have")
  func sampling() throws {
    let change = { (options: inout CompletionOptions) in
      options.maxTokens = 3
      options.temperature = 0.5
      options.topP = 0.9
      options.stop = ["x"]
      options.seed = 1
    }
    let plain = try dialect.write([:], change)
    #expect(plain.body["max_output_tokens"] == 16)
    #expect(plain.body["temperature"] == 0.5)
    #expect(plain.body["top_p"] == 0.9)
    #expect(plain.losses == ["maxTokens", "stop", "seed"])
    let thinker = try dialect.write(["minOutputTokens": 1], model: Self.thinker, change)
    #expect(thinker.body["max_output_tokens"] == 3)
    #expect(thinker.body["temperature"] == nil)
    #expect(thinker.losses == ["temperature", "topP", "stop", "seed"])
    let allowed = try dialect.write(
      ["refuses": ["topP"]], model: .with { ($0.reasoning, $0.temperature) = (true, true) }, change)
    #expect(allowed.body["temperature"] == 0.5)
    #expect(allowed.losses.contains("topP"))
  }

  @Test("caching, tiers and fields of the user's own")
  func caching() throws {
    let long = String(repeating: "s", count: 70)
    let usual = try dialect.write(["sessionHeaders": ["session_id"]], session: long)
    #expect(usual.body["prompt_cache_key"]?.string?.count == 64)
    #expect(usual.headers["session_id"] == long)
    let off = try dialect.write(["sessionHeaders": ["session_id"]], session: "s") { $0.cache = .off }
    #expect(off.body["prompt_cache_key"] == nil)
    #expect(off.headers["session_id"] == nil)
    #expect(try dialect.write(session: "s") { $0.cache = .long }.losses == ["cache"])
    let kept = try dialect.write(["supportsLongCacheRetention": true, "promptCacheKey": "long"], session: "s") {
      $0.cache = .long
    }
    #expect(kept.body["prompt_cache_retention"] == "24h")
    #expect(kept.body["prompt_cache_key"] == "s")
    #expect(try dialect.write(["promptCacheKey": "long"], session: "s").body["prompt_cache_key"] == nil)
    #expect(try dialect.write(["promptCacheKey": "never"], session: "s").body["prompt_cache_key"] == nil)
    #expect(try dialect.write { $0.serviceTier = .flex }.losses == ["serviceTier"])
    let tier = try dialect.write(["supportsServiceTier": true, "body": ["a": 1, "b": 1]]) {
      $0.serviceTier = .priority
      $0.extra = ["b": 2]
    }
    #expect(tier.body["service_tier"] == "priority")
    #expect(tier.body["a"] == 1)
    #expect(tier.body["b"] == 2)
  }

  @Test("quirks that nobody knows are errors, everywhere in the family")
  func quirks() throws {
    for dialect in [OpenAIResponses(), OpenAICodexResponses(), AzureOpenAIResponses()] as [any Dialect] {
      try dialect.validate(quirks: ["system": "instructions", "reasoningEfforts": ["max": "max", "low": .null]])
      for bad in [["store": true], ["system": "top"], ["refuses": ["stop"]], ["toolStrict": true]] as [JSONObject] {
        #expect(throws: JSONFieldError.self) { try dialect.validate(quirks: bad) }
      }
    }
    #expect(dialect.refusal(["stroe": true])?.kind == .invalidParams)
  }

  // MARK: - Counting

  @Test("tokens are counted where the provider can, of what would be sent")
  func counting() throws {
    var request = CompletionRequest(messages: [Message(.user, "hi")])
    request.options.system = "s"
    request.options.tools = [.weather]
    request.options.maxTokens = 100
    #expect(try dialect.countRequest(request, for: .test()) == nil)
    let encoded = try #require(try dialect.countRequest(request, for: .test(["countsTokens": true])))
    #expect(encoded.http.url == "https://host.test/v1/responses/input_tokens")
    let body = try #require(try JSONValue(parsing: encoded.http.body ?? []).object)
    #expect(Set(body.keys) == ["model", "input", "tools"])
    #expect(body["input"]?.array?.count == 2)
    #expect(try dialect.countedTokens(in: Array(#"{"object":"response.input_tokens","input_tokens":7}"#.utf8)) == 7)
    #expect(throws: ProviderError.self) { try dialect.countedTokens(in: Array("{}".utf8)) }
  }
}
