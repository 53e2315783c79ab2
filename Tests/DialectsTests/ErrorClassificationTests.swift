import Completion
import Dialects
import JSON
import TestSupport
import Testing

@Suite("Upstream errors")
struct ErrorClassificationTests {
  static let hasRecordings = SharedMaterial.recordings != nil

  /// A recorded error: host, path, status, a piece of its text, and what it is.
  struct Row: Sendable {
    var host: String
    var path: String
    var status: Int
    var text: String
    var kind: ErrorKind
    init(_ host: String, _ path: String, _ status: Int, _ text: String, _ kind: ErrorKind) {
      (self.host, self.path, self.status, self.text, self.kind) = (host, path, status, text, kind)
    }
  }

  /// Every recorded error belongs to exactly one row, and every row to at least one error.
  static let rows: [Row] = [
    Row("api.cohere.com", "/v2/embed", 404, "not found", .modelNotFound),
    Row("generativelanguage.googleapis.com", "/v1beta", 404, "is not found", .modelNotFound),
    Row("api.openai.com", "/v1/embeddings", 404, "model_not_found", .modelNotFound),
    Row("api.openai.com", "/v1/chat/completions", 404, "model_not_found", .modelNotFound),
    Row("api.anthropic.com", "/v1/messages", 404, "model: ", .modelNotFound),
    Row("api.groq.com", "/openai/v1/chat/completions", 404, "model_not_found", .modelNotFound),
    Row("api.groq.com", "/openai/v1/chat/completions", 400, "tool_use_failed", .upstreamError),
    Row("bedrock", "/count-tokens", 400, "doesn't support counting tokens", .unsupported),
    Row("bedrock", "/converse", 400, "doesn't support the video", .unsupported),
    Row("bedrock", "/converse", 400, "extraneous key", .upstreamError),
    Row("aiplatform.googleapis.com", ":generateContent", 400, "Cannot fetch content", .upstreamError),
    Row("api.openai.com", "/v1/responses", 400, "unsupported_file", .unsupported),
    Row("api.openai.com", "/v1/responses", 400, "but got unsupported MIME type", .unsupported),
    Row("api.openai.com", "/v1/responses", 400, "decimal_below_min_value", .upstreamError),
    Row("api.openai.com", "/v1/responses", 400, "without its required following item", .upstreamError),
    Row("api.openai.com", "/v1/chat/completions", 400, "does not support 'developer'", .unsupported),
    Row("api.openai.com", "/v1/chat/completions", 400, "Web search options not supported", .unsupported),
    Row("openrouter.ai", "/api/v1/chat/completions", 429, "rate-limited upstream", .rateLimited),
    Row("anthropic", "/v1/messages", 404, "not_found_error", .modelNotFound),
    Row("anthropic", "/v1/messages", 400, "temperature: range", .upstreamError),
    Row("anthropic", "/v1/messages", 400, "too many optional parameters", .upstreamError),
    Row("anthropic", "/v1/messages", 400, "Circular reference", .unsupported),
    Row("anthropic", "/v1/messages", 400, "Input should be 'object'", .upstreamError),
    Row("chatgpt", "/backend-api/codex/responses", 401, "authentication token", .authRejected),
    Row("cohere", "/v2/chat", 404, "not found", .modelNotFound),
    Row("deepseek", "/chat/completions", 400, "unknown variant", .upstreamError),
    Row("deepseek", "/chat/completions", 400, "does not support this tool_choice", .unsupported),
    Row("doubleword", "/v1/embeddings", 404, "model_not_found", .modelNotFound),
    Row("doubleword", "/v1/embeddings", 400, "Invalid request", .upstreamError),
    Row("doubleword", "/v1/chat/completions", 404, "model_not_found", .modelNotFound),
    Row("gemini", "/v1beta/cachedContents", 400, "too small", .upstreamError),
    Row("gemini", "/v1beta/models/", 404, "NOT_FOUND", .modelNotFound),
    Row("gemini", "/v1beta/models", 400, "API_KEY_INVALID", .authRejected),
    Row("llamacpp", "/v1/chat/completions", 400, "exceed_context_size_error", .contextOverflow),
    Row("llamacpp", "/v1/embeddings", 400, "Pooling type", .upstreamError),
    Row("llamacpp", "/v1/embeddings", 501, "not_supported_error", .unsupported),
    Row("llamacpp", "/v1/rerank", 400, "documents", .upstreamError),
    Row("llamacpp", "/v1/rerank", 501, "not_supported_error", .unsupported),
    Row("llamacpp", "/v1/chat/completions", 500, "--jinja", .upstreamError),
    Row("llamacpp", "/v1/chat/completions", 500, "image input is not supported", .unsupported),
    Row("llamacpp", "/v1/chat/completions", 500, "json_schema and grammar", .upstreamError),
    Row("mistral", "/v1/embeddings", 400, "invalid_model", .modelNotFound),
    Row("mistral", "/v1/chat/completions", 400, "invalid_model", .modelNotFound),
    Row("openai", "/v1/embeddings", 404, "model_not_found", .modelNotFound),
    Row("openai", "/v1/responses", 400, "model_not_found", .modelNotFound),
    Row("openai", "/v1/models", 401, "invalid_api_key", .authRejected),
    Row("openai", "/v1/images/generations", 400, "invalid_value", .upstreamError),
    Row("openai", "/v1/audio/transcriptions", 400, "response_format", .upstreamError),
    Row("openrouter", "/api/v1/embeddings", 400, "does not exist", .modelNotFound),
    Row("openrouter", "/api/v1/chat/completions", 400, "is not a valid model ID", .modelNotFound),
    Row("venice", "/api/v1/embeddings", 404, "model not found", .modelNotFound),
    Row("xai", "/v1/responses", 400, "Model not found", .modelNotFound),
  ]

