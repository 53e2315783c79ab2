import Completion
import Dialects
import JSON
import Testing

@Suite("Chat completions: thinking formats")
struct ThinkingFormatsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var quirks: String
    var option: ReasoningOption
    /// The body's fields beside model and messages.
    var fields: String
    var losses: [String]
    var testDescription: String { "\(quirks) \(option)" }

    init(_ quirks: String, _ option: ReasoningOption, _ fields: String, dropped losses: [String] = []) {
      self.quirks = quirks
      self.option = option
      self.fields = fields
      self.losses = losses
    }
  }

  static let effort = #""supportsReasoningEffort":true"#
  static let all = #""reasoningEfforts":{"off":"none","minimal":"minimal","max":"xhigh","low":null}"#

  static let cases: [Case] = [
    Case("{\(effort)}", .level(.high), #"{"reasoning_effort":"high"}"#),
    Case("{\(effort)}", .level(.max), #"{"reasoning_effort":"high"}"#),
    Case("{\(effort)}", .level(.minimal), #"{"reasoning_effort":"low"}"#),
    Case("{\(effort)}", .level(.off), "{}", dropped: ["reasoning"]),
    Case("{\(effort)}", .budget(9000), #"{"reasoning_effort":"medium"}"#, dropped: ["reasoning.budgetTokens"]),
    Case("{\(effort),\(all)}", .level(.max), #"{"reasoning_effort":"xhigh"}"#),
    Case("{\(effort),\(all)}", .level(.low), #"{"reasoning_effort":"medium"}"#),
    Case("{\(effort),\(all)}", .level(.off), #"{"reasoning_effort":"none"}"#),
    Case("{\(effort),\(all)}", .budget(0), #"{"reasoning_effort":"none"}"#),
    Case("{}", .level(.low), "{}", dropped: ["reasoning"]),
    Case(#"{"thinkingFormat":"none"}"#, .level(.low), "{}", dropped: ["reasoning"]),
    Case(#"{"thinkingFormat":"none"}"#, .level(.off), "{}"),
    Case(
      "{\(effort),\"thinkingBudgetField\":\"thinking_token_budget\"}", .budget(9000),
      #"{"reasoning_effort":"medium","thinking_token_budget":9000}"#),
    Case(#"{"thinkingFormat":"openrouter"}"#, .level(.low), #"{"reasoning":{"effort":"low"}}"#),
    Case(#"{"thinkingFormat":"openrouter"}"#, .level(.off), #"{"reasoning":{"effort":"none"}}"#),
    Case(#"{"thinkingFormat":"openrouter"}"#, .budget(500), #"{"reasoning":{"max_tokens":500}}"#),
    Case(
      "{\"thinkingFormat\":\"deepseek\",\(effort)}", .level(.high),
      #"{"thinking":{"type":"enabled"},"reasoning_effort":"high"}"#),
    Case(#"{"thinkingFormat":"deepseek"}"#, .level(.high), #"{"thinking":{"type":"enabled"}}"#),
    Case("{\"thinkingFormat\":\"deepseek\",\(effort)}", .level(.off), #"{"thinking":{"type":"disabled"}}"#),
    Case(#"{"thinkingFormat":"zai"}"#, .level(.high), #"{"thinking":{"type":"enabled","clear_thinking":false}}"#),
    Case(#"{"thinkingFormat":"zai"}"#, .level(.off), #"{"thinking":{"type":"disabled"}}"#),
    Case(
      "{\"thinkingFormat\":\"together\",\(effort)}", .level(.low),
      #"{"reasoning":{"enabled":true},"reasoning_effort":"low"}"#),
    Case(#"{"thinkingFormat":"together"}"#, .level(.off), #"{"reasoning":{"enabled":false}}"#),
    Case(
      "{\"thinkingFormat\":\"qwen\",\(effort)}", .level(.low), #"{"enable_thinking":true,"reasoning_effort":"low"}"#),
    Case(
      #"{"thinkingFormat":"qwen","thinkingBudgetField":"thinking_budget"}"#, .budget(70),
      #"{"enable_thinking":true,"thinking_budget":70}"#),
    Case(#"{"thinkingFormat":"qwen"}"#, .level(.off), #"{"enable_thinking":false}"#),
    Case(
      #"{"thinkingFormat":"qwen-chat-template"}"#, .level(.low),
      #"{"chat_template_kwargs":{"enable_thinking":true,"preserve_thinking":true}}"#),
    Case(
      #"{"thinkingFormat":"qwen-chat-template"}"#, .level(.off),
      #"{"chat_template_kwargs":{"enable_thinking":false,"preserve_thinking":false}}"#),
    Case(#"{"thinkingFormat":"chat-template"}"#, .level(.off), #"{"chat_template_kwargs":{"enable_thinking":false}}"#),
    Case(
      #"{"thinkingFormat":"chat-template","chatTemplateArguments":{"t":"$enabled","e":"$effort","b":"$budget","k":1}}"#,
      .level(.low), #"{"chat_template_kwargs":{"t":true,"e":"low","k":1}}"#),
    Case(
      #"{"thinkingFormat":"chat-template","chatTemplateArguments":{"b":"$budget"}}"#, .budget(70),
      #"{"chat_template_kwargs":{"b":70}}"#),
    Case(
      "{\"thinkingFormat\":\"baseten\",\(effort)}", .level(.low),
      #"{"chat_template_args":{"enable_thinking":true},"reasoning_effort":"low"}"#),
    Case(#"{"thinkingFormat":"string-thinking"}"#, .level(.low), #"{"thinking":"low"}"#),
    Case(#"{"thinkingFormat":"string-thinking"}"#, .level(.off), #"{"thinking":"none"}"#),
    Case(#"{"thinkingFormat":"ant-ling"}"#, .level(.low), #"{"reasoning":{"effort":"low"}}"#),
    Case(#"{"thinkingFormat":"ant-ling"}"#, .level(.off), "{}", dropped: ["reasoning"]),
    Case(#"{"thinkingFormat":"reasoning-budget"}"#, .level(.low), #"{"reasoning":{"max_tokens":2048}}"#),
    Case(#"{"thinkingFormat":"reasoning-budget"}"#, .level(.max), #"{"reasoning":{"max_tokens":16384}}"#),
    Case(#"{"thinkingFormat":"reasoning-budget"}"#, .budget(5000), #"{"reasoning":{"max_tokens":5000}}"#),
    Case(#"{"thinkingFormat":"reasoning-budget"}"#, .level(.off), "{}"),
    Case(
      #"{"thinkingFormat":"anthropic"}"#, .level(.minimal), #"{"thinking":{"type":"enabled","budget_tokens":1024}}"#),
    Case(#"{"thinkingFormat":"anthropic"}"#, .budget(5000), #"{"thinking":{"type":"enabled","budget_tokens":5000}}"#),
    Case(#"{"thinkingFormat":"anthropic"}"#, .level(.off), #"{"thinking":{"type":"disabled"}}"#),
    Case(#"{"thinkingFormat":"prompt-mode"}"#, .level(.low), #"{"prompt_mode":"reasoning"}"#),
    Case(#"{"thinkingFormat":"prompt-mode"}"#, .level(.off), "{}", dropped: ["reasoning"]),
    Case("{\"thinkingFormat\":\"prompt-mode\",\(effort)}", .level(.low), #"{"reasoning_effort":"low"}"#),
  ]

  @Test("each format writes its own fields", arguments: cases)
  func formats(_ test: Case) throws {
    let quirks = try #require(try json(test.quirks).object)
    let written = try OpenAICompletions().write(quirks, model: .with { $0.reasoning = true }) {
      $0.reasoning = test.option
    }
    var fields = written.body.object ?? [:]
    fields["model"] = nil
    fields["messages"] = nil
    #expect(JSONValue.object(fields) == (try json(test.fields)))
    #expect(written.losses == test.losses)
  }

  @Test("every format is tried above")
  func complete() throws {
    let tried = Set(try Self.cases.map { try json($0.quirks)["thinkingFormat"]?.string ?? "openai" })
    #expect(tried == Set(OpenAICompletionsQuirks.ThinkingFormat.allCases.map(\.rawValue)))
  }

  /// The body's fields for a model of which the catalogue knows something.
  private func fields(
    _ quirks: JSONObject, _ option: ReasoningOption, maxTokens: Int? = nil, _ change: (inout ModelInfo) -> Void
  ) throws -> Written {
    var model = ModelInfo.with { $0.reasoning = true }
    change(&model)
    return try OpenAICompletions().write(quirks, model: model) {
      $0.reasoning = option
      $0.maxTokens = maxTokens
    }
  }

  @Test("a model's known words are used without a quirk, and with one only where it says so")
  func knownEfforts() throws {
    func effort(_ quirks: JSONObject, _ level: ReasoningLevel, _ efforts: [String]) throws -> JSONValue? {
      try fields(quirks, .level(level)) { $0.efforts = efforts }.body["reasoning_effort"]
    }
    #expect(try effort([:], .low, ["high", "max"]) == "high")
    #expect(try effort([:], .xhigh, ["high", "max"]) == "max")
    #expect(try effort([:], .off, ["none", "low"]) == "none")
    #expect(try effort([:], .off, ["low"]) == nil)
    #expect(try effort(["supportsReasoningEffort": false], .low, ["low"]) == nil)
    // Groq's words for Qwen 3.
    let quirks: JSONObject = ["reasoningEfforts": ["medium": "default"]]
    #expect(try effort(quirks, .high, ["none", "default"]) == "default")
    #expect(try effort(quirks, .off, ["none", "default"]) == "none")
  }

  @Test("who cannot stop thinking is not told to")
  func noToggle() throws {
    for format in ["deepseek", "zai", "together", "qwen", "anthropic", "openrouter"] {
      let quirks: JSONObject = ["thinkingFormat": .string(format)]
      let written = try fields(quirks, .level(.off)) { $0.thinkingToggle = false }
      #expect(written.body.object?.count == 2, "\(format)")
      #expect(written.losses == ["reasoning"])
    }
  }

  @Test("a budget stays within the model's bounds, and leaves room for the answer")
  func budgets() throws {
    func budget(_ tokens: Int, maxTokens: Int? = nil, _ bounds: ThinkingBudget?) throws -> JSONValue? {
      try fields(["thinkingFormat": "openrouter"], .budget(tokens), maxTokens: maxTokens) {
        $0.thinkingBudget = bounds
      }.body["reasoning"]?["max_tokens"]
    }
    let bounds = ThinkingBudget(min: 1024, max: 32_000)
    #expect(try budget(10, bounds) == 1024)
    #expect(try budget(99_000, bounds) == 32_000)
    #expect(try budget(5000, bounds) == 5000)
    #expect(try budget(5000, maxTokens: 4000, nil) == 2976)
    #expect(try budget(5000, maxTokens: 1500, bounds) == 1024)
    #expect(try budget(5000, maxTokens: 100, nil) == 1)
  }

  @Test(
    "the answer's limit is raised by Claude's budget, as far as the model goes",
    arguments: ["reasoning-budget", "anthropic"])
  func claudeBudgets(_ format: String) throws {
    func written(_ option: ReasoningOption, maxTokens: Int?, cap: Int?) throws -> (limit: Int?, budget: Int?, [String])
    {
      let quirks: JSONObject = ["thinkingFormat": .string(format), "maxTokensField": "max_completion_tokens"]
      let written = try fields(quirks, option, maxTokens: maxTokens) { $0.maxOutputTokens = cap }
      let budget = written.body["reasoning"]?["max_tokens"] ?? written.body["thinking"]?["budget_tokens"]
      return (written.body["max_completion_tokens"]?.int, budget?.int, written.losses)
    }
    #expect(try written(.level(.high), maxTokens: 3000, cap: 64_000) == (19_384, 16_384, []))
    #expect(try written(.level(.high), maxTokens: 3000, cap: 16_384) == (16_384, 15_360, []))
    #expect(try written(.level(.high), maxTokens: 3000, cap: nil) == (19_384, 16_384, []))
    #expect(try written(.level(.low), maxTokens: 100, cap: 64_000) == (2148, 2048, []))
    #expect(try written(.level(.high), maxTokens: nil, cap: 16_384) == (nil, 15_360, []))
    #expect(try written(.budget(20_000), maxTokens: 3000, cap: 10_000) == (10_000, 8976, ["reasoning.budgetTokens"]))
    #expect(try written(.level(.high), maxTokens: 500, cap: 1000) == (500, nil, ["reasoning"]))
    #expect(try written(.level(.off), maxTokens: 3000, cap: 64_000).limit == 3000)
  }

  @Test("a model that does not reason is not asked to")
  func noReasoning() throws {
    let quirks: JSONObject = ["supportsReasoningEffort": true]
    let written = try OpenAICompletions().write(quirks) { $0.reasoning = .level(.high) }
    #expect(written.body["reasoning_effort"] == nil)
    #expect(written.dropped == [Dropped("reasoning", "prov/model-1 is no reasoning model")])
    #expect(try OpenAICompletions().write(quirks) { $0.reasoning = .level(.off) }.dropped == [])
  }
}
