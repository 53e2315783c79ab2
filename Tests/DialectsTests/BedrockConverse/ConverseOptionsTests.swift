import Completion
import Dialects
import JSON
import Testing

@Suite("Bedrock: thinking, tools and shapes in requests")
struct ConverseOptionsTests {
  let dialect = BedrockConverse()

  private func fields(
    _ model: ModelInfo, quirks: JSONObject = [:], messages: [Message] = [Message(.user, "hi")],
    _ reasoning: ReasoningOption, _ change: (inout CompletionOptions) -> Void = { _ in }
  ) throws -> (fields: JSONValue?, written: Written) {
    let written = try dialect.write(quirks, messages: messages, model: model) {
      $0.reasoning = reasoning
      change(&$0)
    }
    return (written.body["additionalModelRequestFields"], written)
  }

  private static func thinker(_ id: String, efforts: [String]? = nil, toggle: Bool? = nil) -> ModelInfo {
    .with {
      $0.id = id
      $0.reasoning = true
      $0.efforts = efforts
      $0.thinkingToggle = toggle
    }
  }

  // MARK: - Thinking

  @Test(
    "budgets of the older Claude",
    arguments: [
      (.level(.minimal), 1024), (.level(.low), 2048), (.level(.medium), 8192), (.level(.high), 16_384),
      (.level(.xhigh), 16_384), (.level(.max), 16_384), (.budget(5000), 5000), (.budget(7), 1024),
    ] as [(ReasoningOption, Int)])
  func budgets(_ option: ReasoningOption, _ budget: Int) throws {
    let model = ConverseEncoderTests.claude()
    // A budget so small counts as a level that is off only at zero.
    let (fields, written) = try fields(model, option) { $0.maxTokens = 100 }
    #expect(fields?["thinking"] == ["type": "enabled", "budget_tokens": .int(budget)])
    #expect(fields?["anthropic_beta"] == nil)
    #expect(written.body["inferenceConfig"]?["maxTokens"]?.int == budget + 100)
    #expect(written.losses == [])
  }

  @Test("a budget leaves room for an answer in what the model may write, and gives way to nothing")
  func budgetLimits() throws {
    var model = ConverseEncoderTests.claude()
    model.maxOutputTokens = 4096
    let (tight, written) = try fields(model, .level(.high)) { $0.maxTokens = 4000 }
    #expect(tight?["thinking"]?["budget_tokens"] == 3072)
    #expect(written.body["inferenceConfig"]?["maxTokens"] == 4096)
    #expect(try fields(model, .level(.high)).fields?["thinking"]?["budget_tokens"] == 3072)
    model.maxOutputTokens = 800
    let (none, dropped) = try fields(model, .level(.high)) { $0.maxTokens = 500 }
    #expect(none == nil)
    #expect(dropped.losses == ["reasoning"])
    #expect(dropped.body["inferenceConfig"]?["maxTokens"] == 500)
  }

