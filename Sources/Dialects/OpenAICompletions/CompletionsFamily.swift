package import Completion
internal import HTTP
internal import JSON

/// A family that speaks chat completions, with what all its servers have in common beyond that.
package protocol CompletionsFamily: QuirkyDialect, EmbedsAsOpenAI, Infills where Quirks == OpenAICompletionsQuirks {}

extension CompletionsFamily {
  package func encode(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest {
    var encoder = CompletionsEncoder(task: try task(request, for: endpoint))
    let body = try encoder.encode()
    let accept = request.stream ? "text/event-stream" : "application/json"
    let headers = request.sessionHeaders(encoder.quirks.sessionHeaders)
    let path = "/chat/completions" + (try endpoint.query(encoder.quirks.query))
    return EncodedRequest(endpoint.post(path, body, accept: accept, adding: headers), dropped: encoder.dropped)
  }

  package func streamDecoder(for request: CompletionRequest, at endpoint: Endpoint) -> any AnswerDecoder {
    let quirks = quirksOfAnswers(from: endpoint)
    return EventStreamDecoder(
      CompletionsAnswer(
        answerTool: quirks.structuredOutput(for: endpoint.model) == .tool ? request.options.answerToolName : nil,
        infersFinish: !quirks.supportsFinishReason, stopSequences: request.options.stop,
        contextWindow: endpoint.model.contextWindow))
  }
}
