import Completion
import Dialects
import JSON
import TestSupport
import Testing

/// Every recorded request to the Responses API, told in our vocabulary and written again, must be the body that the
/// provider accepted, but for the differences listed here.
@Suite("Recorded Responses")
struct ResponsesRecordedTests {
  static let hasRecordings = SharedMaterial.recordings != nil

  /// Requests that say what our vocabulary has no word for.
  static let untold = [
    "openai/test_openai_client_tool_search_streaming-1": "OpenAI's own tool_search items",
    "openai/test_openai_client_tool_search_streaming-2": "OpenAI's own tool_search items",
    "openai/test_openai_responses_compact_stateful_mode_stream-3": "OpenAI's own compaction item",
    "openai/test_background_mode_streaming_starting_after_vcr-1": "a GET, which has no body",
  ]

  struct Recorded: Sendable, CustomTestStringConvertible {
    var name: String
    var body: JSONValue
    var testDescription: String { name }
  }

  static func recorded() throws -> [Recorded] {
    try SharedMaterial.streams("openai-responses").map { Recorded(name: $0.name, body: $0.request) }
      + SharedMaterial.exchanges("openai-responses").map { Recorded(name: $0.name, body: $0.request) }
  }

  @Test("none is missing", .enabled(if: hasRecordings, "no recordings beside the checkout"))
  func counts() throws {
    #expect(try Self.recorded().count == 52 + 23)
    #expect(try Self.recorded().filter { Self.untold[$0.name] != nil }.count == Self.untold.count)
  }

  @Test(
    "requests are written as they were accepted", .enabled(if: hasRecordings, "no recordings beside the checkout"),
    arguments: try recorded().filter { Self.untold[$0.name] == nil })
  func requests(_ exchange: Recorded) throws {
    let isCodex = exchange.name.hasPrefix("chatgpt/")
    let told = try #require(TellingResponses(exchange.body))
    var endpoint = Endpoint.test(told.quirks, told.model)
    endpoint.variables["accountId"] = "account"
    let written =
      try isCodex
      ? OpenAICodexResponses().write(told.request, at: endpoint) : OpenAIResponses().write(told.request, at: endpoint)
    var body = try #require(written.body.object)
    if isCodex {
      // Ours by default; these clients leave the server's.
      #expect(body["text"]?["verbosity"] == "low")
      body["text"] = nil
    }
    #expect(Self.normal(.object(body)) == Self.normal(exchange.body))
    #expect(written.dropped == [])
  }

