import Completion
import Dialects
import HTTP
import JSON
import TestSupport
import Testing

@Suite("OpenAI's embeddings")
struct OpenAIEmbeddingsTests {
  static let hasRecordings = SharedMaterial.recordings != nil
  let dialect = OpenAIResponses()

  func vectors(_ body: JSONValue, _ input: [String] = ["a", "b"]) throws -> Embeddings {
    try dialect.embeddings(in: body.bytes, for: EmbeddingRequest(input: input), at: .test())
  }

  @Test("the request")
  func request() throws {
    let request = EmbeddingRequest(input: ["a", "b"], dimensions: 3)
    let http = try dialect.embedRequest(request, for: .test())
    #expect(http.url == "https://host.test/v1/embeddings")
    #expect(try JSONValue(parsing: http.body ?? []) == ["model": "model-1", "input": ["a", "b"], "dimensions": 3])
    let other = try dialect.embedRequest(request, for: .test(["dimensionsField": "output_dimension"]))
    #expect(try JSONValue(parsing: other.body ?? [])["output_dimension"] == 3)
    let free = try dialect.embedRequest(EmbeddingRequest(input: ["a"]), for: .test())
    #expect(try JSONValue(parsing: free.body ?? [])["dimensions"] == nil)
    let error = #expect(throws: ProviderError.self) {
      try dialect.embedRequest(request, for: .test(["embeddings": false]))
    }
    #expect(error?.kind == .unsupported)
    #expect(dialect.embeddingLimit(for: .test()) > 1)
  }

  @Test("Azure has the deployment in the body and the version in the address")
  func azure() throws {
    var endpoint = Endpoint.test(baseURL: "https://r.openai.azure.com")
    endpoint.variables = ["deployments": "model-1=dep"]
    let http = try AzureOpenAIResponses().embedRequest(EmbeddingRequest(input: ["a"]), for: endpoint)
    #expect(http.url == "https://r.openai.azure.com/openai/v1/embeddings?api-version=v1")
    #expect(try JSONValue(parsing: http.body ?? [])["model"] == "dep")
  }

  @Test("vectors stand in the order of the texts, whatever the order of the answer, as numbers or in base64")
  func order() throws {
    // 1.5 and -2 as little-endian 32-bit floats.
    let answer = try vectors([
      "data": [["index": 1, "embedding": "AADAPwAAAMA="], ["index": 0, "embedding": [0.25, 1]]],
      "usage": ["prompt_tokens": 9, "total_tokens": 9],
    ])
    #expect(answer.vectors == [[0.25, 1], [1.5, -2]])
    #expect(answer.usage == Usage(input: 9, output: 0))
    let bare = try vectors(["data": [["embedding": [1]], ["embedding": [2]]]])
    #expect(bare.vectors == [[1], [2]])
    #expect(bare.usage == nil)
  }

  @Test(
    "vectors that are not all there, or cannot be read",
    arguments: [
      ["data": [["index": 0, "embedding": [1]]]],
      ["data": [["index": 0, "embedding": [1]], ["index": 0, "embedding": [1]]]],
      ["data": [["index": 0, "embedding": [1]], ["index": 2, "embedding": [1]]]],
      ["data": [["embedding": [1]], ["embedding": []]]], ["data": [["embedding": [1]], ["embedding": "AAA="]]],
      ["data": [["embedding": [1]], ["embedding": ["x"]]]], [:], "x",
    ] as [JSONValue])
  func unsound(_ body: JSONValue) {
    let error = #expect(throws: ProviderError.self) { try vectors(body) }
    #expect(error?.kind == .upstreamInvalid)
  }

  @Test("an error instead of vectors")
  func error() {
    let error = #expect(throws: ProviderError.self) {
      try vectors(["error": ["code": "model_not_found", "message": "No such model"]])
    }
    #expect(error?.kind == .modelNotFound)
  }

  static func recorded() throws -> [RecordedExchange] {
    try SharedMaterial.exchanges("embeddings").filter { $0.request["input"] != nil }
  }

  @Test(
    "every recorded exchange: the request is written as it was accepted, and all vectors are read",
    .enabled(if: hasRecordings, "no recordings beside the checkout"), arguments: try recorded())
  func exchanges(_ exchange: RecordedExchange) throws {
    let input = (exchange.request["input"]?.array ?? []).compactMap(\.string)
    let request = EmbeddingRequest(input: input, dimensions: exchange.request["dimensions"]?.int)
    let model = ModelInfo(id: exchange.request["model"]?.string ?? "")
    let written = try dialect.embedRequest(request, for: .test([:], model))
    #expect(try JSONValue(parsing: written.body ?? []) == exchange.request)
    let answer = try vectors(exchange.response, input)
    #expect(answer.vectors.count == input.count)
    #expect(
      answer.vectors.map { $0.map(JSONValue.double) }
        == (exchange.response["data"]?.array ?? []).compactMap { $0["embedding"]?.array })
    #expect(answer.usage?.input == exchange.response["usage"]?["prompt_tokens"]?.int)
    if let dimensions = request.dimensions { #expect(answer.vectors.allSatisfy { $0.count == dimensions }) }
  }
}
