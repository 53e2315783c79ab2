package import Completion
package import HTTP
internal import JSON

extension OllamaChat: Embeds {
  package func embeddingLimit(for endpoint: Endpoint) -> Int { 512 }

  /// `POST {root}/api/embed`.
  package func embedRequest(_ request: EmbeddingRequest, for endpoint: Endpoint) throws(ProviderError) -> HTTPRequest {
    let quirks = try quirks(of: endpoint)
    var body: JSONObject = ["model": .string(endpoint.model.wireID), "input": .strings(request.input)]
    body.set("dimensions", request.dimensions.map(JSONValue.int))
    if let numCtx = quirks.numCtx { body["options"] = ["num_ctx": .int(numCtx)] }
    body.set("keep_alive", quirks.keepAlive)
    return Self.root(endpoint).post("/api/embed", body, accept: "application/json")
  }

  package func embeddings(
    in body: [UInt8], for request: EmbeddingRequest, at endpoint: Endpoint
  ) throws(ProviderError) -> Embeddings {
    let answer = try UpstreamAnswer.object(in: body)
    let rows = answer["embeddings"]?.array ?? []
    let vectors = rows.map { row in (row.array ?? []).compactMap(\.double) }
    guard vectors.count == request.input.count,
      zip(vectors, rows).allSatisfy({ !$0.isEmpty && $0.count == $1.array?.count })
    else { throw ProviderError(.upstreamInvalid, "the provider did not answer with one vector for each text") }
    let count = answer["prompt_eval_count"]?.int
    return Embeddings(vectors: vectors, usage: count.map { Usage(input: $0, output: 0) })
  }
}
