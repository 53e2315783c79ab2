import Completion
import Dialects
import HTTP
import JSON
import TestSupport
import Testing

/// Every recorded request of Bedrock, told in our vocabulary and written again, must be the body that AWS accepted, but
/// for the differences listed at `normal`; every recorded answer must be read, and none that was tampered with.
@Suite("Bedrock: recordings")
struct ConverseRecordedTests {
  static let hasRecordings = SharedMaterial.recordings != nil

  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var request: JSONValue
    var testDescription: String { name }
  }

  static var recorded: [Case] {
    get throws {
      try SharedMaterial.streams("bedrock-converse-stream").map { Case(name: $0.name, request: $0.request) }
        + SharedMaterial.exchanges("bedrock-converse").map { Case(name: $0.name, request: $0.request) }
    }
  }

  @Test("the recordings are all there", .enabled(if: hasRecordings, "no recordings beside the checkout"))
  func areAllThere() throws { #expect(try Self.recorded.count == 16) }

  @Test(
    "requests are written as they were accepted", .enabled(if: hasRecordings, "no recordings beside the checkout"),
    arguments: try recorded)
  func requests(_ test: Case) throws {
    let told = ConverseTelling(test.request)
    let written = try BedrockConverse().write(told.request, at: .test(told.quirks, told.model))
    #expect(Self.normal(written.body) == Self.normal(test.request))
    #expect(written.dropped == [])
  }

  @Test(
    "whole answers: text, calls, end and counts are those of the JSON",
    .enabled(if: hasRecordings, "no recordings beside the checkout"),
    arguments: try SharedMaterial.exchanges("bedrock-converse"))
  func exchanges(_ exchange: RecordedExchange) throws {
    let answer = BedrockConverse().decodeWhole(exchange.response)
    try #require(answer.error == nil)
    let content = try #require(exchange.response["output"]?["message"]?["content"]?.array)
    #expect(answer.text == content.compactMap { $0["text"]?.string }.joined())
    let calls = content.compactMap { $0["toolUse"] }
    #expect(answer.calls.map(\.id) == calls.compactMap { $0["toolUseId"]?.string })
    #expect(answer.calls.map { try? JSONValue(parsing: $0.arguments) } == calls.map { $0["input"] })
    #expect(answer.rawStop == exchange.response["stopReason"]?.string)
    #expect(answer.usage?.total == exchange.response["usage"]?["totalTokens"]?.int)
    #expect(answer.usage?.cacheRead == exchange.response["usage"]?["cacheReadInputTokens"]?.int ?? 0)
  }

  @Test(
    "every recorded frame is taken as it came, and refused with any one byte changed",
    .enabled(if: hasRecordings, "no recordings beside the checkout"),
    arguments: try SharedMaterial.streams("bedrock-converse-stream"))
  func changedBytes(_ stream: RecordedStream) {
    for frame in Self.frames(of: stream.response) {
      let original = Array(stream.response[frame])
      #expect(Self.isTaken(original), "the frame at \(frame.lowerBound)")
      for index in original.indices {
        var bytes = original
        bytes[index] ^= 0x20
        if Self.isTaken(bytes) { Issue.record("byte \(index) of the frame at \(frame.lowerBound) can be changed") }
      }
      var bytes = stream.response
      bytes[frame.upperBound - 8] ^= 0x20
      #expect(BedrockConverse().decode([bytes[...]]).error?.kind == .upstreamInvalid, "at \(frame.lowerBound)")
    }
  }

  /// Where the frames of a stream are: each begins with its length.
  private static func frames(of bytes: [UInt8]) -> [Range<Int>] {
    var frames: [Range<Int>] = []
    var start = 0
    while start < bytes.count {
      let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
      frames.append(start..<start + length)
      start += length
    }
    return frames
  }

  private static func isTaken(_ frame: [UInt8]) -> Bool {
    var decoder = AmazonEventStreamDecoder()
    var rest = frame[...]
    do throws(HTTPError) {
      let message = try decoder.next(in: &rest)
      try decoder.finish()
      return message != nil
    } catch {
      return false
    }
  }

  @Test(
    "a recorded answer that ends early was cut off, unless it had said why it stopped",
    .enabled(if: hasRecordings, "no recordings beside the checkout"))
  func cutAnywhere() throws {
    let stream = try #require(
      SharedMaterial.streams("bedrock-converse-stream").first { $0.name.contains("before_text") })
    let end = try #require(stream.response.indices.last { stream.response[$0...].starts(with: "messageStop".utf8) })
    for count in stream.response.indices.dropFirst() {
      let answer = BedrockConverse().decode([stream.response[..<count]])
      if count < end {
        #expect(answer.error?.kind == .upstreamInvalid && answer.stop == nil, "\(count) bytes")
      } else if answer.error == nil {
        #expect(answer.stop == .toolUse)
      }
    }
  }

  // MARK: - What counts as the same

  /// Without what says the same in other words:
  /// - `system: []` and `inferenceConfig: {}`, which these clients always send and we leave out;
  /// - two messages of one role in a row, which we make one, because roles must alternate;
  /// - a tool's result as `json`, which is text in our vocabulary;
  /// - a document of plain text, which is text to any model in our vocabulary;
  /// - the schema of an answer as text, whose spacing is free, and its description, which our vocabulary lacks.
  static func normal(_ body: JSONValue) -> JSONValue {
    guard case .object(var body) = body else { return body }
    if body["system"] == [] { body["system"] = nil }
    if body["inferenceConfig"] == [:] { body["inferenceConfig"] = nil }
    var turns: [(role: JSONValue?, blocks: [JSONValue])] = []
    for message in body["messages"]?.array ?? [] {
      let blocks = (message["content"]?.array ?? []).map(normalBlock)
      if turns.last?.role == message["role"] {
        turns[turns.count - 1].blocks += blocks
      } else {
        turns.append((message["role"], blocks))
      }
    }
    body["messages"] = .array(turns.map { ["role": $0.role ?? .null, "content": .array($0.blocks)] })
    if let schema = body["outputConfig"]?["textFormat"]?["structure"]?["jsonSchema"] {
      let text = schema["schema"]?.string ?? ""
      body["outputConfig"] = ["name": schema["name"] ?? .null, "schema": (try? JSONValue(parsing: text)) ?? .null]
    }
    return .object(body)
  }

  private static func normalBlock(_ block: JSONValue) -> JSONValue {
    if let name = block["document"]?["name"]?.string { return ["text": .string("\(name):")] }
    if let text = block["text"]?.string, text.hasPrefix("document-") {
      return ["text": .string(String(text.prefix { $0 != "\n" }))]
    }
    guard case .object(var result)? = block["toolResult"] else { return block }
    result["content"] = .array(
      (result["content"]?.array ?? []).map { ["text": .string($0["json"]?.text ?? $0["text"]?.string ?? "")] })
    return ["toolResult": .object(result)]
  }
}

