internal import Completion
internal import HTTP
internal import JSON

/// Writes one request body. One property of the conversation after the other, in the order in which they stand in the
/// body: what never changes from turn to turn first, for the sake of prompt caches.
struct CompletionsEncoder: BodyEncoder {
  var task: EncodingTask<OpenAICompletionsQuirks>
  var body = JSONObject()

  mutating func encode() throws(ProviderError) -> JSONObject {
    body = ["model": .string(model.wireID), "messages": [], "tools": []]
    let history = try history(historyRules)
    if quirks.trailingAssistant == .none, history.messages.last?.role == .assistant {
      throw ProviderError(
        .unsupported, "\(endpoint.provider) does not go on with what the assistant began",
        hint: "End the messages with one of the user.", path: "messages")
    }
    var messages = encodeSystem()
    messages += encode(history)
    var tools = try encodeTools(history)
    markCacheBreakpoints(&messages, &tools)
    body["messages"] = .array(messages)
    body["tools"] = tools.map(JSONValue.array)
    encodeStream()
    encodeSampling()
    encodeThinking()
    try encodeOutput()
    encodeCaching()
    return finished(body)
  }

  private var historyRules: History.Rules {
    var rules = usualRules
    rules.takesImageURLs = rules.takesImages
    rules.takesFiles = quirks.fileInput != .none
    rules.takesFileURLs = [.dataOrURL, .documentURL].contains(quirks.fileInput)
    rules.ids =
      quirks.toolCallIdLength.map { ToolCallIDRule(lengths: $0...$0, allowsPunctuation: false) }
      ?? ToolCallIDRule(lengths: 1...40)
    return rules
  }

  // MARK: - Options

  private mutating func encodeStream() {
    guard request.stream else { return }
    body["stream"] = true
    if quirks.supportsUsageInStreaming { body["stream_options"] = ["include_usage": true] }
  }

  private mutating func encodeSampling() {
    if let maxTokens = options.maxTokens {
      if quirks.maxTokensField == .none {
        drop("maxTokens", "\(endpoint.provider) takes no limit for the answer's length")
      } else {
        body[quirks.maxTokensField.rawValue] = .int(maxTokens)
      }
    }
    set("temperature", .temperature, options.temperature.map(JSONValue.double))
    set("top_p", .topP, options.topP.map(JSONValue.double))
    set("stop", .stop, stopSequences)
    set(quirks.seedField, .seed, options.seed.map(JSONValue.int))
    if quirks.supportsStore { body["store"] = false }
    encodeServiceTier()
  }

  private mutating func encodeServiceTier() {
    guard let tier = options.serviceTier else { return }
    if quirks.supportsServiceTier, let word = quirks.serviceTiers[tier.rawValue] ?? tier.rawValue {
      body["service_tier"] = .string(word)
    } else if tier != .default {
      drop("serviceTier", "\(endpoint.provider) has no such service tier here")
    }
  }

  private mutating func set(_ field: String, _ option: OpenAICompletionsQuirks.Option, _ value: JSONValue?) {
    guard let value else { return }
    if refuses(option) {
      drop(option.rawValue, "\(modelName) refuses it")
    } else {
      body[field] = value
    }
  }

  private func refuses(_ option: OpenAICompletionsQuirks.Option) -> Bool {
    if quirks.refuses.contains(option) { return true }
    if option == .temperature, let takesTemperature = model.temperature { return !takesTemperature }
    return model.reasoning && quirks.reasoningModelsRefuse.contains(option)
  }

  private var stopSequences: JSONValue? {
    mutating get {
      guard !options.stop.isEmpty else { return nil }
      let limit = quirks.maxStopSequences ?? .max
      if options.stop.count > limit, !refuses(.stop) {
        drop(
          "stop[\(limit)]", "\(endpoint.provider) takes at most \(limit) stop sequences; the later ones were left out")
      }
      return .strings(options.stop.prefix(limit))
    }
  }

  // MARK: - Tools

