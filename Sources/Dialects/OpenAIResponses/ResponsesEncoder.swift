internal import Completion
internal import JSON

/// Writes one request body for the Responses API and its kin. What never changes from turn to turn comes first.
struct ResponsesEncoder: BodyEncoder {
  var task: EncodingTask<OpenAIResponsesQuirks>
  var body = JSONObject()

  mutating func encode() throws(ProviderError) -> JSONObject {
    body = ["model": .string(model.wireID)]
    let history = try history(historyRules)
    var input = encodeSystem()
    input += encode(history)
    try encodeTools()
    body["input"] = .array(input)
    encodeDelivery()
    encodeSampling()
    encodeReasoning()
    try encodeText()
    encodeCaching()
    return finished(body)
  }

  /// What the endpoint that counts tokens takes of `encode()`.
  mutating func encodeForCounting() throws(ProviderError) -> JSONObject {
    try encode().only([
      "model", "input", "instructions", "tools", "text", "reasoning", "tool_choice", "parallel_tool_calls",
      "truncation", "previous_response_id", "conversation",
    ])
  }

  private var historyRules: History.Rules {
    var rules = usualRules
    rules.takesImageURLs = rules.takesImages
    let files = quirks.fileInput ?? (model.input.contains("pdf") ? .data : .none)
    rules.takesFiles = files != .none
    rules.takesFileURLs = files == .dataOrURL
    rules.ids.allowsTrailingUnderscore = !quirks.refusesTrailingUnderscore
    return rules
  }

  // MARK: - Options

  private mutating func encodeDelivery() {
    if request.stream || quirks.alwaysStreams { body["stream"] = true }
    if quirks.supportsStore { body["store"] = false }
    if quirks.includesEncryptedReasoning, model.reasoning, quirks.includesEncryptedReasoningWhenOff || !isOff {
      body["include"] = ["reasoning.encrypted_content"]
    }
    guard let tier = options.serviceTier else { return }
    if quirks.supportsServiceTier {
      body["service_tier"] = .string(tier.rawValue)
    } else if tier != .default {
      drop("serviceTier", "\(endpoint.provider) has no service tiers here")
    }
  }

  private mutating func encodeSampling() {
    if let maxTokens = options.maxTokens {
      if !quirks.supportsMaxTokens {
        drop("maxTokens", "\(endpoint.provider) takes no limit for the answer's length")
      } else {
        if maxTokens < quirks.minOutputTokens {
          drop("maxTokens", "\(endpoint.provider) takes no limit below \(quirks.minOutputTokens), which was sent")
        }
        body["max_output_tokens"] = .int(max(maxTokens, quirks.minOutputTokens))
      }
    }
    set("temperature", .temperature, options.temperature)
    set("top_p", .topP, options.topP)
    if !options.stop.isEmpty { drop("stop", "this API has no stop sequences") }
    if options.seed != nil { drop("seed", "this API takes no seed") }
  }

  /// Reasoning models refuse to be sampled otherwise, but for those that the catalogue knows to allow it.
  private mutating func set(_ field: String, _ option: OpenAIResponsesQuirks.Option, _ value: Double?) {
    guard let value else { return }
    if quirks.refuses.contains(option) || !(model.temperature ?? !model.reasoning) {
      drop(option.rawValue, "\(modelName) refuses it")
    } else {
      body[field] = .double(value)
    }
  }

  private var isOff: Bool { options.reasoning?.wish.level == .off }

  private mutating func encodeReasoning() {
    guard let wish = thinkingWish(isSaid: quirks.supportsReasoningEffort) else { return }
    let level = wish.level
    if wish.budget != nil { dropBudget() }
    let efforts = ReasoningEfforts(model, quirks.reasoningEfforts)
    guard let effort = level == .off ? efforts[.off] : efforts.nearest(to: level) else {
      drop("reasoning", level == .off ? "\(modelName) cannot stop thinking" : "\(modelName) does not take a level")
      return
    }
    var reasoning: JSONObject = ["effort": .string(effort)]
    if level != .off, quirks.reasoningSummary != .none {
      reasoning["summary"] = .string(quirks.reasoningSummary.rawValue)
    }
    body["reasoning"] = .object(reasoning)
  }

