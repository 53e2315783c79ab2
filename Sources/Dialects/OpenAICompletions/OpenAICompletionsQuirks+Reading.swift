internal import Completion
package import JSON

extension OpenAICompletionsQuirks {
  /// Reads quirks from the catalogue's or the config's object.
  /// - Throws: for unknown names, wrong types and values outside a list, naming the quirk.
  package init(_ quirks: JSONObject) throws(JSONFieldError) {
    var fields = try JSONFields(.object(quirks), path: ["quirks"])
    try readFlags(&fields)
    try readThinking(&fields)
    try readTools(&fields)
    try readCaching(&fields)
    try readOptions(&fields)
    try readEndpoints(&fields)
    try fields.finish()
  }

  private mutating func readFlags(_ fields: inout JSONFields) throws(JSONFieldError) {
    try fields.set(&supportsStore, "supportsStore")
    try fields.set(&supportsDeveloperRole, "supportsDeveloperRole")
    try fields.set(&supportsStrictMode, "supportsStrictMode")
    try fields.set(&supportsUsageInStreaming, "supportsUsageInStreaming")
    try fields.set(&supportsFinishReason, "supportsFinishReason")
    try fields.set(&requiresToolResultName, "requiresToolResultName")
    try fields.set(&requiresAssistantAfterToolResult, "requiresAssistantAfterToolResult")
    supportsImages = try fields.bool("supportsImages")
    fileInput = try fields.choice("fileInput", FileInput.self) ?? fileInput
  }

  private mutating func readThinking(_ fields: inout JSONFields) throws(JSONFieldError) {
    supportsReasoningEffort = try fields.bool("supportsReasoningEffort")
    try fields.set(&requiresThinkingAsText, "requiresThinkingAsText")
    try fields.set(&requiresReasoningReplay, "requiresReasoningReplay")
    thinkingFormat = try fields.choice("thinkingFormat", ThinkingFormat.self) ?? thinkingFormat
    chatTemplateArguments = try fields.object("chatTemplateArguments") ?? chatTemplateArguments
    thinkingBudgetField = try fields.string("thinkingBudgetField")
    reasoningField = try fields.choice("reasoningField", ReasoningField.self)
    reasoningEfforts = try fields.reasoningEfforts("reasoningEfforts")
  }

  private mutating func readTools(_ fields: inout JSONFields) throws(JSONFieldError) {
    supportsTools = try fields.bool("supportsTools")
    unsupportedTools = try fields.choice("unsupportedTools", UnsupportedTools.self) ?? unsupportedTools
    try fields.set(&supportsToolChoice, "supportsToolChoice")
    try fields.set(&supportsParallelToolCalls, "supportsParallelToolCalls")
    try fields.set(&requiresToolsWithToolHistory, "requiresToolsWithToolHistory")
    try fields.set(&toolStream, "toolStream")
    toolCallIdLength = try fields.int("toolCallIdLength", in: 4...64)
    requiredToolChoice = try fields.nonEmptyString("requiredToolChoice") ?? requiredToolChoice
    structuredOutput = try fields.choice("structuredOutput", StructuredOutput.self)
  }

  private mutating func readCaching(_ fields: inout JSONFields) throws(JSONFieldError) {
    cacheControl = try fields.choice("cacheControl", CacheControl.self) ?? cacheControl
    promptCacheKey = try fields.choice("promptCacheKey", PromptCacheKey.self) ?? promptCacheKey
    try fields.set(&supportsLongCacheRetention, "supportsLongCacheRetention")
    sessionHeaders = try fields.strings("sessionHeaders") ?? sessionHeaders
  }

  private mutating func readOptions(_ fields: inout JSONFields) throws(JSONFieldError) {
    maxTokensField = try fields.choice("maxTokensField", MaxTokensField.self) ?? maxTokensField
    try fields.set(&supportsServiceTier, "supportsServiceTier")
    serviceTiers = try fields.words("serviceTiers", for: ServiceTier.allCases.map(\.rawValue), named: "tier")
    maxStopSequences = try fields.int("maxStopSequences")
    seedField = try fields.string("seedField") ?? seedField
    body = try fields.object("body") ?? body
    refuses = try fields.choices("refuses", Option.self) ?? refuses
    reasoningModelsRefuse = try fields.choices("reasoningModelsRefuse", Option.self) ?? reasoningModelsRefuse
    trailingAssistant = try fields.choice("trailingAssistant", TrailingAssistant.self) ?? trailingAssistant
  }

  private mutating func readEndpoints(_ fields: inout JSONFields) throws(JSONFieldError) {
    query = try fields.object("query") ?? query
    if let odd = query.first(where: { $0.value.string == nil }) {
      throw fields.error("query", "must map \"\(odd.key)\" to a string")
    }
    infill = try fields.choice("infill", Infill.self) ?? infill
    try fields.set(&embeddings, "embeddings")
    dimensionsField = try fields.nonEmptyString("dimensionsField") ?? dimensionsField
  }
}

extension JSONFields {
  /// Sets `flag` when the member `key` is there.
  mutating func set(_ flag: inout Bool, _ key: String) throws(JSONFieldError) { flag = try bool(key) ?? flag }

  /// An array of raw values of `Choice`, or `nil` when absent.
  mutating func choices<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, _ type: Choice.Type
  ) throws(JSONFieldError) -> [Choice]? {
    let names = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    return try optional(key, "an array of \(names)") { value in
      guard let array = value.array else { return nil }
      let choices = array.compactMap { $0.string.flatMap(Choice.init(rawValue:)) }
      return choices.count == array.count ? choices : nil
    }
  }

  /// A map from reasoning levels to the server's words, or to `null`.
  mutating func reasoningEfforts(_ key: String) throws(JSONFieldError) -> [String: String?] {
    try words(key, for: ReasoningEfforts.levels, named: "level")
  }

  /// A map from some of `names` to the server's words for them, or to `null`; `kind` is what a person calls one.
  fileprivate mutating func words(
    _ key: String, for names: [String], named kind: String
  ) throws(JSONFieldError) -> [String: String?] {
    guard let object = try object(key) else { return [:] }
    var words: [String: String?] = [:]
    for (name, word) in object {
      guard names.contains(name) else {
        throw error(key, "has no \(kind) \"\(name)\"; the \(kind)s are \(names.joined(separator: ", "))")
      }
      guard word.isNull || word.string != nil else { throw error(key, "must map \"\(name)\" to a string or null") }
      words.updateValue(word.string, forKey: name)
    }
    return words
  }
}
