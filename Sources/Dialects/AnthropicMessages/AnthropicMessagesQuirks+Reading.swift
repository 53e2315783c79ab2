package import JSON

extension AnthropicMessagesQuirks {
  /// Reads quirks from the catalogue's or the config's object; what it does not say is as in `base`.
  /// - Throws: for unknown names, wrong types and values outside a list, naming the quirk.
  package init(_ quirks: JSONObject, over base: AnthropicMessagesQuirks = .init()) throws(JSONFieldError) {
    self = base
    var fields = try JSONFields(.object(quirks), path: ["quirks"])
    try readThinking(&fields)
    try readTools(&fields)
    try readInput(&fields)
    try readHeaders(&fields)
    defaultMaxTokens = try fields.int("defaultMaxTokens", in: 1...Int.max) ?? defaultMaxTokens
    try fields.set(&supportsServiceTier, "supportsServiceTier")
    try fields.set(&countsTokens, "countsTokens")
    let names = Option.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    refuses =
      try fields.optional("refuses", "an array of \(names)") { value in
        guard let array = value.array else { return nil }
        let options = array.compactMap { $0.string.flatMap(Option.init(rawValue:)) }
        return options.count == array.count ? options : nil
      } ?? refuses
    body = try fields.object("body") ?? body
    try fields.finish()
  }

  private mutating func readThinking(_ fields: inout JSONFields) throws(JSONFieldError) {
    thinkingFormat = try fields.choice("thinkingFormat", ThinkingFormat.self) ?? thinkingFormat
    reasoningEfforts = try fields.reasoningEfforts("reasoningEfforts")
    try fields.set(&supportsThinkingDisplay, "supportsThinkingDisplay")
    try fields.set(&supportsInterleavedThinking, "supportsInterleavedThinking")
    try fields.set(&allowsEmptySignature, "allowsEmptySignature")
  }

  private mutating func readTools(_ fields: inout JSONFields) throws(JSONFieldError) {
    structuredOutput = try fields.choice("structuredOutput", StructuredOutput.self) ?? structuredOutput
    try fields.set(&supportsStrictTools, "supportsStrictTools")
    supportsTools = try fields.bool("supportsTools") ?? supportsTools
    try fields.set(&supportsForcedToolChoice, "supportsForcedToolChoice")
    toolInputStreaming = try fields.choice("toolInputStreaming", ToolInputStreaming.self) ?? toolInputStreaming
  }

  private mutating func readInput(_ fields: inout JSONFields) throws(JSONFieldError) {
    supportsImages = try fields.bool("supportsImages") ?? supportsImages
    supportsFiles = try fields.bool("supportsFiles") ?? supportsFiles
    try fields.set(&supportsMediaURLs, "supportsMediaURLs")
    try fields.set(&supportsCacheControl, "supportsCacheControl")
    try fields.set(&supportsCacheControlOnTools, "supportsCacheControlOnTools")
    try fields.set(&supportsLongCacheRetention, "supportsLongCacheRetention")
  }

  private mutating func readHeaders(_ fields: inout JSONFields) throws(JSONFieldError) {
    betas = try fields.strings("betas") ?? betas
    sessionHeaders = try fields.strings("sessionHeaders") ?? sessionHeaders
    claudeCode = try fields.bool("claudeCode") ?? claudeCode
  }
}
