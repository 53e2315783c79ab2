package import Completion
package import HTTP

extension CompletionsFamily {
  package func embeddingLimit(for endpoint: Endpoint) -> Int { OpenAIEmbeddings.limit }

  package func embedRequest(_ request: EmbeddingRequest, for endpoint: Endpoint) throws(ProviderError) -> HTTPRequest {
    let quirks = try quirks(of: endpoint)
    guard quirks.embeddings else {
      throw ProviderError(
        .unsupported, "\(endpoint.provider) offers no embeddings", hint: "Use another provider for embeddings.")
    }
    let shape = OpenAIEmbeddings(dimensionsField: quirks.dimensionsField)
    let path = "/embeddings" + (try endpoint.query(quirks.query))
    return endpoint.post(path, shape.body(request, endpoint.model), accept: "application/json")
  }

  package func embeddings(
    in body: [UInt8], for request: EmbeddingRequest, at endpoint: Endpoint
  ) throws(ProviderError) -> Embeddings {
    try OpenAIEmbeddings.vectors(in: body, for: request)
  }
}
