package import Completion
package import HTTP
package import JSON

/// What the two ways to Gemini have in common: everything but addresses, and which fields a count is made from.
package protocol GeminiFamily: QuirkyDialect, CountsTokens, Embeds where Quirks == GeminiQuirks {
  /// The URL of a method of the endpoint's model: `generateContent`, `streamGenerateContent?alt=sse`, ….
  func url(_ method: String, at endpoint: Endpoint) throws(ProviderError) -> String

  /// The body of `countTokens` for a request whose body is `body`.
  func countBody(_ body: JSONObject, model: String) -> JSONObject

  /// The method that makes vectors, where no quirk says so.
  func embeddingMethod(of model: String) -> GeminiQuirks.EmbeddingMethod
}

extension GeminiFamily {
  private func post(
    _ method: String, _ body: JSONObject, at endpoint: Endpoint, accept: String = "application/json",
    adding headers: [HTTPHeader] = []
  ) throws(ProviderError) -> HTTPRequest {
    var endpoint = endpoint
    endpoint.baseURL = try url(method, at: endpoint)
    return endpoint.post("", body, accept: accept, adding: headers)
  }

  // MARK: - Answers

  package func encode(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest {
    var encoder = GeminiEncoder(try task(request, for: endpoint))
    let body = try encoder.encode()
    var headers: [HTTPHeader] = []
    if encoder.quirks.serviceTier == .header, let tier = request.options.serviceTier, tier != .default {
      headers.append(HTTPHeader("x-vertex-ai-llm-shared-request-type", tier.rawValue))
    }
    let http =
      request.stream
      ? try post(
        "streamGenerateContent?alt=sse", body, at: endpoint, accept: "text/event-stream", adding: headers)
      : try post("generateContent", body, at: endpoint, adding: headers)
    return EncodedRequest(http, dropped: encoder.dropped)
  }

  package func streamDecoder(for request: CompletionRequest, at endpoint: Endpoint) -> any AnswerDecoder {
    let traits = GeminiModel(endpoint.model, quirksOfAnswers(from: endpoint))
    return EventStreamDecoder(
      GeminiAnswer(answerTool: traits.answerTool(request.options), stopSequences: request.options.stop))
  }

  // MARK: - Counts

  package func countRequest(
    _ request: CompletionRequest, for endpoint: Endpoint
  ) throws(ProviderError) -> EncodedRequest? {
    var encoder = GeminiEncoder(try task(request, for: endpoint))
    guard encoder.quirks.countsTokens else { return nil }
    let body = countBody(try encoder.encode(), model: GeminiModel.bareID(endpoint.model.wireID))
    return EncodedRequest(try post("countTokens", body, at: endpoint), dropped: encoder.dropped)
  }

  package func countedTokens(in body: [UInt8]) throws(ProviderError) -> Int {
    // Zero is left out in this notation.
    if try UpstreamAnswer.object(in: body).isEmpty { return 0 }
    return try UpstreamAnswer.count("totalTokens", in: body)
  }

  // MARK: - Vectors

  private func vectors(_ endpoint: Endpoint, _ quirks: GeminiQuirks) -> GeminiEmbeddings {
    GeminiEmbeddings(
      method: quirks.embeddingMethod ?? embeddingMethod(of: GeminiModel.bareID(endpoint.model.wireID)))
  }

  package func embeddingLimit(for endpoint: Endpoint) -> Int {
    let quirks = quirksOfAnswers(from: endpoint)
    return vectors(endpoint, quirks).method == .embedContent ? 1 : quirks.embeddingBatch
  }

  package func embedRequest(
    _ request: EmbeddingRequest, for endpoint: Endpoint
  ) throws(ProviderError) -> HTTPRequest {
    let quirks = try quirks(of: endpoint)
    guard quirks.embeddings else { throw endpoint.noEmbeddings }
    let vectors = vectors(endpoint, quirks)
    let body = vectors.body(request, model: GeminiModel.bareID(endpoint.model.wireID))
    return try post(vectors.method.rawValue, body, at: endpoint)
  }

  package func embeddings(
    in body: [UInt8], for request: EmbeddingRequest, at endpoint: Endpoint
  ) throws(ProviderError) -> Embeddings {
    try vectors(endpoint, quirksOfAnswers(from: endpoint)).read(body, count: request.input.count)
  }
}
