package import JSON

extension OpenAIResponsesQuirks {
  package mutating func read(_ fields: inout JSONFields) throws(JSONFieldError) {
    try readSystem(&fields)
    try readReasoning(&fields)
    try readOptions(&fields)
    try readTools(&fields)
    try readCaching(&fields)
    try readRoutes(&fields)
  }

  private mutating func readSystem(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&supportsStore, "supportsStore")
    try fields.set(&system, "system")
    try fields.set(&defaultInstructions, "defaultInstructions")
    try fields.set(&supportsDeveloperRole, "supportsDeveloperRole")
    try fields.set(&alwaysStreams, "alwaysStreams")
    try fields.set(&supportsImages, "supportsImages")
    try fields.set(&fileInput, "fileInput")
  }

  private mutating func readReasoning(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&includesEncryptedReasoning, "includesEncryptedReasoning")
    try fields.set(&includesEncryptedReasoningWhenOff, "includesEncryptedReasoningWhenOff")
    try fields.set(&replaysPlainReasoning, "replaysPlainReasoning")
    try fields.set(&supportsReasoningEffort, "supportsReasoningEffort")
    try fields.addReasoningEfforts(to: &reasoningEfforts)
    try fields.set(&reasoningSummary, "reasoningSummary")
  }

  private mutating func readOptions(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&supportsMaxTokens, "supportsMaxTokens")
    minOutputTokens = try fields.int("minOutputTokens") ?? minOutputTokens
    try fields.set(&refuses, "refuses")
    try fields.set(&supportsServiceTier, "supportsServiceTier")
    try fields.set(&verbosity, "verbosity")
    try fields.set(&body, "body")
  }

  private mutating func readTools(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&supportsTools, "supportsTools")
    try fields.set(&toolStrict, "toolStrict")
    try fields.set(&supportsToolChoice, "supportsToolChoice")
    try fields.set(&supportsParallelToolCalls, "supportsParallelToolCalls")
    try fields.set(&statesToolDefaults, "statesToolDefaults")
    try fields.set(&streamsArguments, "streamsArguments")
    try fields.set(&refusesTrailingUnderscore, "refusesTrailingUnderscore")
    try fields.set(&supportsToolResultMedia, "supportsToolResultMedia")
    try fields.set(&structuredOutput, "structuredOutput")
    try fields.set(&supportsStrictMode, "supportsStrictMode")
  }

  private mutating func readCaching(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&promptCacheKey, "promptCacheKey")
    try fields.set(&supportsLongCacheRetention, "supportsLongCacheRetention")
    try fields.set(&sessionHeaders, "sessionHeaders")
  }

  private mutating func readRoutes(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&countsTokens, "countsTokens")
    try fields.set(&embeddings, "embeddings")
    try fields.set(&dimensionsField, "dimensionsField")
  }
}
