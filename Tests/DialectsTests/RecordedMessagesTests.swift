import Completion
import Dialects
import JSON
import TestSupport
import Testing

/// Recorded traffic of Anthropic's Messages API beside the streams' answers, which `RecordedStreamsTests` reads.
@Suite("Recorded Messages traffic")
struct RecordedMessagesTests {
  static let hasRecordings = SharedMaterial.recordings != nil
  static let api = "anthropic-messages"

  /// A recorded request, of a stream or not.
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var body: JSONValue
    var testDescription: String { name }
  }

  static func cases() throws -> [Case] {
    let streamed = try SharedMaterial.streams(api).map { Case(name: $0.name, body: $0.request) }
    return try streamed + SharedMaterial.exchanges(api).map { Case(name: $0.name, body: $0.request) }
  }

  /// Requests that say what our vocabulary has no word for.
  static let untold = [
    "anthropic/plaintext_document-streaming_document_citations_accepts_null_citation_start-0": "a text with citations",
    "anthropic/messages_document_file_id_roundtrip_live-1.json": "a file that was uploaded before",
    "anthropic/messages_document_file_id_roundtrip_live-2.json": "a file that was uploaded before",
  ]

  @Test("the recordings are all there", .enabled(if: hasRecordings, "no recordings beside the checkout"))
  func areAllThere() throws {
    #expect(try Self.cases().count == 46)
    #expect(try Self.cases().count { Self.untold[$0.name] != nil } == Self.untold.count)
  }

  @Test(
    "requests are written as they were accepted", .enabled(if: hasRecordings, "no recordings beside the checkout"),
    arguments: try cases().filter { untold[$0.name] == nil })
  func requests(_ recorded: Case) throws {
    let told = try #require(MessagesTelling(recorded.body))
    let written = try AnthropicMessages().write(told.request, at: .test(told.quirks, told.model))
    #expect(Self.normal(written.body) == Self.normal(recorded.body))
    #expect(written.dropped == [])
  }

  /// Without what says the same in other words: an effort of "high", markers of five minutes and `is_error: false`,
  /// which are the defaults; and without the markers in messages, which those clients left to automatic caching.
  static func normal(_ body: JSONValue) -> JSONValue {
    guard case .object(var body) = body else { return body }
    if body["output_config"] == ["effort": "high"] { body["output_config"] = nil }
    for key in ["system", "tools"] { body[key] = body[key]?.array.map { .array($0.map(withoutDefaultTTL)) } }
    body["messages"] = .array(
      (body["messages"]?.array ?? []).map { message in
        ["role": message["role"] ?? .null, "content": .array((message["content"]?.array ?? []).map(normalBlock))]
      })
    return .object(body)
  }

  static func withoutDefaultTTL(_ block: JSONValue) -> JSONValue {
    guard case .object(var block) = block, block["cache_control"]?["ttl"] == "5m" else { return block }
    block["cache_control"] = ["type": "ephemeral"]
    return .object(block)
  }

  static func normalBlock(_ block: JSONValue) -> JSONValue {
    guard case .object(var block) = block else { return block }
    block["cache_control"] = nil
    if block["is_error"] == false { block["is_error"] = nil }
    return .object(block)
  }

  @Test(
    "whole answers: text, calls, end and counts are those of the JSON",
    .enabled(if: hasRecordings, "no recordings beside the checkout"), arguments: try SharedMaterial.exchanges(api))
  func exchanges(_ exchange: RecordedExchange) throws {
    let answer = AnthropicMessages().decodeWhole(exchange.response)
    try #require(answer.error == nil)
    let blocks = try #require(exchange.response["content"]?.array)
    let calls = blocks.filter { $0["type"] == "tool_use" }
    #expect(answer.text == blocks.compactMap { $0["text"]?.string }.joined())
    #expect(answer.calls.map(\.id) == calls.compactMap { $0["id"]?.string })
    #expect(answer.calls.map(\.name) == calls.compactMap { $0["name"]?.string })
    #expect(answer.calls.map { try? JSONValue(parsing: $0.arguments) } == calls.map { $0["input"] })
    #expect(answer.rawStop == exchange.response["stop_reason"]?.string)
    #expect(answer.stop == (calls.isEmpty ? .end : .toolUse))
    #expect(answer.id == exchange.response["id"]?.string)
    #expect(answer.model == exchange.response["model"]?.string)
    #expect(answer.tier == "standard")
    let usage = try #require(answer.usage)
    #expect(usage.input == exchange.response["usage"]?["input_tokens"]?.int)
    #expect(usage.output == exchange.response["usage"]?["output_tokens"]?.int)
  }

  @Test(
    "every thought and block of a recorded stream goes back to the same model as it came",
    .enabled(if: hasRecordings, "no recordings beside the checkout"), arguments: try SharedMaterial.streams(api))
  func replay(_ stream: RecordedStream) throws {
    let answer = AnthropicMessages().decode([stream.response[...]])
    let sealed = answer.thoughts.map { thought in
      Part.reasoning(
        Reasoning(text: "", signature: thought.signature, redacted: thought.redacted, opaque: thought.opaque))
    }
    let messages = [Message(.user, "hi"), Message(role: .assistant, content: sealed + [.text("x")])]
    let written = try AnthropicMessages().write(messages: messages) { $0.extra = ["tools": []] }
    let sent = written.body["messages"]?[1]?["content"]?.array ?? []
    let text = String(decoding: stream.response, as: UTF8.self)
    #expect(sent.count == sealed.count + 1)
    for block in sent.dropLast() {
      let seal = try #require(
        block["signature"] ?? block["data"] ?? block["id"] ?? block["tool_use_id"] ?? block["content"])
      #expect(text.contains(seal.text.dropFirst().dropLast()))
    }
  }
}

