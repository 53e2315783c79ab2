internal import Completion
internal import JSON

/// Writes one body for `generateContent`.
struct GeminiEncoder {
  let request: CompletionRequest
  let endpoint: Endpoint
  let quirks: GeminiQuirks
  let traits: GeminiModel
  let api: APIFamily
  var generation = JSONObject()
  private(set) var dropped: [Dropped] = []

  var options: CompletionOptions { request.options }
  var model: ModelInfo { endpoint.model }
  var modelName: String { "\(endpoint.provider)/\(model.id)" }

  init(_ request: CompletionRequest, _ endpoint: Endpoint, _ quirks: GeminiQuirks, api: APIFamily) {
    self.request = request
    self.endpoint = endpoint
    self.quirks = quirks
    self.api = api
    traits = GeminiModel(endpoint.model, quirks)
  }

  mutating func encode() throws(ProviderError) -> JSONObject {
    let history = try History(request.messages, for: historyRules)
    dropped += history.dropped
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
    body.merge(quirks.body)
    body.merge(options.extra)
    return body
  }

  mutating func drop(_ what: String, _ why: String) { dropped.append(Dropped(what, why)) }

  private var historyRules: History.Rules {
    var rules = History.Rules(reader: endpoint.origin(api))
    rules.takesImages = traits.takesImages
    rules.takesImageURLs = traits.takesImages && quirks.supportsURLs
    rules.takesFiles = traits.takesFiles
    rules.takesFileURLs = traits.takesFiles && quirks.supportsURLs
    rules.takesTools = traits.takesTools
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
    guard traits.takesTools || options.tools.isEmpty else {
      throw ProviderError(
        .unsupported, "\(modelName) cannot call tools", hint: "Use a model that can, or leave the tools out.",
        path: "tools")
    }
    var declarations = options.tools.map { declare($0.name, $0.description, $0.inputSchema) }
    var calling = try encodeToolChoice()
    if let answerTool = traits.answerTool(options), let output = options.output {
      if options.toolChoice == ToolChoice.none { declarations = [] }
      let description = "Call this with the final answer. Its arguments are the answer."
      declarations.append(declare(answerTool, description, output.schema))
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
    switch options.toolChoice {
    case nil: return nil
    case .auto?: return ["mode": "AUTO"]
    case ToolChoice.none?: return ["mode": "NONE"]
    case .required?:
      guard !options.tools.isEmpty else {
        throw ProviderError(.invalidParams, "toolChoice is \"required\", but there are no tools", path: "toolChoice")
      }
      return ["mode": "ANY"]
    case .tool(let name)?:
      guard options.tools.contains(where: { $0.name == name }) else {
        throw ProviderError(
          .invalidParams, "toolChoice names the tool \"\(name)\", which is not among tools", path: "toolChoice")
      }
      return ["mode": "ANY", "allowedFunctionNames": [.string(name)]]
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
    case .none:
      throw ProviderError(
        .unsupported, "\(modelName) has no structured output",
        hint: "Use another model, or ask for JSON in the input and leave output out.", path: "output")
    }
  }
}