  @Test("the newer Claude gets an effort and shows a summary, except in GovCloud")
  func adaptive() throws {
    let model = ConverseEncoderTests.adaptive()
    let expected = try json(
      #"{"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"low"}}"#)
    #expect(try fields(model, .level(.minimal)).fields == expected)
    #expect(try fields(model, .level(.max)).fields?["output_config"] == ["effort": "max"])
    #expect(try fields(model, .budget(30_000)).written.losses == ["reasoning.budgetTokens"])
    let government = ConverseEncoderTests.adaptive("us-gov.anthropic.claude-opus-4-7")
    #expect(try fields(government, .level(.low)).fields?["thinking"] == ["type": "adaptive"])
    var endpoint = Endpoint.test([:], model)
    endpoint.variables = ["region": "us-gov-west-1"]
    var options = CompletionOptions()
    options.reasoning = .level(.low)
    let written = try dialect.write(CompletionRequest(messages: [Message(.user, "a")], options: options), at: endpoint)
    #expect(written.body["additionalModelRequestFields"]?["thinking"] == ["type": "adaptive"])
  }

  @Test("other models have their own words")
  func others() throws {
    let nova = Self.thinker("us.amazon.nova-2-lite-v1:0", efforts: ["low", "medium", "high"])
    let (hard, written) = try fields(nova, .level(.max)) {
      $0.temperature = 0.5
      $0.maxTokens = 100
    }
    #expect(hard == ["reasoningConfig": ["type": "enabled", "maxReasoningEffort": "high"]])
    #expect(written.losses == ["maxTokens", "temperature"])
    let (easy, other) = try fields(nova, .level(.low)) { $0.temperature = 0.5 }
    #expect(easy?["reasoningConfig"]?["maxReasoningEffort"] == "low")
    #expect(other.losses == [])
    #expect(try fields(Self.thinker("openai.gpt-oss-120b-1:0"), .level(.high)).fields == ["reasoning_effort": "high"])
    let gpt = Self.thinker("us.openai.gpt-5.4", efforts: ["none", "low", "medium", "high", "xhigh"])
    #expect(try fields(gpt, .level(.max)).fields == ["reasoning": ["effort": "xhigh"]])
    #expect(try fields(gpt, .level(.off)).fields == ["reasoning": ["effort": "none"]])
    #expect(try fields(Self.thinker("deepseek.r1-v1:0"), .level(.high)).written.losses == ["reasoning"])
    #expect(try fields(.with { $0.id = "amazon.nova-pro-v1:0" }, .level(.high)).written.losses == ["reasoning"])
    let arn = Self.thinker("arn:aws:bedrock:us-east-1:1:application-inference-profile/x")
    #expect(try fields(arn, quirks: ["thinkingFormat": "budget"], .level(.low)).fields?["thinking"] != nil)
  }

  @Test("not thinking is said where there is a switch, and where it cannot be")
  func off() throws {
    #expect(try fields(ConverseEncoderTests.claude(), .level(.off)).fields == nil)
    let sonnet = Self.thinker("anthropic.claude-sonnet-5", toggle: true)
    #expect(try fields(sonnet, .level(.off)).fields == ["thinking": ["type": "disabled"]])
    let oss = Self.thinker("openai.gpt-oss-20b-1:0", efforts: ["low", "medium", "high"])
    #expect(try fields(oss, .level(.off)).written.losses == ["reasoning"])
    #expect(
      try fields(Self.thinker("x.claude-opus-4-6", toggle: false), .budget(0)).written.losses == ["reasoning"])
  }

  @Test("what does not go together with thinking is dropped, or the thinking is")
  func conflicts() throws {
    let model = ConverseEncoderTests.claude()
    let (_, sampled) = try fields(model, .level(.low)) {
      $0.temperature = 0.5
      $0.topP = 0.5
    }
    #expect(sampled.losses == ["temperature", "topP"])
    #expect(sampled.body["inferenceConfig"] == nil)
    let (forced, written) = try fields(model, .level(.low)) {
      $0.tools = [.weather]
      $0.toolChoice = .required
      $0.temperature = 0.5
    }
    #expect(forced == nil)
    #expect(written.losses == ["reasoning"])
    #expect(written.body["inferenceConfig"] == ["temperature": 0.5])
    #expect(try fields(model, .level(.low)) { $0.output = OutputFormat(schema: [:]) }.written.losses == ["reasoning"])
    let (offered, _) = try fields(model, .level(.low)) { $0.tools = [.weather] }
    #expect(offered?["anthropic_beta"] == ["interleaved-thinking-2025-05-14"])
  }