  @Test(
    "whole answers: text, reasoning, calls, end and counts are those of the JSON",
    .enabled(if: hasRecordings, "no recordings beside the checkout"),
    arguments: try SharedMaterial.exchanges("openai-responses"))
  func answers(_ exchange: RecordedExchange) throws {
    let answer = OpenAIResponses().decodeWhole(exchange.response)
    try #require(answer.error == nil)
    let output = try #require(exchange.response["output"]?.array)
    let contents = output.flatMap { $0["content"]?.array ?? [] }
    let calls = output.filter { $0["type"] == "function_call" }
    let thoughts = output.filter { $0["type"] == "reasoning" }
    #expect(answer.text == contents.filter { $0["type"] == "output_text" }.compactMap { $0["text"]?.string }.joined())
    #expect(
      answer.reasoning
        == thoughts.flatMap { $0["summary"]?.array ?? [] }.compactMap { $0["text"]?.string }.joined())
    #expect(answer.calls.map(\.id) == calls.compactMap { $0["call_id"]?.string })
    #expect(answer.calls.map(\.name) == calls.compactMap { $0["name"]?.string })
    #expect(answer.calls.map(\.arguments) == calls.compactMap { $0["arguments"]?.string })
    #expect(answer.rawStop == "completed")
    #expect(answer.stop == (calls.isEmpty ? .end : .toolUse))
    #expect(answer.usage?.total == exchange.response["usage"]?["total_tokens"]?.int)
    #expect(answer.usage?.output == exchange.response["usage"]?["output_tokens"]?.int)
    #expect(answer.tier == exchange.response["service_tier"]?.string)
    #expect(answer.warnings == [])
    #expect(
      answer.thoughts.compactMap { $0.opaque?["item"] }
        == thoughts.filter { $0["encrypted_content"] != nil || $0["summary"] != [] })
    #expect(answer.thoughts.compactMap { $0.opaque?["next"]?["id"] }.count == output.count - thoughts.count)
  }

  @Test("xAI's price is told in USD", .enabled(if: hasRecordings, "no recordings beside the checkout"))
  func price() throws {
    let exchange = try #require(
      try SharedMaterial.exchanges("openai-responses").first { $0.name.hasPrefix("xai/completion_smoke") })
    // 32 new tokens at $1.25 a million, 128 cached ones at $0.20, 249 written ones at $2.50.
    let cost = try #require(OpenAIResponses().decodeWhole(exchange.response).cost)
    #expect(abs(cost - (32 * 1.25 + 128 * 0.2 + 249 * 2.5) / 1e6) < 1e-9)
  }

  // MARK: - Differences

  /// Without what says the same in other words: a text as an array of one part, the type of a message, the status of
  /// items that go in, null, the spacing of arguments; and without `strict` of tools,
  /// which these clients set by the schema and we leave false, since a schema need not be closed. Ids of calls are
  /// counted: Bedrock's hold a colon, which the rule for ids replaces, in the call and in its result.
  static func normal(_ body: JSONValue) -> JSONValue {
    guard case .object(var body) = body else { return body }
    for key in Array(body.keys) where body[key] == .null { body[key] = nil }
    if body["reasoning"]?["summary"] == .null { body["reasoning"] = body["reasoning"].map { without(["summary"], $0) } }
    if body["tools"] == [] { body["tools"] = nil }
    if let tools = body["tools"]?.array {
      body["tools"] = .array(
        tools.map { tool in without(tool["description"] == .null ? ["strict", "description"] : ["strict"], tool) })
    }
    var ids: [String] = []
    body["input"] = .array(
      (body["input"]?.array ?? []).map { value in
        guard case .object(var item) = item(value), let id = item["call_id"]?.string else { return item(value) }
        if !ids.contains(id) { ids.append(id) }
        item["call_id"] = ids.firstIndex(of: id).map(JSONValue.int)
        return .object(item)
      })
    return .object(body)
  }

  static func without(_ keys: [String], _ value: JSONValue) -> JSONValue {
    guard case .object(var object) = value else { return value }
    for key in keys { object[key] = nil }
    return .object(object)
  }

  static func item(_ value: JSONValue) -> JSONValue {
    guard case .object(var item) = without(["status"], value) else { return value }
    if item["role"] != nil { item["type"] = "message" }
    if let arguments = item["arguments"]?.string { item["arguments"] = try? JSONValue(parsing: arguments) }
    if let parts = item["content"]?.array, parts.count == 1, let text = parts[0]["text"] { item["content"] = text }
    return .object(item)
  }
}

/// A recorded body in our vocabulary; what has no word in it goes into `extra`.
struct TellingResponses {
  var request: CompletionRequest
  var quirks: JSONObject = [
    "supportsImages": true, "toolStrict": "omit", "replaysPlainReasoning": true, "minOutputTokens": 1,
    "statesToolDefaults": false, "supportsServiceTier": true, "includesEncryptedReasoning": false,
  ]
  var model: ModelInfo

  init?(_ body: JSONValue) {
    guard var rest = body.object, let name = rest["model"]?.string, let input = rest["input"]?.array else { return nil }
    func take(_ key: String) -> JSONValue? {
      defer { rest[key] = nil }
      return rest[key]
    }
    model = ModelInfo(id: name)
    model.reasoning = true
    model.temperature = true
    model.efforts = ReasoningLevel.allCases.map(\.rawValue)
    request = CompletionRequest(messages: Self.messages(input), stream: take("stream")?.bool ?? false)
    request.sessionId = take("prompt_cache_key")?.string
    quirks["supportsStore"] = .bool(rest["store"] == false)
    if rest["store"] == false { rest["store"] = nil }
    if rest["include"] == ["reasoning.encrypted_content"] {
      quirks["includesEncryptedReasoning"] = true
      rest["include"] = nil
    }
    request.options.system = take("instructions")?.string
    quirks["system"] = "instructions"
    request.options.maxTokens = take("max_output_tokens")?.int
    request.options.temperature = take("temperature")?.double
    request.options.serviceTier = take("service_tier")?.string.flatMap(ServiceTier.init(rawValue:))
    request.options.parallelTools = take("parallel_tool_calls")?.bool
    for key in ["model", "input"] { rest[key] = nil }
    takeTools(&rest)
    takeReasoning(&rest)
    takeOutput(&rest)
    request.options.extra = rest
  }

