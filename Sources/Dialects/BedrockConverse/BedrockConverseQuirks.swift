internal import Completion
package import JSON

/// How the models behind Converse differ, for the API itself is one.
///
/// Ids of models come with prefixes, versions and dates, so most quirks are known by a fragment of the id: see
/// `models`. An ARN of an inference profile says nothing of the model behind it; there the config names the quirks.
package struct BedrockConverseQuirks: DialectQuirks {
  /// How a wish to think more or less is written in `additionalModelRequestFields`.
  package enum ThinkingFormat: String, Sendable, CaseIterable {
    /// Not at all.
    case none
    /// `thinking: {type: enabled, budget_tokens}`: Claude before 4.6.
    case budget
    /// `thinking: {type: adaptive}` and `output_config: {effort}`: Claude from 4.6 on.
    case adaptive
    /// `reasoningConfig: {type: enabled, maxReasoningEffort}`: Nova 2.
    case nova
    /// `reasoning_effort`: gpt-oss, Kimi.
    case effort
    /// `reasoning: {effort}`: OpenAI's own models.
    case reasoning

    /// Whether it is one of Claude's, which think neither at a set temperature nor before a forced call.
    var isClaude: Bool { self == .budget || self == .adaptive }
  }
  /// How an answer is held to a schema.
  package enum StructuredOutput: String, Sendable, CaseIterable {
    /// `outputConfig.textFormat`.
    case native
    /// A tool that the model must call; its arguments are the answer.
    case tool
    /// Not at all: asking for it is an error.
    case none
  }
  /// The body that turns texts into vectors.
  package enum Embedding: String, Sendable, CaseIterable {
    case none
    /// One text, always of one length.
    case titan
    /// One text, in a length of one's choice.
    case titan2
    /// Up to 96 texts, always of one length.
    case cohere
    /// Up to 96 texts, in a length of one's choice.
    case cohere4
  }
  /// An option of `complete` that a model refuses outright.
  package enum Option: String, Sendable, CaseIterable { case maxTokens, temperature, topP, stop }

  package var thinkingFormat = ThinkingFormat.none
  /// The model's word for each level; `null` for a level it does not know. Without it, what the catalogue says.
  package var reasoningEfforts: [String: String?] = [:]
  /// Budget models may think between tool calls, too, when asked to.
  package var supportsInterleavedThinking = false
  /// `signature` in reasoning that goes back; models without refuse the field.
  package var supportsSignature = false
  /// `cachePoint` blocks.
  package var supportsCachePoints = false
  /// `ttl: "1h"` in them.
  package var supportsLongCache = false
  /// `status` in tool results; without, an error is told in words alone.
  package var supportsResultStatus = false
  /// A choice of tools other than leaving it to the model.
  package var supportsToolChoice = true
  /// `/stop_sequence` in the answer's additional fields names the stop sequence that was met.
  package var reportsStopSequence = false
  /// `POST …/count-tokens`.
  package var supportsTokenCount = false
  /// Overrides what the catalogue says of the model.
  package var supportsTools: Bool?
  /// Overrides what the catalogue says of the model.
  package var supportsImages: Bool?
  /// Overrides what the catalogue says of the model.
  package var supportsDocuments: Bool?
  /// Without it: native where the catalogue knows that the model can, else a tool.
  package var structuredOutput: StructuredOutput?
  package var embedding = Embedding.none
  /// Options the model refuses; they are left out and said.
  package var refuses: Set<Option> = []
  /// Fields that every request has; `extra` of the call still wins.
  package var body = JSONObject()

  /// What is known of models by a fragment of their id; later entries win. The quirk `models` adds such entries, and
  /// what stands beside `models` wins over all of them.
  ///
  /// Sources: pi for Claude's caching, thinking and signatures; AWS's documents for what Nova and Titan take; for the
  /// long cache, AWS names Claude 4.5 and 5, and refuses it for 4.6; for OpenAI's models, what clients saw accepted.
  static let knownModels: JSONObject = [
    "claude": [
      "thinkingFormat": "budget", "supportsSignature": true, "supportsResultStatus": true,
      "reportsStopSequence": true, "supportsTokenCount": true,
    ],
    "claude-3-5-haiku": ["supportsCachePoints": true],
    "claude-3-7-sonnet": ["supportsCachePoints": true],
    "claude-opus-4": ["supportsCachePoints": true, "supportsInterleavedThinking": true],
    "claude-sonnet-4": ["supportsCachePoints": true, "supportsInterleavedThinking": true],
    "claude-haiku-4": ["supportsCachePoints": true, "supportsInterleavedThinking": true],
    "claude-opus-4-5": ["supportsLongCache": true],
    "claude-sonnet-4-5": ["supportsLongCache": true],
    "claude-haiku-4-5": ["supportsLongCache": true],
    "claude-opus-4-6": ["thinkingFormat": "adaptive"],
    "claude-sonnet-4-6": ["thinkingFormat": "adaptive"],
    "claude-opus-4-7": ["thinkingFormat": "adaptive", "refuses": ["temperature", "topP"]],
    "claude-opus-4-8": ["thinkingFormat": "adaptive", "refuses": ["temperature", "topP"]],
    "claude-opus-5": newestClaude,
    "claude-sonnet-5": newestClaude,
    "claude-fable-5": newestClaude,
    "amazon.nova": ["supportsResultStatus": true],
    "amazon.nova-2": ["thinkingFormat": "nova"],
    "openai.gpt-": ["thinkingFormat": "reasoning"],
    "openai.gpt-oss": ["thinkingFormat": "effort"],
    "kimi-k2": ["thinkingFormat": "effort"],
    "amazon.titan-embed": ["embedding": "titan"],
    "amazon.titan-embed-text-v2": ["embedding": "titan2"],
    "cohere.embed": ["embedding": "cohere"],
    "cohere.embed-v4": ["embedding": "cohere4"],
  ]

  private static let newestClaude: JSONValue = [
    "thinkingFormat": "adaptive", "supportsCachePoints": true, "supportsLongCache": true,
    "refuses": ["temperature", "topP"],
  ]

  /// The quirks of the model with the id `modelID`.
  /// - Throws: for unknown names, wrong types and values outside a list, naming the quirk.
  package init(_ quirks: JSONObject, modelID: String) throws(JSONFieldError) {
    var own = try JSONFields(.object(quirks), path: ["quirks"])
    let models = try own.object("models") ?? JSONObject()
    var result = Self()
    for (fragment, value) in Self.knownModels where modelID.contains(fragment) {
      try result.read(value, path: ["quirks"])
    }
    for (fragment, value) in models {
      // Those of other models are read as well, for the sake of their mistakes.
      var read = result
      try read.read(value, path: ["quirks", "models", fragment])
      if modelID.contains(fragment) { result = read }
    }
    try result.read(&own)
    try own.finish()
    self = result
  }

  /// The defaults: a model of which nothing is known.
  package init() {}

  private mutating func read(_ value: JSONValue, path: [String]) throws(JSONFieldError) {
    var fields = try JSONFields(value, path: path)
    try read(&fields)
    try fields.finish()
  }

  package mutating func read(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&thinkingFormat, "thinkingFormat")
    try fields.addReasoningEfforts(to: &reasoningEfforts)
    try fields.set(&supportsInterleavedThinking, "supportsInterleavedThinking")
    try fields.set(&supportsSignature, "supportsSignature")
    try fields.set(&supportsCachePoints, "supportsCachePoints")
    try fields.set(&supportsLongCache, "supportsLongCache")
    try fields.set(&supportsResultStatus, "supportsResultStatus")
    try fields.set(&supportsToolChoice, "supportsToolChoice")
    try fields.set(&reportsStopSequence, "reportsStopSequence")
    try fields.set(&supportsTokenCount, "supportsTokenCount")
    try fields.set(&supportsTools, "supportsTools")
    try fields.set(&supportsImages, "supportsImages")
    try fields.set(&supportsDocuments, "supportsDocuments")
    try fields.set(&structuredOutput, "structuredOutput")
    try fields.set(&embedding, "embedding")
    try fields.set(&refuses, "refuses")
    body.merge(try fields.object("body") ?? JSONObject())
  }
}
