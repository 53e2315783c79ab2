package import Completion
package import HTTP

extension CompletionsFamily {
  package func embedRequest(_ request: EmbeddingRequest, for endpoint: Endpoint) throws(ProviderError) -> HTTPRequest {
    let quirks = try quirks(of: endpoint)
    guard quirks.embeddings else { throw endpoint.noEmbeddings }
    let shape = OpenAIEmbeddings(dimensionsField: quirks.dimensionsField)
    let path = "/embeddings" + (try endpoint.query(quirks.query))
    return endpoint.post(path, shape.body(request, endpoint.model), accept: "application/json")
  }
}
