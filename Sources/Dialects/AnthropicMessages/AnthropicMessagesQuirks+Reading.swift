package import JSON

extension AnthropicMessagesQuirks {
  package mutating func read(_ fields: inout JSONFields) throws(JSONFieldError) {
    try readThinking(&fields)
    try readTools(&fields)
    try readInput(&fields)
    try fields.set(&betas, "betas")
    try fields.set(&sessionHeaders, "sessionHeaders")
    try fields.set(&claudeCode, "claudeCode")
    defaultMaxTokens = try fields.int("defaultMaxTokens", in: 1...Int.max) ?? defaultMaxTokens
    try fields.set(&supportsServiceTier, "supportsServiceTier")
    try fields.set(&countsTokens, "countsTokens")
    try fields.set(&refuses, "refuses")
    try fields.set(&body, "body")
  }

  private mutating func readThinking(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&thinkingFormat, "thinkingFormat")
    try fields.addReasoningEfforts(to: &reasoningEfforts)
    try fields.set(&supportsThinkingDisplay, "supportsThinkingDisplay")
    try fields.set(&supportsInterleavedThinking, "supportsInterleavedThinking")
    try fields.set(&allowsEmptySignature, "allowsEmptySignature")
  }

  private mutating func readTools(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&structuredOutput, "structuredOutput")
    try fields.set(&supportsStrictTools, "supportsStrictTools")
    try fields.set(&supportsTools, "supportsTools")
    try fields.set(&supportsForcedToolChoice, "supportsForcedToolChoice")
    try fields.set(&toolInputStreaming, "toolInputStreaming")
  }

  private mutating func readInput(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&supportsImages, "supportsImages")
    try fields.set(&supportsFiles, "supportsFiles")
    try fields.set(&supportsMediaURLs, "supportsMediaURLs")
    try fields.set(&supportsCacheControl, "supportsCacheControl")
    try fields.set(&supportsCacheControlOnTools, "supportsCacheControlOnTools")
    try fields.set(&supportsLongCacheRetention, "supportsLongCacheRetention")
  }
}
