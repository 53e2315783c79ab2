internal import Completion
internal import JSON

extension MessagesEncoder {
  // MARK: - Tools

  mutating func encodeTools() throws(ProviderError) -> [JSONValue] {
    try checkTools()
    try options.checkToolChoice()
    guard quirks.supportsForcedToolChoice || !options.forcesTool else {
      throw ProviderError(
        .unsupported, "\(modelName) cannot be made to call a tool", hint: "Use toolChoice \"auto\", or another model.",
        path: "toolChoice")
    }
    var tools = options.tools.map { encode($0.name, $0.description, $0.inputSchema) }
    if let answerTool, let output = options.output {
      // Tools that must not be called have no place beside one that must.
      if options.toolChoice == ToolChoice.none { tools = [] }
      tools.append(encode(answerTool, Self.answerToolDescription, output.schema, isStrict: isAnswerStrict))
    }
    guard !tools.isEmpty else { return [] }
    if quirks.toolInputStreaming == .beta, request.stream { betas.append("fine-grained-tool-streaming-2025-05-14") }
    body.set("tool_choice", toolChoice.map(JSONValue.object))
    return tools
  }

  private func encode(
    _ name: String, _ description: String?, _ schema: JSONObject, isStrict: Bool = false
  ) -> JSONValue {
    var tool: JSONObject = ["name": .string(identity?.wireName(name) ?? name)]
    tool.set("description", description.map(JSONValue.string))
    var schema = schema
    // The API refuses a schema that does not say so, even an empty one.
    if schema["type"] == nil { schema["type"] = "object" }
    tool["input_schema"] = .object(schema)
    if isStrict { tool["strict"] = true }
    if quirks.toolInputStreaming == .eager, request.stream { tool["eager_input_streaming"] = true }
    return .object(tool)
  }

  /// `nil` where the default says the same.
  private var toolChoice: JSONObject? {
    var choice: JSONObject?
    switch options.toolChoice {
    case .required?: choice = ["type": "any"]
    case .tool(let name)?: choice = ["type": "tool", "name": .string(identity?.wireName(name) ?? name)]
    case nil, .auto?, ToolChoice.none?:
      if let answerTool {
        let isAlone = options.tools.isEmpty || options.toolChoice == ToolChoice.none
        choice = isAlone ? ["type": "tool", "name": .string(answerTool)] : ["type": "any"]
      } else if let given = options.toolChoice {
        choice = ["type": given == .auto ? "auto" : "none"]
      }
    }
    if options.parallelTools == false, choice?["type"] != "none" {
      choice = choice ?? ["type": "auto"]
      choice?["disable_parallel_tool_use"] = true
    }
    return choice
  }

  /// Whether the model has no choice but to call a tool, which excludes thinking.
  var forcesTool: Bool { options.forcesTool || answerTool != nil }

  // MARK: - Structured output

  /// The tool that stands in for a native structured output, where one is needed.
  private var answerTool: String? { quirks.answerTool(options, model) }

  private var isAnswerStrict: Bool {
    guard let output = options.output, quirks.supportsStrictTools else { return false }
    return output.strict ?? output.qualifiesForStrictMode
  }

  mutating func encodeOutput() throws(ProviderError) {
    guard let output = options.output else { return }
    switch quirks.structuredOutput(for: model) {
    case .native:
      var config = body["output_config"]?.object ?? JSONObject()
      config["format"] = ["type": "json_schema", "schema": .object(output.schema)]
      body["output_config"] = .object(config)
    case .tool where takesTools && quirks.supportsForcedToolChoice:
      if output.strict == true, !quirks.supportsStrictTools {
        drop("output.strict", "\(endpoint.provider) does not promise to hold the model to the schema")
      }
    case .tool, .none: throw noStructuredOutput
    }
  }
}

extension AnthropicMessagesQuirks {
  func structuredOutput(for model: ModelInfo) -> StructuredOutput {
    structuredOutput ?? (model.structured == true ? .native : .tool)
  }

  /// The name of the tool whose arguments are the answer; `nil` when there is no such tool.
  func answerTool(_ options: CompletionOptions, _ model: ModelInfo) -> String? {
    structuredOutput(for: model) == .tool ? options.answerToolName : nil
  }
}