  private mutating func encodeTools(_ history: History) throws(ProviderError) -> [JSONValue]? {
    let options = try optionsWithUsableTools()
    var tools = options.tools.map { encode($0.name, $0.description, $0.inputSchema, strict: false) }
    let choice = try encodeToolChoice(options, isOffered: &tools)
    if let answerTool, let output = options.output {
      tools.append(encode(answerTool, Self.answerToolDescription, output.schema, strict: strictSchema ?? false))
    }
    if tools.isEmpty {
      let hasCalls = history.messages.contains { !$0.toolCalls.isEmpty }
      return quirks.requiresToolsWithToolHistory && hasCalls ? [] : nil
    }
    body.set("tool_choice", answerTool == nil || choice != nil ? choice : answerToolChoice)
    if let parallel = options.parallelTools {
      if quirks.supportsParallelToolCalls {
        body["parallel_tool_calls"] = .bool(parallel)
      } else {
        drop("parallelTools", "\(endpoint.provider) leaves this to the model")
      }
    }
    if quirks.toolStream, request.stream { body["tool_stream"] = true }
    return tools
  }

  /// The options without tools that the model could not call anyway, where the server is known to want that.
  private mutating func optionsWithUsableTools() throws(ProviderError) -> CompletionOptions {
    guard !takesTools, !options.tools.isEmpty else { return options }
    if quirks.unsupportedTools == .error || options.forcesTool { try checkTools() }
    drop("tools", "\(modelName) cannot call tools")
    var usable = options
    usable.tools = []
    return usable
  }

  private func encode(_ name: String, _ description: String?, _ schema: JSONObject, strict: Bool) -> JSONValue {
    var function: JSONObject = ["name": .string(name)]
    function.set("description", description.map(JSONValue.string))
    function["parameters"] = .object(schema)
    if quirks.supportsStrictMode { function["strict"] = .bool(strict) }
    return ["type": "function", "function": .object(function)]
  }

  /// The field's value, or `nil` where the default says the same.
  private func encodeToolChoice(
    _ options: CompletionOptions, isOffered tools: inout [JSONValue]
  ) throws(ProviderError) -> JSONValue? {
    let offer = try options.toolOffer(
      supportsChoice: quirks.supportsToolChoice, hasAnswerTool: answerTool != nil, provider: endpoint.provider)
    switch offer {
    case .unstated: return nil
    case .withheld:
      tools = []
      return nil
    case .stated(.auto): return "auto"
    case .stated(.none): return "none"
    case .stated(.required): return .string(quirks.requiredToolChoice)
    case .stated(.tool(let name)): return ["type": "function", "function": ["name": .string(name)]]
    }
  }

  // MARK: - Structured output

  /// The tool that stands in for a native structured output, where this server needs one.
  private var answerTool: String? { structuredOutput == .tool ? options.answerToolName : nil }

  var structuredOutput: OpenAICompletionsQuirks.StructuredOutput { quirks.structuredOutput(for: model) }

  private var answerToolChoice: JSONValue? {
    guard let answerTool, quirks.supportsToolChoice else { return nil }
    let isAlone = options.tools.isEmpty || options.toolChoice == ToolChoice.none
    return isAlone
      ? ["type": "function", "function": ["name": .string(answerTool)]]
      : .string(quirks.requiredToolChoice)
  }

  /// `strict` of the schema: as asked; else wherever the server and the schema allow it.
  private var strictSchema: Bool? {
    guard let output = options.output, quirks.supportsStrictMode else { return nil }
    return output.strict ?? output.qualifiesForStrictMode
  }

  private mutating func encodeOutput() throws(ProviderError) {
    guard let output = options.output else { return }
    if output.strict == true, !quirks.supportsStrictMode || structuredOutput == .jsonObject {
      drop("output.strict", "\(endpoint.provider) does not promise to hold the model to the schema")
    }
    switch structuredOutput {
    case .jsonSchema:
      var schema: JSONObject = ["name": .string(options.answerToolName ?? output.name)]
      schema.set("strict", strictSchema.map(JSONValue.bool))
      schema["schema"] = .object(output.schema)
      body["response_format"] = ["type": "json_schema", "json_schema": .object(schema)]
    case .jsonObject: body["response_format"] = ["type": "json_object"]
    case .tool:
      guard takesTools else { fallthrough }
    case .none: throw noStructuredOutput
    }
  }
}