/// A recorded body in our vocabulary; what has no word in it goes into `extra`.
struct ConverseTelling {
  var request: CompletionRequest
  var quirks: JSONObject = [:]
  var model = ModelInfo(id: "model-1")

  init(_ body: JSONValue) {
    var options = CompletionOptions()
    options.system = body["system"]?[0]?["text"]?.string
    options.maxTokens = body["inferenceConfig"]?["maxTokens"]?.int
    options.temperature = body["inferenceConfig"]?["temperature"]?.double
    let tools = body["toolConfig"]?["tools"]?.array ?? []
    if tools.allSatisfy({ $0["toolSpec"] != nil }) {
      options.tools = tools.compactMap { $0["toolSpec"] }.map { tool in
        Tool(
          name: tool["name"]?.string ?? "", description: tool["description"]?.string,
          inputSchema: tool["inputSchema"]?["json"]?.object ?? [:])
      }
      options.toolChoice = body["toolConfig"]?["toolChoice"]?["tool"]?["name"]?.string.map(ToolChoice.tool)
    } else {
      // A tool of Amazon's own.
      options.extra.set("toolConfig", body["toolConfig"])
    }
    if let budget = body["additionalModelRequestFields"]?["thinking"]?["budget_tokens"]?.int {
      options.reasoning = .budget(budget)
      model.reasoning = true
      quirks["thinkingFormat"] = "budget"
    }
    if let format = body["outputConfig"]?["textFormat"]?["structure"]?["jsonSchema"] {
      let schema = format["schema"]?.string.flatMap { try? JSONValue(parsing: $0) }
      options.output = OutputFormat(schema: schema?.object ?? [:], name: format["name"]?.string ?? "")
      model.structured = true
    }
    if body.text.contains("cachePoint") { quirks["supportsCachePoints"] = true }
    request = CompletionRequest(messages: (body["messages"]?.array ?? []).map(Self.message), options: options)
  }

  private static func message(_ value: JSONValue) -> Message {
    let role: Role = value["role"] == "assistant" ? .assistant : .user
    return Message(role: role, content: (value["content"]?.array ?? []).compactMap(part))
  }

  private static func part(_ block: JSONValue) -> Part? {
    if let text = block["text"]?.string { return .text(text) }
    if let call = block["toolUse"] {
      return .call(call["toolUseId"]?.string ?? "", call["name"]?.string ?? "", call["input"]?.object ?? [:])
    }
    if let result = block["toolResult"] {
      return .result(result["toolUseId"]?.string ?? "", result["content"]?[0]?["json"]?.text ?? "")
    }
    if let document = block["document"], let data = document["source"]?["bytes"]?.string {
      return .file(Media(mediaType: "text/plain", source: .data(data)), name: document["name"]?.string)
    }
    return nil
  }
}
