import Completion
import Dialects
import JSON
import Testing

@Suite("Quirks")
struct QuirksTests {
  @Test(
    "a mistake in quirks is named",
    arguments: [
      (#"{"supportStore":true}"#, "quirks.supportStore: is not a known field; did you mean \"supportsStore\"?"),
      (#"{"supportsStore":1}"#, "quirks.supportsStore: must be true or false, but is 1"),
      (
        #"{"refuses":["temprature"]}"#,
        "quirks.refuses: must be an array of \"temperature\", \"topP\", \"stop\", \"seed\", but is an array"
      ),
      (
        #"{"reasoningEfforts":{"huge":"x"}}"#,
        "quirks.reasoningEfforts: has no level \"huge\"; the levels are off, minimal, low, medium, high, xhigh, max"
      ),
      (
        #"{"serviceTiers":{"fast":"x"}}"#,
        "quirks.serviceTiers: has no tier \"fast\"; the tiers are default, priority, flex"
      ),
      (#"{"query":{"api-version":1}}"#, "quirks.query: must map \"api-version\" to a string"),
      (#"{"reasoningEfforts":{"low":1}}"#, "quirks.reasoningEfforts: must map \"low\" to a string or null"),
      (
        #"{"maxTokensField":"max"}"#,
        "quirks.maxTokensField: must be one of \"max_tokens\", \"max_completion_tokens\", \"none\", but is \"max\""
      ),
    ])
  func mistakes(_ quirks: String, _ message: String) throws {
    let object = try #require(try json(quirks).object)
    let error = #expect(throws: JSONFieldError.self) { try OpenAICompletions().validate(quirks: object) }
    #expect(error?.description == message)
    let refusal = OpenAICompletions().refusal(object)
    #expect(refusal?.kind == .invalidParams)
    #expect(refusal?.message == "prov: \(message)")
    #expect(refusal?.path == error?.pathText)
  }

  @Test("every quirk can be set, and is then not the default")
  func everyQuirk() throws {
    let all = try json(
      """
      {"supportsStore":true,"supportsDeveloperRole":true,"supportsReasoningEffort":true,
       "reasoningEfforts":{"max":"xhigh","minimal":null},"thinkingFormat":"zai","chatTemplateArguments":{"a":1},
       "thinkingBudgetField":"b","maxTokensField":"max_completion_tokens","supportsStrictMode":true,
       "supportsUsageInStreaming":false,"supportsFinishReason":false,"requiresToolResultName":true,
       "requiresAssistantAfterToolResult":true,"requiresThinkingAsText":true,"requiresReasoningReplay":true,
       "reasoningField":"reasoning","requiresToolsWithToolHistory":true,"supportsTools":false,"unsupportedTools":"drop",
       "supportsToolChoice":false,"supportsParallelToolCalls":false,"toolStream":true,"toolCallIdLength":9,
       "structuredOutput":"tool","requiredToolChoice":"any",
       "serviceTiers":{"flex":null},"reasoningModelsRefuse":["stop"],"trailingAssistant":"prefix","query":{"a":"b"},
       "infill":"llamacpp","embeddings":false,"dimensionsField":"d","supportsImages":true,"fileInput":"dataOrURL","cacheControl":"anthropic",
       "promptCacheKey":"always","supportsLongCacheRetention":true,"sessionHeaders":["a"],
       "supportsServiceTier":true,"refuses":["seed"],"maxStopSequences":4,"seedField":"s","body":{"a":1}}
      """)
    let object = try #require(all.object)
    let set = Mirror(reflecting: try OpenAICompletionsQuirks().with(object)).children
    let defaults = Mirror(reflecting: OpenAICompletionsQuirks()).children
    #expect(set.count == object.count)
    for (changed, usual) in zip(set, defaults) {
      #expect("\(changed.value)" != "\(usual.value)", "\(changed.label ?? "")")
      #expect(object[changed.label ?? ""] != nil, "a quirk is called like its property")
    }
  }

  @Test("a model's quirks stand over its provider's")
  func merging() throws {
    let written = try OpenAICompletions().write(
      ["supportsStore": true, "maxStopSequences": 1], model: .with { $0.quirks = ["supportsStore": false] }
    ) { $0.stop = ["a", "b"] }
    #expect(written.body["store"] == nil)
    #expect(written.body["stop"] == ["a"])
  }

  @Test("Ollama has its own")
  func ollama() throws {
    try OllamaChat().validate(quirks: ["numCtx": 8192, "keepAlive": "5m", "thinkLevels": true])
    #expect(throws: JSONFieldError.self) { try OllamaChat().validate(quirks: ["numctx": 8192]) }
    #expect(throws: JSONFieldError.self) { try OllamaChat().validate(quirks: ["keepAlive": true]) }
    #expect(OllamaChat().refusal(["numCtx": 0])?.kind == .invalidParams)
  }

  @Test("families are found by name")
  func registry() {
    #expect(Set(Dialects.all.map(\.api)).count == Dialects.all.count)
    for dialect in Dialects.all { #expect(Dialects.named(dialect.api)?.api == dialect.api) }
    #expect(Dialects.named("ollama-chat") is OllamaChat)
    #expect(Dialects.named("anthropic-messages") is AnthropicMessages)
    #expect(Dialects.named("vertex-anthropic") is VertexAnthropic)
    #expect(Dialects.named("telepathy") == nil)
  }
}
