package import JSON

extension CompletionOptions {
  /// Reads the options among the parameters of `complete`; other members are left to the caller.
  package init(reading fields: inout JSONFields) throws(JSONFieldError) {
    self.init()
    system = try fields.string("system")
    instructions = try fields.string("instructions")
    maxTokens = try fields.int("maxTokens", in: 1...Int.max)
    temperature = try fields.double("temperature", in: 0...2)
    topP = try fields.double("topP", in: 0...1)
    stop = try fields.strings("stop") ?? []
    seed = try fields.int("seed", in: Int.min...Int.max)
    reasoning = try ReasoningOption(reading: &fields)
    try readTools(&fields)
    parallelTools = try fields.bool("parallelTools")
    if let value = fields.value("output") { output = try OutputFormat(json: value, path: fields.path + ["output"]) }
    cache = try fields.choice("cache", CachePolicy.self)
    serviceTier = try fields.choice("serviceTier", ServiceTier.self)
    extra = try fields.object("extra") ?? JSONObject()
  }

  private mutating func readTools(_ fields: inout JSONFields) throws(JSONFieldError) {
    tools =
      try fields.list("tools") { json, path throws(JSONFieldError) in try Tool(json: json, path: path) } ?? []
    var names: Set<String> = []
    for (index, tool) in tools.enumerated() where !names.insert(tool.name).inserted {
      let path = fields.path + ["tools", String(index), "name"]
      throw JSONFieldError(path: path, message: "is the name of an earlier tool: \"\(tool.name)\"")
    }
    toolChoice = try ToolChoice(reading: &fields)
    switch toolChoice {
    case .required where tools.isEmpty: throw fields.error("toolChoice", "is \"required\", but there are no tools")
    case .tool(let name) where !names.contains(name):
      throw fields.error("toolChoice", "names \"\(name)\", which is none of the tools")
    default: break
    }
  }
}

extension ReasoningOption {
  /// The member `reasoning`: a level, or `{"budgetTokens": n}`; `nil` when absent.
  fileprivate init?(reading fields: inout JSONFields) throws(JSONFieldError) {
    guard let value = fields.value("reasoning") else { return nil }
    if case .object = value {
      var members = try JSONFields(value, path: fields.path + ["reasoning"])
      self = .budget(try members.require("budgetTokens", members.int("budgetTokens", in: 1...Int.max)))
      try members.finish()
    } else if let level = value.string.flatMap(ReasoningLevel.init(rawValue:)) {
      self = .level(level)
    } else {
      let names = ReasoningLevel.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
      throw fields.error("reasoning", "must be one of \(names), or {\"budgetTokens\": n}")
    }
  }
}

extension ToolChoice {
  /// The member `toolChoice`: a word, or `{"name": tool}`; `nil` when absent.
  fileprivate init?(reading fields: inout JSONFields) throws(JSONFieldError) {
    guard let value = fields.value("toolChoice") else { return nil }
    switch value {
    case .string("auto"): self = .auto
    case .string("none"): self = .none
    case .string("required"): self = .required
    case .object:
      var members = try JSONFields(value, path: fields.path + ["toolChoice"])
      self = .tool(try members.require("name", members.nonEmptyString("name")))
      try members.finish()
    default:
      throw fields.error("toolChoice", "must be one of \"auto\", \"none\", \"required\", or {\"name\": tool}")
    }
  }
}

extension Tool {
  /// Reads `{"name": …, "description"?: …, "inputSchema": {…}}`.
  package init(json: JSONValue, path: [String] = []) throws(JSONFieldError) {
    var fields = try JSONFields(json, path: path)
    self.init(
      name: try fields.require("name", fields.nonEmptyString("name")), description: try fields.string("description"),
      inputSchema: try fields.require("inputSchema", fields.object("inputSchema")))
    try fields.finish()
  }
}

extension OutputFormat {
  /// Reads `{"schema": {…}, "name"?: …, "strict"?: …}`.
  package init(json: JSONValue, path: [String] = []) throws(JSONFieldError) {
    var fields = try JSONFields(json, path: path)
    self.init(
      schema: try fields.require("schema", fields.object("schema")),
      name: try fields.nonEmptyString("name") ?? "answer", strict: try fields.bool("strict"))
    try fields.finish()
  }
}
