package import JSON

/// How a server that speaks chat completions differs from the next one. The defaults are what an unknown server is most
/// likely to survive: the `system` role, `max_tokens`, no `store`, no `strict`, no reasoning parameters.
package struct OpenAICompletionsQuirks: DialectQuirks {
  /// The parameter that says how much to think.
  package enum ThinkingFormat: String, Sendable, CaseIterable {
    /// None at all.
    case none
    /// `reasoning_effort`.
    case openai
    /// `reasoning: {effort | max_tokens}`.
    case openrouter
    /// `thinking: {type}` and, where `supportsReasoningEffort`, `reasoning_effort`.
    case deepseek
    /// As deepseek, with `clear_thinking: false`.
    case zai
    /// `reasoning: {enabled}` and, where supported, `reasoning_effort`.
    case together
    /// `enable_thinking` and, where supported, `reasoning_effort`.
    case qwen
    /// `chat_template_kwargs: {enable_thinking, preserve_thinking}`.
    case qwenChatTemplate = "qwen-chat-template"
    /// `chat_template_kwargs` made from `chatTemplateArguments`.
    case chatTemplate = "chat-template"
    /// `chat_template_args` made from `chatTemplateArguments`, and `reasoning_effort`.
    case baseten
    /// `thinking: "<effort>"`.
    case stringThinking = "string-thinking"
    /// `reasoning: {effort}`, only for levels that `reasoningEfforts` names.
    case antLing = "ant-ling"
    /// `reasoning: {max_tokens}`, a level as the budget that stands for it (Claude at Snowflake).
    case reasoningBudget = "reasoning-budget"
    /// `thinking: {type, budget_tokens}`, a level as the budget that stands for it (Claude at Databricks).
    case anthropic
    /// `reasoning_effort` for models whose words are known, `prompt_mode: "reasoning"` for the others (Mistral).
    case promptMode = "prompt-mode"
  }
  /// How an answer is held to a schema.
  package enum StructuredOutput: String, Sendable, CaseIterable {
    /// `response_format` with the schema.
    case jsonSchema = "json_schema"
    /// `response_format` that promises JSON; the schema goes into the instructions.
    case jsonObject = "json_object"
    /// A tool that the model must call; its arguments are the answer.
    case tool
    /// Not at all: asking for it is an error.
    case none
  }
  /// The field that limits the answer's length.
  package enum MaxTokensField: String, Sendable, CaseIterable {
    case maxTokens = "max_tokens"
    case maxCompletionTokens = "max_completion_tokens"
    /// The server takes no limit.
    case none
  }
  /// How files may be given.
  package enum FileInput: String, Sendable, CaseIterable {
    case none
    /// `file` parts with the file's bytes.
    case data
    /// `file` parts with the bytes or an address.
    case dataOrURL
    /// `document_url` parts with the bytes as a data URL, or an address (Mistral).
    case documentURL
  }
  /// The markers that tell the server which parts of the prompt to cache.
  package enum CacheControl: String, Sendable, CaseIterable { case none, anthropic }
  /// Where reasoning comes and goes back: a field of the message, or parts of its content.
  package enum ReasoningField: String, Sendable, CaseIterable {
    case reasoningContent = "reasoning_content"
    case reasoning
    case reasoningText = "reasoning_text"
    /// Parts `{"type": "thinking", "thinking": [text parts]}` of the content (Mistral).
    case thinking
  }
  /// What a server makes of a conversation that ends with words of the assistant.
  package enum TrailingAssistant: String, Sendable, CaseIterable {
    /// It takes them as they are, and mostly goes on with them.
    case plain
    /// It wants `prefix: true` in the message that it shall go on with.
    case prefix
    /// It refuses.
    case none
  }
  /// What becomes of tools for a model that cannot call them.
  package enum UnsupportedTools: String, Sendable, CaseIterable {
    /// The request fails.
    case error
    /// They are left out, and reported as dropped, unless the model is made to call one.
    case drop
  }
  /// The endpoint that fills holes in texts.
  package enum Infill: String, Sendable, CaseIterable {
    case none
    /// `POST {base}/completions` with `prompt` and `suffix`.
    case completionsSuffix = "completions-suffix"
    /// The same below `/beta`.
    case deepseekBeta = "deepseek-beta"
    /// `POST {root}/infill`, where the root is the base URL without `/v1`.
    case llamacpp
    /// `POST {base}/fim/completions`, answered like a chat.
    case mistral
  }
  /// An option of `complete` that a server or model may refuse outright.
  package enum Option: String, Sendable, CaseIterable { case temperature, topP, stop, seed }

  /// Send `store: false`, so that the provider keeps no copy.
  package var supportsStore = false
  /// Reasoning models get their system text in the `developer` role.
  package var supportsDeveloperRole = false
  /// The server takes `reasoning_effort`; also for formats that send it beside a switch of their own. Unless said, it
  /// does for models whose words the catalogue knows.
  package var supportsReasoningEffort: Bool?
  /// The server's word for each level; `null` for a level it does not know. Without it: low, medium, high.
  package var reasoningEfforts: [String: String?] = [:]
  /// How a wish to think more or less is written.
  package var thinkingFormat = ThinkingFormat.openai
  /// The template's arguments: `"$enabled"` becomes true or false, `"$effort"` the level, `"$budget"` the budget; an
  /// argument whose value is not known is left out.
  package var chatTemplateArguments: JSONObject = ["enable_thinking": "$enabled"]
  /// The top-level field for a budget in tokens: `thinking_token_budget`, `thinking_budget`, …
  package var thinkingBudgetField: String?
  /// Newer OpenAI models refuse `max_tokens`; most other servers know nothing else.
  package var maxTokensField = MaxTokensField.maxTokens
  /// `strict` in tools and schemas.
  package var supportsStrictMode = false
  /// `stream_options: {include_usage: true}`.
  package var supportsUsageInStreaming = true
  /// Whether a sound stream always says why it ends.
  package var supportsFinishReason = true
  /// Tool messages name their tool.
  package var requiresToolResultName = false
  /// A user message may not follow a tool message directly.
  package var requiresAssistantAfterToolResult = false
  /// Earlier reasoning goes back as plain text.
  package var requiresThinkingAsText = false
  /// Every assistant message must have the reasoning field, if need be empty.
  package var requiresReasoningReplay = false
  /// The field for earlier reasoning that did not come through this family, or came without its field's name.
  package var reasoningField: ReasoningField?
  /// `tools` must be there, even empty, when the history holds calls.
  package var requiresToolsWithToolHistory = false
  /// Overrides what the catalogue says of the model.
  package var supportsTools: Bool?
  /// What becomes of tools for a model that cannot call them.
  package var unsupportedTools = UnsupportedTools.error
  /// `tool_choice`; where it is missing, a forced tool is an error.
  package var supportsToolChoice = true
  /// `parallel_tool_calls`.
  package var supportsParallelToolCalls = true
  /// Send `tool_stream: true` with tools.
  package var toolStream = false
  /// Ids must have exactly this many letters and digits (Mistral: 9); without it up to 40 characters.
  package var toolCallIdLength: Int?
  /// The `tool_choice` that forces some call: `required`, or `any` for Mistral.
  package var requiredToolChoice = "required"
  /// How `output` is written; unless said, as `json_schema` where the catalogue does not know better.
  package var structuredOutput: StructuredOutput?
  /// Overrides what the catalogue says of the model.
  package var supportsImages: Bool?
  /// PDFs and other files as `file` parts.
  package var fileInput = FileInput.none
  /// Markers for gateways to models that cache only on request.
  package var cacheControl = CacheControl.none
  /// With `long`, only together with long retention.
  package var promptCacheKey = PromptCacheKey.never
  /// `prompt_cache_retention: "24h"`, or an hour in cache markers.
  package var supportsLongCacheRetention = false
  /// Headers that carry the session's id, for servers that route by it to reuse a prompt's cache.
  package var sessionHeaders: [String] = []
  /// `service_tier`.
  package var supportsServiceTier = false
  /// The server's word for each tier; `null` for one it does not have. Without it: their own names.
  package var serviceTiers: [String: String?] = [:]
  /// Options that are left out, and reported as dropped.
  package var refuses: Set<Option> = []
  /// Options that reasoning models refuse, unless the catalogue says that they take a temperature.
  package var reasoningModelsRefuse: Set<Option> = []
  /// What the server makes of a conversation that ends with the assistant.
  package var trailingAssistant = TrailingAssistant.plain
  /// OpenAI takes four.
  package var maxStopSequences: Int?
  /// `seed`, or `random_seed` for Mistral.
  package var seedField = "seed"
  /// Fields that every request to this server has; `extra` of the call still wins.
  package var body = JSONObject()
  /// What stands behind the `?` of every address; `"$name"` becomes the provider's variable of that name,
  /// `"$name|usual"` is `usual` where nobody set that.
  package var query = JSONObject()
  /// How holes in texts are filled.
  package var infill = Infill.none
  /// Whether there is `POST {base}/embeddings`.
  package var embeddings = true
  /// The field for the length of vectors; `output_dimension` for Mistral.
  package var dimensionsField = "dimensions"

  /// The defaults: an unknown server.
  package init() {}

  /// Mistral, as its API's reference has it.
  package static let mistral: Self = {
    var quirks = Self()
    quirks.toolCallIdLength = 9
    quirks.requiresToolResultName = true
    quirks.requiredToolChoice = "any"
    quirks.supportsStrictMode = true
    quirks.supportsUsageInStreaming = false
    quirks.seedField = "random_seed"
    quirks.trailingAssistant = .prefix
    quirks.thinkingFormat = .promptMode
    quirks.reasoningField = .thinking
    quirks.fileInput = .documentURL
    quirks.promptCacheKey = .always
    quirks.sessionHeaders = ["x-affinity"]
    quirks.infill = .mistral
    quirks.dimensionsField = "output_dimension"
    return quirks
  }()
}
