import Completion
import Dialects
import HTTP
import JSON
import TestSupport
import Testing

@Suite("Embeddings of chat servers")
struct CompletionsEmbeddingsTests {
  static let hasRecordings = SharedMaterial.recordings != nil

  /// Those in OpenAI's shape; Gemini has its own.
  static func recorded() throws -> [RecordedExchange] {
    try SharedMaterial.exchanges("embeddings").filter { !$0.name.hasPrefix("gemini/") }
  }

  static func dialect(for exchange: RecordedExchange) -> any Embeds {
    exchange.name.hasPrefix("mistral/") ? Mistral() : OpenAICompletions()
  }

  @Test("the recordings are all there", .enabled(if: hasRecordings, "no recordings beside the checkout"))
  func counts() throws { #expect(try Self.recorded().count == 27) }

  @Test(
    "recorded requests are written and their answers read",
    .enabled(if: hasRecordings, "no recordings beside the checkout"), arguments: try recorded())
  func exchanges(_ exchange: RecordedExchange) throws {
    let dialect = Self.dialect(for: exchange)
    let texts = (exchange.request["input"]?.array ?? []).compactMap(\.string)
    let request = EmbeddingRequest(input: texts, dimensions: exchange.request["dimensions"]?.int)
    let endpoint = Endpoint.test(.init(), .with { $0.id = exchange.request["model"]?.string ?? "" })
    let http = try dialect.embedRequest(request, for: endpoint)
    #expect(http.url == "https://host.test/v1/embeddings")
    #expect(try JSONValue(parsing: http.body ?? []) == exchange.request)
    let answer = try dialect.embeddings(in: exchange.response.bytes, for: request, at: endpoint)
    let expected = (exchange.response["data"]?.array ?? []).map { ($0["embedding"]?.array ?? []).compactMap(\.double) }
    #expect(answer.vectors == expected)
    #expect(answer.vectors.count == texts.count)
    if let dimensions = request.dimensions { #expect(answer.vectors.allSatisfy { $0.count == dimensions }) }
    #expect(answer.usage?.input == exchange.response["usage"]?["prompt_tokens"]?.int)
  }

  @Test("the length of the vectors has another name at Mistral, and a quirk can give it any")
  func dimensions() throws {
    let request = EmbeddingRequest(input: ["a"], dimensions: 64)
    func field(_ dialect: any Embeds, _ quirks: JSONObject = [:]) throws -> JSONValue {
      try JSONValue(parsing: dialect.embedRequest(request, for: .test(quirks)).body ?? [])
    }
    #expect(try field(Mistral())["output_dimension"] == 64)
    #expect(try field(OpenAICompletions())["dimensions"] == 64)
    #expect(try field(OpenAICompletions(), ["dimensionsField": "width"])["width"] == 64)
  }

  @Test("a server without embeddings is not asked")
  func unsupported() {
    let error = #expect(throws: ProviderError.self) {
      try OpenAICompletions().embedRequest(EmbeddingRequest(input: ["a"]), for: .test(["embeddings": false]))
    }
    #expect(error?.kind == .unsupported)
  }

  @Test("Ollama is asked in its own words")
  func ollama() throws {
    let request = EmbeddingRequest(input: ["a", "b"], dimensions: 2)
    let endpoint = Endpoint.test(["numCtx": 512, "keepAlive": -1], baseURL: "http://l.test/v1")
    let http = try OllamaChat().embedRequest(request, for: endpoint)
    #expect(http.url == "http://l.test/api/embed")
    let body = #"{"model":"model-1","input":["a","b"],"dimensions":2,"options":{"num_ctx":512},"keep_alive":-1}"#
    #expect(try JSONValue(parsing: http.body ?? []) == json(body))
    let answer = try OllamaChat().embeddings(
      in: Array(#"{"model":"m","embeddings":[[1,2],[3,-0.5]],"prompt_eval_count":4}"#.utf8), for: request, at: endpoint)
    #expect(answer == Embeddings(vectors: [[1, 2], [3, -0.5]], usage: Usage(input: 4, output: 0)))
  }

  @Test(
    "an answer without all vectors is none",
    arguments: [
      (#"{"embeddings":[[1]]}"#, .upstreamInvalid), (#"{"embeddings":[[1],[]]}"#, .upstreamInvalid),
      (#"{"embeddings":[[1],["x"]]}"#, .upstreamInvalid), ("{}", .upstreamInvalid), ("no", .upstreamInvalid),
      (#"{"error":"model 'x' does not exist"}"#, .modelNotFound),
    ] as [(String, ErrorKind)])
  func ollamaFailures(_ body: String, _ kind: ErrorKind) {
    let error = #expect(throws: ProviderError.self) {
      try OllamaChat().embeddings(in: Array(body.utf8), for: EmbeddingRequest(input: ["a", "b"]), at: .test())
    }
    #expect(error?.kind == kind)
  }
}
