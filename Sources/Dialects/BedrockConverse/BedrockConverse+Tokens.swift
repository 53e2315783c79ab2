package import Completion
package import HTTP
internal import JSON

extension BedrockConverse: CountsTokens {
  package func countRequest(
    _ request: CompletionRequest, for endpoint: Endpoint
  ) throws(ProviderError) -> EncodedRequest? {
    var encoder = ConverseEncoder(task: try task(request, for: endpoint))
    guard encoder.quirks.supportsTokenCount else { return nil }
    let body = try encoder.encode()
    let counted = body.only(["messages", "system", "toolConfig", "additionalModelRequestFields"])
    // Profiles are refused here; the model behind one counts alike.
    let model = BedrockAddress.foundationModel(endpoint.model.wireID).percentEncoded()
    let http = Self.post(
      ["input": ["converse": .object(counted)]], to: "count-tokens", at: endpoint, modelSegment: model)
    return EncodedRequest(http, dropped: encoder.dropped)
  }

  package func countedTokens(in body: [UInt8]) throws(ProviderError) -> Int {
    try UpstreamAnswer.count("inputTokens", in: body)
  }
}

extension BedrockConverse: Embeds {
  package func embeddingLimit(for endpoint: Endpoint) -> Int {
    switch quirksOfAnswers(from: endpoint).embedding {
    case .cohere, .cohere4: 96
    case .titan, .titan2, .none: 1
    }
  }

  package func embedRequest(
    _ request: EmbeddingRequest, for endpoint: Endpoint
  ) throws(ProviderError) -> HTTPRequest {
    let format = try quirks(of: endpoint).embedding
    let name = "\(endpoint.provider)/\(endpoint.model.id)"
    if request.dimensions != nil, format == .titan || format == .cohere {
      throw ProviderError(
        .unsupported, "\(name) makes vectors of one length only", hint: "Leave dimensions out.", path: "dimensions")
    }
    var body: JSONObject
    switch format {
    case .none:
      throw ProviderError(
        .unsupported, "\(name) makes no vectors",
        hint: "Use a Titan or Cohere embedding model, or set the quirk embedding.", path: "model")
    case .titan: body = ["inputText": .string(request.input.joined())]
    case .titan2:
      body = ["inputText": .string(request.input.joined()), "normalize": true]
      body.set("dimensions", request.dimensions.map(JSONValue.int))
    case .cohere, .cohere4:
      body = ["texts": .strings(request.input), "input_type": "search_document", "embedding_types": ["float"]]
      body.set("output_dimension", request.dimensions.map(JSONValue.int))
    }
    return Self.post(body, to: "invoke", at: endpoint)
  }

  package func embeddings(
    in body: [UInt8], for request: EmbeddingRequest, at endpoint: Endpoint
  ) throws(ProviderError) -> Embeddings {
    let value = (try? JSONValue(parsing: body, options: .upstream)) ?? .null
    let lists = value["embedding"].map { [$0] } ?? (value["embeddings"]?["float"] ?? value["embeddings"])?.array ?? []
    let vectors = lists.compactMap { list -> [Double]? in
      guard let numbers = list.array?.compactMap(\.double), numbers.count == list.array?.count else { return nil }
      return numbers.isEmpty ? nil : numbers
    }
    guard vectors.count == request.input.count, vectors.count == lists.count else {
      throw ProviderError(
        .upstreamInvalid, "the provider sent \(vectors.count) vectors for \(request.input.count) texts")
    }
    let tokens = value["inputTextTokenCount"]?.int
    return Embeddings(vectors: vectors, usage: tokens.map { Usage(input: $0, output: 0) })
  }
}
