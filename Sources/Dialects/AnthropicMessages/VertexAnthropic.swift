package import Completion
internal import HTTP
package import JSON

/// Claude on Google's Vertex AI: Anthropic's Messages API at an address of Google's, with the model in the address.
package struct VertexAnthropic: Dialect, CountsTokens {
  package let api: APIFamily = "vertex-anthropic"

  /// The family; it has no state.
  package init() {}

  package func validate(quirks: JSONObject) throws(JSONFieldError) {
    _ = try AnthropicMessagesQuirks(quirks, over: .vertex)
  }

  package func encode(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest {
    var encoder = MessagesEncoder(request, endpoint, try quirks(endpoint), api: api)
    var body = try encoder.encode()
    body["model"] = nil
    let method = request.stream ? "streamRawPredict" : "rawPredict"
    return try post(body, to: endpoint.model.wireID, method, &encoder)
  }

  package func streamDecoder(for request: CompletionRequest, at endpoint: Endpoint) -> any AnswerDecoder {
    EventStreamDecoder(MessagesAnswer(to: request, at: endpoint))
  }

  package func decodeWhole(
    _ body: [UInt8], for request: CompletionRequest, at endpoint: Endpoint
  ) throws(ProviderError) -> [StreamEvent] {
    try EventStreamDecoder.decodeWhole(body, as: MessagesAnswer(to: request, at: endpoint))
  }

  package func error(status: Int, headers: [(String, String)], body: [UInt8]) -> ProviderError {
    ErrorClassification.error(status: status, headers: headers, body: body)
  }

  package func countRequest(
    _ request: CompletionRequest, for endpoint: Endpoint
  ) throws(ProviderError) -> EncodedRequest? {
    let quirks = try quirks(endpoint)
    guard quirks.countsTokens else { return nil }
    var encoder = MessagesEncoder(request, endpoint, quirks, api: api)
    encoder.request.stream = false
    return try post(MessagesCount.body(from: try encoder.encode()), to: "count-tokens", "rawPredict", &encoder)
  }

  package func countedTokens(in body: [UInt8]) throws(ProviderError) -> Int { try MessagesCount.tokens(in: body) }

  private func quirks(_ endpoint: Endpoint) throws(ProviderError) -> AnthropicMessagesQuirks {
    try endpoint.quirks { quirks throws(JSONFieldError) in try AnthropicMessagesQuirks(quirks, over: .vertex) }
  }

  private func post(
    _ body: JSONObject, to model: String, _ method: String, _ encoder: inout MessagesEncoder
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
