package import JSON

/// Whole responses that tests want often.
extension Exchange {
  /// A body of known length.
  package func respond(
    status: Int = 200, headers: [(String, String)] = [], body: [UInt8] = []
  ) throws(Disconnected) {
    try send(status: status, headers: headers + [("content-length", "\(body.count)")])
    try write(body)
    try finish()
  }

  /// A JSON document.
  package func respond(
    status: Int = 200, headers: [(String, String)] = [], json: JSONValue
  ) throws(Disconnected) {
    try respond(status: status, headers: headers + [("content-type", "application/json")], body: json.bytes)
  }

  /// The head of a stream of server-sent events.
  package func startEvents(headers: [(String, String)] = []) throws(Disconnected) {
    try send(headers: headers + [("content-type", "text/event-stream")])
  }

  /// One server-sent event.
  package func writeEvent(_ data: String, name: String? = nil) throws(Disconnected) {
    try write((name.map { "event: \($0)\n" } ?? "") + "data: \(data)\n\n")
  }

  /// One chunk of a chat completion as OpenAI streams it: `delta` is the choice's, `finishReason` is `null` if absent.
  package func writeChatChunk(
    _ delta: JSONValue, finishReason: String? = nil, model: String = "test-model"
  ) throws(Disconnected) {
    let choice: JSONValue = [
      "index": 0, "delta": delta, "finish_reason": finishReason.map(JSONValue.string) ?? .null,
    ]
    let chunk: JSONValue = [
      "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": .string(model),
      "choices": [choice],
    ]
    try writeEvent(chunk.text)
  }

  /// A whole chat completion as OpenAI streams it: one chunk for each text, then the reason, the usage and `[DONE]`.
  package func streamChat(
    _ texts: [String], finishReason: String = "stop", model: String = "test-model", promptTokens: Int = 5
  ) throws(Disconnected) {
    try startEvents()
    try writeChatChunk(["role": "assistant", "content": ""], model: model)
    for text in texts { try writeChatChunk(["content": .string(text)], model: model) }
    try writeChatChunk([:], finishReason: finishReason, model: model)
    let usage: JSONValue = [
      "prompt_tokens": .int(promptTokens), "completion_tokens": .int(texts.count),
      "total_tokens": .int(promptTokens + texts.count),
    ]
    let last: JSONValue = [
      "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": .string(model),
      "choices": [], "usage": usage,
    ]
    try writeEvent(last.text)
    try writeEvent("[DONE]")
    try finish()
  }

  /// One JSON document a line, each a chunk of its own.
  package func streamLines(_ values: [JSONValue]) throws(Disconnected) {
    try send(headers: [("content-type", "application/x-ndjson")])
    for value in values { try write(value.text + "\n") }
    try finish()
  }
}
