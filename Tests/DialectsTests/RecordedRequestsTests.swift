import Completion
import Dialects
import JSON
import TestSupport
import Testing

/// Every recorded request, told in our vocabulary and written again, must be the body that the provider accepted, but
/// for the differences listed here.
@Suite("Recorded requests")
struct RecordedRequestsTests {
  static let hasRecordings = SharedMaterial.recordings != nil

  @Test(
    "are written as they were accepted", .enabled(if: hasRecordings, "no recordings beside the checkout"),
    arguments: try SharedMaterial.streams("openai-completions"))
  func requests(_ stream: RecordedStream) throws {
    let told = try #require(Telling(stream.request))
    let written = try OpenAICompletions().write(told.request, at: .test(told.quirks, told.model))
    #expect(Self.normal(written.body) == Self.normal(stream.request))
    #expect(written.dropped == [])
  }

  /// Without what says the same in other words: a text as an array of one part, `content` that is absent, null or
  /// empty, the spacing of arguments, values that are the default, Mistral's older word for "required"; and without
  /// `strict` of tools, which these clients set by the schema and we leave off, since a schema need not be closed.
  static func normal(_ body: JSONValue) -> JSONValue {
    guard case .object(var body) = body else { return body }
    body["messages"] = .array((body["messages"]?.array ?? []).map(normalMessage))
    if body["tools"] == [] { body["tools"] = nil }
    if let tools = body["tools"]?.array { body["tools"] = .array(tools.map(normalTool)) }
    if body["tool_choice"] == "any" { body["tool_choice"] = "required" }
    return .object(body)
  }

  static func normalTool(_ tool: JSONValue) -> JSONValue {
    guard case .object(var tool) = tool, case .object(var function)? = tool["function"] else { return tool }
    function["strict"] = nil
    tool["function"] = .object(function)
    return .object(tool)
  }

  static func normalMessage(_ message: JSONValue) -> JSONValue {
    guard case .object(var message) = message else { return message }
    for key in message.keys where message[key]?.isNull ?? false { message[key] = nil }
    if let parts = message["content"]?.array, parts.allSatisfy({ $0["type"] == "text" }) {
      message["content"] = .string(parts.compactMap { $0["text"]?.string }.joined(separator: "\n"))
    } else if let parts = message["content"]?.array {
      message["content"] = .array(parts.map { $0["image_url"].flatMap { $0["url"] } ?? $0 })
    }
    if message["content"] == "" { message["content"] = nil }
    if message["prefix"] == false { message["prefix"] = nil }
    if let calls = message["tool_calls"]?.array {
      message["tool_calls"] = .array(
        calls.map { call in
          let arguments = call["function"]?["arguments"]?.string.flatMap { try? JSONValue(parsing: $0) }
          return [
            "id": call["id"] ?? .null, "name": call["function"]?["name"] ?? .null, "arguments": arguments ?? .null,
          ]
        })
    }
    return .object(message)
  }
}

/// A recorded body in our vocabulary; what has no word in it goes into `extra`.
struct Telling {
  var request: CompletionRequest
  var quirks: JSONObject = ["supportsImages": true, "fileInput": "documentURL"]
  var model = ModelInfo(id: "")

  init?(_ body: JSONValue) {
    guard var rest = body.object, let model = rest["model"]?.string, let messages = rest["messages"]?.array else {
      return nil
    }
    func take(_ key: String) -> JSONValue? {
      defer { rest[key] = nil }
      return rest[key]
    }
    var options = CompletionOptions()
    self.model.id = model
    request = CompletionRequest(messages: messages.compactMap(Self.message), stream: take("stream")?.bool ?? false)
    quirks["supportsUsageInStreaming"] = .bool(take("stream_options") != nil)
    if rest["max_completion_tokens"] != nil { quirks["maxTokensField"] = "max_completion_tokens" }
    options.maxTokens = (take("max_completion_tokens") ?? take("max_tokens"))?.int
    options.temperature = take("temperature")?.double
    options.seed = take("seed")?.int
    options.stop = (take("stop")?.array ?? []).compactMap(\.string)
    if (rest["tools"]?.array ?? []).allSatisfy({ $0["type"] == "function" }) {
      options.tools = (take("tools")?.array ?? []).compactMap(Self.tool)
    }
    options.parallelTools = take("parallel_tool_calls")?.bool
    let choice = take("tool_choice")
    options.toolChoice =
      choice?.string.flatMap { ["auto": .auto, "none": ToolChoice.none, "required": .required, "any": .required][$0] }
      ?? choice?["function"]?["name"]?.string.map(ToolChoice.tool)
    _ = take("messages")
    _ = take("model")
    options.extra = rest
    request.options = options
  }

  private static func tool(_ value: JSONValue) -> Tool? {
    guard let function = value["function"], let name = function["name"]?.string else { return nil }
    return Tool(
      name: name, description: function["description"]?.string, inputSchema: function["parameters"]?.object ?? [:])
  }

  private static func message(_ value: JSONValue) -> Message? {
    guard let role = value["role"]?.string.flatMap(Role.init(rawValue:)) else { return nil }
    var parts: [Part] = []
    if let id = value["tool_call_id"]?.string {
      let text = value["content"]?.string ?? ""
      return Message(role: .tool, content: [.toolResult(ToolResult(toolCallId: id, content: [.text(text)]))])
    }
    if let reasoning = value["reasoning_content"]?.string {
      parts.append(.reasoning(Reasoning(text: reasoning, opaque: ["field": "reasoning_content"])))
    }
    if let text = value["content"]?.string { parts.append(.text(text)) }
    for part in value["content"]?.array ?? [] {
      if let text = part["text"]?.string { parts.append(.text(text)) }
      if let url = part["image_url"]?["url"]?.string {
        parts.append(.image(Media(mediaType: "image/png", source: .url(url))))
      }
      if let url = part["document_url"]?.string {
        parts.append(
          .file(Media(mediaType: "application/pdf", source: .url(url)), name: part["document_name"]?.string))
      }
    }
    for call in value["tool_calls"]?.array ?? [] {
      guard let id = call["id"]?.string, let function = call["function"] else { continue }
      parts.append(
        .toolCall(
          ToolCall(
            id: id, name: function["name"]?.string ?? "", argumentsText: function["arguments"]?.string ?? "")))
    }
    return Message(role: role, content: parts)
  }
}
