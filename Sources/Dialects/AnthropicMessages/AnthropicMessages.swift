package import Completion
internal import HTTP
package import JSON

/// `POST {base}/v1/messages`: Anthropic's API, which several other providers and gateways imitate. Where they differ is
/// data, see `AnthropicMessagesQuirks`.
package struct AnthropicMessages: Dialect, CountsTokens {
  package let api: APIFamily = "anthropic-messages"

  /// The family; it has no state.
  package init() {}

  package func validate(quirks: JSONObject) throws(JSONFieldError) { _ = try AnthropicMessagesQuirks(quirks) }

  package func encode(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest {
    var encoder = MessagesEncoder(request, endpoint, try quirks(endpoint), api: api)
    let body = try encoder.encode()
    let (endpoint, headers) = encoder.headers()
    let http = endpoint.post(Self.path(endpoint), body, accept: encoder.accept, adding: headers)
    return EncodedRequest(http, dropped: encoder.dropped)
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
    let body = MessagesCount.body(from: try encoder.encode())
    let (endpoint, headers) = encoder.headers()
    let http = endpoint.post(
      Self.path(endpoint) + "/count_tokens", body, accept: "application/json", adding: headers)
    return EncodedRequest(http, dropped: encoder.dropped)
  }

  package func countedTokens(in body: [UInt8]) throws(ProviderError) -> Int { try MessagesCount.tokens(in: body) }

  private func quirks(_ endpoint: Endpoint) throws(ProviderError) -> AnthropicMessagesQuirks {
    try endpoint.quirks { quirks throws(JSONFieldError) in try AnthropicMessagesQuirks(quirks) }
  }

  /// People give the base URL with and without the version.
  private static func path(_ endpoint: Endpoint) -> String {
    endpoint.baseURL.hasSuffix("/v1") ? "/messages" : "/v1/messages"
  }
}

/// Counting tokens, which is the same at Anthropic and at Vertex AI.
enum MessagesCount {
  /// What the endpoint takes; it refuses every other field.
  private static let fields = [
    "model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control",
    "context_management", "mcp_servers", "anthropic_version",
  ]

  /// The body that counts what `body` would send.
  static func body(from body: JSONObject) -> JSONObject {
    JSONObject(fields.compactMap { field in body[field].map { (field, $0) } })
  }

  static func tokens(in body: [UInt8]) throws(ProviderError) -> Int {
    let document = try? JSONValue(parsing: body, options: .upstream)
    if let count = document?["input_tokens"]?.int, count >= 0 { return count }
    if let document, document["error"] != nil { throw ErrorClassification.error(inside: document) }
    throw ProviderError(.upstreamInvalid, "the provider's answer holds no input_tokens")
  }
}