  @Test(
    "recorded errors are of the kind a person reads in them",
    .enabled(if: hasRecordings, "no recordings beside the checkout"))
  func recorded() throws {
    let errors = try SharedMaterial.errors()
    #expect(errors.count == 71)
    var used: Set<Int> = []
    for recorded in errors {
      let host = recorded["host"]?.string ?? ""
      let path = recorded["path"]?.string ?? ""
      let status = try #require(recorded["status"]?.int)
      let body = recorded["body"]?.string ?? recorded["body"]?.text ?? ""
      let matches = Self.rows.indices.filter { index in
        let row = Self.rows[index]
        let isHost = host == row.host || row.host == "bedrock" && host.hasPrefix("bedrock")
        return isHost && path.contains(row.path) && status == row.status && body.contains(row.text)
      }
      try #require(matches.count == 1, "\(host)\(path) \(status): \(body)")
      used.formUnion(matches)
      let error = OpenAICompletions().error(status: status, headers: [], body: Array(body.utf8))
      #expect(error.kind == Self.rows[matches[0]].kind, "\(host)\(path) \(status): \(body)")
      #expect(error.status == status)
      #expect(!error.message.isEmpty && !error.message.hasPrefix("{"))
    }
    #expect(used.count == Self.rows.count)
  }

  @Test(
    "an input that is too long, as each provider says it",
    arguments: [
      (400, "prompt is too long: 210000 tokens > 200000 maximum"), (413, "Request exceeds the maximum size"),
      (400, "Input is too long for requested model."), (400, "Your input exceeds the context window of this model."),
      (400, "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens"),
      (400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."),
      (400, "This model's maximum prompt length is 131072 but the request contains 140000 tokens."),
      (400, "Please reduce the length of the messages or completion."),
      (400, "The input (9000 tokens) is longer than the model's context length (8192 tokens)."),
      (400, "prompt token count of 70000 exceeds the limit of 64000"),
      (400, "request (2009 tokens) exceeds the available context size (512 tokens)"),
      (400, "The number of tokens to keep from the initial prompt is greater than the context length"),
      (400, "invalid params, context window exceeds limit"), (400, "Your request exceeded model token limit: 262144"),
      (400, "Prompt contains 40000 tokens, too large for model with 32768 maximum context length"),
      (400, "prompt too long; exceeded max context length by 5 tokens"),
      (400, "Range of input length should be [1, 30720]"), (400, ""), (413, ""), (500, "context_length_exceeded"),
    ])
  func overflow(_ status: Int, _ message: String) {
    let body = message.isEmpty ? [] : JSONValue.object(["error": ["message": .string(message)]]).bytes
    #expect(ErrorClassification.error(status: status, headers: [], body: body).kind == .contextOverflow)
  }

  @Test(
    "what only sounds like it",
    arguments: [
      (429, "Rate limit reached: too many tokens per minute", .rateLimited),
      (400, "Throttling error: too many tokens, please wait", .upstreamError),
      (503, "Service unavailable: too many tokens in flight", .overloaded),
      (429, "Too many tokens, please wait before trying again.", .rateLimited),
    ] as [(Int, String, ErrorKind)])
  func noOverflow(_ status: Int, _ message: String, _ kind: ErrorKind) {
    let body = JSONValue.object(["message": .string(message)]).bytes
    #expect(ErrorClassification.error(status: status, headers: [], body: body).kind == kind)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var status: Int
    var body: String
    var kind: ErrorKind
    var message: String
    var code: String?
    var testDescription: String { "\(status) \(body)" }
    init(_ status: Int, _ body: String, _ kind: ErrorKind, _ message: String, _ code: String? = nil) {
      (self.status, self.body, self.kind, self.message, self.code) = (status, body, kind, message, code)
    }
  }

  @Test(
    "every shape of body is read",
    arguments: [
      Case(
        429, #"{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}"#, .quotaExceeded, "m",
        "insufficient_quota"),
      Case(
        429, #"{"error":{"message":"You exceeded your current quota"}}"#, .quotaExceeded,
        "You exceeded your current quota"),
      Case(401, #"{"message":"Unauthorized"}"#, .authRejected, "Unauthorized"),
      Case(
        403, #"{"error":{"code":403,"message":"Flagged","metadata":{"reasons":["violence"]}}}"#, .contentFiltered,
        "Flagged (violence)", "moderation"),
      Case(402, #"{"error":"pay"}"#, .quotaExceeded, "pay"),
      Case(
        422, #"{"detail":[{"loc":["body","tools",0],"msg":"Field required","type":"missing"}]}"#, .upstreamError,
        "body.tools.0: Field required"),
      Case(400, #"{"detail":"Bad"}"#, .upstreamError, "Bad"),
      Case(
        400, #"[{"error":{"code":400,"message":"API key not valid","status":"INVALID_ARGUMENT"}}]"#, .authRejected,
        "API key not valid", "INVALID_ARGUMENT"),
      Case(
        400, #"{"success":false,"errors":[{"code":7003,"message":"No route"}]}"#, .upstreamError, "No route", "7003"),
      Case(
        400, #"{"success":false,"error":[{"code":2001,"message":"Configure"}]}"#, .upstreamError, "Configure", "2001"),
      Case(400, #"{"error_code":"BAD","message":"m"}"#, .upstreamError, "m", "BAD"),
      Case(
        400, #"{"error":"invalid_grant","error_description":"expired"}"#, .upstreamError, "expired", "invalid_grant"),
      Case(400, #"{"__type":"ThrottlingException","message":"slow"}"#, .rateLimited, "slow", "ThrottlingException"),
      Case(
        400, #"{"object":"error","message":"m","type":"BadRequestError","code":400}"#, .upstreamError, "m",
        "BadRequestError"),
      Case(
        404, #"{"error":"model 'x' not found, try pulling it first"}"#, .modelNotFound,
        "model 'x' not found, try pulling it first"),
      Case(
        400, #"{"error":"registry/llama2 does not support tools"}"#, .unsupported,
        "registry/llama2 does not support tools"),
      Case(404, "404 page not found", .upstreamError, "404 page not found"),
      Case(502, "<html><head><TITLE>502 Bad\nGateway</TITLE></head></html>", .upstreamError, "502 Bad Gateway"),
      Case(502, "<!doctype html>", .upstreamError, "an HTML page instead of an answer"),
      Case(500, "", .upstreamError, "the provider answered with status 500 and gave no reason"),
      Case(503, "", .overloaded, "the provider answered with status 503 and gave no reason"),
      Case(
        529, #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, .overloaded, "Overloaded",
        "overloaded_error"),
      Case(400, "null", .contextOverflow, "the provider answered with status 400 and gave no reason"),
    ])
  func shapes(_ test: Case) {
    let error = ErrorClassification.error(status: test.status, headers: [], body: Array(test.body.utf8))
    #expect(error.kind == test.kind)
    #expect(error.message == test.message)
    #expect(error.upstreamCode == test.code)
    #expect(error.status == test.status)
  }

  @Test("a person learns what to do")
  func hints() {
    for (status, hasHint) in [(401, true), (402, true), (413, true), (429, true), (503, true), (500, false)] {
      let error = ErrorClassification.error(status: status, headers: [], body: Array(#"{"message":"m"}"#.utf8))
      #expect((error.hint != nil) == hasHint, "\(status)")
    }
  }

  @Test("a long text is cut")
  func long() {
    let body = JSONValue.string(String(repeating: "x", count: 5000)).bytes
    #expect(ErrorClassification.error(status: 500, headers: [], body: body).message.count == 1001)
  }

  @Test(
    "how long to wait",
    arguments: [
      ([("retry-after", "2")], 2000), ([("retry-after", "1.5")], 1500), ([("retry-after-ms", "150.2")], 151),
      ([("retry-after", "9"), ("retry-after-ms", "10")], 10), ([("retry-after", "soon")], nil),
      ([("retry-after", "-1")], nil), ([("retry-after", "inf")], nil), ([], nil),
      ([("date", "Wed, 31 Dec 2025 23:59:50 GMT"), ("retry-after", "Thu, 01 Jan 2026 00:00:10 GMT")], 20_000),
      ([("date", "Sat, 28 Feb 2032 12:00:00 GMT"), ("retry-after", "Mon, 01 Mar 2032 12:00:00 GMT")], 172_800_000),
      ([("date", "Thu, 01 Jan 2026 00:00:10 GMT"), ("retry-after", "Thu, 01 Jan 2026 00:00:00 GMT")], 0),
      ([("retry-after", "Thu, 01 Jan 2026 00:00:10 GMT")], nil),
      ([("date", "Thu, 01 Jan 2026 00:00:00 GMT"), ("retry-after", "Thu, 01 Foo 2026 00:00:10 GMT")], nil),
    ] as [([(String, String)], Int?)])
  func retryAfter(_ headers: [(String, String)], _ ms: Int?) {
    #expect(ErrorClassification.error(status: 429, headers: headers, body: []).retryAfterMs == ms)
  }

  @Test("Google puts the wait into the body")
  func retryInfo() {
    let body =
      #"{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"@type":"x.RetryInfo","retryDelay":"34.07s"}]}}"#
    let error = ErrorClassification.error(status: 429, headers: [], body: Array(body.utf8))
    #expect(error.retryAfterMs == 34_070)
    #expect(error.kind == .rateLimited)
  }

  @Test(
    "the id of the request",
    arguments: [
      ([("cf-ray", "c"), ("x-request-id", "x")], "x"), ([("cf-ray", "c"), ("request-id", "r")], "r"),
      ([("cf-ray", "c")], "c"), ([("x-request-id", ""), ("x-amzn-requestid", "a")], "a"), ([], "body"),
    ] as [([(String, String)], String)])
  func requestId(_ headers: [(String, String)], _ id: String) {
    let body = Array(#"{"type":"error","error":{"type":"api_error","message":"m"},"request_id":"body"}"#.utf8)
    #expect(ErrorClassification.error(status: 500, headers: headers, body: body).upstreamRequestId == id)
  }

  @Test(
    "How long until a limit is whole again of which nothing is left, in each form",
    arguments: [
      ([("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6m0.5s")], 360_500),
      ([("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "20ms")], 20),
      ([("ratelimit-remaining", "0"), ("ratelimit-reset", "59.5")], 59_500),
      (
        [
          ("date", "Sat, 31 Jan 2026 09:29:00 GMT"), ("anthropic-ratelimit-tokens-remaining", "0"),
          ("anthropic-ratelimit-tokens-reset", "2026-01-31T09:30:00Z"),
        ], 60_000
      ),
      (
        [
          ("date", "Sat, 31 Jan 2026 09:29:00 GMT"), ("x-ratelimit-remaining", "0"),
          ("x-ratelimit-reset", "1769851750"),
        ], 10_000
      ),
      ([("x-ratelimit-remaining-tokens", "1"), ("x-ratelimit-reset-tokens", "20ms")], nil),
      ([("x-ratelimit-remaining-tokens", "-1"), ("x-ratelimit-reset-tokens", "20ms")], nil),
      ([("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "soon")], nil),
      ([("x-ratelimit-remaining-tokens", "0")], nil), ([], nil),
    ])
  func exhausted(_ headers: [(String, String)], _ milliseconds: Int?) {
    #expect(UpstreamHeaders(headers).exhaustedMs == milliseconds)
  }
}
