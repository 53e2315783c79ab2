import Completion
import Dialects
import HTTP
import JSON
import Testing

@Suite("Gemini on Vertex AI; counts and vectors of both")
struct GoogleVertexTests {
  let dialect = GoogleVertex()

  private func endpoint(
    _ variables: [String: String] = ["project": "p-1", "location": "us-east5"], key: String? = "t",
    header: String = "authorization", baseURL: String = "https://aiplatform.googleapis.com",
    model: String = "gemini-2.5-flash", _ quirks: JSONObject = [:]
  ) -> Endpoint {
    var endpoint = Endpoint.test(quirks, baseURL: baseURL, ModelInfo(id: model))
    endpoint.variables = variables
    endpoint.apiKey = key.map { Secret($0) }
    endpoint.authHeader = header
    return endpoint
  }

  private func write(
    _ endpoint: Endpoint, stream: Bool = false, _ change: (inout CompletionOptions) -> Void = { _ in }
  ) throws -> Written {
    var options = CompletionOptions()
    change(&options)
    return try dialect.write(
      CompletionRequest(messages: [Message(.user, "hi")], options: options, stream: stream), at: endpoint)
  }

  // MARK: - Addresses

  @Test(
    "the host follows from the location",
    arguments: [
      ("us-east5", "us-east5-aiplatform.googleapis.com"), ("global", "aiplatform.googleapis.com"),
      ("us", "aiplatform.us.rep.googleapis.com"), ("eu", "aiplatform.eu.rep.googleapis.com"),
    ])
  func hosts(_ location: String, _ host: String) throws {
    let written = try write(endpoint(["project": "p-1", "location": location]), stream: true)
    #expect(
      written.url
        == "https://\(host)/v1/projects/p-1/locations/\(location)/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    )
    #expect(written.headers["authorization"] == "Bearer t")
    #expect(written.headers["x-goog-user-project"] == nil)
  }

