package import JSON

/// How a server that speaks Anthropic's Messages API differs from Anthropic's own. The defaults are Anthropic's, but for
/// what costs money there and is unknown elsewhere.
package struct AnthropicMessagesQuirks: DialectQuirks {
  /// How a wish to think is written.
  package enum ThinkingFormat: String, Sendable, CaseIterable {
    /// Not at all.
    case none
    /// `thinking: {type: "enabled", budget_tokens}`: models before Opus 4.6.
    case budget
    /// `thinking: {type: "adaptive"}` and `output_config.effort`.
    case adaptive
  }
  /// How an answer is held to a schema.
  package enum StructuredOutput: String, Sendable, CaseIterable {
    /// `output_config.format`.
    case native
    /// A tool that the model must call; its arguments are the answer.
    case tool
    /// Not at all: asking for it is an error.
    case none
  }
  /// How arguments of tool calls are made to arrive as they are written, not in one piece at the end.
  package enum ToolInputStreaming: String, Sendable, CaseIterable {
    /// They are not.
    case none
    /// `eager_input_streaming` in each tool.
    case eager
    /// The beta `fine-grained-tool-streaming-2025-05-14`.
    case beta
  }
  /// An option of `complete` that a server or model may refuse outright.
  package enum Option: String, Sendable, CaseIterable { case temperature, topP, stop }

  /// `max_tokens`, which the API demands, where neither the call nor the catalogue has a limit.
  package var defaultMaxTokens = 8192
  /// Unless said, `adaptive` for models whose efforts the catalogue knows and that take no budget or think as hard as
  /// `max`, and for those that take neither a budget nor a temperature; `budget` for the others.
  package var thinkingFormat: ThinkingFormat?
  /// The server's word for each level; `null` for a level it does not know. Overrides what the catalogue knows.
  package var reasoningEfforts: [String: String?] = [:]
  /// `thinking.display`; newer models show no thoughts without it.
  package var supportsThinkingDisplay = true
  /// The beta that lets budget models think between tool calls.
  package var supportsInterleavedThinking = true
  /// Thoughts that came without a signature go back with an empty one, and not as text.
  package var allowsEmptySignature = false
  /// Unless said, `native` for models that the catalogue calls structured, `tool` for the others.
  package var structuredOutput: StructuredOutput?
  /// `strict` of the tool that stands in for a structured output.
  package var supportsStrictTools = false
  /// Overrides what the catalogue says of the model.
  package var supportsTools: Bool?
  /// Whether the model can be made to call a tool.
  package var supportsForcedToolChoice = true
  /// How a stream's tool arguments are asked for.
  package var toolInputStreaming = ToolInputStreaming.eager
  /// Overrides what the catalogue says of the model.
  package var supportsImages: Bool?
  /// PDFs as `document` blocks. Overrides what the catalogue says of the model.
  package var supportsFiles: Bool?
  /// Whether the server fetches images and PDFs from URLs.
  package var supportsMediaURLs = true
  /// `cache_control` on the parts of the prompt.
  package var supportsCacheControl = true
  /// `cache_control` on the last tool.
  package var supportsCacheControlOnTools = true
  /// Markers that last an hour.
  package var supportsLongCacheRetention = true
  /// `service_tier`.
  package var supportsServiceTier = false
  /// Options that are left out, and reported as dropped.
  package var refuses: Set<Option> = []
  /// Betas beside those that the request needs.
  package var betas: [String] = []
  /// Headers that carry the session's id, for servers that route by it to reuse a prompt's cache.
  package var sessionHeaders: [String] = []
  /// Whether requests carry what Claude Code sends; unless said, with a token of a Claude subscription.
  package var claudeCode: Bool?
  /// Whether there is `count_tokens`.
  package var countsTokens = true
  /// Fields that every request to this server has; `extra` of the call still wins.
  package var body = JSONObject()

  /// Anthropic's own server.
  package init() {}

  /// Claude on Vertex AI: it fetches nothing.
  package static var vertex: AnthropicMessagesQuirks {
    var quirks = AnthropicMessagesQuirks()
    quirks.supportsMediaURLs = false
    return quirks
  }
}