/// A recorded body in our vocabulary; what has no word in it goes into `extra`.
struct MessagesTelling {
  var request: CompletionRequest
  var quirks: JSONObject = ["toolInputStreaming": "none", "supportsThinkingDisplay": false]
  var model = ModelInfo(id: "")

  init?(_ body: JSONValue) {
    guard var rest = body.object, let id = rest["model"]?.string, let messages = rest["messages"]?.array,
      let maxTokens = rest["max_tokens"]?.int
    else { return nil }
    func take(_ key: String) -> JSONValue? {
      defer { rest[key] = nil }
      return rest[key]
    }
    model.id = id
    model.maxOutputTokens = maxTokens
    _ = (take("messages"), take("model"), take("max_tokens"))
    var options = CompletionOptions()
    request = CompletionRequest(messages: messages.compactMap(Self.message), stream: take("stream")?.bool ?? false)
    options.maxTokens = maxTokens
    if let thinking = take("thinking") {
      model.reasoning = true
      quirks["thinkingFormat"] = thinking["type"] == "adaptive" ? "adaptive" : "budget"
      let budget = thinking["budget_tokens"]?.int
      options.reasoning = budget.map(ReasoningOption.budget) ?? .level(.high)
      // There the limit holds thoughts and answer, here the answer only.
      options.maxTokens = maxTokens - (budget ?? 0)
    }
    let system = take("system")?.array ?? []
    options.system = system.first?["text"]?.string
    let marker = system.compactMap { $0["cache_control"] }.first
    options.cache = marker.map { $0["ttl"] == "1h" ? .long : .short } ?? .off
    options.temperature = take("temperature")?.double
    options.stop = (take("stop_sequences")?.array ?? []).compactMap(\.string)
    let tools = rest["tools"]?.array ?? []
    if tools.allSatisfy({ $0["type"] == nil && $0["defer_loading"] == nil }) {
      _ = take("tools")
      options.tools = tools.compactMap { tool in
        tool["name"]?.string.map {
          Tool(name: $0, description: tool["description"]?.string, inputSchema: tool["input_schema"]?.object ?? [:])
        }
      }
      let choices: [String: ToolChoice] = ["auto": .auto, "any": .required, "none": ToolChoice.none]
      options.toolChoice = take("tool_choice")?["type"]?.string.flatMap { choices[$0] }
    }
    options.extra = rest
    request.options = options
  }

  private static func message(_ value: JSONValue) -> Message? {
    guard let role = value["role"]?.string.flatMap(Role.init(rawValue:)) else { return nil }
    return Message(role: role, content: (value["content"]?.array ?? []).compactMap(part))
  }

  private static func part(_ block: JSONValue) -> Part? {
    switch block["type"]?.string {
    case "text": return .text(block["text"]?.string ?? "")
    case "tool_use":
      return .call(block["id"]?.string ?? "", block["name"]?.string ?? "", block["input"]?.object ?? [:])
    case "tool_result":
      let texts = (block["content"]?.array ?? []).compactMap { $0["text"]?.string.map(Part.text) }
      let isError = block["is_error"]?.bool ?? false
      return .toolResult(ToolResult(toolCallId: block["tool_use_id"]?.string ?? "", content: texts, isError: isError))
    default: return .reasoning(Reasoning(text: "", opaque: ["block": block]))
    }
  }
}
