package import JSON

/// How a server or model that speaks Gemini's API differs from the next one.
package struct GeminiQuirks: DialectQuirks {
  /// What a wish to think more or less becomes.
  package enum Thinking: String, Sendable, CaseIterable {
    /// Nothing: the server decides.
    case none
    /// `thinkingConfig.thinkingLevel`.
    case level
    /// `thinkingConfig.thinkingBudget`.
    case budget
  }
  /// How an answer is held to a schema.
  package enum StructuredOutput: String, Sendable, CaseIterable {
    /// `responseMimeType` and the schema.
    case native
    /// A tool that the model must call; its arguments are the answer.
    case tool
    /// Not at all: asking for it is an error.
    case none
  }
  /// Where the service tier is asked for.
  package enum ServiceTierPlace: String, Sendable, CaseIterable {
    case none
    /// `serviceTier` in the body.
    case body
    /// The header `x-vertex-ai-llm-shared-request-type`.
    case header
  }
  /// The method that makes vectors.
  package enum EmbeddingMethod: String, Sendable, CaseIterable { case batchEmbedContents, predict, embedContent }

  /// The model's generation, from which the five properties below follow where they are not given: what Gemini 3
  /// brought holds from 3 on. Without it the model's id tells (`gemini-3-flash`), else whether the catalogue knows
  /// efforts of it.
  package var generation: Int?
  /// By default levels for a model whose efforts the catalogue knows, a budget for one whose bounds it knows, else
  /// levels from Gemini 3 on.
  package var thinking: Thinking?
  /// Calls and results carry ids.
  package var sendsCallIds: Bool?
  /// The first call of a step must have a thought signature: calls of other models get one that stands for none.
  package var requiresThoughtSignatures: Bool?
  /// Images of tool results stand in the result; elsewhere they follow in a content of their own.
  package var multimodalToolResults: Bool?
  /// An answer can be held to a schema while tools are offered; elsewhere a tool takes the answer.
  package var schemaWithTools: Bool?
  /// The server's word for each level, in any case; `null` for a level it does not know.
  package var reasoningEfforts: [String: String?] = [:]
  /// JSON Schema goes as it is into `parametersJsonSchema` and `responseJsonSchema`; without it, what OpenAPI's subset
  /// can say of it goes into `parameters` and `responseSchema`.
  package var jsonSchema = true
  /// How `output` is written; by default natively, unless the catalogue says that the model cannot.
  package var structuredOutput: StructuredOutput?
  /// Overrides what the catalogue says of the model.
  package var supportsTools: Bool?
  /// Overrides what the catalogue says of the model.
  package var supportsImages: Bool?
  /// PDFs, sound and films; overrides what the catalogue says of the model.
  package var supportsFiles: Bool?
  /// The server fetches images and files from URLs.
  package var supportsURLs = true
  /// Gemini takes five.
  package var maxStopSequences = 5
  /// Where the service tier is asked for.
  package var serviceTier: ServiceTierPlace
  /// Whether there is `countTokens`.
  package var countsTokens = true
  /// Whether there is any method that makes vectors.
  package var embeddings = true
  /// The method that makes vectors; on Vertex AI by default the one that the model's id tells.
  package var embeddingMethod: EmbeddingMethod?
  /// How many texts one request may hold; one for `embedContent`, whatever stands here.
  package var embeddingBatch: Int
  /// Fields that every request has; `extra` of the call still wins.
  package var body = JSONObject()

  /// The defaults of an API, which have these two and nothing else apart.
  package init(serviceTier: ServiceTierPlace = .body, embeddingBatch: Int = 100) {
    self.serviceTier = serviceTier
    self.embeddingBatch = embeddingBatch
  }

  package mutating func read(_ fields: inout JSONFields) throws(JSONFieldError) {
    generation = try fields.int("generation", in: 1...99) ?? generation
    try readRequest(&fields)
    try readSupport(&fields)
  }

  private mutating func readRequest(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&thinking, "thinking")
    try fields.set(&sendsCallIds, "sendsCallIds")
    try fields.set(&requiresThoughtSignatures, "requiresThoughtSignatures")
    try fields.set(&multimodalToolResults, "multimodalToolResults")
    try fields.set(&schemaWithTools, "schemaWithTools")
    try fields.addReasoningEfforts(to: &reasoningEfforts)
    try fields.set(&jsonSchema, "jsonSchema")
    try fields.set(&structuredOutput, "structuredOutput")
    maxStopSequences = try fields.int("maxStopSequences") ?? maxStopSequences
    try fields.set(&serviceTier, "serviceTier")
    try fields.set(&body, "body")
  }

  private mutating func readSupport(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&supportsTools, "supportsTools")
    try fields.set(&supportsImages, "supportsImages")
    try fields.set(&supportsFiles, "supportsFiles")
    try fields.set(&supportsURLs, "supportsURLs")
    try fields.set(&countsTokens, "countsTokens")
    try fields.set(&embeddings, "embeddings")
    try fields.set(&embeddingMethod, "embeddingMethod")
    embeddingBatch = try fields.int("embeddingBatch", in: 1...100_000) ?? embeddingBatch
  }
}
