package import Completion
internal import HTTP
package import JSON

/// `POST {base}/chat/completions`: OpenAI's older API, which nearly every other provider and local server imitates.
/// Where they differ is data, see `OpenAICompletionsQuirks`.
package struct OpenAICompletions: Dialect {
  package let api: APIFamily = "openai-completions"

  /// The family; it has no state.
  package init() {}

  package func validate(quirks: JSONObject) throws(JSONFieldError) { _ = try OpenAICompletionsQuirks(quirks) }

  package func encode(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest {
    let quirks = try endpoint.quirks { quirks throws(JSONFieldError) in try OpenAICompletionsQuirks(quirks) }
    var encoder = CompletionsEncoder(request, endpoint, quirks, api: api)
    let body = try encoder.encode()
    let accept = request.stream ? "text/event-stream" : "application/json"
    let http = endpoint.post(
      "/chat/completions" + endpoint.apiVersionQuery(), body, accept: accept,
      adding: request.sessionHeaders(quirks.sessionHeaders))
    return EncodedRequest(http, dropped: encoder.dropped)
  }

  package func streamDecoder(for request: CompletionRequest, at endpoint: Endpoint) -> any AnswerDecoder {
    EventStreamDecoder(answer(to: request, at: endpoint))
  }

  package func decodeWhole(
    _ body: [UInt8], for request: CompletionRequest, at endpoint: Endpoint
  ) throws(ProviderError) -> [StreamEvent] {
    try EventStreamDecoder.decodeWhole(body, as: answer(to: request, at: endpoint))
  }

  package func error(status: Int, headers: [(String, String)], body: [UInt8]) -> ProviderError {
    ErrorClassification.error(status: status, headers: headers, body: body)
  }

  /// Quirks that cannot be read have been reported by `encode`; an answer is read as an unknown server's.
  private func answer(to request: CompletionRequest, at endpoint: Endpoint) -> CompletionsAnswer {
    let quirks = (try? OpenAICompletionsQuirks(endpoint.mergedQuirks)) ?? OpenAICompletionsQuirks()
    return CompletionsAnswer(
      answerTool: quirks.structuredOutput == .tool ? request.options.answerToolName : nil,
      infersFinish: !quirks.supportsFinishReason, stopSequences: request.options.stop,
      contextWindow: endpoint.model.contextWindow)
  }
}
