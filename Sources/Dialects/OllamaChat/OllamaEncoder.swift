internal import Completion
internal import JSON

/// Writes one body for `/api/chat`.
struct OllamaEncoder: BodyEncoder {
  var task: EncodingTask<OllamaChatQuirks>

  mutating func encode() throws(ProviderError) -> JSONObject {
    let history = try history(usualRules)
    var body: JSONObject = ["model": .string(model.wireID)]
    body["messages"] = .array(encodeSystem() + encode(history))
    body.set("tools", try encodeTools())
    body["stream"] = .bool(request.stream)
    body.set("think", encodeThinking())
    body.set("format", options.output.map { .object($0.schema) })
    let sampling = encodeOptions()
    if !sampling.isEmpty { body["options"] = .object(sampling) }
    body.set("keep_alive", quirks.keepAlive)
    reportWhatDoesNotFit()
    return finished(body)
  }

  // MARK: - Options

  private func encodeOptions() -> JSONObject {
    var sampling = JSONObject()
    sampling.set("num_ctx", quirks.numCtx.map(JSONValue.int))
    sampling.set("num_predict", options.maxTokens.map(JSONValue.int))
    sampling.set("temperature", options.temperature.map(JSONValue.double))
    sampling.set("top_p", options.topP.map(JSONValue.double))
    sampling.set("seed", options.seed.map(JSONValue.int))
    if !options.stop.isEmpty { sampling["stop"] = .strings(options.stop) }
    return sampling
  }

  private mutating func encodeThinking() -> JSONValue? {
    guard let wish = thinkingWish(isSaid: true) else { return nil }
    if wish.budget != nil { drop("reasoning.budgetTokens", "Ollama takes no budget") }
    guard wish.level != .off else { return false }
    guard quirks.thinkLevels else { return true }
    return ReasoningEfforts(model, quirks.reasoningEfforts).nearest(to: wish.level).map(JSONValue.string) ?? true
  }

  private mutating func reportWhatDoesNotFit() {
    if options.parallelTools != nil { drop("parallelTools", "Ollama leaves this to the model") }
    if options.cache == .long { drop("cache", "Ollama keeps a prompt as long as the model stays loaded") }
    if let tier = options.serviceTier, tier != .default { drop("serviceTier", "Ollama has no service tiers") }
  }

  private func encodeTools() throws(ProviderError) -> JSONValue? {
    try checkTools()
    if case .withheld = try options.toolOffer(supportsChoice: false, hasAnswerTool: false, provider: "Ollama") {
      return nil
    }
    guard !options.tools.isEmpty else { return nil }
    let tools = options.tools.map { tool -> JSONValue in
      var function: JSONObject = ["name": .string(tool.name)]
      function.set("description", tool.description.map(JSONValue.string))
      function["parameters"] = .object(tool.inputSchema)
      return ["type": "function", "function": .object(function)]
    }
    return .array(tools)
  }

  // MARK: - Messages

  private func encodeSystem() -> [JSONValue] {
    let texts = [options.system, options.instructions].compactMap { $0 }.filter { !$0.isEmpty }
    return texts.isEmpty ? [] : [["role": "system", "content": .string(texts.joined(separator: "\n\n"))]]
  }

  private func encode(_ history: History) -> [JSONValue] {
    var names: [String: String] = [:]
    return history.messages.map { message in
      for call in message.toolCalls { names[call.id] = call.name }
      return .object(encode(message, names))
    }
  }

  private func encode(_ message: Message, _ names: [String: String]) -> JSONObject {
    if case .toolResult(let result)? = message.content.first { return encode(result, names) }
    var encoded: JSONObject = ["role": .string(message.role.rawValue)]
    encoded["content"] = .string(Self.text(message.content))
    if message.role == .assistant, !message.reasoning.isEmpty { encoded["thinking"] = .string(message.reasoning) }
    let images = Self.images(message.content)
    if !images.isEmpty { encoded["images"] = .array(images) }
    let calls = message.toolCalls.map { call -> JSONValue in
      ["id": .string(call.id), "function": ["name": .string(call.name), "arguments": .object(call.arguments)]]
    }
    if !calls.isEmpty { encoded["tool_calls"] = .array(calls) }
    return encoded
  }

  private func encode(_ result: ToolResult, _ names: [String: String]) -> JSONObject {
    let text = Self.text(result.content)
    var encoded: JSONObject = ["role": "tool"]
    encoded["content"] = .string(result.isError ? "Error: " + text : text)
    encoded.set("tool_name", names[result.toolCallId].map(JSONValue.string))
    encoded["tool_call_id"] = .string(result.toolCallId)
    let images = Self.images(result.content)
    if !images.isEmpty { encoded["images"] = .array(images) }
    return encoded
  }

  private static func text(_ parts: [Part]) -> String {
    parts.compactMap { if case .text(let text) = $0 { text } else { nil } }.joined(separator: "\n")
  }

  private static func images(_ parts: [Part]) -> [JSONValue] {
    parts.compactMap { part in
      if case .image(let media) = part, case .data(let base64) = media.source { .string(base64) } else { nil }
    }
  }
}
