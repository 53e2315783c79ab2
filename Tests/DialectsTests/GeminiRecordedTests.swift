import Completion
import Dialects
import HTTP
import JSON
import TestSupport
import Testing

/// Recorded requests of Gemini, told in our vocabulary and written again; and its recorded whole exchanges.
@Suite("Gemini: recorded exchanges")
struct GeminiRecordedTests {
  static let hasRecordings = SharedMaterial.recordings != nil
  static let why: Comment = "no recordings beside the checkout"

  static func exchanges(_ kind: String) throws -> [RecordedExchange] {
    try SharedMaterial.exchanges(kind).filter { $0.name.hasPrefix("gemini/") }
  }

  @Test("the recordings are all there", .enabled(if: hasRecordings, why))
  func areAllThere() throws {
    #expect(try Self.exchanges("models").count == 6)
    #expect(try Self.exchanges("embeddings").count == 6)
  }

  @Test(
    "streamed requests are written as they were accepted", .enabled(if: hasRecordings, why),
    arguments: try SharedMaterial.streams("google-generative-ai"))
  func streams(_ stream: RecordedStream) throws { try check(stream.request) }

  @Test(
    "whole requests are written as they were accepted", .enabled(if: hasRecordings, why),
    arguments: try exchanges("models"))
  func requests(_ exchange: RecordedExchange) throws { try check(exchange.request) }

  private func check(_ body: JSONValue) throws {
    let told = try #require(GeminiTelling(body))
    let written = try GoogleGenerativeAI().write(told.request, at: .test(told.quirks, told.model))
    #expect(Self.normal(written.body) == Self.normal(body))
    #expect(written.dropped == [])
    // Vertex AI takes the same bodies.
    var endpoint = Endpoint.test(told.quirks, told.model)
    endpoint.variables = ["project": "p"]
    #expect(try GoogleVertex().write(told.request, at: endpoint).body == written.body)
  }

  /// Without what says the same in other words: members that are null, empty or the default (`"thought": false`), the
  /// role of the system texts, which is ignored; `thinkingLevel` in small letters; the older spelling of
  /// `parametersJsonSchema`; and the member of `response` that holds the result, which everybody calls otherwise, with
  /// values instead of texts.
  static func normal(_ value: JSONValue, _ key: String = "") -> JSONValue {
    switch value {
    case .array(let array): return .array(array.map { normal($0) })
    case .object(let object):
      if key == "response", object.count == 1, let (_, result) = object.first(where: { _ in true }) {
        return ["result": .string(result.string ?? result.text)]
      }
      var plain = JSONObject()
      for (name, member) in object {
        if member.isNull || name == "thought" && member == false { continue }
        if key == "systemInstruction" && name == "role" { continue }
        if name == "generationConfig" && member == [:] { continue }
        plain[name == "parameters_json_schema" ? "parametersJsonSchema" : name] = normal(member, name)
      }
      return .object(plain)
    case .string(let text) where key == "thinkingLevel": return .string(text.uppercased())
    default: return value
    }
  }

  @Test(
    "whole answers: text, calls, end and counts are those of the JSON", .enabled(if: hasRecordings, why),
    arguments: try exchanges("models"))
  func answers(_ exchange: RecordedExchange) throws {
    let answer = GoogleGenerativeAI().decodeWhole(exchange.response)
    try #require(answer.error == nil)
    let candidate = try #require(exchange.response["candidates"]?[0])
    let parts = candidate["content"]?["parts"]?.array ?? []
    let calls = parts.compactMap { $0["functionCall"] }
    #expect(answer.text == parts.compactMap { $0["text"]?.string }.joined())
    #expect(answer.calls.map(\.name) == calls.compactMap { $0["name"]?.string })
    #expect(answer.calls.map { try? JSONValue(parsing: $0.arguments) } == calls.map { $0["args"] })
    #expect(
      answer.thoughts.compactMap { $0.opaque?["next"]?["thoughtSignature"] }
        == parts.compactMap { $0["thoughtSignature"] })
    #expect(answer.stop == (calls.isEmpty ? .end : .toolUse))
    #expect(answer.rawStop == candidate["finishReason"]?.string)
    #expect(answer.id == exchange.response["responseId"]?.string)
    #expect(answer.model == exchange.response["modelVersion"]?.string)
    #expect(answer.usage?.total == exchange.response["usageMetadata"]?["totalTokenCount"]?.int)
    #expect(answer.usage?.reasoning == exchange.response["usageMetadata"]?["thoughtsTokenCount"]?.int ?? 0)
    #expect(answer.tier == "standard")
  }

  @Test(
    "vectors are asked for and read as recorded", .enabled(if: hasRecordings, why),
    arguments: try exchanges("embeddings")
  )
  func vectors(_ exchange: RecordedExchange) throws {
    let recorded = try #require(exchange.request["requests"]?.array)
    let name = try #require(recorded[0]["model"]?.string)
    let request = EmbeddingRequest(
      input: recorded.compactMap { $0["content"]?["parts"]?[0]?["text"]?.string },
      dimensions: recorded[0]["output_dimensionality"]?.int)
    // The list of models names it with its folder; both names work.
    let endpoint = Endpoint.test([:], ModelInfo(id: name))
    let http = try GoogleGenerativeAI().embedRequest(request, for: endpoint)
    #expect(http.url == "https://host.test/v1/\(name):batchEmbedContents")
    let body = String(decoding: try #require(http.body), as: UTF8.self)
    // Theirs is the other spelling that the API knows.
    let written = try JSONValue(parsing: body.replacing("outputDimensionality", with: "output_dimensionality"))
    #expect(written == exchange.request)
    let answer = try GoogleGenerativeAI().embeddings(in: exchange.response.bytes, for: request, at: endpoint)
    let vectors = exchange.response["embeddings"]?.array?.map { $0["values"]?.array?.compactMap(\.double) }
    #expect(answer.vectors == vectors)
    #expect(answer.vectors[0].count == request.dimensions)
    #expect(answer.usage == nil)
  }

  @Test("the recorded stream of Vertex AI is read by its own family", .enabled(if: hasRecordings, why))
  func vertex() throws {
    let streams = try SharedMaterial.streams("google-generative-ai").filter { $0.name.hasPrefix("aiplatform/") }
    try #require(streams.count == 1)
    let answer = GoogleVertex().decode([streams[0].response[...]])
    #expect(answer.error == nil)
    #expect(answer.text == "OK")
    #expect(answer.tier == "flex")
    #expect(answer.usage == Usage(input: 5, output: 101, reasoning: 100))
    #expect(answer.warnings == [])
  }
}

