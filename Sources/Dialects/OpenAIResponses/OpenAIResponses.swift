package import Completion
package import HTTP
package import JSON

/// `POST {base}/responses`: OpenAI's newer API, which xAI, DeepSeek, GitHub Copilot, Bedrock's mantle and some local
/// servers speak, too. Where they differ is data, see `OpenAIResponsesQuirks`.
///
/// What this family puts into `Reasoning.opaque`, to be given back to the same model:
/// - `{"item": {…}}`: a reasoning item, as it came.
/// - `{"next": {"id", "phase"}}` before a text, `{"next": {"id", "namespace", "custom": true}}` before a call: what the
///   item of the part behind it has beside the part itself. `custom` calls have raw text for arguments; here it is
///   the member `input` of an object.
/// - `{"next": {"item": {"id"}}}`: here stood a reasoning item of which only the end of the answer says more.
/// - `{"next": {"items": [{…}]}}` in the last part: reasoning items that were complete only then.
package struct OpenAIResponses: ResponsesFamily, CountsTokens, EmbedsAsOpenAI {
  package let api: APIFamily = "openai-responses"
  package let defaults = OpenAIResponsesQuirks()

  /// The family; it has no state.
  package init() {}

  package func exchange(
    _ body: JSONObject, for request: CompletionRequest, at endpoint: Endpoint, _ quirks: OpenAIResponsesQuirks
  ) throws(ProviderError) -> HTTPRequest {
    endpoint.post(
      "/responses", body, accept: Self.accept(body), adding: request.sessionHeaders(quirks.sessionHeaders))
  }

  package func countRequest(
    _ request: CompletionRequest, for endpoint: Endpoint
  ) throws(ProviderError) -> EncodedRequest? {
    var encoder = ResponsesEncoder(task: try task(request, for: endpoint))
    guard encoder.quirks.countsTokens else { return nil }
    let body = try encoder.encodeForCounting()
    return EncodedRequest(
      endpoint.post("/responses/input_tokens", body, accept: "application/json"), dropped: encoder.dropped)
  }

  package func countedTokens(in body: [UInt8]) throws(ProviderError) -> Int {
    try UpstreamAnswer.count("input_tokens", in: body)
  }

  package func embedRequest(
    _ request: EmbeddingRequest, for endpoint: Endpoint
  ) throws(ProviderError) -> HTTPRequest {
    let embeddings = try embeddings(of: endpoint)
    return endpoint.post("/embeddings", embeddings.body(request, endpoint.model), accept: "application/json")
  }
}

/// The APIs that are the Responses API at another address, with other headers and another set of usual quirks.
package protocol ResponsesFamily: QuirkyDialect where Quirks == OpenAIResponsesQuirks {
  /// The exchange of `body`.
  func exchange(
    _ body: JSONObject, for request: CompletionRequest, at endpoint: Endpoint, _ quirks: OpenAIResponsesQuirks
  ) throws(ProviderError) -> HTTPRequest

  /// The endpoint as the encoder shall see it.
  func resolved(_ endpoint: Endpoint) throws(ProviderError) -> Endpoint
}

extension ResponsesFamily {
  /// As it is.
  package func resolved(_ endpoint: Endpoint) throws(ProviderError) -> Endpoint { endpoint }

  package func encode(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest {
    let endpoint = try resolved(endpoint)
    var encoder = ResponsesEncoder(task: try task(request, for: endpoint))
    let body = try encoder.encode()
    return EncodedRequest(try exchange(body, for: request, at: endpoint, encoder.quirks), dropped: encoder.dropped)
  }

  package func streamDecoder(for request: CompletionRequest, at endpoint: Endpoint) -> any AnswerDecoder {
    let quirks = quirksOfAnswers(from: endpoint)
    return EventStreamDecoder(
      ResponsesAnswer(
        answerTool: quirks.answerTool(for: request.options, endpoint.model), streamsArguments: quirks.streamsArguments))
  }

  func embeddings(of endpoint: Endpoint) throws(ProviderError) -> OpenAIEmbeddings {
    let quirks = try quirks(of: endpoint)
    guard quirks.embeddings else { throw endpoint.noEmbeddings }
    return OpenAIEmbeddings(dimensionsField: quirks.dimensionsField)
  }

  static func accept(_ body: JSONObject) -> String {
    body["stream"] == true ? "text/event-stream" : "application/json"
  }
}
