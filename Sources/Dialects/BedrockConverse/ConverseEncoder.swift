internal import Completion
internal import HTTP
internal import JSON

/// Writes one request body.
struct ConverseEncoder: BodyEncoder {
  var task: EncodingTask<BedrockConverseQuirks>
  var body = JSONObject()

  mutating func encode() throws(ProviderError) -> JSONObject {
    var rules = usualRules
    rules.takesFiles = quirks.supportsDocuments ?? model.input.contains("pdf")
    let history = try history(rules)
    let (leading, conversation) = Self.cutLeadingSystem(history.messages)
    let system = encodeSystem(leading)
    if !system.isEmpty { body["system"] = .array(system) }
    body["messages"] = .array(encode(conversation))
    try encodeTools(conversation)
    reportCaching()
    encodeThinking(conversation)
    encodeSampling()
    try encodeOutput()
    return finished(body)
  }

  // MARK: - Options

  private mutating func encodeSampling() {
    if let seed = options.seed { drop("seed", "\(endpoint.provider) takes no seed (\(seed))") }
    var config = body["inferenceConfig"]?.object ?? JSONObject()
    if config["maxTokens"] == nil { set("maxTokens", .maxTokens, options.maxTokens.map(JSONValue.int), in: &config) }
    set("temperature", .temperature, options.temperature.map(JSONValue.double), in: &config)
    set("topP", .topP, options.topP.map(JSONValue.double), in: &config)
    set("stopSequences", .stop, options.stop.isEmpty ? nil : .some(.strings(options.stop)), in: &config)
    body["inferenceConfig"] = config.isEmpty ? nil : .object(config)
    if config["stopSequences"] != nil, quirks.reportsStopSequence {
      body["additionalModelResponseFieldPaths"] = ["/stop_sequence"]
    }
    if let tier = options.serviceTier, tier != .default { body["serviceTier"] = ["type": .string(tier.rawValue)] }
  }

  private mutating func set(
    _ field: String, _ option: BedrockConverseQuirks.Option, _ value: JSONValue?, in config: inout JSONObject
  ) {
    guard let value else { return }
    if let why = refusal(option) { drop(option.rawValue, why) } else { config[field] = value }
  }

  /// Why the model does not take `option`; `nil` when it does.
  private func refusal(_ option: BedrockConverseQuirks.Option) -> String? {
    if quirks.refuses.contains(option) || option == .temperature && model.temperature == false {
      return "\(modelName) refuses it"
    }
    let fields = body["additionalModelRequestFields"]
    let thinking = fields?["thinking"]?["type"]?.string
    if [.temperature, .topP].contains(option), let thinking, thinking != "disabled" {
      return "\(modelName) does not take it while it thinks"
    }
    // Amazon's documents: with high effort these must not be set.
    if option != .stop, fields?["reasoningConfig"]?["maxReasoningEffort"] == "high" {
      return "\(modelName) does not take it while it thinks hard"
    }
    return nil
  }

  // MARK: - Tools

  /// The tool that stands in for a native structured output, where this model needs one.
  private var answerTool: String? { quirks.outputMode(for: model) == .tool ? options.answerToolName : nil }

  private mutating func encodeTools(_ conversation: [Message]) throws(ProviderError) {
    try checkTools()
    let offer = try options.toolOffer(
      supportsChoice: quirks.supportsToolChoice, hasAnswerTool: answerTool != nil, provider: endpoint.provider)
    var tools = options.tools.map { Self.specification($0.name, $0.description, $0.inputSchema) }
    var choice: JSONValue?
    switch offer {
    case .unstated, .stated(.auto): break
    // There is no such choice here, but no tools are no choice.
    case .withheld, .stated(.none): tools = []
    case .stated(.required): choice = ["any": [:]]
    case .stated(.tool(let name)): choice = ["tool": ["name": .string(name)]]
    }
    if let answerTool, let output = options.output, takesTools {
      if choice == nil, quirks.supportsToolChoice {
        choice = tools.isEmpty ? ["tool": ["name": .string(answerTool)]] : ["any": [:]]
      }
      tools.append(Self.specification(answerTool, Self.answerToolDescription, output.schema))
    }
    if tools.isEmpty { tools = toolsOfHistory(conversation) }
    guard !tools.isEmpty else { return }
    var config: JSONObject = ["tools": .array(tools)]
    config.set("toolChoice", choice)
    body["toolConfig"] = .object(config)
    if options.parallelTools == false { drop("parallelTools", "\(endpoint.provider) leaves this to the model") }
  }

  /// A conversation with tool calls needs tools declared, even when none may be called any more.
  private mutating func toolsOfHistory(_ conversation: [Message]) -> [JSONValue] {
    var names: [String] = []
    for call in conversation.flatMap(\.toolCalls) where !names.contains(call.name) { names.append(call.name) }
    guard !names.isEmpty else { return [] }
    if options.toolChoice == ToolChoice.none {
      drop("toolChoice", "\(endpoint.provider) wants the tools of earlier calls declared, and then cannot forbid them")
    }
    return names.map { name in
      let known = options.tools.first { $0.name == name }
      return Self.specification(name, known?.description, known?.inputSchema ?? ["type": "object"])
    }
  }

  private static func specification(_ name: String, _ description: String?, _ schema: JSONObject) -> JSONValue {
    var specification: JSONObject = ["name": .string(name)]
    if let description, !description.isEmpty { specification["description"] = .string(description) }
    specification["inputSchema"] = ["json": .object(schema)]
    return ["toolSpec": .object(specification)]
  }

  // MARK: - Structured output

  private mutating func encodeOutput() throws(ProviderError) {
    guard let output = options.output else { return }
    switch quirks.outputMode(for: model) {
    case .native:
      // The schema goes as text.
      let schema: JSONValue = [
        "schema": .string(JSONValue.object(output.schema).text), "name": .string(options.answerToolName ?? output.name),
      ]
      body["outputConfig"] = ["textFormat": ["type": "json_schema", "structure": ["jsonSchema": schema]]]
    case .tool where takesTools:
      if output.strict == true {
        drop("output.strict", "\(modelName) is not held to the schema, only asked to keep it")
      }
    case .tool, .none: throw noStructuredOutput
    }
  }
}
