import Completion
import Dialects
import HTTP
import JSON
import Testing

@Suite("Bedrock: addresses, credentials, errors and other calls")
struct BedrockConverseTests {
  let dialect = BedrockConverse()
  static let arn = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc123"

  private func endpoint(
    _ id: String = "anthropic.claude-sonnet-4-6", base: String = "https://bedrock-runtime.us-east-1.amazonaws.com",
    _ variables: [String: String] = [:], quirks: JSONObject = [:]
  ) -> Endpoint {
    var endpoint = Endpoint.test(quirks, baseURL: base, .with { $0.id = id })
    endpoint.variables = variables
    return endpoint
  }

  private func request(_ endpoint: Endpoint) throws -> HTTPRequest {
    try dialect.encode(CompletionRequest(messages: [Message(.user, "hi")]), for: endpoint).http
  }

  // MARK: - Addresses

  @Test(
    "the region of an ARN takes the place of that in an address of AWS",
    arguments: [
      ("https://bedrock-runtime.us-east-1.amazonaws.com", "https://bedrock-runtime.eu-central-1.amazonaws.com"),
      (
        "https://bedrock-runtime-fips.us-east-1.amazonaws.com",
        "https://bedrock-runtime-fips.eu-central-1.amazonaws.com"
      ),
      ("https://bedrock-runtime.us-east-1.api.aws", "https://bedrock-runtime.eu-central-1.api.aws"),
      (
        "https://bedrock-runtime.cn-north-1.amazonaws.com.cn",
        "https://bedrock-runtime.eu-central-1.amazonaws.com.cn"
      ),
      ("https://proxy.test/bedrock", "https://proxy.test/bedrock"),
      ("https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com", nil),
      ("http://127.0.0.1:4202", "http://127.0.0.1:4202"),
    ] as [(String, String?)])
  func arnRegion(_ base: String, _ expected: String?) throws {
    let path = "/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Aapplication-inference-profile%2Fabc123"
    #expect(try request(endpoint(Self.arn, base: base)).url == "\(expected ?? base)\(path)/converse-stream")
  }

  @Test("HTTP/2 can be ruled out")
  func http1() throws {
    #expect(try !request(endpoint()).http1Only)
    #expect(try request(endpoint("m", ["forceHTTP1": "1"])).http1Only)
  }

  // MARK: - Credentials

  private func scope(_ endpoint: Endpoint) throws -> String? {
    var endpoint = endpoint
    endpoint.aws = AWSCredentials(accessKeyId: "AKID", secretAccessKey: Secret("s"), sessionToken: Secret("T"))
    let signed = try dialect.authorize(request(endpoint), at: endpoint, time: 1_767_323_045)
    #expect(signed.headers.contains(HTTPHeader("x-amz-security-token", "T")))
    let text = signed.headers.first { $0.name == "authorization" }?.value.reveal() ?? ""
    return text.split(separator: "/").dropFirst(2).prefix(2).joined(separator: " ")
  }

