package import JSON

/// How a server or model that speaks Gemini's API differs from the next one; `quirks` of a provider or model in the
/// catalogue and the config file, under the names of these properties.
package struct GeminiQuirks: Sendable, Hashable {
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

  /// `defaults`, with the quirks of the catalogue's or the config's object on top.
  /// - Throws: for unknown names, wrong types and values outside a list, naming the quirk.
  package init(_ quirks: JSONObject, defaults: GeminiQuirks) throws(JSONFieldError) {
    self = defaults
    var fields = try JSONFields(.object(quirks), path: ["quirks"])
    generation = try fields.int("generation", in: 1...99)
    try readRequest(&fields)
    try readSupport(&fields)
    try fields.finish()
  }

  private mutating func readRequest(_ fields: inout JSONFields) throws(JSONFieldError) {
    thinking = try fields.choice("thinking", Thinking.self)
    sendsCallIds = try fields.bool("sendsCallIds")
    requiresThoughtSignatures = try fields.bool("requiresThoughtSignatures")
    multimodalToolResults = try fields.bool("multimodalToolResults")
    schemaWithTools = try fields.bool("schemaWithTools")
    reasoningEfforts = try fields.reasoningEfforts("reasoningEfforts")
    try fields.set(&jsonSchema, "jsonSchema")
    structuredOutput = try fields.choice("structuredOutput", StructuredOutput.self)
    maxStopSequences = try fields.int("maxStopSequences") ?? maxStopSequences
    serviceTier = try fields.choice("serviceTier", ServiceTierPlace.self) ?? serviceTier
    body = try fields.object("body") ?? body
  }

  private mutating func readSupport(_ fields: inout JSONFields) throws(JSONFieldError) {
    supportsTools = try fields.bool("supportsTools")
    supportsImages = try fields.bool("supportsImages")
    supportsFiles = try fields.bool("supportsFiles")
    try fields.set(&supportsURLs, "supportsURLs")
    try fields.set(&countsTokens, "countsTokens")
    try fields.set(&embeddings, "embeddings")
    embeddingMethod = try fields.choice("embeddingMethod", EmbeddingMethod.self)
    embeddingBatch = try fields.int("embeddingBatch", in: 1...100_000) ?? embeddingBatch
  }
}
