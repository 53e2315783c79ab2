import Completion
import Dialects
import JSON
import Testing

@Suite("Gemini: tools, shapes and thinking in requests")
struct GeminiOptionsTests {
  let dialect = GoogleGenerativeAI()

  // MARK: - Tools

  @Test("tool choices")
  func toolChoice() throws {
    func config(_ choice: ToolChoice) throws -> JSONValue? {
      try dialect.write {
        $0.tools = [.weather]
        $0.toolChoice = choice
      }.body["toolConfig"]?["functionCallingConfig"]
    }
    #expect(try config(.auto) == ["mode": "AUTO"])
    #expect(try config(.none) == ["mode": "NONE"])
    #expect(try config(.required) == ["mode": "ANY"])
    #expect(try config(.tool("weather")) == ["mode": "ANY", "allowedFunctionNames": ["weather"]])
    #expect(try dialect.write { $0.tools = [.weather] }.body["toolConfig"] == nil)
    #expect(try dialect.write { $0.toolChoice = .auto }.body["toolConfig"] == nil)
    for choice in [ToolChoice.required, .tool("x")] {
      #expect(dialect.refusal { $0.toolChoice = choice }?.kind == .invalidParams)
      #expect(dialect.refusal { $0.toolChoice = choice }?.path == "toolChoice")
    }
  }

  @Test("tools for a model without are an error; in its history they become text")
  func noTools() throws {
    #expect(dialect.refusal(["supportsTools": false]) { $0.tools = [.weather] }?.path == "tools")
    #expect(dialect.refusal(model: .with { $0.tools = false }) { $0.tools = [.weather] }?.kind == .unsupported)
    let body = try dialect.write(["supportsTools": false], messages: GeminiEncoderTests.conversation).body
    #expect(body["contents"]?[1]?["parts"]?[1]?["text"]?.string?.contains("weather") == true)
    #expect(!body.text.contains("functionResponse"))
  }

