internal import Completion
package import JSON

extension OpenAICompletionsQuirks {
  package mutating func read(_ fields: inout JSONFields) throws(JSONFieldError) {
    try readFlags(&fields)
    try readThinking(&fields)
    try readTools(&fields)
    try readCaching(&fields)
    try readOptions(&fields)
    try readEndpoints(&fields)
  }

  private mutating func readFlags(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&supportsStore, "supportsStore")
    try fields.set(&supportsDeveloperRole, "supportsDeveloperRole")
    try fields.set(&supportsStrictMode, "supportsStrictMode")
    try fields.set(&supportsUsageInStreaming, "supportsUsageInStreaming")
    try fields.set(&supportsFinishReason, "supportsFinishReason")
    try fields.set(&requiresToolResultName, "requiresToolResultName")
    try fields.set(&requiresAssistantAfterToolResult, "requiresAssistantAfterToolResult")
    try fields.set(&supportsImages, "supportsImages")
    try fields.set(&fileInput, "fileInput")
  }

  private mutating func readThinking(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&supportsReasoningEffort, "supportsReasoningEffort")
    try fields.set(&requiresThinkingAsText, "requiresThinkingAsText")
    try fields.set(&requiresReasoningReplay, "requiresReasoningReplay")
    try fields.set(&thinkingFormat, "thinkingFormat")
    try fields.set(&chatTemplateArguments, "chatTemplateArguments")
    try fields.set(&thinkingBudgetField, "thinkingBudgetField")
    try fields.set(&reasoningField, "reasoningField")
    try fields.addReasoningEfforts(to: &reasoningEfforts)
  }

  private mutating func readTools(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&supportsTools, "supportsTools")
    try fields.set(&unsupportedTools, "unsupportedTools")
    try fields.set(&supportsToolChoice, "supportsToolChoice")
    try fields.set(&supportsParallelToolCalls, "supportsParallelToolCalls")
    try fields.set(&requiresToolsWithToolHistory, "requiresToolsWithToolHistory")
    try fields.set(&toolStream, "toolStream")
    toolCallIdLength = try fields.int("toolCallIdLength", in: 4...64) ?? toolCallIdLength
    try fields.set(&requiredToolChoice, "requiredToolChoice")
    try fields.set(&structuredOutput, "structuredOutput")
  }

  private mutating func readCaching(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&cacheControl, "cacheControl")
    try fields.set(&promptCacheKey, "promptCacheKey")
    try fields.set(&supportsLongCacheRetention, "supportsLongCacheRetention")
    try fields.set(&sessionHeaders, "sessionHeaders")
  }

  private mutating func readOptions(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&maxTokensField, "maxTokensField")
    try fields.set(&supportsServiceTier, "supportsServiceTier")
    serviceTiers.merge(try fields.words("serviceTiers", for: ServiceTier.allCases.map(\.rawValue), named: "tier")) {
      $1
    }
    maxStopSequences = try fields.int("maxStopSequences") ?? maxStopSequences
    try fields.set(&seedField, "seedField")
    try fields.set(&body, "body")
    try fields.set(&refuses, "refuses")
    try fields.set(&reasoningModelsRefuse, "reasoningModelsRefuse")
    try fields.set(&trailingAssistant, "trailingAssistant")
  }

  private mutating func readEndpoints(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&query, "query")
    if let odd = query.first(where: { $0.value.string == nil }) {
      throw fields.error("query", "must map \"\(odd.key)\" to a string")
    }
    try fields.set(&infill, "infill")
    try fields.set(&embeddings, "embeddings")
    try fields.set(&dimensionsField, "dimensionsField")
  }
}
