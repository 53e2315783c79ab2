import Completion
import Dialects
import JSON
import TestSupport
import Testing

@Suite("Recorded whole answers")
struct RecordedExchangesTests {
  static let hasRecordings = SharedMaterial.recordings != nil

  @Test("the recordings are all there", .enabled(if: hasRecordings, "no recordings beside the checkout"))
  func counts() throws {
    #expect(try SharedMaterial.exchanges("openai-completions").count >= 50)
    #expect(try SharedMaterial.exchanges("ollama-chat").count == 6)
  }

  @Test(
    "chat completions: text, reasoning, calls, end and counts are those of the JSON",
    .enabled(if: hasRecordings, "no recordings beside the checkout"),
    arguments: try SharedMaterial.exchanges("openai-completions"))
  func completions(_ exchange: RecordedExchange) throws {
    let answer = OpenAICompletions().decodeWhole(exchange.response)
    try #require(answer.error == nil)
    let choice = try #require(exchange.response["choices"]?[0])
    let message = try #require(choice["message"])
    let calls = message["tool_calls"]?.array ?? []
    #expect(answer.text == message["content"]?.string ?? "")
    #expect(answer.reasoning == message["reasoning_content"]?.string ?? message["reasoning"]?.string ?? "")
    #expect(answer.calls.map(\.id) == calls.compactMap { $0["id"]?.string })
    #expect(answer.calls.map(\.name) == calls.compactMap { $0["function"]?["name"]?.string })
    #expect(answer.calls.map(\.arguments) == calls.compactMap { $0["function"]?["arguments"]?.string })
    #expect(answer.rawStop == choice["finish_reason"]?.string)
    #expect(answer.stop == (["length": .length, "tool_calls": .toolUse][answer.rawStop ?? ""] ?? .end))
    #expect(answer.model == exchange.response["model"]?.string)
    let usage = try #require(answer.usage)
    #expect(usage.total == exchange.response["usage"]?["total_tokens"]?.int)
    #expect(usage.output == exchange.response["usage"]?["completion_tokens"]?.int)
    if !answer.reasoning.isEmpty { #expect(answer.opaque?["field"]?.string != nil) }
    for call in answer.calls {
      let built = ToolCall(id: call.id, name: call.name, argumentsText: call.arguments)
      #expect(!built.invalid, "\(call.arguments)")
    }
  }

  @Test(
    "Ollama: text, reasoning, calls, end and counts are those of the JSON",
    .enabled(if: hasRecordings, "no recordings beside the checkout"),
    arguments: try SharedMaterial.exchanges("ollama-chat"))
  func ollama(_ exchange: RecordedExchange) throws {
    let answer = OllamaChat().decodeWhole(exchange.response)
    try #require(answer.error == nil)
    let message = try #require(exchange.response["message"])
    let calls = message["tool_calls"]?.array ?? []
    #expect(answer.text == message["content"]?.string ?? "")
    #expect(answer.reasoning == message["thinking"]?.string ?? "")
    #expect(answer.calls.map(\.name) == calls.compactMap { $0["function"]?["name"]?.string })
    #expect(
      answer.calls.map { try? JSONValue(parsing: $0.arguments) } == calls.map { $0["function"]?["arguments"] })
    #expect(answer.rawStop == exchange.response["done_reason"]?.string)
    #expect(answer.usage?.input == exchange.response["prompt_eval_count"]?.int)
    #expect(answer.usage?.output == exchange.response["eval_count"]?.int)
  }

  @Test("a whole answer and the same answer in one chunk of a stream give the same")
  func wholeAndStreamed() throws {
    let whole: JSONValue = [
      "id": "a", "model": "m", "usage": ["prompt_tokens": 5, "completion_tokens": 3],
      "choices": [
        [
          "index": 0, "finish_reason": "tool_calls",
          "message": [
            "role": "assistant", "content": "hi", "reasoning": "hm",
            "tool_calls": [["id": "c", "type": "function", "function": ["name": "f", "arguments": "{}"]]],
          ],
        ]
      ],
    ]
    let chunk = whole.text.replacing("\"message\"", with: "\"delta\"")
    let streamed = OpenAICompletions().decode("data: \(chunk)\n\ndata: [DONE]\n\n")
    #expect(streamed == OpenAICompletions().decodeWhole(whole))
    #expect(streamed.calls.count == 1)
    // A server that ignores `stream` sends the document all the same.
    #expect(OpenAICompletions().decode(whole.text) == streamed)
  }
}
