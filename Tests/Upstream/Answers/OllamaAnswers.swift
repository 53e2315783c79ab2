package import JSON

/// `/api/chat` as Ollama writes it: a JSON document a line.
package struct OllamaAnswers: AnswerFamily {
  package let api = "ollama-chat"
  package let contentType = "application/x-ndjson"
  package let keepAlive = Array("\n".utf8)

  /// The family; it has no state.
  package init() {}

  package func pieces(of answer: ModelAnswer) -> [AnswerPiece] {
    var pieces = [AnswerPiece(.start, line(["content": ""]))]
    if let text = answer.reasoning {
      pieces.append(AnswerPiece(.reasoning, line(["content": "", "thinking": .string(text)])))
    }
    pieces += answer.texts.map { AnswerPiece(.text, line(["content": .string($0)])) }
    if !answer.arguments.isEmpty {
      pieces.append(AnswerPiece(.call, line(["content": "", "tool_calls": [call(answer)]])))
    }
    return pieces + [AnswerPiece(.ending, line(["content": ""], ending: answer))]
  }

  package func document(of answer: ModelAnswer) -> JSONValue {
    var message: JSONObject = ["content": .string(answer.text)]
    message.set("thinking", answer.reasoning.map(JSONValue.string))
    if !answer.arguments.isEmpty { message["tool_calls"] = [call(answer)] }
    return response(message, ending: answer)
  }

  package func event(_ data: [UInt8], type: String) -> [UInt8] { data + [0x0A] }

  package var failure: [UInt8] {
    event(JSONValue.object(["error": "an error was encountered while running the model"]).bytes, type: "")
  }

  package func refusal(_ condition: UpstreamCondition) -> ErrorResponse {
    let (status, message): (Int, String) =
      switch condition {
      case .unauthorized: (401, "unauthorized")
      case .rateLimited: (429, "too many requests")
      case .serverError: (500, "llama runner process has terminated")
      case .overloaded: (503, "server busy, please try again. maximum pending requests exceeded")
      case .contextOverflow: (400, "prompt too long; exceeded max context length by 40 tokens")
      case .quotaExceeded: (402, "this model requires a subscription")
      case .modelNotFound: (404, "model 'test-model' not found")
      case .badRequest: (400, "json: cannot unmarshal string into Go struct field")
      }
    return ErrorResponse(status: status, body: ["error": .string(message)])
  }

  private func line(_ message: JSONObject, ending answer: ModelAnswer? = nil) -> [UInt8] {
    event(response(message, ending: answer).bytes, type: "")
  }

  private func response(_ message: JSONObject, ending answer: ModelAnswer?) -> JSONValue {
    var message = message
    message["role"] = "assistant"
    var response: JSONObject = [
      "model": .string(ModelAnswer.model), "created_at": "2026-01-31T09:30:00.25Z", "message": .object(message),
      "done": .bool(answer != nil),
    ]
    if let answer {
      response["done_reason"] = .string(answer.finish ?? "stop")
      response["total_duration"] = 1_000_000
      if let usage = answer.usage {
        response["prompt_eval_count"] = .int(usage.input)
        response["eval_count"] = .int(usage.output)
      }
    }
    return .object(response)
  }

  private func call(_ answer: ModelAnswer) -> JSONValue {
    let arguments = answer.argumentValue ?? .string(answer.argumentText)
    return ["function": ["name": .string(ModelAnswer.tool), "arguments": arguments]]
  }
}
