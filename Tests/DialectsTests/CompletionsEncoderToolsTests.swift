import Completion
import Dialects
import JSON
import Testing

@Suite("Chat completions: tools, shapes and caching in requests")
struct CompletionsEncoderToolsTests {
  let dialect = OpenAICompletions()

  // MARK: - Tools

  @Test("tool choices that can be dropped are; those that cannot are errors")
  func toolChoice() throws {
    func body(_ choice: ToolChoice, _ quirks: JSONObject = [:]) throws -> JSONValue {
      try dialect.write(quirks) {
        $0.tools = [.weather]
        $0.toolChoice = choice
      }.body
    }
    #expect(try body(.auto)["tool_choice"] == "auto")
    #expect(try body(.none)["tool_choice"] == "none")
    #expect(try body(.tool("weather"))["tool_choice"] == ["type": "function", "function": ["name": "weather"]])
    let cannot: JSONObject = ["supportsToolChoice": false]
    #expect(try body(.auto, cannot)["tool_choice"] == nil)
    #expect(try body(.auto, cannot)["tools"] != nil)
    #expect(try body(.none, cannot)["tools"] == nil)
    for choice in [ToolChoice.required, .tool("weather")] {
      let error = dialect.refusal(cannot) {
        $0.tools = [.weather]
        $0.toolChoice = choice
      }
      #expect(error?.kind == .unsupported)
      #expect(error?.path == "toolChoice")
    }
    let unknown = dialect.refusal {
      $0.tools = [.weather]
      $0.toolChoice = .tool("x")
    }
    #expect(unknown?.kind == .invalidParams)
    #expect(dialect.refusal { $0.toolChoice = .required }?.kind == .invalidParams)
  }

  @Test("tools for a model without are an error; in its history they become text")
  func noTools() throws {
    let error = dialect.refusal(["supportsTools": false]) { $0.tools = [.weather] }
    #expect(error?.kind == .unsupported)
    #expect(error?.path == "tools")
    #expect(dialect.refusal(model: .with { $0.tools = false }) { $0.tools = [.weather] }?.path == "tools")
    let messages: [Message] = [
      Message(.user, "hi"), Message(role: .assistant, content: [.call("c1", "f", ["x": 1])]),
      Message(role: .tool, content: [.result("c1", "ok")]),
    ]
    let body = try dialect.write(["supportsTools": false], messages: messages).body
    #expect(body["messages"]?[1] == ["role": "assistant", "content": #"[called the tool f with {"x":1}]"#])
    #expect(body["messages"]?[2] == ["role": "user", "content": "[the tool answered]\nok"])
  }

  @Test("tools for a model without are left out where the server wants that, unless one must be called")
  func droppedTools() throws {
    let quirks: JSONObject = ["supportsTools": false, "unsupportedTools": "drop"]
    for choice in [nil, ToolChoice.auto, ToolChoice.none] {
      let written = try dialect.write(quirks) {
        ($0.tools, $0.toolChoice, $0.parallelTools) = ([.weather], choice, true)
      }
      #expect(written.body.object.map { Set($0.keys) } == ["model", "messages"])
      #expect(written.losses == ["tools"])
    }
    for choice in [ToolChoice.required, .tool("weather")] {
      let error = dialect.refusal(quirks) { ($0.tools, $0.toolChoice) = ([.weather], choice) }
      #expect(error?.kind == .unsupported && error?.path == "tools")
    }
    #expect(try dialect.write(["unsupportedTools": "drop"]) { $0.tools = [.weather] }.body["tools"] != nil)
  }

  @Test("small differences in tools")
  func toolQuirks() throws {
    let quirks: JSONObject = ["toolStream": true, "supportsParallelToolCalls": false]
    let written = try dialect.write(quirks, stream: true) {
      $0.tools = [.weather]
      $0.parallelTools = true
    }
    #expect(written.body["tool_stream"] == true)
    #expect(written.losses == ["parallelTools"])
    let history: [Message] = [
      Message(.user, "hi"), Message(role: .assistant, content: [.call("call_1", "f")]),
      Message(role: .tool, content: [.result("call_1", "ok")]),
    ]
    #expect(try dialect.write(messages: history).body["tools"] == nil)
    #expect(try dialect.write(["requiresToolsWithToolHistory": true], messages: history).body["tools"] == [])
    #expect(try dialect.write(["requiresToolsWithToolHistory": true]).body["tools"] == nil)
    let mistral = try dialect.write(["toolCallIdLength": 9], messages: history).body["messages"]
    let id = try #require(mistral?[1]?["tool_calls"]?[0]?["id"]?.string)
    #expect(id.count == 9)
    #expect(id.allSatisfy { $0.isLetter || $0.isNumber })
    #expect(mistral?[2]?["tool_call_id"]?.string == id)
  }

  // MARK: - Structured output

  static let closed: JSONObject = [
    "type": "object", "properties": ["x": ["type": "string"]], "required": ["x"], "additionalProperties": false,
  ]

