package import JSON

/// Messages as Anthropic writes them.
package struct MessagesAnswers: AnswerFamily {
  package let api: String
  package let settings: JSONObject
  package let contentType = "text/event-stream"

  /// Anthropic's own API.
  package init() { (api, settings) = ("anthropic-messages", [:]) }

  private init(api: String, settings: JSONObject) { (self.api, self.settings) = (api, settings) }

  /// Claude on Vertex AI.
  package static let vertex = MessagesAnswers(api: "vertex-anthropic", settings: GoogleErrors.project)

  package var keepAlive: [UInt8] { event(Array(#"{"type":"ping"}"#.utf8), type: "ping") }

  package func pieces(of answer: ModelAnswer) -> [AnswerPiece] {
    var pieces = [AnswerPiece(.start, event("message_start", ["message": message(of: answer, content: [])]))]
    var index = 0
    func block(_ kind: AnswerPiece.Kind, _ start: JSONValue, _ deltas: [JSONValue]) {
      let open: JSONObject = ["index": .int(index), "content_block": start]
      pieces.append(AnswerPiece(kind, event("content_block_start", open)))
      for delta in deltas {
        pieces.append(AnswerPiece(kind, event("content_block_delta", ["index": .int(index), "delta": delta])))
      }
      pieces.append(AnswerPiece(kind, event("content_block_stop", ["index": .int(index)])))
      index += 1
    }
    if let text = answer.reasoning {
      block(
        .reasoning, ["type": "thinking", "thinking": "", "signature": ""],
        [
          ["type": "thinking_delta", "thinking": .string(text)], ["type": "signature_delta", "signature": "c2VhbA=="],
        ])
    }
    if !answer.texts.isEmpty {
      let deltas: [JSONValue] = answer.texts.map { ["type": "text_delta", "text": .string($0)] }
      block(.text, ["type": "text", "text": ""], deltas)
    }
    if !answer.arguments.isEmpty {
      let deltas: [JSONValue] = answer.arguments.map { ["type": "input_json_delta", "partial_json": .string($0)] }
      block(.call, call(input: [:]), deltas)
    }
    var end: JSONObject = ["delta": ["stop_reason": .string(finish(of: answer)), "stop_sequence": .null]]
    end.set("usage", answer.usage.map { ["output_tokens": .int($0.output)] })
    pieces.append(AnswerPiece(.ending, event("message_delta", end)))
    return pieces + [AnswerPiece(.ending, event("message_stop", [:]))]
  }

  package func document(of answer: ModelAnswer) -> JSONValue {
    var content: [JSONValue] = []
    if let text = answer.reasoning {
      content.append(["type": "thinking", "thinking": .string(text), "signature": "c2VhbA=="])
    }
    content.append(["type": "text", "text": .string(answer.text)])
    if !answer.arguments.isEmpty { content.append(call(input: answer.argumentValue ?? [:])) }
    var document = message(of: answer, content: content).object ?? [:]
    document["stop_reason"] = .string(finish(of: answer))
    document.set("usage", answer.usage.map { counts($0.input, $0.output) })
    return .object(document)
  }

  package func event(_ data: [UInt8], type: String) -> [UInt8] { .event(data, name: type) }

  package var failure: [UInt8] { event("error", ["error": ["type": "overloaded_error", "message": "Overloaded"]]) }

  package func refusal(_ condition: UpstreamCondition) -> ErrorResponse {
    // What the platform refuses, it refuses in Google's words; what the model refuses, in Anthropic's.
    let isPlatform = condition != .contextOverflow && condition != .badRequest
    if api == "vertex-anthropic", isPlatform { return GoogleErrors.response(condition) }
    let (status, type, message): (Int, String, String) =
      switch condition {
      case .unauthorized: (401, "authentication_error", "invalid x-api-key")
      case .rateLimited: (429, "rate_limit_error", "This request would exceed your rate limit")
      case .serverError: (500, "api_error", "Internal server error")
      case .overloaded: (529, "overloaded_error", "Overloaded")
      case .contextOverflow: (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")
      case .quotaExceeded:
        (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API")
      case .modelNotFound: (404, "not_found_error", "model: test-model")
      case .badRequest: (400, "invalid_request_error", "messages: at least one message is required")
      }
    let error: JSONValue = ["type": .string(type), "message": .string(message)]
    return ErrorResponse(status: status, body: ["type": "error", "error": error, "request_id": "req_1"])
  }

  private func event(_ type: String, _ members: JSONObject) -> [UInt8] {
    var object: JSONObject = ["type": .string(type)]
    object.merge(members)
    return event(JSONValue.object(object).bytes, type: type)
  }

  private func message(of answer: ModelAnswer, content: [JSONValue]) -> JSONValue {
    var message: JSONObject = [
      "id": "msg_1", "type": "message", "role": "assistant", "model": .string(ModelAnswer.model),
      "content": .array(content), "stop_reason": .null, "stop_sequence": .null,
    ]
    message.set("usage", answer.usage.map { counts($0.input, 1) })
    return .object(message)
  }

  private func call(input: JSONValue) -> JSONValue {
    [
      "type": "tool_use", "id": .string(ModelAnswer.callId), "name": .string(ModelAnswer.tool), "input": input,
    ]
  }

  private func counts(_ input: Int, _ output: Int) -> JSONValue {
    [
      "input_tokens": .int(input), "output_tokens": .int(output), "cache_creation_input_tokens": 0,
      "cache_read_input_tokens": 0,
    ]
  }

  private func finish(of answer: ModelAnswer) -> String {
    answer.finish ?? (answer.arguments.isEmpty ? "end_turn" : "tool_use")
  }
}
