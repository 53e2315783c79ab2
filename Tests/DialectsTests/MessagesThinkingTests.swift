import Completion
import Dialects
import JSON
import Testing

@Suite("Messages: thinking")
struct MessagesThinkingTests {
  let dialect = AnthropicMessages()

  /// As the catalogue knows Sonnet 4.5.
  static let budget = ModelInfo.with {
    ($0.reasoning, $0.maxOutputTokens, $0.thinkingBudget) = (true, 64000, ThinkingBudget(min: 1024))
  }
  /// As Opus 4.5: has efforts, but thinks by budget.
  static let budgetWithEfforts = with(budget) { $0.efforts = ["low", "medium", "high"] }
  /// As Opus 4.6: takes both.
  static let both = with(budget) { $0.efforts = ["low", "medium", "high", "max"] }
  /// As Opus 4.7.
  static let adaptive = with(both) {
    ($0.thinkingBudget, $0.temperature, $0.efforts) = (nil, false, ["low", "medium", "high", "xhigh", "max"])
  }
  /// As Opus 4.7 where nobody lists its efforts.
  static let effortsUnknown = with(adaptive) { $0.efforts = nil }
  static func with(_ model: ModelInfo, _ change: (inout ModelInfo) -> Void) -> ModelInfo {
    var model = model
    change(&model)
    return model
  }

