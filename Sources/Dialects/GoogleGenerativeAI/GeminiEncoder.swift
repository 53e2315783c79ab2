internal import Completion
internal import JSON

/// Writes one body for `generateContent`.
struct GeminiEncoder: BodyEncoder {
  var task: EncodingTask<GeminiQuirks>
  let traits: GeminiModel
  var generation = JSONObject()

  init(_ task: EncodingTask<GeminiQuirks>) {
    self.task = task
    traits = GeminiModel(task.endpoint.model, task.quirks)
  }

  mutating func encode() throws(ProviderError) -> JSONObject {
    let history = try history(historyRules)
    var body = JSONObject()
    let (system, messages) = split(history.messages)
    if !system.isEmpty { body["systemInstruction"] = ["parts": .array(system.map { ["text": .string($0)] })] }
    var contents = GeminiContents(traits)
    body["contents"] = contents.encode(messages)
    try encodeTools(into: &body)
    encodeSampling()
    encodeThinking()
    try encodeOutput()
    if !generation.isEmpty { body["generationConfig"] = .object(generation) }
    encodeServiceTier(into: &body)
    if options.cache == .long { drop("cache", "\(endpoint.provider) caches by itself, for a time of its own") }
    return finished(body)
  }

  private var historyRules: History.Rules {
    var rules = usualRules
    rules.takesImageURLs = rules.takesImages && quirks.supportsURLs
    rules.takesFiles = traits.takesFiles
    rules.takesFileURLs = traits.takesFiles && quirks.supportsURLs
    return rules
  }

  /// System messages that stand in front join the system texts; `contents` knows no such role.
  private func split(_ messages: [Message]) -> (system: [String], rest: ArraySlice<Message>) {
    let leading = messages.prefix { $0.role == .system }
    let system = [options.system, options.instructions].compactMap { $0 }.filter { !$0.isEmpty }
    // A request without any content is refused.
    guard leading.count < messages.count else { return (system, messages[...]) }
    return (system + leading.map(\.text), messages.dropFirst(leading.count))
  }

  // MARK: - Options

  private mutating func encodeSampling() {
    generation.set("maxOutputTokens", options.maxTokens.map(JSONValue.int))
    if let temperature = options.temperature {
      if model.temperature == false {
        drop("temperature", "\(modelName) refuses it")
      } else {
        generation["temperature"] = .double(temperature)
      }
    }
    generation.set("topP", options.topP.map(JSONValue.double))
    generation.set("seed", options.seed.map(JSONValue.int))
    let limit = quirks.maxStopSequences
    if options.stop.count > limit {
      drop(
        "stop[\(limit)]", "\(endpoint.provider) takes at most \(limit) stop sequences; the later ones were left out")
    }
    let stop = options.stop.prefix(limit)
    if !stop.isEmpty { generation["stopSequences"] = .strings(stop) }
  }

  private mutating func encodeServiceTier(into body: inout JSONObject) {
    guard let tier = options.serviceTier else { return }
    switch quirks.serviceTier {
    case .body: body["serviceTier"] = tier == .default ? "standard" : .string(tier.rawValue)
    case .header: break
    case .none: if tier != .default { drop("serviceTier", "\(endpoint.provider) has no service tiers here") }
    }
  }

  // MARK: - Tools

  private mutating func encodeTools(into body: inout JSONObject) throws(ProviderError) {
    try checkTools()
    var declarations = options.tools.map { declare($0.name, $0.description, $0.inputSchema) }
    var calling = try encodeToolChoice()
    if let answerTool = traits.answerTool(options), let output = options.output {
      if options.toolChoice == ToolChoice.none { declarations = [] }
      declarations.append(declare(answerTool, Self.answerToolDescription, output.schema))
      switch options.toolChoice {
      case .tool?: break
      case ToolChoice.none?: calling = ["mode": "ANY", "allowedFunctionNames": [.string(answerTool)]]
      case .auto?, .required?, nil: calling = ["mode": "ANY"]
      }
    }
    if options.parallelTools == false, !options.tools.isEmpty {
      drop("parallelTools", "\(endpoint.provider) leaves this to the model")
    }
    guard !declarations.isEmpty else { return }
    body["tools"] = [["functionDeclarations": .array(declarations)]]
    if let calling { body["toolConfig"] = ["functionCallingConfig": calling] }
  }

  private func declare(_ name: String, _ description: String?, _ schema: JSONObject) -> JSONValue {
    var declaration: JSONObject = ["name": .string(name)]
    declaration.set("description", description.map(JSONValue.string))
    if quirks.jsonSchema {
      declaration["parametersJsonSchema"] = .object(schema)
    } else {
      declaration["parameters"] = .object(GeminiSchema.reduced(schema))
    }
    return .object(declaration)
  }

  private func encodeToolChoice() throws(ProviderError) -> JSONValue? {
    try options.checkToolChoice()
    switch options.toolChoice {
    case nil: return nil
    case .auto?: return ["mode": "AUTO"]
    case ToolChoice.none?: return ["mode": "NONE"]
    case .required?: return ["mode": "ANY"]
    case .tool(let name)?: return ["mode": "ANY", "allowedFunctionNames": [.string(name)]]
    }
  }

  // MARK: - Structured output

  private mutating func encodeOutput() throws(ProviderError) {
    guard let output = options.output else { return }
    switch traits.structuredOutput(options) {
    case .native:
      generation["responseMimeType"] = "application/json"
      if quirks.jsonSchema {
        generation["responseJsonSchema"] = .object(output.schema)
      } else {
        generation["responseSchema"] = .object(GeminiSchema.reduced(output.schema))
      }
    case .tool:
      if output.strict == true {
        drop("output.strict", "\(endpoint.provider) does not promise to hold the model to the schema here")
      }
    case .none: throw noStructuredOutput
    }
  }
}