  @Test("the subset of OpenAPI says what it can of a schema")
  func subset() throws {
    let schema = try #require(
      try json(
        """
        {"$schema":"x","type":"object","additionalProperties":false,"required":["a"],"$defs":{
          "node":{"type":"object","properties":{"next":{"$ref":"#/$defs/node"},"a~b":{"$ref":"#/$defs/a~1b"}}},
          "a/b":{"type":"integer"}},
         "properties":{
          "a":{"type":["string","null"],"pattern":"x"},"b":{"const":"k"},"c":{"enum":[1,2],"type":"integer"},
          "d":{"anyOf":[{"type":"string"},{"type":"null"}],"description":"D"},"e":{"oneOf":[{"type":"string"},{"type":"number"}]},
          "f":{"allOf":[{"type":"object"},{"properties":{"x":{"type":"string"}}}]},
          "g":{"type":"array","items":{"$ref":"#/$defs/node","description":"N"}},"h":true,"i":{"type":["string","number"]},
          "j":{"$ref":"other.json"}}}
        """
      ).object)
    let tool = Tool(name: "t", inputSchema: schema)
    let body = try dialect.write(["jsonSchema": false]) {
      $0.tools = [tool]
    }.body
    let parameters = body["tools"]?[0]?["functionDeclarations"]?[0]?["parameters"]
    #expect(
      parameters
        == (try json(
          """
          {"type":"object","required":["a"],"properties":{
            "a":{"type":"string","nullable":true,"pattern":"x"},"b":{"type":"string","enum":["k"]},
            "c":{"type":"integer","description":"One of: 1, 2."},"d":{"type":"string","nullable":true,"description":"D"},
            "e":{"anyOf":[{"type":"string"},{"type":"number"}]},
            "f":{"type":"object","properties":{"x":{"type":"string"}}},
            "g":{"type":"array","items":{"type":"object","description":"N",
              "properties":{"next":{"type":"object"},"a~b":{"type":"integer"}}}},
            "h":{},"i":{"anyOf":[{"type":"string"},{"type":"number"}]},"j":{"type":"object"}}}
          """)))
  }

  // MARK: - Structured output

  static let shape = OutputFormat(
    schema: ["type": "object", "additionalProperties": false], name: "city", strict: true)

  @Test("an answer is held to a schema natively, with tools only from Gemini 3 on")
  func nativeOutput() throws {
    let written = try dialect.write { $0.output = Self.shape }
    #expect(
      written.body["generationConfig"] == [
        "responseMimeType": "application/json",
        "responseJsonSchema": ["type": "object", "additionalProperties": false],
      ])
    #expect(written.dropped == [])
    let subset = try dialect.write(["jsonSchema": false]) { $0.output = Self.shape }
    #expect(subset.body["generationConfig"]?["responseSchema"] == ["type": "object"])
    let third = try dialect.write(model: GeminiEncoderTests.gemini3) {
      $0.output = Self.shape
      $0.tools = [.weather]
    }
    #expect(third.body["generationConfig"]?["responseJsonSchema"] != nil)
    #expect(third.body["toolConfig"] == nil)
    // Tools that may not be called are no hindrance.
    let forbidden = try dialect.write {
      $0.output = Self.shape
      $0.tools = [.weather]
      $0.toolChoice = ToolChoice.none
    }
    #expect(forbidden.body["generationConfig"]?["responseJsonSchema"] != nil)
    #expect(forbidden.body["toolConfig"]?["functionCallingConfig"]?["mode"] == "NONE")
  }

  @Test("elsewhere a forced tool takes the answer")
  func toolOutput() throws {
    func write(_ quirks: JSONObject = [:], _ choice: ToolChoice? = nil) throws -> Written {
      try dialect.write(quirks) {
        $0.output = Self.shape
        $0.tools = [.weather]
        $0.toolChoice = choice
      }
    }
    let written = try write()
    let declared = written.body["tools"]?[0]?["functionDeclarations"]
    #expect(declared?.array?.map { $0["name"] } == ["weather", "city"])
    #expect(declared?[1]?["parametersJsonSchema"] == .object(Self.shape.schema))
    #expect(written.body["toolConfig"]?["functionCallingConfig"] == ["mode": "ANY"])
    #expect(written.body["generationConfig"] == nil)
    #expect(written.losses == ["output.strict"])
    let forced = try write([:], .tool("weather"))
    #expect(forced.body["toolConfig"]?["functionCallingConfig"]?["allowedFunctionNames"] == ["weather"])
    let alone = try write(["structuredOutput": "tool"], ToolChoice.none)
    #expect(alone.body["tools"]?[0]?["functionDeclarations"]?.array?.map { $0["name"] } == ["city"])
    #expect(alone.body["toolConfig"]?["functionCallingConfig"]?["allowedFunctionNames"] == ["city"])
    let known = try dialect.write(model: .with { $0.structured = false }) { $0.output = Self.shape }
    #expect(known.body["toolConfig"]?["functionCallingConfig"]?["mode"] == "ANY")
  }

  @Test("no way to a shape is an error")
  func noOutput() {
    #expect(dialect.refusal(["structuredOutput": "none"]) { $0.output = Self.shape }?.path == "output")
    let error = dialect.refusal(["structuredOutput": "tool", "supportsTools": false]) { $0.output = Self.shape }
    #expect(error?.kind == .unsupported)
  }

  // MARK: - Thinking

  private func thinking(
    _ option: ReasoningOption?, _ quirks: JSONObject = [:], _ change: (inout ModelInfo) -> Void = { _ in }
  ) throws -> (config: JSONValue?, losses: [String]) {
    var model = ModelInfo(id: "gemini-2.5-flash")
    model.reasoning = true
    change(&model)
    let written = try dialect.write(quirks, model: model) { $0.reasoning = option }
    return (written.body["generationConfig"]?["thinkingConfig"], written.losses)
  }

  @Test(
    "levels become budgets within the model's bounds",
    arguments: [
      (ReasoningLevel.minimal, 128, 512), (.low, 2048, 2048), (.medium, 8192, 8192), (.high, 32768, 24576),
      (.xhigh, 32768, 24576), (.max, 32768, 24576),
    ])
  func budgets(_ level: ReasoningLevel, _ pro: Int, _ lite: Int) throws {
    let big = try thinking(.level(level)) { $0.thinkingBudget = ThinkingBudget(min: 128, max: 32768) }
    #expect(big.config == ["includeThoughts": true, "thinkingBudget": .int(pro)])
    let small = try thinking(.level(level)) { $0.thinkingBudget = ThinkingBudget(min: 512, max: 24576) }
    #expect(small.config == ["includeThoughts": true, "thinkingBudget": .int(lite)])
    #expect(big.losses + small.losses == [])
  }

  @Test("a budget is kept within the bounds, and said when it is not what was asked for")
  func givenBudget() throws {
    let bounds = ThinkingBudget(min: 128, max: 1000)
    #expect(try thinking(.budget(500)) { $0.thinkingBudget = bounds }.config?["thinkingBudget"] == 500)
    let high = try thinking(.budget(5000)) { $0.thinkingBudget = bounds }
    #expect(high.config?["thinkingBudget"] == 1000)
    #expect(high.losses == ["reasoning.budgetTokens"])
    #expect(try thinking(.level(.high)).config?["thinkingBudget"] == 24576)
  }

  @Test("off is a budget of nothing, where the model can stop thinking")
  func off() throws {
    #expect(try thinking(.level(.off)).config == ["thinkingBudget": 0])
    let pro = try thinking(.level(.off)) { $0.thinkingBudget = ThinkingBudget(min: 128, max: 32768) }
    #expect(pro.config == ["thinkingBudget": 128])
    #expect(pro.losses == ["reasoning"])
    let lite = try thinking(.budget(0)) {
      $0.thinkingBudget = ThinkingBudget(min: 512, max: 24576)
      $0.thinkingToggle = true
    }
    #expect(lite.config == ["thinkingBudget": 0])
    #expect(lite.losses == [])
  }

  @Test("newer models take levels, the nearest of those they have, and never a budget beside")
  func levels() throws {
    func level(_ option: ReasoningOption, _ efforts: [String]?) throws -> (JSONValue?, [String]) {
      let result = try thinking(option) {
        $0.id = "gemini-3-flash-preview"
        $0.efforts = efforts
      }
      #expect(result.config?["thinkingBudget"] == nil)
      return (result.config, result.losses)
    }
    let all = ["minimal", "low", "medium", "high"]
    #expect(try level(.level(.minimal), all) == (["includeThoughts": true, "thinkingLevel": "MINIMAL"], []))
    #expect(try level(.level(.max), all).0?["thinkingLevel"] == "HIGH")
    #expect(try level(.level(.medium), ["low", "high"]).0?["thinkingLevel"] == "HIGH")
    #expect(try level(.level(.minimal), nil).0?["thinkingLevel"] == "LOW")
    #expect(try level(.level(.off), all) == (["thinkingLevel": "MINIMAL"], ["reasoning"]))
    #expect(try level(.level(.off), ["low", "high"]) == (["thinkingLevel": "LOW"], ["reasoning"]))
    #expect(
      try level(.budget(3000), all)
        == (["includeThoughts": true, "thinkingLevel": "LOW"], ["reasoning.budgetTokens"]))
  }

  @Test("quirks say how a model is told, and in which words")
  func thinkingQuirks() throws {
    #expect(try thinking(.level(.high), ["thinking": "level"]).config?["thinkingLevel"] == "HIGH")
    #expect(
      try thinking(.level(.high), ["thinking": "budget"]) { $0.efforts = ["high"] }.config?["thinkingLevel"] == nil)
    let none = try thinking(.level(.high), ["thinking": "none"])
    #expect(none.config == nil)
    #expect(none.losses == ["reasoning"])
    let words: JSONObject = [
      "thinking": "level", "reasoningEfforts": ["off": "none", "minimal": "minimal", "low": .null, "medium": .null],
    ]
    #expect(try thinking(.level(.off), words).config == ["thinkingLevel": "NONE"])
    #expect(try thinking(.level(.low), words).config?["thinkingLevel"] == "MINIMAL")
    #expect(try thinking(.level(.medium), words).config?["thinkingLevel"] == "HIGH")
  }

  @Test("nothing is sent when nothing was asked for, or the model cannot think")
  func noThinking() throws {
    #expect(try thinking(nil).config == nil)
    let plain = try thinking(.level(.low)) { $0.reasoning = false }
    #expect(plain.config == nil)
    #expect(plain.losses == ["reasoning"])
    #expect(try thinking(.level(.off)) { $0.reasoning = false }.losses == [])
  }

  // MARK: - Quirks

  @Test("unknown quirks and wrong values are errors, all known ones are taken")
  func quirks() throws {
    let all: JSONObject = [
      "generation": 3, "thinking": "level", "sendsCallIds": true, "requiresThoughtSignatures": true,
      "multimodalToolResults": true, "schemaWithTools": true, "reasoningEfforts": ["off": .null], "jsonSchema": true,
      "structuredOutput": "native", "supportsTools": true, "supportsImages": true, "supportsFiles": true,
      "supportsURLs": true, "maxStopSequences": 5, "serviceTier": "header", "countsTokens": true, "embeddings": true,
      "embeddingMethod": "predict", "embeddingBatch": 5, "body": [:],
    ]
    try dialect.validate(quirks: all)
    try GoogleVertex().validate(quirks: all)
    for wrong: JSONObject in [
      ["generations": 3], ["generation": "3"], ["thinking": "hard"], ["sendsCallIds": 1], ["embeddingBatch": 0],
      ["reasoningEfforts": ["lots": "x"]], ["serviceTier": "query"], ["embeddingMethod": "embed"],
    ] {
      #expect(throws: JSONFieldError.self) { try dialect.validate(quirks: wrong) }
      #expect(dialect.refusal(wrong)?.kind == .invalidParams)
    }
  }
}
