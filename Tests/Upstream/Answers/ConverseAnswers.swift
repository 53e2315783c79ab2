package import JSON

/// Converse as Amazon Bedrock writes it: frames of Amazon's event stream.
package struct ConverseAnswers: AnswerFamily {
  package let api = "bedrock-converse-stream"
  package let contentType = "application/vnd.amazon.eventstream"
  package let settings: JSONObject = ["variables": ["region": "us-east-1"]]

  /// The family; it has no state.
  package init() {}

  package var keepAlive: [UInt8] { AmazonFrame.event("ping", Array("{}".utf8)) }

  package func pieces(of answer: ModelAnswer) -> [AnswerPiece] {
    var pieces = [AnswerPiece(.start, event("messageStart", ["role": "assistant"]))]
    var index = 0
    func block(_ kind: AnswerPiece.Kind, start: JSONValue? = nil, _ deltas: [JSONValue]) {
      if let start {
        let open: JSONValue = ["contentBlockIndex": .int(index), "start": start]
        pieces.append(AnswerPiece(kind, event("contentBlockStart", open)))
      }
      for delta in deltas {
        let members: JSONValue = ["contentBlockIndex": .int(index), "delta": delta]
        pieces.append(AnswerPiece(kind, event("contentBlockDelta", members)))
      }
      pieces.append(AnswerPiece(kind, event("contentBlockStop", ["contentBlockIndex": .int(index)])))
      index += 1
    }
    if let text = answer.reasoning {
      block(
        .reasoning,
        [["reasoningContent": ["text": .string(text)]], ["reasoningContent": ["signature": "c2VhbA=="]]])
    }
    if !answer.texts.isEmpty { block(.text, answer.texts.map { ["text": .string($0)] }) }
    if !answer.arguments.isEmpty {
      let call: JSONValue = ["toolUseId": .string(ModelAnswer.callId), "name": .string(ModelAnswer.tool)]
      block(.call, start: ["toolUse": call], answer.arguments.map { ["toolUse": ["input": .string($0)]] })
    }
    pieces.append(AnswerPiece(.ending, event("messageStop", ["stopReason": .string(finish(of: answer))])))
    var metadata: JSONObject = ["metrics": ["latencyMs": 1]]
    metadata.set("usage", answer.usage.map(counts))
    return pieces + [AnswerPiece(.ending, event("metadata", .object(metadata)))]
  }

  package func document(of answer: ModelAnswer) -> JSONValue {
    var content: [JSONValue] = []
    if let text = answer.reasoning {
      content.append(["reasoningContent": ["reasoningText": ["text": .string(text), "signature": "c2VhbA=="]]])
    }
    content.append(["text": .string(answer.text)])
    if !answer.arguments.isEmpty {
      let call: JSONValue = [
        "toolUseId": .string(ModelAnswer.callId), "name": .string(ModelAnswer.tool),
        "input": answer.argumentValue ?? [:],
      ]
      content.append(["toolUse": call])
    }
    var document: JSONObject = [
      "output": ["message": ["role": "assistant", "content": .array(content)]],
      "stopReason": .string(finish(of: answer)), "metrics": ["latencyMs": 1],
    ]
    document.set("usage", answer.usage.map(counts))
    return .object(document)
  }

  package func event(_ data: [UInt8], type: String) -> [UInt8] { AmazonFrame.event(type, data) }

  package var failure: [UInt8] {
    AmazonFrame.exception("serviceUnavailableException", ["message": "The model is overloaded"])
  }

  package func refusal(_ condition: UpstreamCondition) -> ErrorResponse {
    let (status, name, message): (Int, String, String) =
      switch condition {
      case .unauthorized:
        (403, "UnrecognizedClientException", "The security token included in the request is invalid.")
      case .rateLimited: (429, "ThrottlingException", "Too many requests, please wait before trying again.")
      case .serverError: (500, "InternalServerException", "The system encountered an unexpected error.")
      case .overloaded: (503, "ServiceUnavailableException", "Bedrock is unable to process your request.")
      case .contextOverflow: (400, "ValidationException", "Input is too long for requested model.")
      case .quotaExceeded: (400, "ServiceQuotaExceededException", "Your request exceeds the service quota.")
      case .modelNotFound: (404, "ResourceNotFoundException", "Could not resolve the foundation model.")
      case .badRequest: (400, "ValidationException", "A conversation must start with a user message.")
      }
    let headers = [("x-amzn-ErrorType", "\(name):http://internal.amazon.com/coral/com.amazon.bedrock/")]
    return ErrorResponse(status: status, headers: headers, body: ["message": .string(message)])
  }

  private func event(_ type: String, _ payload: JSONValue) -> [UInt8] { AmazonFrame.event(type, payload.bytes) }

  private func counts(_ usage: ModelAnswer.Counts) -> JSONValue {
    [
      "inputTokens": .int(usage.input), "outputTokens": .int(usage.output),
      "totalTokens": .int(usage.input + usage.output),
    ]
  }

  private func finish(of answer: ModelAnswer) -> String {
    answer.finish ?? (answer.arguments.isEmpty ? "end_turn" : "tool_use")
  }
}
