package import Completion
internal import HTTP
package import JSON

/// A family that speaks chat completions, with what all its servers have in common beyond that.
package protocol CompletionsFamily: Embeds, Infills {
  /// The quirks that hold for every server of this family unless its own say otherwise.
  var preset: JSONObject { get }
}

extension CompletionsFamily {
  package func validate(quirks: JSONObject) throws(JSONFieldError) { _ = try read(quirks) }

  private func read(_ quirks: JSONObject) throws(JSONFieldError) -> OpenAICompletionsQuirks {
    var merged = preset
    merged.merge(quirks)
    return try OpenAICompletionsQuirks(merged)
  }

  /// The quirks in effect at `endpoint`.
  /// - Throws: `invalidParams` naming the quirk that cannot be read.
  func quirks(of endpoint: Endpoint) throws(ProviderError) -> OpenAICompletionsQuirks {
    try endpoint.quirks { quirks throws(JSONFieldError) in try read(quirks) }
  }

  package func encode(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest {
    let quirks = try quirks(of: endpoint)
    var encoder = CompletionsEncoder(request, endpoint, quirks, api: api)
    let body = try encoder.encode()
    let accept = request.stream ? "text/event-stream" : "application/json"
    let headers = request.sessionHeaders(quirks.sessionHeaders)
    let path = "/chat/completions" + (try endpoint.query(quirks.query))
    return EncodedRequest(endpoint.post(path, body, accept: accept, adding: headers), dropped: encoder.dropped)
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
    let quirks = (try? quirks(of: endpoint)) ?? OpenAICompletionsQuirks()
    return CompletionsAnswer(
      answerTool: quirks.structuredOutput(for: endpoint.model) == .tool ? request.options.answerToolName : nil,
      infersFinish: !quirks.supportsFinishReason, stopSequences: request.options.stop,
      contextWindow: endpoint.model.contextWindow)
  }
}