  @Test("a schema goes natively, strict where server and schema allow it")
  func jsonSchema() throws {
    func format(_ quirks: JSONObject, _ schema: JSONObject, strict: Bool? = nil) throws -> (JSONValue?, [String]) {
      let written = try dialect.write(quirks) { $0.output = OutputFormat(schema: schema, name: "an x", strict: strict) }
      return (written.body["response_format"], written.losses)
    }
    let plain = try format([:], Self.closed)
    #expect(plain.0 == ["type": "json_schema", "json_schema": ["name": "an_x", "schema": .object(Self.closed)]])
    #expect(try format(["supportsStrictMode": true], Self.closed).0?["json_schema"]?["strict"] == true)
    #expect(try format(["supportsStrictMode": true], ["type": "object"]).0?["json_schema"]?["strict"] == false)
    #expect(try format([:], Self.closed, strict: true).1 == ["output.strict"])
  }

  @Test("a server that only promises JSON gets the schema in the instructions")
  func jsonObject() throws {
    let body = try dialect.write(["structuredOutput": "json_object"]) {
      $0.system = "S"
      $0.output = OutputFormat(schema: Self.closed)
    }.body
    #expect(body["response_format"] == ["type": "json_object"])
    let system = body["messages"]?[0]?["content"]?.string ?? ""
    #expect(system.hasPrefix("S\n\n"))
    #expect(system.contains(JSONValue.object(Self.closed).text))
    #expect(system.contains("JSON"))
  }

  @Test("a server without either is made to call a tool")
  func forcedTool() throws {
    let quirks: JSONObject = ["structuredOutput": "tool"]
    let alone = try dialect.write(quirks) { $0.output = OutputFormat(schema: Self.closed) }.body
    #expect(alone["tools"]?[0]?["function"]?["name"] == "answer")
    #expect(alone["tools"]?[0]?["function"]?["parameters"] == .object(Self.closed))
    #expect(alone["tool_choice"] == ["type": "function", "function": ["name": "answer"]])
    let beside = try dialect.write(quirks) {
      $0.tools = [Tool(name: "answer", inputSchema: [:])]
      $0.output = OutputFormat(schema: Self.closed)
    }.body
    #expect(beside["tools"]?[1]?["function"]?["name"] == "answer_")
    #expect(beside["tool_choice"] == "required")
    for quirks: JSONObject in [["structuredOutput": "none"], ["structuredOutput": "tool", "supportsTools": false]] {
      let error = dialect.refusal(quirks) { $0.output = OutputFormat(schema: [:]) }
      #expect(error?.kind == .unsupported)
      #expect(error?.path == "output")
    }
  }

  // MARK: - Caching

  @Test("sessions are routed by header and key unless caching is off")
  func sessions() throws {
    let quirks: JSONObject = ["sessionHeaders": ["session_id", "x-session-affinity"], "promptCacheKey": "long"]
    let short = try dialect.write(quirks, session: "s")
    #expect(short.headers["session_id"] == "s")
    #expect(short.headers["x-session-affinity"] == "s")
    #expect(short.body["prompt_cache_key"] == nil)
    let off = try dialect.write(quirks, session: "s") { $0.cache = .off }
    #expect(off.headers["session_id"] == nil)
    var long = quirks
    long["supportsLongCacheRetention"] = true
    let kept = try dialect.write(long, session: String(repeating: "s", count: 70)) { $0.cache = .long }
    #expect(kept.body["prompt_cache_key"]?.string?.count == 64)
    #expect(kept.body["prompt_cache_retention"] == "24h")
    #expect(try dialect.write(["promptCacheKey": "always"]).body["prompt_cache_key"] == nil)
  }

  @Test("Anthropic models behind a gateway get cache markers")
  func cacheControl() throws {
    let quirks: JSONObject = ["cacheControl": "anthropic", "supportsLongCacheRetention": true]
    func body(_ cache: CachePolicy?) throws -> JSONValue {
      try dialect.write(quirks, messages: [Message(.user, "a"), Message(.assistant, "b"), Message(.user, "c")]) {
        $0.system = "S"
        $0.instructions = "I"
        $0.tools = [.weather]
        $0.cache = cache
      }.body
    }
    let marker: JSONValue = ["type": "ephemeral"]
    let marked = try body(nil)
    #expect(
      marked["messages"]?[0]?["content"] == [
        ["type": "text", "text": "S", "cache_control": marker], ["type": "text", "text": "I", "cache_control": marker],
      ])
    #expect(marked["messages"]?[1]?["content"] == "a")
    #expect(marked["messages"]?[3]?["content"] == [["type": "text", "text": "c", "cache_control": marker]])
    #expect(marked["tools"]?[0]?["cache_control"] == marker)
    #expect(try body(.long)["tools"]?[0]?["cache_control"] == ["type": "ephemeral", "ttl": "1h"])
    #expect(try body(.long)["prompt_cache_retention"] == nil)
    let off = try body(.off)
    #expect(off["messages"]?[0]?["content"] == "S\n\nI")
    #expect(off["tools"]?[0]?["cache_control"] == nil)
  }
}
