package import JSON

/// How a server that speaks OpenAI's Responses API differs from the next one. What is called as in
/// `OpenAICompletionsQuirks` means the same. The defaults are what an unknown server is most likely to survive.
package struct OpenAIResponsesQuirks: DialectQuirks {
  /// Where the system text stands.
  package enum SystemPlace: String, Sendable, CaseIterable {
    /// The first message of the input.
    case message
    /// The field `instructions`.
    case instructions
  }
  /// What `strict` of a tool says. Left out it means true at OpenAI, which most schemas do not survive.
  package enum ToolStrictness: String, Sendable, CaseIterable { case `false`, null, omit }
  /// How much of its reasoning the model shall retell.
  package enum ReasoningSummary: String, Sendable, CaseIterable { case none, auto, concise, detailed }
  /// How an answer is held to a schema.
  package enum StructuredOutput: String, Sendable, CaseIterable {
    /// `text.format` with the schema.
    case jsonSchema = "json_schema"
    /// A tool that the model must call; its arguments are the answer.
    case tool
    /// Not at all: asking for it is an error.
    case none
  }
  /// How files may be given.
  package enum FileInput: String, Sendable, CaseIterable { case none, data, dataOrURL }
  /// An option of `complete` that a server or model may refuse outright.
  package enum Option: String, Sendable, CaseIterable { case temperature, topP }

  /// Send `store: false`, so that the provider keeps no copy.
  package var supportsStore = true
  /// Where the system text and the project's instructions stand.
  package var system = SystemPlace.message
  /// The instructions of a request that has none, for servers that insist.
  package var defaultInstructions: String?
  /// Reasoning models get their system messages in the `developer` role.
  package var supportsDeveloperRole = false
  /// Stream even when a whole answer was asked for: the server does nothing else.
  package var alwaysStreams = false

  /// `include: ["reasoning.encrypted_content"]` for reasoning models: without it nothing can be given back.
  package var includesEncryptedReasoning = true
  /// The same where reasoning is switched off.
  package var includesEncryptedReasoningWhenOff = true
  /// Earlier reasoning goes back even where nothing of it is sealed and only a summary is known.
  package var replaysPlainReasoning = false
  /// `reasoning: {effort}`.
  package var supportsReasoningEffort = true
  /// The server's word for each level; `null` for a level it does not know.
  package var reasoningEfforts: [String: String?] = [:]
  /// `reasoning.summary`.
  package var reasoningSummary = ReasoningSummary.auto

  /// `max_output_tokens`.
  package var supportsMaxTokens = true
  /// The least that `max_output_tokens` may say.
  package var minOutputTokens = 16
  /// Options that are left out, and reported as dropped.
  package var refuses: Set<Option> = []
  /// `service_tier`.
  package var supportsServiceTier = false
  /// `text.verbosity`: `low`, `medium` or `high`.
  package var verbosity: String?

  /// Overrides what the catalogue says of the model.
  package var supportsTools: Bool?
  /// `strict` of tools.
  package var toolStrict = ToolStrictness.false
  /// `tool_choice`; where it is missing, a forced tool is an error.
  package var supportsToolChoice = true
  /// `parallel_tool_calls`.
  package var supportsParallelToolCalls = true
  /// Say `tool_choice` and `parallel_tool_calls` even where the defaults would do.
  package var statesToolDefaults = false
  /// Whether the pieces of a call's arguments can be read; elsewhere only the finished arguments count. Copilot is
  /// reported to scramble the pieces.
  package var streamsArguments = true
  /// An id may not end in `_`.
  package var refusesTrailingUnderscore = false
  /// Tool results may hold images and files; elsewhere these follow in a message of the user's.
  package var supportsToolResultMedia = true
  /// How `output` is written. A model that the catalogue knows to have no structured output gets the tool.
  package var structuredOutput = StructuredOutput.jsonSchema
  /// `strict` of schemas.
  package var supportsStrictMode = true

  /// Overrides what the catalogue says of the model.
  package var supportsImages: Bool?
  /// Files; without it base64 for models that the catalogue says take PDFs.
  package var fileInput: FileInput?

  /// When `prompt_cache_key` is sent.
  package var promptCacheKey = PromptCacheKey.always
  /// `prompt_cache_retention: "24h"`.
  package var supportsLongCacheRetention = false
  /// Headers that carry the session's id.
  package var sessionHeaders: [String] = []

  /// `POST {base}/responses/input_tokens`.
  package var countsTokens = false
  /// `POST {base}/embeddings`.
  package var embeddings = true
  /// The field of an embedding request for the length of the vectors.
  package var dimensionsField = "dimensions"
  /// Fields that every request to this server has; `extra` of the call still wins.
  package var body = JSONObject()

  /// The defaults: an unknown server.
  package init() {}

  /// ChatGPT's Codex: it insists on instructions and streams, and takes no limit for the length.
  package static let codex: Self = {
    var quirks = Self()
    quirks.system = .instructions
    quirks.defaultInstructions = "You are a helpful assistant."
    quirks.alwaysStreams = true
    quirks.supportsMaxTokens = false
    quirks.verbosity = "low"
    quirks.toolStrict = .null
    quirks.statesToolDefaults = true
    quirks.refusesTrailingUnderscore = true
    quirks.sessionHeaders = ["session-id", "x-client-request-id"]
    quirks.embeddings = false
    return quirks
  }()

  /// Azure: the models of OpenAI under the names of deployments.
  package static let azure: Self = {
    var quirks = Self()
    quirks.supportsDeveloperRole = true
    return quirks
  }()
}
