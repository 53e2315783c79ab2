package import JSON

/// Contents as Gemini writes them.
package struct GeminiAnswers: AnswerFamily {
  package let api: String
  package let settings: JSONObject
  package let contentType = "text/event-stream"
  package let keepAlive = Array(": keep-alive\n\n".utf8)

  /// The Gemini API.
  package init() { (api, settings) = ("google-generative-ai", [:]) }

  private init(api: String, settings: JSONObject) { (self.api, self.settings) = (api, settings) }

  /// Gemini on Vertex AI.
  package static let vertex = GeminiAnswers(api: "google-vertex", settings: GoogleErrors.project)

  package func pieces(of answer: ModelAnswer) -> [AnswerPiece] {
    var pieces = [AnswerPiece(.start, chunk([["text": ""]]))]
    if let text = answer.reasoning { pieces.append(AnswerPiece(.reasoning, chunk([thought(text)]))) }
    pieces += answer.texts.map { AnswerPiece(.text, chunk([["text": .string($0)]])) }
    if !answer.arguments.isEmpty { pieces.append(AnswerPiece(.call, chunk([call(answer)]))) }
    return pieces + [AnswerPiece(.ending, chunk([["text": ""]], ending: answer))]
  }

  package func document(of answer: ModelAnswer) -> JSONValue {
    var parts = answer.reasoning.map { [thought($0)] } ?? []
    parts.append(["text": .string(answer.text)])
    if !answer.arguments.isEmpty { parts.append(call(answer)) }
    return response(parts, ending: answer)
  }

  package func event(_ data: [UInt8], type: String) -> [UInt8] { .event(data) }

  package var failure: [UInt8] { .event(GoogleErrors.response(.overloaded).body.bytes) }

  package func refusal(_ condition: UpstreamCondition) -> ErrorResponse { GoogleErrors.response(condition) }

  private func chunk(_ parts: [JSONValue], ending answer: ModelAnswer? = nil) -> [UInt8] {
    .event(response(parts, ending: answer).bytes)
  }

  private func response(_ parts: [JSONValue], ending answer: ModelAnswer? = nil) -> JSONValue {
    var candidate: JSONObject = ["content": ["role": "model", "parts": .array(parts)], "index": 0]
    // Here, arguments that are cut off are the server's to notice.
    let isCut = answer.map { !$0.arguments.isEmpty && $0.argumentValue == nil } ?? false
    candidate.set("finishReason", answer.map { .string($0.finish ?? (isCut ? "MALFORMED_FUNCTION_CALL" : "STOP")) })
    var response: JSONObject = [
      "candidates": [.object(candidate)], "modelVersion": .string(ModelAnswer.model), "responseId": "r-1",
    ]
    let counts = answer?.usage.map { usage -> JSONValue in
      [
        "promptTokenCount": .int(usage.input), "candidatesTokenCount": .int(usage.output),
        "totalTokenCount": .int(usage.input + usage.output),
      ]
    }
    response.set("usageMetadata", counts)
    return .object(response)
  }

  private func thought(_ text: String) -> JSONValue { ["text": .string(text), "thought": true] }

  private func call(_ answer: ModelAnswer) -> JSONValue {
    guard let arguments = answer.argumentValue else { return ["text": ""] }
    return [
      "functionCall": ["id": .string(ModelAnswer.callId), "name": .string(ModelAnswer.tool), "args": arguments]
    ]
  }
}

/// Errors as Google writes them.
enum GoogleErrors {
  /// Where a provider's requests go.
  static let project: JSONObject = ["variables": ["project": "a-project", "location": "us-east5"]]

  static func response(_ condition: UpstreamCondition) -> ErrorResponse {
    let (status, name, message): (Int, String, String) =
      switch condition {
      case .unauthorized: (401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
      case .rateLimited: (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).")
      case .serverError: (500, "INTERNAL", "An internal error has occurred.")
      case .overloaded: (503, "UNAVAILABLE", "The model is overloaded. Please try again later.")
      case .contextOverflow:
        (
          400, "INVALID_ARGUMENT",
          "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
        )
      case .quotaExceeded: (403, "PERMISSION_DENIED", "This API method requires billing to be enabled.")
      case .modelNotFound: (404, "NOT_FOUND", "models/test-model is not found for API version v1beta")
      case .badRequest: (400, "INVALID_ARGUMENT", "Please use a valid role: user, model.")
      }
    var error: JSONObject = ["code": .int(status), "message": .string(message), "status": .string(name)]
    if condition == .quotaExceeded {
      error["details"] = [
        [
          "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "BILLING_DISABLED",
          "domain": "googleapis.com",
        ]
      ]
    }
    return ErrorResponse(status: status, body: ["error": .object(error)])
  }
}