  @Test(
    "levels become budgets, or efforts, by what the model takes",
    arguments: [
      (budget, ReasoningLevel.minimal, "1024"), (budget, .low, "2048"), (budget, .medium, "8192"),
      (budget, .high, "16384"), (budget, .max, "16384"), (budgetWithEfforts, .high, "16384"),
      (both, .minimal, "low"), (both, .high, "high"), (both, .xhigh, "max"), (adaptive, .xhigh, "xhigh"),
      (adaptive, .low, "low"), (effortsUnknown, .max, "high"),
    ])
  func levels(_ model: ModelInfo, _ level: ReasoningLevel, _ expected: String) throws {
    let written = try dialect.write(model: model) { $0.reasoning = .level(level) }
    if let tokens = Int(expected) {
      #expect(
        written.body["thinking"] == ["type": "enabled", "budget_tokens": .int(tokens), "display": "summarized"])
      #expect(written.body["output_config"] == nil)
    } else {
      #expect(written.body["thinking"] == ["type": "adaptive", "display": "summarized"])
      #expect(written.body["output_config"] == ["effort": .string(expected)])
    }
    #expect(written.body["max_tokens"] == 64000)
    #expect(written.losses == [])
  }

  @Test(
    "a limit for the answer is raised by the budget, and the budget fits below the limit",
    arguments: [
      (1000, 2048, 3048, 2048), (63000, 4000, 64000, 4000), (nil, 70000, 64000, 62976), (100, 500, 1124, 1024),
    ] as [(Int?, Int, Int, Int)])
  func limits(_ maxTokens: Int?, _ wanted: Int, _ limit: Int, _ budget: Int) throws {
    let written = try dialect.write(model: Self.budget) {
      $0.maxTokens = maxTokens
      $0.reasoning = .budget(wanted)
    }
    #expect(written.body["max_tokens"] == .int(limit))
    #expect(written.body["thinking"]?["budget_tokens"] == .int(budget))
    #expect(written.losses == (budget < wanted ? ["reasoning.budgetTokens"] : []))
  }

  @Test("without room there is no thinking")
  func noRoom() throws {
    let small = Self.with(Self.budget) { $0.maxOutputTokens = 1024 }
    let written = try dialect.write(model: small) { $0.reasoning = .level(.low) }
    #expect(written.body["thinking"] == nil)
    #expect(written.losses == ["reasoning"])
  }

  @Test("a model of unknown size gets its default limit beside the budget")
  func unknownSize() throws {
    let unknown = Self.with(Self.budget) { $0.maxOutputTokens = nil }
    let written = try dialect.write(["defaultMaxTokens": 4096], model: unknown) { $0.reasoning = .level(.low) }
    #expect(written.body["max_tokens"] == 6144)
  }

  @Test("a budget is taken at its word where the model takes both, and is a level where it takes none")
  func budgets() throws {
    let both = try dialect.write(model: Self.both) { $0.reasoning = .budget(5000) }
    #expect(both.body["thinking"]?["budget_tokens"] == 5000)
    let adaptive = try dialect.write(model: Self.adaptive) { $0.reasoning = .budget(5000) }
    #expect(adaptive.body["output_config"] == ["effort": "low"])
    #expect(adaptive.losses == ["reasoning.budgetTokens"])
  }

  @Test("off says so where the model can stop")
  func off() throws {
    let off: (inout CompletionOptions) -> Void = { $0.reasoning = .level(.off) }
    #expect(try dialect.write(model: Self.adaptive, off).body["thinking"] == ["type": "disabled"])
    let always = Self.with(Self.adaptive) { $0.thinkingToggle = false }
    let written = try dialect.write(model: always, off)
    #expect(written.body["thinking"] == nil)
    #expect(written.losses == ["reasoning"])
    #expect(try dialect.write([:], off).losses == [])
    #expect(try dialect.write([:], off).body["thinking"] == nil)
    #expect(try dialect.write(model: Self.adaptive).body["thinking"] == nil)
  }

  @Test("quirks decide over the catalogue")
  func quirks() throws {
    let high: (inout CompletionOptions) -> Void = { $0.reasoning = .level(.high) }
    let kimi = try dialect.write(
      ["thinkingFormat": "adaptive", "reasoningEfforts": ["high": "max"], "supportsThinkingDisplay": false],
      model: Self.budget, high)
    #expect(kimi.body["thinking"] == ["type": "adaptive"])
    #expect(kimi.body["output_config"] == ["effort": "max"])
    let budget = try dialect.write(["thinkingFormat": "budget"], model: Self.adaptive, high)
    #expect(budget.body["thinking"]?["budget_tokens"] == 16384)
    #expect(try dialect.write(["thinkingFormat": "none"], model: Self.budget, high).losses == ["reasoning"])
    #expect(try dialect.write([:], high).losses == ["reasoning"])
  }

  @Test("while a model thinks it takes no temperature")
  func temperature() throws {
    let written = try dialect.write(model: Self.both) {
      ($0.temperature, $0.reasoning) = (0.2, .level(.high))
    }
    #expect(written.body["temperature"] == nil)
    #expect(written.losses == ["temperature"])
    let usual = try dialect.write(model: Self.both) { ($0.temperature, $0.reasoning) = (1, .level(.high)) }
    #expect(usual.losses == [])
  }

  @Test("a model that is made to call a tool does not think")
  func forcedTool() throws {
    let forced = try dialect.write(model: Self.budget) {
      ($0.tools, $0.toolChoice, $0.reasoning) = ([.weather], .required, .level(.high))
    }
    #expect(forced.body["tool_choice"] == ["type": "any"])
    #expect(forced.body["thinking"] == ["type": "disabled"])
    #expect(forced.losses == ["reasoning"])
    let answer = try dialect.write(model: Self.budget) {
      ($0.output, $0.reasoning) = (OutputFormat(schema: [:]), .level(.high))
    }
    #expect(answer.losses == ["reasoning"])
    let native = try dialect.write(model: Self.with(Self.adaptive) { $0.structured = true }) {
      ($0.output, $0.reasoning) = (OutputFormat(schema: ["a": 1]), .level(.high))
    }
    #expect(native.losses == [])
    #expect(native.body["output_config"]?["effort"] == "high")
    #expect(native.body["output_config"]?["format"]?["schema"] == ["a": 1])
  }

  @Test("between tool calls, budget models need a beta to think")
  func interleaved() throws {
    let tools: (inout CompletionOptions) -> Void = { ($0.tools, $0.reasoning) = ([.weather], .level(.high)) }
    let beta = "interleaved-thinking-2025-05-14"
    #expect(try dialect.write(model: Self.budget, tools).headers["anthropic-beta"] == beta)
    #expect(try dialect.write(model: Self.adaptive, tools).headers["anthropic-beta"] == nil)
    let quirks: JSONObject = ["supportsInterleavedThinking": false]
    #expect(try dialect.write(quirks, model: Self.budget, tools).headers["anthropic-beta"] == nil)
    #expect(try dialect.write(model: Self.budget) { $0.reasoning = .level(.high) }.headers["anthropic-beta"] == nil)
  }
}