/// A recorded body in our vocabulary; what has no word in it goes into `extra`.
struct GeminiTelling {
  var request: CompletionRequest
  var quirks: JSONObject = [
    "supportsImages": true, "sendsCallIds": false, "requiresThoughtSignatures": false, "schemaWithTools": true,
  ]
  var model = ModelInfo(id: "gemini")
  private var calls: [String] = []
  private var answered = 0

  init?(_ body: JSONValue) {
    guard let object = body.object, let contents = object["contents"]?.array else { return nil }
    var rest = object
    request = CompletionRequest(messages: [])
    var options = CompletionOptions()
    for key in ["contents", "systemInstruction"] { rest[key] = nil }
    for content in contents { request.messages += messages(content) }
    options.system = body["systemInstruction"]?["parts"]?.array?.compactMap { $0["text"]?.string }.joined()
    takeTools(&rest, &options)
    takeGeneration(&rest, &options)
    for (key, value) in rest where value.isNull { rest[key] = nil }
    options.extra = rest
    request.options = options
  }

  private mutating func takeTools(_ rest: inout JSONObject, _ options: inout CompletionOptions) {
    if rest["toolConfig"]?["functionCallingConfig"]?["mode"] == "ANY" {
      options.toolChoice = .required
      rest["toolConfig"] = nil
    }
    guard let declarations = rest["tools"]?[0]?["functionDeclarations"]?.array else { return }
    quirks["jsonSchema"] = .bool(declarations.allSatisfy { $0["parameters"] == nil })
    options.tools = declarations.map { tool in
      let schema = tool["parameters"] ?? tool["parameters_json_schema"]
      return Tool(
        name: tool["name"]?.string ?? "", description: tool["description"]?.string, inputSchema: schema?.object ?? [:])
    }
    rest["tools"] = nil
  }

  private mutating func takeGeneration(_ rest: inout JSONObject, _ options: inout CompletionOptions) {
    guard var generation = rest["generationConfig"]?.object else { return }
    func take(_ key: String) -> JSONValue? {
      defer { generation[key] = nil }
      return generation[key]
    }
    options.maxTokens = take("maxOutputTokens")?.int
    options.temperature = take("temperature")?.double
    if let schema = generation["responseJsonSchema"]?.object {
      options.output = OutputFormat(schema: schema)
      _ = take("responseJsonSchema")
      _ = take("responseMimeType")
    }
    model.reasoning = true
    let thinking = generation["thinkingConfig"]
    if let level = thinking?["thinkingLevel"]?.string.flatMap(ReasoningLevel.init(rawValue:)) {
      model.efforts = ["low", "medium", "high"]
      options.reasoning = .level(level)
      _ = take("thinkingConfig")
    } else if let budget = thinking?["thinkingBudget"]?.int {
      model.thinkingBudget = ThinkingBudget(min: 0, max: 24576)
      options.reasoning = .budget(budget)
      _ = take("thinkingConfig")
    }
    rest["generationConfig"] = generation.isEmpty ? nil : .object(generation)
  }

  private mutating func messages(_ content: JSONValue) -> [Message] {
    var parts: [Part] = []
    var results: [Message] = []
    for part in content["parts"]?.array ?? [] {
      let signature = part["thoughtSignature"].map {
        Part.reasoning(Reasoning(text: "", opaque: ["next": ["thoughtSignature": $0]]))
      }
      if let text = part["text"]?.string {
        let isThought = part["thought"] == true
        parts += isThought ? [.reasoning(Reasoning(text: text))] : [signature, .text(text)].compactMap { $0 }
      } else if let call = part["functionCall"] {
        if call["id"] != nil { quirks["sendsCallIds"] = true }
        calls.append(call["id"]?.string ?? "c\(calls.count)")
        let name = call["name"]?.string ?? ""
        parts += [signature, .call(calls[calls.count - 1], name, call["args"]?.object ?? [:])].compactMap { $0 }
      } else if let response = part["functionResponse"] {
        results.append(Message(role: .tool, content: [.toolResult(result(response))]))
      }
    }
    let role: Role = content["role"] == "model" ? .assistant : .user
    return results + (parts.isEmpty ? [] : [Message(role: role, content: parts)])
  }

  private mutating func result(_ response: JSONValue) -> ToolResult {
    defer { answered += 1 }
    let value = response["response"]?.object?.first { _ in true }?.value ?? .null
    var content = [Part.text(value.string ?? value.text)]
    for media in response["parts"]?.array ?? [] {
      quirks["multimodalToolResults"] = true
      let data = media["inlineData"]
      content.append(
        .image(Media(mediaType: data?["mimeType"]?.string ?? "", source: .data(data?["data"]?.string ?? ""))))
    }
    return ToolResult(toolCallId: calls[answered], content: content)
  }
}
