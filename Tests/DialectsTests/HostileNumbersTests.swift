import Completion
import Dialects
import JSON
import Testing

@Suite("Numbers that no sound server sends")
struct HostileNumbersTests {
  private static let content: JSONValue = [["type": "text", "text": "hi"]]

  private static let answers: [(any Dialect, JSONValue, counts: String, names: [String])] = [
    (
      OpenAICompletions(),
      ["choices": [["index": 0, "message": ["role": "assistant", "content": "hi"], "finish_reason": "stop"]]], "usage",
      [
        "prompt_tokens", "completion_tokens", "total_tokens", "reasoning_tokens", "cached_tokens",
        "cache_creation_input_tokens",
      ]
    ),
    (
      OpenAIResponses(),
      [
        "id": "r", "status": "completed",
        "output": [["type": "message", "content": [["type": "output_text", "text": "hi"]]]],
      ],
      "usage", ["input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens"]
    ),
    (
      AnthropicMessages(), ["type": "message", "role": "assistant", "content": content, "stop_reason": "end_turn"],
      "usage",
      [
        "input_tokens", "output_tokens", "cache_read_input_tokens", "ephemeral_5m_input_tokens",
        "ephemeral_1h_input_tokens",
      ]
    ),
    (
      GoogleGenerativeAI(), ["candidates": [["content": ["parts": [["text": "hi"]]], "finishReason": "STOP"]]],
      "usageMetadata",
      [
        "promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "cachedContentTokenCount",
        "toolUsePromptTokenCount",
      ]
    ),
    (
      BedrockConverse(), ["output": ["message": ["content": [["text": "hi"]]]], "stopReason": "end_turn"], "usage",
      ["inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"]
    ),
  ]

  @Test(
    "a count that cannot be true is no crash, and neither are sums of such counts",
    arguments: ["9223372036854775807", "-9223372036854775808", "4611686018427387905", "1e300"], answers.indices)
  func counts(_ number: String, _ index: Int) throws {
    let (dialect, answer, place, names) = Self.answers[index]
    let number = JSONValue.number(JSONNumber(verbatim: number))
    var counts = JSONObject()
    for name in names { counts[name] = number }
    // Where a family counts something within something else.
    let details = JSONValue.object(counts)
    let within = [
      "prompt_tokens_details", "completion_tokens_details", "input_tokens_details", "output_tokens_details",
      "cache_creation",
    ]
    for name in within { counts[name] = details }
    var body = try #require(answer.object)
    body[place] = .object(counts)
    let decoded = dialect.decodeWhole(.object(body))
    #expect(decoded.error == nil)
    #expect(decoded.text == "hi")
    let usage = decoded.usage ?? Usage()
    #expect(usage.total >= 0)
    #expect((0..<10_000).reduce(Usage()) { sum, _ in sum + usage }.total >= usage.total)
  }

  @Test("a path of any length into a call's arguments is followed as deep as JSON goes")
  func deepPath() {
    let path = "$" + String(repeating: ".a", count: 200_000)
    let call: JSONValue = ["name": "f", "partialArgs": [["jsonPath": .string(path), "stringValue": "x"]]]
    let decoded = GoogleGenerativeAI().decodeWhole([
      "candidates": [["content": ["parts": [["functionCall": call]]], "finishReason": "STOP"]]
    ])
    #expect(decoded.calls.map(\.name) == ["f"])
    #expect(decoded.calls.first?.hasEnded == true)
  }
}