  private mutating func takeTools(_ rest: inout JSONObject) {
    let tools = rest["tools"]?.array ?? []
    // What other kinds of tools, and those to be searched for, have no word for stays as it is.
    guard tools.allSatisfy({ $0["type"] == "function" && $0["defer_loading"] == nil }) else { return }
    rest["tools"] = nil
    request.options.tools = tools.map {
      Tool(
        name: $0["name"]?.string ?? "", description: $0["description"]?.string,
        inputSchema: $0["parameters"]?.object ?? [:])
    }
    let words: [String: ToolChoice] = ["auto": .auto, "none": .none, "required": .required]
    if let word = rest["tool_choice"]?.string {
      request.options.toolChoice = words[word]
    } else if rest["tool_choice"]?["type"] == "function" {
      request.options.toolChoice = rest["tool_choice"]?["name"]?.string.map(ToolChoice.tool)
    } else {
      return
    }
    rest["tool_choice"] = nil
  }

  private mutating func takeReasoning(_ rest: inout JSONObject) {
    guard let reasoning = rest["reasoning"]?.object, reasoning.keys.allSatisfy({ ["effort", "summary"].contains($0) }),
      let level = reasoning["effort"]?.string.flatMap(ReasoningLevel.init(rawValue:))
    else { return }
    request.options.reasoning = .level(level)
    quirks["reasoningSummary"] = .string(reasoning["summary"]?.string ?? "none")
    rest["reasoning"] = nil
  }

  private mutating func takeOutput(_ rest: inout JSONObject) {
    guard let format = rest["text"]?["format"], format["type"] == "json_schema", rest["text"]?.object?.count == 1,
      let schema = format["schema"]?.object
    else { return }
    request.options.output = OutputFormat(
      schema: schema, name: format["name"]?.string ?? "", strict: format["strict"]?.bool)
    rest["text"] = nil
  }

  // MARK: - Items

  private static func messages(_ items: [JSONValue]) -> [Message] {
    var messages: [Message] = []
    for item in items {
      switch (item["type"]?.string, item["role"]?.string) {
      case ("function_call_output", _):
        let result = ToolResult(
          toolCallId: item["call_id"]?.string ?? "", content: [.text(item["output"]?.string ?? "")])
        messages.append(Message(role: .tool, content: [.toolResult(result)]))
      case (_, "user"): messages.append(Message(role: .user, content: texts(item)))
      case (_, "system"): messages.append(Message(role: .system, content: texts(item)))
      default:
        if messages.last?.role != .assistant { messages.append(Message(role: .assistant, content: [])) }
        messages[messages.count - 1].content += written(item)
      }
    }
    return messages
  }

  private static func texts(_ item: JSONValue) -> [Part] {
    if let text = item["content"]?.string { return [.text(text)] }
    return (item["content"]?.array ?? []).compactMap { $0["text"]?.string }.map(Part.text)
  }

  private static func written(_ item: JSONValue) -> [Part] {
    if item["type"] == "reasoning" { return [.reasoning(Reasoning(text: "", opaque: ["item": item]))] }
    var next = JSONObject()
    for key in ["id", "phase", "namespace"] { next.set(key, item[key]) }
    let seal = next.isEmpty ? [] : [Part.reasoning(Reasoning(text: "", opaque: ["next": .object(next)]))]
    guard item["type"] == "function_call" else { return seal + texts(item) }
    let call = ToolCall(
      id: item["call_id"]?.string ?? "", name: item["name"]?.string ?? "",
      argumentsText: item["arguments"]?.string ?? "")
    return seal + [.toolCall(call)]
  }
}
