package import JSON

/// Chat completions as OpenAI writes them; thoughts as the servers do that show them.
package struct CompletionsAnswers: AnswerFamily {
  package let api = "openai-completions"
  package let contentType = "text/event-stream"
  package let keepAlive = Array(": keep-alive\n\n".utf8)

  /// The family; it has no state.
  package init() {}

  package func pieces(of answer: ModelAnswer) -> [AnswerPiece] {
    var pieces = [AnswerPiece(.start, chunk(["role": "assistant", "content": ""]))]
    if let text = answer.reasoning {
      pieces.append(AnswerPiece(.reasoning, chunk(["reasoning_content": .string(text)])))
    }
    pieces += answer.texts.map { AnswerPiece(.text, chunk(["content": .string($0)])) }
    if !answer.arguments.isEmpty {
      pieces.append(AnswerPiece(.call, call(CompletionsShape.call(id: ModelAnswer.callId, arguments: ""))))
      pieces += answer.arguments.map { AnswerPiece(.call, call(["function": ["arguments": .string($0)]])) }
    }
    pieces.append(AnswerPiece(.ending, chunk([:], finish: CompletionsShape.finish(of: answer))))
    if let usage = answer.usage {
      pieces.append(AnswerPiece(.ending, .event(CompletionsShape.chunk([], usage: usage).bytes)))
    }
    return pieces + [AnswerPiece(.ending, .event(Array("[DONE]".utf8)))]
  }

  package func document(of answer: ModelAnswer) -> JSONValue {
    var message: JSONObject = ["role": "assistant", "content": .string(answer.text)]
    message.set("reasoning_content", answer.reasoning.map(JSONValue.string))
    return CompletionsShape.document(message, of: answer)
  }

  package func event(_ data: [UInt8], type: String) -> [UInt8] { .event(data) }

  package var failure: [UInt8] {
    let error: JSONValue = [
      "error": ["message": "The engine is currently overloaded", "type": "server_error", "code": "engine_overloaded"]
    ]
    return .event(error.bytes)
  }

  package func refusal(_ condition: UpstreamCondition) -> ErrorResponse { OpenAIErrors.response(condition) }

  private func chunk(_ delta: JSONValue, finish: String? = nil) -> [UInt8] {
    .event(CompletionsShape.chunk([CompletionsShape.choice(delta, finish)]).bytes)
  }

  private func call(_ call: JSONObject) -> [UInt8] {
    var call = call
    call["index"] = 0
    return chunk(["tool_calls": [.object(call)]])
  }
}

/// Chat completions as Mistral writes them: thoughts as parts of the content, tool calls whole.
package struct MistralAnswers: AnswerFamily {
  package let api = "mistral"
  package let contentType = "text/event-stream"
  package let keepAlive = Array(": keep-alive\n\n".utf8)

  /// The family; it has no state.
  package init() {}

  package func pieces(of answer: ModelAnswer) -> [AnswerPiece] {
    var pieces = [AnswerPiece(.start, chunk(["role": "assistant", "content": ""]))]
    if let text = answer.reasoning {
      pieces.append(AnswerPiece(.reasoning, chunk(["content": [thinking(text)]])))
    }
    pieces += answer.texts.map { AnswerPiece(.text, chunk(["content": .string($0)])) }
    if !answer.arguments.isEmpty {
      let call = CompletionsShape.call(id: ModelAnswer.callId, arguments: answer.argumentText)
      pieces.append(AnswerPiece(.call, chunk(["content": "", "tool_calls": [.object(call)]])))
    }
    let last = CompletionsShape.choice(["content": ""], CompletionsShape.finish(of: answer))
    pieces.append(AnswerPiece(.ending, .event(CompletionsShape.chunk([last], usage: answer.usage).bytes)))
    return pieces + [AnswerPiece(.ending, .event(Array("[DONE]".utf8)))]
  }

  package func document(of answer: ModelAnswer) -> JSONValue {
    let thoughts = answer.reasoning.map { [thinking($0)] } ?? []
    let text: JSONValue = ["type": "text", "text": .string(answer.text)]
    return CompletionsShape.document(["role": "assistant", "content": .array(thoughts + [text])], of: answer)
  }

  package func event(_ data: [UInt8], type: String) -> [UInt8] { .event(data) }

  package var failure: [UInt8] {
    let error: JSONValue = [
      "object": "error", "message": "The service is overloaded", "type": "overloaded", "code": .null,
    ]
    return .event(error.bytes)
  }

  package func refusal(_ condition: UpstreamCondition) -> ErrorResponse {
    let (status, type, message): (Int, String, String) =
      switch condition {
      case .unauthorized: (401, "invalid_request_unauthorized", "Unauthorized")
      case .rateLimited: (429, "rate_limited", "Requests rate limit exceeded")
      case .serverError: (500, "internal_server_error", "Internal Server Error")
      case .overloaded: (503, "unavailable", "Service unavailable")
      case .contextOverflow:
        (
          400, "invalid_request_invalid_args",
          "Prompt contains 40000 tokens, too large for model with 32768 maximum context length"
        )
      case .quotaExceeded: (402, "payment_required", "Payment required")
      case .modelNotFound: (400, "invalid_model", "Invalid model: test-model")
      case .badRequest: (400, "invalid_request_message_order", "Expected last role User or Tool")
      }
    let body: JSONValue = [
      "object": "error", "message": .string(message), "type": .string(type), "param": .null, "code": .null,
    ]
    return ErrorResponse(status: status, body: body)
  }

  private func thinking(_ text: String) -> JSONValue {
    ["type": "thinking", "thinking": [["type": "text", "text": .string(text)]]]
  }

  private func chunk(_ delta: JSONValue) -> [UInt8] {
    .event(CompletionsShape.chunk([CompletionsShape.choice(delta, nil)]).bytes)
  }
}

