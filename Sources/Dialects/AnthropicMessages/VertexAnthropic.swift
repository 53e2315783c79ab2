package import Completion
internal import HTTP
internal import JSON

/// Claude on Google's Vertex AI: Anthropic's Messages API at an address of Google's, with the model in the address.
package struct VertexAnthropic: QuirkyDialect, CountsTokens {
  package let api: APIFamily = "vertex-anthropic"
  package let defaults = AnthropicMessagesQuirks.vertex

  /// The family; it has no state.
  package init() {}

  package func encode(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest {
    var encoder = MessagesEncoder(try task(request, for: endpoint))
    var body = try encoder.encode()
    body["model"] = nil
    let method = request.stream ? "streamRawPredict" : "rawPredict"
    return try post(body, to: endpoint.model.wireID, method, encoder)
  }

  package func streamDecoder(for request: CompletionRequest, at endpoint: Endpoint) -> any AnswerDecoder {
    EventStreamDecoder(MessagesAnswer(to: request, at: endpoint, quirksOfAnswers(from: endpoint)))
  }

  package func countRequest(
    _ request: CompletionRequest, for endpoint: Endpoint
  ) throws(ProviderError) -> EncodedRequest? {
    var whole = request
    whole.stream = false
    var encoder = MessagesEncoder(try task(whole, for: endpoint))
    guard encoder.quirks.countsTokens else { return nil }
    return try post(MessagesCount.body(from: try encoder.encode()), to: "count-tokens", "rawPredict", encoder)
  }

  package func countedTokens(in body: [UInt8]) throws(ProviderError) -> Int {
    try UpstreamAnswer.count("input_tokens", in: body)
  }

  private func post(
    _ body: JSONObject, to model: String, _ method: String, _ encoder: MessagesEncoder
  ) throws(ProviderError) -> EncodedRequest {
    var body = body
    if body["anthropic_version"] == nil { body["anthropic_version"] = "vertex-2023-10-16" }
    var (endpoint, headers) = encoder.headers()
    // The version stands in the body here.
    headers.removeAll { $0.name == "anthropic-version" }
    let address = try VertexAddress(endpoint)
    endpoint.baseURL = ""
    let url = address.url(publisher: "anthropic", model: model, method: method)
    let http = endpoint.post(url, body, accept: encoder.accept, adding: headers)
    return EncodedRequest(http, dropped: encoder.dropped)
  }
}
