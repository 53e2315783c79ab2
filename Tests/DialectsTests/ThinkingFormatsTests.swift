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

  @Test("a model that does not reason is not asked to")
  func noReasoning() throws {
    let quirks: JSONObject = ["supportsReasoningEffort": true]
    let written = try OpenAICompletions().write(quirks) { $0.reasoning = .level(.high) }
    #expect(written.body["reasoning_effort"] == nil)
    #expect(written.dropped == [Dropped("reasoning", "prov/model-1 is no reasoning model")])
    #expect(try OpenAICompletions().write(quirks) { $0.reasoning = .level(.off) }.dropped == [])
  }
}