  private mutating func encodeCaching() {
    reportCaching(takesLong: quirks.supportsLongCacheRetention)
    guard options.cache != .off else { return }
    let isLong = options.cache == .long && quirks.supportsLongCacheRetention
    quirks.promptCacheKey.add(to: &body, for: request, isLong: isLong)
    if isLong { body["prompt_cache_retention"] = "24h" }
  }

  // MARK: - Tools

  private mutating func encodeTools() throws(ProviderError) {
    try checkTools()
    let answerTool = quirks.answerTool(for: options, model)
    let offer = try options.toolOffer(
      supportsChoice: quirks.supportsToolChoice, hasAnswerTool: answerTool != nil, provider: endpoint.provider)
    var tools: [JSONValue] = []
    if case .withheld = offer {} else { tools = options.tools.map { encode($0.name, $0.description, $0.inputSchema) } }
    var choice: JSONValue?
    if case .stated(let stated) = offer { choice = Self.written(stated) }
    if let answerTool, let output = options.output {
      tools.append(encode(answerTool, Self.answerToolDescription, output.schema))
      let alone: JSONValue = ["type": "function", "name": .string(answerTool)]
      if quirks.supportsToolChoice { choice = choice ?? (tools.count == 1 ? alone : "required") }
    }
    if !tools.isEmpty { body["tools"] = .array(tools) }
    let states = quirks.statesToolDefaults && quirks.supportsToolChoice
    body.set("tool_choice", choice ?? (states ? JSONValue.string("auto") : Optional.none))
    if tools.isEmpty, !states { return }
    if quirks.supportsParallelToolCalls {
      body.set("parallel_tool_calls", (options.parallelTools ?? (states ? true : .none)).map(JSONValue.bool))
    } else if options.parallelTools != nil {
      drop("parallelTools", "\(endpoint.provider) leaves this to the model")
    }
  }

  private func encode(_ name: String, _ description: String?, _ schema: JSONObject) -> JSONValue {
    var tool: JSONObject = ["type": "function", "name": .string(name)]
    tool.set("description", description.map(JSONValue.string))
    tool["parameters"] = .object(schema)
    switch quirks.toolStrict {
    case .false: tool["strict"] = false
    case .null: tool["strict"] = .null
    case .omit: break
    }
    return .object(tool)
  }

  private static func written(_ choice: ToolChoice) -> JSONValue {
    switch choice {
    case .auto: "auto"
    case .none: "none"
    case .required: "required"
    case .tool(let name): ["type": "function", "name": .string(name)]
    }
  }

  // MARK: - Text

  private mutating func encodeText() throws(ProviderError) {
    var text = JSONObject()
    text.set("verbosity", quirks.verbosity.map(JSONValue.string))
    if let output = options.output {
      switch quirks.way(of: model) {
      case .jsonSchema: text["format"] = .object(format(output))
      case .tool where takesTools: noteStrictness(output, isKept: false)
      case .tool, .none: throw noStructuredOutput
      }
    }
    if !text.isEmpty { body["text"] = .object(text) }
  }

  private mutating func format(_ output: OutputFormat) -> JSONObject {
    var format: JSONObject = ["type": "json_schema", "name": .string(options.answerToolName ?? output.name)]
    noteStrictness(output, isKept: quirks.supportsStrictMode)
    if quirks.supportsStrictMode { format["strict"] = .bool(output.strict ?? output.qualifiesForStrictMode) }
    format["schema"] = .object(output.schema)
    return format
  }

  private mutating func noteStrictness(_ output: OutputFormat, isKept: Bool) {
    guard output.strict == true, !isKept else { return }
    drop("output.strict", "\(endpoint.provider) does not promise to hold the model to the schema")
  }
}

extension OpenAIResponsesQuirks {
  /// How `model` is held to a schema here.
  func way(of model: ModelInfo) -> StructuredOutput {
    structuredOutput == .jsonSchema && model.structured == false ? .tool : structuredOutput
  }

  /// The tool that stands in for a native structured output, where this model needs one.
  func answerTool(for options: CompletionOptions, _ model: ModelInfo) -> String? {
    way(of: model) == .tool ? options.answerToolName : nil
  }
}
