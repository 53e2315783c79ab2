internal import Completion
internal import JSON

/// The three methods that make vectors: what each is told, and where it answers.
struct GeminiEmbeddings {
  let method: GeminiQuirks.EmbeddingMethod

  /// What is asked of `model`, whose id stands without a folder.
  func body(_ request: EmbeddingRequest, model: String) -> JSONObject {
    switch method {
    case .batchEmbedContents:
      let requests = request.input.map { text -> JSONValue in
        var one: JSONObject = ["model": .string("models/" + model), "content": Self.content(text)]
        one.set("outputDimensionality", request.dimensions.map(JSONValue.int))
        return .object(one)
      }
      return ["requests": .array(requests)]
    case .predict:
      var body: JSONObject = ["instances": .array(request.input.map { ["content": .string($0)] })]
      if let dimensions = request.dimensions { body["parameters"] = ["outputDimensionality": .int(dimensions)] }
      return body
    case .embedContent:
      var body: JSONObject = ["content": Self.content(request.input[0])]
      body.set("outputDimensionality", request.dimensions.map(JSONValue.int))
      return body
    }
  }

  private static func content(_ text: String) -> JSONValue { ["parts": [["text": .string(text)]]] }

  /// - Throws: `upstreamInvalid` when there are not `count` vectors.
  func read(_ body: [UInt8], count: Int) throws(ProviderError) -> Embeddings {
    let document = (try? JSONValue(parsing: body, options: .upstream)) ?? .null
    let items: [JSONValue]
    switch method {
    case .batchEmbedContents: items = document["embeddings"]?.array ?? []
    case .predict: items = (document["predictions"]?.array ?? []).compactMap { $0["embeddings"] }
    case .embedContent: items = document["embedding"].map { [$0] } ?? []
    }
    let vectors = items.compactMap { $0["values"]?.array?.compactMap(\.double) }.filter { !$0.isEmpty }
    guard vectors.count == count, items.count == count else {
      throw ProviderError(.upstreamInvalid, "the provider sent \(vectors.count) vectors for \(count) texts")
    }
    let counted =
      document["usageMetadata"]?["promptTokenCount"]?.tokenCount
      ?? items.reduce(nil) { sum, item in
        item["statistics"]?["token_count"]?.tokenCount.map { (sum ?? 0) + $0 } ?? sum
      }
    return Embeddings(vectors: vectors, usage: counted.map { Usage(input: $0, output: 0) })
  }
}