  @Test("thinking does not begin between a call and its result")
  func midTurn() throws {
    func turn(_ first: [Part]) -> [Message] {
      [
        Message(.user, "a"), Message(role: .assistant, content: first + [.call("c", "f")]),
        Message(role: .tool, content: [.result("c", "r")]),
      ]
    }
    let model = ConverseEncoderTests.claude()
    #expect(try fields(model, messages: turn([]), .level(.low)).written.losses == ["reasoning"])
    #expect(try fields(model, messages: turn([.text("x")]), .level(.low)).written.losses == ["reasoning"])
    let sealed = Part.reasoning(Reasoning(text: "hm", signature: "SIG"))
    #expect(try fields(model, messages: turn([sealed]), .level(.low)).fields?["thinking"] != nil)
    #expect(
      try fields(ConverseEncoderTests.adaptive(), messages: turn([]), .level(.low)).fields?["thinking"] != nil)
    #expect(
      try fields(model, messages: turn([]) + [Message(.user, "next")], .level(.low)).fields?["thinking"] != nil)
  }

  // MARK: - Tools

  @Test("choices of tools")
  func toolChoice() throws {
    func config(_ choice: ToolChoice?) throws -> JSONValue? {
      try dialect.write {
        $0.tools = [.weather]
        $0.toolChoice = choice
      }.body["toolConfig"]
    }
    #expect(try config(nil)?["toolChoice"] == nil)
    #expect(try config(.auto)?["toolChoice"] == nil)
    #expect(try config(.required)?["toolChoice"] == ["any": [:]])
    #expect(try config(.tool("weather"))?["toolChoice"] == ["tool": ["name": "weather"]])
    #expect(try config(ToolChoice.none) == nil)
    #expect(dialect.refusal { $0.toolChoice = .required }?.path == "toolChoice")
    #expect(dialect.refusal { $0.toolChoice = .tool("x") }?.path == "toolChoice")
    #expect(
      dialect.refusal(["supportsToolChoice": false]) {
        $0.tools = [.weather]
        $0.toolChoice = .required
      }?.kind == .unsupported)
    #expect(dialect.refusal(["supportsTools": false]) { $0.tools = [.weather] }?.path == "tools")
  }

  @Test("tools of earlier calls are declared when none are offered any more")
  func toolsOfHistory() throws {
    let turn: [Message] = [
      Message(.user, "a"),
      Message(role: .assistant, content: [.call("c", "f"), .call("d", "weather"), .call("e", "f")]),
      Message(.user, "b"),
    ]
    let written = try dialect.write(messages: turn)
    #expect(
      written.body["toolConfig"]
        == (try json(
          """
          {"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object"}}}},
            {"toolSpec":{"name":"weather","inputSchema":{"json":{"type":"object"}}}}]}
          """)))
    #expect(written.losses == [])
    let forbidden = try dialect.write(messages: turn) {
      $0.tools = [.weather]
      $0.toolChoice = ToolChoice.none
    }
    #expect(forbidden.losses == ["toolChoice"])
    #expect(forbidden.body["toolConfig"]?["tools"]?[1]?["toolSpec"]?["description"] == "Tells it")
    // A model without tools is told of the calls instead.
    #expect(try dialect.write(["supportsTools": false], messages: turn).body["toolConfig"] == nil)
  }

  // MARK: - Structured output

  private static let shape = OutputFormat(schema: ["type": "object"], name: "city info")

  @Test("a shape is asked for natively where the model can, else with a tool")
  func output() throws {
    func written(_ quirks: JSONObject = [:], structured: Bool?, _ tools: [Tool] = []) throws -> Written {
      try dialect.write(quirks, model: .with { $0.structured = structured }) {
        $0.output = Self.shape
        $0.tools = tools
      }
    }
    let native = try written(structured: true)
    #expect(
      native.body["outputConfig"]
        == (try json(
          #"""
          {"textFormat":{"type":"json_schema",
            "structure":{"jsonSchema":{"schema":"{\"type\":\"object\"}","name":"city_info"}}}}
          """#)))
    #expect(native.body["toolConfig"] == nil)
    let tool = try written(structured: nil)
    #expect(tool.body["outputConfig"] == nil)
    #expect(tool.body["toolConfig"]?["toolChoice"] == ["tool": ["name": "city_info"]])
    #expect(try written(structured: false, [.weather]).body["toolConfig"]?["toolChoice"] == ["any": [:]])
    #expect(try written(["structuredOutput": "tool"], structured: true).body["outputConfig"] == nil)
    #expect(try written(["structuredOutput": "native"], structured: false).body["toolConfig"] == nil)
    let unforced = try written(["supportsToolChoice": false], structured: nil).body["toolConfig"]
    #expect(unforced?["toolChoice"] == nil && unforced?["tools"]?[0] != nil)
    #expect(dialect.refusal(["structuredOutput": "none"]) { $0.output = Self.shape }?.path == "output")
    #expect(dialect.refusal(["supportsTools": false]) { $0.output = Self.shape }?.path == "output")
  }

  @Test("a promise that a tool cannot keep is said")
  func strict() throws {
    let written = try dialect.write { $0.output = OutputFormat(schema: [:], strict: true) }
    #expect(written.losses == ["output.strict"])
  }

  @Test("the forced tool's arguments are the answer, not a call")
  func answerTool() {
    var options = CompletionOptions()
    options.output = Self.shape
    let whole: JSONValue = [
      "output": [
        "message": [
          "content": [
            ["text": "Sure."], ["toolUse": ["toolUseId": "t", "name": "city_info", "input": ["city": "Rome"]]],
          ]
        ]
      ], "stopReason": "tool_use",
    ]
    let answer = dialect.decodeWhole(whole, options: options)
    #expect(answer.text == #"{"city":"Rome"}"#)
    #expect(answer.calls == [])
    #expect(answer.stop == .end)
    #expect(answer.warnings == ["text beside the structured answer was left out"])
    let text: JSONValue = ["output": ["message": ["content": [["text": "{}"]]]], "stopReason": "end_turn"]
    #expect(dialect.decodeWhole(text, options: options).text == "{}")
    #expect(dialect.decodeWhole(whole, options: options, quirks: ["structuredOutput": "native"]).calls.count == 1)
  }
}
