package import JSON

extension OpenAIResponsesQuirks {
  /// Reads quirks from the catalogue's or the config's object on top of `defaults`.
  /// - Throws: for unknown names, wrong types and values outside a list, naming the quirk.
  package init(_ quirks: JSONObject, defaults: Self = .init()) throws(JSONFieldError) {
    self = defaults
    var fields = try JSONFields(.object(quirks), path: ["quirks"])
    try readSystem(&fields)
    try readReasoning(&fields)
    try readOptions(&fields)
    try readTools(&fields)
    try readCaching(&fields)
    try readRoutes(&fields)
    try fields.finish()
  }

  private mutating func readSystem(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&supportsStore, "supportsStore")
    system = try fields.choice("system", SystemPlace.self) ?? system
    defaultInstructions = try fields.nonEmptyString("defaultInstructions") ?? defaultInstructions
    try fields.set(&supportsDeveloperRole, "supportsDeveloperRole")
    try fields.set(&alwaysStreams, "alwaysStreams")
    supportsImages = try fields.bool("supportsImages") ?? supportsImages
    fileInput = try fields.choice("fileInput", FileInput.self) ?? fileInput
  }

  private mutating func readReasoning(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&includesEncryptedReasoning, "includesEncryptedReasoning")
    try fields.set(&includesEncryptedReasoningWhenOff, "includesEncryptedReasoningWhenOff")
    try fields.set(&replaysPlainReasoning, "replaysPlainReasoning")
    try fields.set(&supportsReasoningEffort, "supportsReasoningEffort")
    reasoningEfforts.merge(try fields.reasoningEfforts("reasoningEfforts")) { $1 }
    reasoningSummary = try fields.choice("reasoningSummary", ReasoningSummary.self) ?? reasoningSummary
  }

  private mutating func readOptions(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&supportsMaxTokens, "supportsMaxTokens")
    minOutputTokens = try fields.int("minOutputTokens") ?? minOutputTokens
    refuses = try fields.choices("refuses", Option.self) ?? refuses
    try fields.set(&supportsServiceTier, "supportsServiceTier")
    verbosity = try fields.nonEmptyString("verbosity") ?? verbosity
    body = try fields.object("body") ?? body
  }

  private mutating func readTools(_ fields: inout JSONFields) throws(JSONFieldError) {
    supportsTools = try fields.bool("supportsTools") ?? supportsTools
    toolStrict = try fields.choice("toolStrict", ToolStrictness.self) ?? toolStrict
    try fields.set(&supportsToolChoice, "supportsToolChoice")
    try fields.set(&supportsParallelToolCalls, "supportsParallelToolCalls")
    try fields.set(&statesToolDefaults, "statesToolDefaults")
    try fields.set(&streamsArguments, "streamsArguments")
    try fields.set(&refusesTrailingUnderscore, "refusesTrailingUnderscore")
    try fields.set(&supportsToolResultMedia, "supportsToolResultMedia")
    structuredOutput = try fields.choice("structuredOutput", StructuredOutput.self) ?? structuredOutput
    try fields.set(&supportsStrictMode, "supportsStrictMode")
  }

  private mutating func readCaching(_ fields: inout JSONFields) throws(JSONFieldError) {
    promptCacheKey = try fields.choice("promptCacheKey", PromptCacheKey.self) ?? promptCacheKey
    try fields.set(&supportsLongCacheRetention, "supportsLongCacheRetention")
    sessionHeaders = try fields.strings("sessionHeaders") ?? sessionHeaders
  }

  private mutating func readRoutes(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&countsTokens, "countsTokens")
    try fields.set(&embeddings, "embeddings")
    dimensionsField = try fields.nonEmptyString("dimensionsField") ?? dimensionsField
  }
}