/// What all chat completions have in common.
enum CompletionsShape {
  static func finish(of answer: ModelAnswer) -> String {
    answer.finish ?? (answer.arguments.isEmpty ? "stop" : "tool_calls")
  }

  static func choice(_ delta: JSONValue, _ finish: String?) -> JSONValue {
    ["index": 0, "delta": delta, "finish_reason": finish.map(JSONValue.string) ?? .null]
  }

  static func chunk(_ choices: [JSONValue], usage: ModelAnswer.Counts? = nil) -> JSONValue {
    var chunk = head("chat.completion.chunk", choices)
    chunk.set("usage", usage.map(counts))
    return .object(chunk)
  }

  static func call(id: String, arguments: String) -> JSONObject {
    [
      "id": .string(id), "type": "function",
      "function": ["name": .string(ModelAnswer.tool), "arguments": .string(arguments)],
    ]
  }

  static func document(_ message: JSONObject, of answer: ModelAnswer) -> JSONValue {
    var message = message
    if !answer.arguments.isEmpty {
      message["tool_calls"] = [.object(call(id: ModelAnswer.callId, arguments: answer.argumentText))]
    }
    let choice: JSONValue = [
      "index": 0, "message": .object(message), "finish_reason": .string(finish(of: answer)),
    ]
    var document = head("chat.completion", [choice])
    document.set("usage", answer.usage.map(counts))
    return .object(document)
  }

  private static func head(_ object: String, _ choices: [JSONValue]) -> JSONObject {
    [
      "id": "chatcmpl-1", "object": .string(object), "created": 1_700_000_000, "model": .string(ModelAnswer.model),
      "choices": .array(choices),
    ]
  }

  private static func counts(_ usage: ModelAnswer.Counts) -> JSONValue {
    [
      "prompt_tokens": .int(usage.input), "completion_tokens": .int(usage.output),
      "total_tokens": .int(usage.input + usage.output),
    ]
  }
}

/// Errors as OpenAI writes them.
enum OpenAIErrors {
  static func response(_ condition: UpstreamCondition) -> ErrorResponse {
    let (status, type, code, message): (Int, String, String?, String) =
      switch condition {
      case .unauthorized: (401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided")
      case .rateLimited: (429, "requests", "rate_limit_exceeded", "Rate limit reached for requests")
      case .serverError: (500, "server_error", nil, "The server had an error while processing your request")
      case .overloaded: (503, "server_error", nil, "The engine is currently overloaded, please try again later")
      case .contextOverflow:
        (
          400, "invalid_request_error", "context_length_exceeded",
          "Your input exceeds the context window of this model"
        )
      case .quotaExceeded: (429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota")
      case .modelNotFound:
        (404, "invalid_request_error", "model_not_found", "The model 'test-model' does not exist")
      case .badRequest: (400, "invalid_request_error", "invalid_value", "Invalid value: 'nobody'")
      }
    let error: JSONValue = [
      "message": .string(message), "type": .string(type), "param": .null,
      "code": code.map(JSONValue.string) ?? .null,
    ]
    return ErrorResponse(status: status, body: ["error": error])
  }
}
