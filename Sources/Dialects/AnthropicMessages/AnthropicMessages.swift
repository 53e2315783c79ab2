package import Completion
internal import HTTP
internal import JSON

/// `POST {base}/v1/messages`: Anthropic's API, which several other providers and gateways imitate. Where they differ is
/// data, see `AnthropicMessagesQuirks`.
package struct AnthropicMessages: QuirkyDialect, CountsTokens {
  package let api: APIFamily = "anthropic-messages"
  package let defaults = AnthropicMessagesQuirks()

  /// The family; it has no state.
  package init() {}

  package func encode(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest {
    var encoder = MessagesEncoder(try task(request, for: endpoint))
    let body = try encoder.encode()
    let (endpoint, headers) = encoder.headers()
    let http = endpoint.post(Self.path(endpoint), body, accept: encoder.accept, adding: headers)
    return EncodedRequest(http, dropped: encoder.dropped)
  }

  package func streamDecoder(for request: CompletionRequest, at endpoint: Endpoint) -> any AnswerDecoder {
    EventStreamDecoder(MessagesAnswer(to: request, at: endpoint, quirksOfAnswers(from: endpoint)))
  }

  package func countRequest(
    _ request: CompletionRequest, for endpoint: Endpoint
  ) throws(ProviderError) -> EncodedRequest? {
    var encoder = MessagesEncoder(try task(request, for: endpoint))
    guard encoder.quirks.countsTokens else { return nil }
    let body = MessagesCount.body(from: try encoder.encode())
    let (endpoint, headers) = encoder.headers()
    let http = endpoint.post(
      Self.path(endpoint) + "/count_tokens", body, accept: "application/json", adding: headers)
    return EncodedRequest(http, dropped: encoder.dropped)
  }

  package func countedTokens(in body: [UInt8]) throws(ProviderError) -> Int {
    try UpstreamAnswer.count("input_tokens", in: body)
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
    body.only(fields)
  }
}