  @Test("a key that is no token needs no project, and takes none")
  func express() throws {
    for variables in [[:], ["project": "p-1", "location": "us-east5"]] {
      let written = try write(endpoint(variables, key: "k", header: "x-goog-api-key"))
      #expect(
        written.url == "https://aiplatform.googleapis.com/v1/publishers/google/models/gemini-2.5-flash:generateContent")
      #expect(written.headers["x-goog-api-key"] == "k")
      #expect(written.headers["authorization"] == nil)
    }
  }

  @Test("a token without a project is an error that says what to set")
  func noProject() {
    for given in [endpoint([:]), endpoint([:], key: nil, header: "x-goog-api-key")] {
      do {
        _ = try write(given)
        Issue.record("it was written")
      } catch {
        let error = error as? ProviderError
        #expect(error?.kind == .authRequired)
        #expect(error?.hint?.contains("GOOGLE_CLOUD_PROJECT") == true)
      }
    }
  }

  @Test("an address of one's own is used as it is")
  func custom() throws {
    let own = try write(endpoint(baseURL: "https://proxy.test/v1beta1", model: "models/x y"))
    #expect(
      own.url
        == "https://proxy.test/v1beta1/projects/p-1/locations/us-east5/publishers/google/models/x%20y:generateContent")
  }

  // MARK: - Bodies

  @Test("the tier is asked for in a header, and read from the kind of traffic")
  func tiers() throws {
    let written = try write(endpoint()) { $0.serviceTier = .flex }
    #expect(written.headers["x-vertex-ai-llm-shared-request-type"] == "flex")
    #expect(written.body["serviceTier"] == nil)
    #expect(try write(endpoint()) { $0.serviceTier = .default }.headers["x-vertex-ai-llm-shared-request-type"] == nil)
    for (type, tier) in [
      ("ON_DEMAND", "standard"), ("ON_DEMAND_PRIORITY", "priority"),
      ("PROVISIONED_THROUGHPUT", "provisioned_throughput"),
    ] {
      let answer = dialect.decode(
        #"data: {"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1,"trafficType":"\#(type)"}}"#
          + "\n\n")
      #expect(answer.tier == tier)
    }
  }

  // MARK: - Counts

  @Test("a count is of the request as it would be sent")
  func counts() throws {
    var options = CompletionOptions()
    options.system = "S"
    options.maxTokens = 5
    options.tools = [.weather]
    options.toolChoice = .required
    let request = CompletionRequest(messages: [Message(.user, "hi")], options: options)
    let gemini = GoogleGenerativeAI()
    let studio = try #require(try gemini.countRequest(request, for: .test([:], ModelInfo(id: "gemini-3-pro"))))
    #expect(studio.http.url == "https://host.test/v1/models/gemini-3-pro:countTokens")
    let sent = try gemini.write(request, at: .test([:], ModelInfo(id: "gemini-3-pro"))).body
    var whole = try #require(sent.object)
    whole["model"] = "models/gemini-3-pro"
    #expect(try JSONValue(parsing: studio.http.body ?? []) == ["generateContentRequest": .object(whole)])

    let vertex = try #require(try dialect.countRequest(request, for: endpoint()))
    #expect(vertex.http.url.hasSuffix("/models/gemini-2.5-flash:countTokens"))
    let body = try JSONValue(parsing: vertex.http.body ?? [])
    #expect(
      body.object.map { Array($0.keys).sorted() } == ["contents", "generationConfig", "systemInstruction", "tools"])
    #expect(try gemini.countRequest(request, for: .test(["countsTokens": false])) == nil)
  }

  @Test("the count is read, and an answer without one is an error")
  func readsCounts() throws {
    let gemini = GoogleGenerativeAI()
    #expect(try gemini.countedTokens(in: Array(#"{"totalTokens":31,"promptTokensDetails":[]}"#.utf8)) == 31)
    #expect(try dialect.countedTokens(in: Array("{}".utf8)) == 0)
    for body in [#"{"total":1}"#, "[]", "x", ""] {
      #expect(throws: ProviderError.self) { try gemini.countedTokens(in: Array(body.utf8)) }
    }
  }

  // MARK: - Vectors

  @Test("older models predict one text or as many as a quirk says, newer ones embed one")
  func vectors() throws {
    func body(_ request: HTTPRequest) throws -> JSONValue { try JSONValue(parsing: request.body ?? []) }
    let two = EmbeddingRequest(input: ["a", "b"], dimensions: 64)
    let old = endpoint(model: "text-embedding-005", ["embeddingBatch": 250])
    #expect(dialect.embeddingLimit(for: old) == 250)
    let predict = try dialect.embedRequest(two, for: old)
    #expect(predict.url.hasSuffix("/publishers/google/models/text-embedding-005:predict"))
    #expect(
      try body(predict)
        == ["instances": [["content": "a"], ["content": "b"]], "parameters": ["outputDimensionality": 64]])
    let answer = try json(
      """
      {"predictions":[{"embeddings":{"values":[1,0.5],"statistics":{"token_count":3}}},
       {"embeddings":{"values":[2],"statistics":{"token_count":4.0}}}]}
      """)
    let read = try dialect.embeddings(in: answer.bytes, for: two, at: old)
    #expect(read == Embeddings(vectors: [[1, 0.5], [2]], usage: Usage(input: 7, output: 0)))

    let first = endpoint(model: "gemini-embedding-001")
    #expect(dialect.embeddingLimit(for: first) == 1)
    #expect(try dialect.embedRequest(EmbeddingRequest(input: ["a"]), for: first).url.hasSuffix(":predict"))
    let second = endpoint(model: "gemini-embedding-2", ["embeddingBatch": 250])
    #expect(dialect.embeddingLimit(for: second) == 1)
    let embed = try dialect.embedRequest(EmbeddingRequest(input: ["a"], dimensions: 8), for: second)
    #expect(embed.url.hasSuffix("/gemini-embedding-2:embedContent"))
    #expect(try body(embed) == ["content": ["parts": [["text": "a"]]], "outputDimensionality": 8])
    let one = try json(#"{"embedding":{"values":[3]},"usageMetadata":{"promptTokenCount":2}}"#)
    #expect(
      try dialect.embeddings(in: one.bytes, for: EmbeddingRequest(input: ["a"]), at: second)
        == Embeddings(vectors: [[3]], usage: Usage(input: 2, output: 0)))
  }

  @Test("Gemini itself takes a hundred texts at a time; missing vectors are an error")
  func batches() throws {
    let gemini = GoogleGenerativeAI()
    #expect(gemini.embeddingLimit(for: .test()) == 100)
    #expect(gemini.embeddingLimit(for: .test(["embeddingMethod": "embedContent"])) == 1)
    let request = EmbeddingRequest(input: ["a", "b"])
    #expect(throws: ProviderError.self) { try gemini.embedRequest(request, for: .test(["embeddings": false])) }
    for body in [#"{"embeddings":[{"values":[1]}]}"#, #"{"embeddings":[{"values":[1]},{}]}"#, "{}", "x"] {
      #expect(throws: ProviderError.self) {
        try gemini.embeddings(in: Array(body.utf8), for: request, at: .test())
      }
    }
  }
}
