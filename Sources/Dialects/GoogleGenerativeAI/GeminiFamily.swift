package import Completion
package import HTTP
package import JSON

/// What the two ways to Gemini have in common: everything but addresses, and which fields a count is made from.
package protocol GeminiFamily: CountsTokens, Embeds {
  /// The quirks that hold where nothing else is said.
  var defaults: GeminiQuirks { get }

  /// The URL of a method of the endpoint's model: `generateContent`, `streamGenerateContent?alt=sse`, ….
  func url(_ method: String, at endpoint: Endpoint) throws(ProviderError) -> String

  /// The body of `countTokens` for a request whose body is `body`.
  func countBody(_ body: JSONObject, model: String) -> JSONObject

  /// The method that makes vectors, where no quirk says so.
  func embeddingMethod(of model: String) -> GeminiQuirks.EmbeddingMethod
}

extension GeminiFamily {
  package func validate(quirks: JSONObject) throws(JSONFieldError) { _ = try GeminiQuirks(quirks, defaults: defaults) }

  private func quirks(of endpoint: Endpoint) throws(ProviderError) -> GeminiQuirks {
    try endpoint.quirks { quirks throws(JSONFieldError) in try GeminiQuirks(quirks, defaults: defaults) }
  }

  /// Quirks that cannot be read have been reported by the request; what answers it is read as an unknown server's.
  private func knownQuirks(of endpoint: Endpoint) -> GeminiQuirks {
    (try? GeminiQuirks(endpoint.mergedQuirks, defaults: defaults)) ?? defaults
  }

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
    let quirks = try quirks(of: endpoint)
    var encoder = GeminiEncoder(request, endpoint, quirks, api: api)
    let body = try encoder.encode()
    var headers: [HTTPHeader] = []
    if quirks.serviceTier == .header, let tier = request.options.serviceTier, tier != .default {
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
    GeminiStreamDecoder(answer(to: request, at: endpoint))
  }

  package func decodeWhole(
    _ body: [UInt8], for request: CompletionRequest, at endpoint: Endpoint
  ) throws(ProviderError) -> [StreamEvent] {
    try GeminiStreamDecoder.decodeWhole(body, as: answer(to: request, at: endpoint))
  }

  private func answer(to request: CompletionRequest, at endpoint: Endpoint) -> GeminiAnswer {
    let traits = GeminiModel(endpoint.model, knownQuirks(of: endpoint))
    return GeminiAnswer(answerTool: traits.answerTool(request.options), stopSequences: request.options.stop)
  }

  package func error(status: Int, headers: [(String, String)], body: [UInt8]) -> ProviderError {
    ErrorClassification.error(status: status, headers: headers, body: body)
  }

  // MARK: - Counts

  package func countRequest(
    _ request: CompletionRequest, for endpoint: Endpoint
  ) throws(ProviderError) -> EncodedRequest? {
    let quirks = try quirks(of: endpoint)
    guard quirks.countsTokens else { return nil }
    var encoder = GeminiEncoder(request, endpoint, quirks, api: api)
    let body = countBody(try encoder.encode(), model: GeminiModel.bareID(endpoint.model.wireID))
    return EncodedRequest(try post("countTokens", body, at: endpoint), dropped: encoder.dropped)
  }

  package func countedTokens(in body: [UInt8]) throws(ProviderError) -> Int {
    // Zero is left out in this notation.
    guard case .object(let document)? = try? JSONValue(parsing: body, options: .upstream),
      document["totalTokens"] != nil || document.isEmpty
    else { throw ProviderError(.upstreamInvalid, "the provider's answer holds no token count") }
    return document["totalTokens"]?.tokenCount ?? 0
  }

  // MARK: - Vectors

  private func vectors(_ endpoint: Endpoint, _ quirks: GeminiQuirks) -> GeminiEmbeddings {
    GeminiEmbeddings(
      method: quirks.embeddingMethod ?? embeddingMethod(of: GeminiModel.bareID(endpoint.model.wireID)))
  }

  package func embeddingLimit(for endpoint: Endpoint) -> Int {
    let quirks = knownQuirks(of: endpoint)
    return vectors(endpoint, quirks).method == .embedContent ? 1 : quirks.embeddingBatch
  }

  package func embedRequest(
    _ request: EmbeddingRequest, for endpoint: Endpoint
  ) throws(ProviderError) -> HTTPRequest {
    let quirks = try quirks(of: endpoint)
    guard quirks.embeddings else {
      throw ProviderError(
        .unsupported, "\(endpoint.provider) offers no embeddings", hint: "Use another provider for embeddings.")
    }
    let vectors = vectors(endpoint, quirks)
    let body = vectors.body(request, model: GeminiModel.bareID(endpoint.model.wireID))
    return try post(vectors.method.rawValue, body, at: endpoint)
  }

  package func embeddings(
    in body: [UInt8], for request: EmbeddingRequest, at endpoint: Endpoint
  ) throws(ProviderError) -> Embeddings {
    try vectors(endpoint, knownQuirks(of: endpoint)).read(body, count: request.input.count)
  }
}
