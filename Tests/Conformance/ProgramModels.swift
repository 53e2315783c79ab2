internal import JSON
internal import Upstream

/// A model for real programs, in the two dialects they speak. It says how many messages it was sent; `#mcp` in the
/// conversation has it call the tool `get_weather` first, `#loop` a command again and again, and `#hang` says a word
/// and then nothing.
enum ProgramModels {
  static func start() throws -> Upstream {
    try Upstream { request, exchange in
      guard request.method == "POST", let body = request.json else { return try exchange.respond(json: ["data": []]) }
      if request.path.hasSuffix("/count_tokens") { return try exchange.respond(json: ["input_tokens": 10]) }
      if request.path.hasSuffix("/messages") { return try messages(body, exchange) }
      try responses(body, exchange)
    }
  }

  // MARK: Anthropic's Messages

  private static func messages(_ body: JSONValue, _ exchange: Exchange) throws {
    let conversation = body["messages"]?.array ?? []
    let wish = wish(in: conversation, isResult: conversation.last?.text.contains("tool_result") == true)
    let tools = (body["tools"]?.array ?? []).compactMap { $0["name"]?.string }
    let usage: JSONValue = ["input_tokens": 100, "output_tokens": 0]
    let message: JSONValue = [
      "id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": body["model"] ?? "tiny",
      "stop_reason": .null, "stop_sequence": .null, "usage": usage,
    ]
    try exchange.startEvents()
    func write(_ type: String, _ members: JSONObject) throws {
      var event: JSONObject = ["type": .string(type)]
      event.merge(members)
      try exchange.writeEvent(JSONValue.object(event).text, name: type)
    }
    func block(_ start: JSONValue, _ deltas: [JSONValue]) throws {
      try write("content_block_start", ["index": 0, "content_block": start])
      for delta in deltas { try write("content_block_delta", ["index": 0, "delta": delta]) }
      try write("content_block_stop", ["index": 0])
    }
    func say(_ texts: [String]) throws {
      try block(["type": "text", "text": ""], texts.map { ["type": "text_delta", "text": .string($0)] })
    }
    try write("message_start", ["message": message])
    var stop = "end_turn"
    switch wish {
    case .weather:
      try call(tools.first { $0.hasSuffix("get_weather") } ?? "get_weather", ["city": "Paris"])
    case .command: try call("Bash", ["command": "true", "description": "does nothing"])
    case .silence:
      try say(["wait"])
      return exchange.waitForDisconnect()
    case .answer: try say(["answer ", "to ", "\(conversation.count) messages"])
    }
    func call(_ tool: String, _ input: JSONValue) throws {
      stop = "tool_use"
      let id = "toolu_\(conversation.count)"
      try block(
        ["type": "tool_use", "id": .string(id), "name": .string(tool), "input": [:]],
        [["type": "input_json_delta", "partial_json": .string(input.text)]])
    }
    try write(
      "message_delta",
      ["delta": ["stop_reason": .string(stop), "stop_sequence": .null], "usage": ["output_tokens": 7]])
    try write("message_stop", [:])
    try exchange.finish()
  }

  // MARK: OpenAI's Responses

  private static func responses(_ body: JSONValue, _ exchange: Exchange) throws {
    let items = body["input"]?.array ?? []
    let wish = wish(in: items, isResult: items.last?["type"] == "function_call_output")
    try exchange.startEvents()
    func write(_ type: String, _ members: JSONObject) throws {
      var event: JSONObject = ["type": .string(type)]
      event.merge(members)
      try exchange.writeEvent(JSONValue.object(event).text, name: type)
    }
    try write("response.created", ["response": ["id": "resp_1"]])
    var item: JSONValue
    if wish == .weather {
      item = [
        "type": "function_call", "id": "fc_1", "call_id": .string("call_\(items.count)"), "name": "get_weather",
        "namespace": "mcp__testbed", "arguments": #"{"city":"Paris"}"#,
      ]
    } else {
      let text = "answer to \(items.count) items"
      item = ["type": "message", "id": "m_1", "role": "assistant", "content": []]
      try write("response.output_item.added", ["output_index": 0, "item": item])
      for word in text.split(separator: " ") {
        try write(
          "response.output_text.delta",
          ["item_id": "m_1", "output_index": 0, "content_index": 0, "delta": .string("\(word) ")])
      }
      if wish == .silence { return exchange.waitForDisconnect() }
      item = [
        "type": "message", "id": "m_1", "role": "assistant",
        "content": [["type": "output_text", "text": .string("\(text) ")]],
      ]
    }
    try write("response.output_item.done", ["output_index": 0, "item": item])
    let usage: JSONValue = [
      "input_tokens": 100, "input_tokens_details": ["cached_tokens": 40], "output_tokens": 7,
      "output_tokens_details": ["reasoning_tokens": 2], "total_tokens": 107,
    ]
    try write("response.completed", ["response": ["id": "resp_1", "output": [item], "usage": usage]])
    try exchange.finish()
  }

  private enum Wish { case answer, weather, command, silence }

  private static func wish(in conversation: [JSONValue], isResult: Bool) -> Wish {
    let text = JSONValue.array(conversation).text
    if text.contains("#loop") { return .command }
    if text.contains("#hang") { return .silence }
    return text.contains("#mcp") && !isResult ? .weather : .answer
  }
}