  @Test("a request is signed for its region: the ARN's, the address's, the setting's, or the default")
  func region() throws {
    let proxy = "https://proxy.test"
    #expect(try scope(endpoint(Self.arn, ["region": "us-west-2"])) == "eu-central-1 bedrock")
    #expect(
      try scope(endpoint(base: "https://bedrock-runtime.us-west-1.amazonaws.com", ["region": "us-west-2"]))
        == "us-west-1 bedrock")
    #expect(try scope(endpoint(base: proxy, ["region": "us-west-2"])) == "us-west-2 bedrock")
    #expect(try scope(endpoint(base: proxy, ["region": ""])) == "us-east-1 bedrock")
  }

  @Test("the signature of a written request is botocore's for the same request")
  func signature() throws {
    var endpoint = endpoint("us.anthropic.claude-sonnet-4-20250514-v1:0")
    endpoint.aws = AWSCredentials(
      accessKeyId: "AKIDEXAMPLE", secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"))
    var options = CompletionOptions()
    options.cache = .off
    let request = CompletionRequest(messages: [Message(.user, "hi")], options: options)
    let http = try dialect.encode(request, for: endpoint).http
    let signed = try dialect.authorize(http, at: endpoint, time: 1_767_323_045)
    let authorization = signed.headers.first { $0.name == "authorization" }?.value.reveal()
    // Section 14 of the wire facts; nothing of ours went into it but the order of the body's members.
    #expect(
      authorization?.hasSuffix("Signature=e2213cfd64df02aa61c75aaa3709a7e4b09d26bfb7f141752e2c10dd471b443b") == true)
  }

  @Test("a key goes as a bearer token and nothing is signed")
  func bearer() throws {
    var endpoint = endpoint()
    endpoint.apiKey = Secret("K")
    endpoint.aws = AWSCredentials(accessKeyId: "AKID", secretAccessKey: Secret("s"))
    let request = try dialect.authorize(request(endpoint), at: endpoint, time: 0)
    #expect(request.headers.filter { $0.name == "authorization" }.map { $0.value.reveal() } == ["Bearer K"])
    #expect(!request.headers.contains { $0.name == "x-amz-date" })
  }

  @Test("without authentication neither is sent, but what the config says is")
  func skipAuth() throws {
    var endpoint = endpoint("m", ["skipAuth": "1"])
    endpoint.apiKey = Secret("K")
    endpoint.aws = AWSCredentials(accessKeyId: "AKID", secretAccessKey: Secret("s"))
    endpoint.headers = [HTTPHeader("x-proxy-key", "P")]
    let headers = try dialect.authorize(request(endpoint), at: endpoint, time: 0).headers
    #expect(Set(headers.map(\.name)) == ["content-type", "accept", "x-proxy-key"])
    endpoint.headers = [HTTPHeader("Authorization", "Basic P")]
    let own = try dialect.authorize(request(endpoint), at: endpoint, time: 0).headers
    #expect(own.contains(HTTPHeader("Authorization", "Basic P")))
  }

  @Test("with no credentials at all it is said which there could be")
  func missing() throws {
    let http = try request(endpoint())
    let error = #expect(throws: ProviderError.self) { try dialect.authorize(http, at: endpoint(), time: 0) }
    #expect(error?.kind == .authRequired)
    #expect(error?.hint?.contains("AWS_ACCESS_KEY_ID") == true)
    var configured = endpoint()
    configured.headers = [HTTPHeader("Authorization", "Basic P")]
    let own = try dialect.authorize(request(configured), at: configured, time: 0)
    #expect(own.headers.contains(HTTPHeader("Authorization", "Basic P")))
  }

  // MARK: - Errors

  @Test(
    "errors of AWS by the header that names them",
    arguments: [
      (
        400, "ValidationException:http://internal.amazon.com/coral/", "Input is too long for requested model.",
        .contextOverflow
      ),
      (400, "ValidationException", "Malformed input request", .upstreamError),
      (400, "ServiceQuotaExceededException", "too much", .quotaExceeded),
      (400, "ValidationException", "The provided model identifier is invalid.", .modelNotFound),
      (403, "AccessDeniedException", "no", .authRejected), (403, "ExpiredTokenException", "no", .authRejected),
      (403, "UnrecognizedClientException", "no", .authRejected),
      (403, "InvalidSignatureException", "no", .authRejected),
      (404, "ResourceNotFoundException", "gone", .modelNotFound),
      (408, "ModelTimeoutException", "slow", .upstreamError),
      (424, "ModelErrorException", "bad", .upstreamError),
      (429, "ThrottlingException", "Too many tokens, wait", .rateLimited),
      (429, "ModelNotReadyException", "wait", .overloaded), (500, "InternalServerException", "oops", .upstreamError),
      (503, "ServiceUnavailableException", "busy", .overloaded),
    ] as [(Int, String, String, ErrorKind)])
  func errors(_ status: Int, _ name: String, _ message: String, _ kind: ErrorKind) {
    let headers = [("x-amzn-errortype", name), ("x-amzn-requestid", "R")]
    for body: JSONValue in [["message": .string(message)], ["Message": .string(message)]] {
      let error = dialect.error(status: status, headers: headers, body: body.bytes)
      #expect(error.kind == kind)
      #expect(error.message == message)
      #expect(error.upstreamCode == String(name.prefix { $0 != ":" }))
      #expect(error.upstreamRequestId == "R")
    }
  }

  @Test("the name may stand in the body, with its namespace")
  func typeInBody() {
    let body: JSONValue = ["__type": "com.amazon.coral.service#UnrecognizedClientException", "message": "no"]
    let error = dialect.error(status: 400, headers: [], body: body.bytes)
    #expect(error.kind == .authRejected && error.upstreamCode == "UnrecognizedClientException")
  }

  @Test(
    "hints say what to do",
    arguments: [
      (
        "Invocation of model ID anthropic.claude-x with on-demand throughput isn’t supported. Retry your request "
          + "with the ID or ARN of an inference profile that contains this model.", "eu.anthropic.claude-x"
      ),
      ("On-demand throughput is not supported for this model.", "inference profile"),
      ("Signature expired: 20260102T030405Z is now earlier than 20260102T040000Z", "clock"),
      ("The security token included in the request is expired", "new ones"),
      ("You don't have access to the model with the specified model ID.", "console"),
    ])
  func hints(_ message: String, _ word: String) {
    let error = dialect.error(status: 400, headers: [], body: JSONValue.object(["message": .string(message)]).bytes)
    #expect(error.hint?.contains(word) == true)
  }

  // MARK: - Counting

  @Test("tokens are counted for the model behind a profile")
  func count() throws {
    var options = CompletionOptions()
    (options.system, options.tools, options.maxTokens, options.cache) = ("S", [.weather], 5, .off)
    let asked = CompletionRequest(messages: [Message(.user, "hi")], options: options)
    let endpoint = endpoint("us.anthropic.claude-sonnet-4-20250514-v1:0")
    let request = try #require(try dialect.countRequest(asked, for: endpoint)).http
    #expect(
      request.url == "\(endpoint.baseURL)/model/anthropic.claude-sonnet-4-20250514-v1%3A0/count-tokens")
    let body = try JSONValue(parsing: request.body ?? [])["input"]?["converse"]?.object
    #expect(body.map { Set($0.keys) } == ["messages", "system", "toolConfig"])
    #expect(body?["messages"] == (try json(#"[{"role":"user","content":[{"text":"hi"}]}]"#)))
    #expect(try dialect.countRequest(asked, for: self.endpoint("amazon.nova-pro-v1:0")) == nil)
    #expect(try dialect.countedTokens(in: Array(#"{"inputTokens":42}"#.utf8)) == 42)
    #expect(throws: ProviderError.self) { try dialect.countedTokens(in: Array("{}".utf8)) }
  }

  // MARK: - Vectors

  private func body(_ id: String, _ request: EmbeddingRequest) throws -> JSONValue {
    let request = try dialect.embedRequest(request, for: endpoint(id))
    #expect(request.url.hasSuffix("/invoke"))
    return try JSONValue(parsing: request.body ?? [])
  }

  @Test("Titan turns one text into a vector")
  func titan() throws {
    let text = EmbeddingRequest(input: ["a"])
    let sized = EmbeddingRequest(input: ["a"], dimensions: 256)
    #expect(dialect.embeddingLimit(for: endpoint("amazon.titan-embed-text-v2:0")) == 1)
    #expect(try body("amazon.titan-embed-text-v1", text) == ["inputText": "a"])
    #expect(
      try body("amazon.titan-embed-text-v2:0", sized) == ["inputText": "a", "normalize": true, "dimensions": 256])
    #expect(throws: ProviderError.self) { try body("amazon.titan-embed-text-v1", sized) }
    let answer = Array(#"{"embedding":[0.5,-1],"inputTextTokenCount":3}"#.utf8)
    let vectors = try dialect.embeddings(in: answer, for: text, at: endpoint())
    #expect(vectors == Embeddings(vectors: [[0.5, -1]], usage: Usage(input: 3, output: 0)))
  }

  @Test("Cohere turns many texts into vectors, in two shapes of answers")
  func cohere() throws {
    let texts = EmbeddingRequest(input: ["a", "b"], dimensions: 512)
    #expect(dialect.embeddingLimit(for: endpoint("cohere.embed-v4:0")) == 96)
    #expect(
      try body("us.cohere.embed-v4:0", texts)
        == json(
          #"""
          {"texts":["a","b"],"input_type":"search_document","embedding_types":["float"],"output_dimension":512}
          """#))
    for answer in [#"{"embeddings":{"float":[[1],[2]]}}"#, #"{"embeddings":[[1],[2]],"id":"x"}"#] {
      #expect(
        try dialect.embeddings(in: Array(answer.utf8), for: texts, at: endpoint()) == Embeddings(vectors: [[1], [2]]))
    }
  }

  @Test("vectors that are not all there, and models that make none")
  func noVectors() throws {
    let texts = EmbeddingRequest(input: ["a", "b"])
    for answer in [#"{"embeddings":[[1]]}"#, #"{"embeddings":[[1],["x"]]}"#, #"{"embeddings":[[1],[]]}"#, "{}", "x"] {
      #expect(throws: ProviderError.self) {
        try dialect.embeddings(in: Array(answer.utf8), for: texts, at: endpoint())
      }
    }
    let error = #expect(throws: ProviderError.self) { try body("amazon.nova-pro-v1:0", texts) }
    #expect(error?.kind == .unsupported && error?.path == "model")
  }
}
