import Completion
import Dialects
import JSON
import Testing

/// What is documented of the errors of each family but was not recorded.
@Suite("Upstream errors: documented bodies")
struct ErrorTextsTests {
  @Test(
    "an input that is too long, in every wording that is known",
    arguments: [
      "prompt is too long: 210000 tokens > 200000 maximum", "request_too_large: Request exceeds the maximum size",
      "Input is too long for requested model", "Your input exceeds the context window of this model",
      "litellm.BadRequestError: input exceeds the model's maximum context length of 8192 tokens",
      "exceeds maximum context length", "The input token count (9) exceeds the maximum number of tokens allowed (8)",
      "This model's maximum prompt length is 131072 but the request contains 140000 tokens",
      "Please reduce the length of the messages or completion",
      "This endpoint's maximum context length is 8192 tokens. However, you requested about 9000 tokens",
      "The prompt exceeds the maximum allowed input length of 8192 tokens",
      "The input (9000 tokens) is longer than the model's context length (8192 tokens)",
      "prompt token count of 70000 exceeds the limit of 64000", "exceeds the available context size",
      "trying to keep the first 9000 tokens when context is greater than the context length",
      "invalid params, context window exceeds limit (2013)", "Your request exceeded model token limit: 262144",
      "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
      "prompt too long; exceeded context length by 5 tokens",
      "prompt too long; exceeded max context length by 5 tokens",
      "Range of input length should be [1, 30720]", "model_context_window_exceeded", "context_length_exceeded",
      "too many tokens", "token limit exceeded",
    ])
  func overflow(_ text: String) {
    // Providers say it with every status there is, and in any case of letters.
    for text in [text, text.uppercased()] {
      for status in [400, 413, 422, 500] {
        let body = JSONValue.object(["error": ["message": .string(text), "code": "invalid_request_error"]]).bytes
        #expect(ErrorClassification.error(status: status, headers: [], body: body).kind == .contextOverflow)
      }
      #expect(ErrorClassification.error(inside: ["error": ["message": .string(text)]]).kind == .contextOverflow)
    }
  }

  @Test(
    "words that are never about the length",
    arguments: ["rate limit", "too many requests", "Throttling error:", "Service unavailable:"])
  func noOverflow(_ prefix: String) {
    let body = JSONValue.object(["message": .string("\(prefix) prompt is too long, too many tokens")]).bytes
    for status in [400, 429, 503] {
      #expect(ErrorClassification.error(status: status, headers: [], body: body).kind != .contextOverflow)
    }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var status: Int
    var body: String
    var kind: ErrorKind
    var code: String?
    var testDescription: String { "\(status) \(body)" }
    init(_ status: Int, _ body: String, _ kind: ErrorKind, _ code: String?) {
      (self.status, self.body, self.kind, self.code) = (status, body, kind, code)
    }
  }

  static func anthropic(_ status: Int, _ type: String, _ kind: ErrorKind) -> Case {
    Case(status, #"{"type":"error","error":{"type":"\#(type)","message":"m"},"request_id":"r"}"#, kind, type)
  }

  static func google(_ status: Int, _ word: String, _ kind: ErrorKind, _ message: String = "m") -> Case {
    Case(status, #"{"error":{"code":\#(status),"message":"\#(message)","status":"\#(word)"}}"#, kind, word)
  }

  static func openAI(_ status: Int, _ type: String, _ code: String, _ kind: ErrorKind) -> Case {
    Case(status, #"{"error":{"message":"m","type":"\#(type)","param":null,"code":"\#(code)"}}"#, kind, code)
  }

  static let cases: [Case] = [
    openAI(401, "invalid_request_error", "invalid_api_key", .authRejected),
    openAI(404, "invalid_request_error", "model_not_found", .modelNotFound),
    openAI(429, "requests", "rate_limit_exceeded", .rateLimited),
    openAI(429, "insufficient_quota", "insufficient_quota", .quotaExceeded),
    openAI(400, "invalid_request_error", "context_length_exceeded", .contextOverflow),
    openAI(400, "invalid_request_error", "content_filter", .contentFiltered),
    openAI(400, "invalid_request_error", "bio_policy", .contentFiltered),
    openAI(500, "server_error", "server_error", .upstreamError),
    openAI(404, "", "DeploymentNotFound", .modelNotFound),
    anthropic(400, "invalid_request_error", .upstreamError), anthropic(401, "authentication_error", .authRejected),
    anthropic(402, "billing_error", .quotaExceeded), anthropic(403, "permission_error", .authRejected),
    anthropic(404, "not_found_error", .upstreamError), anthropic(413, "request_too_large", .contextOverflow),
    anthropic(429, "rate_limit_error", .rateLimited), anthropic(500, "api_error", .upstreamError),
    anthropic(504, "timeout_error", .upstreamError), anthropic(529, "overloaded_error", .overloaded),
    google(400, "INVALID_ARGUMENT", .upstreamError), google(401, "UNAUTHENTICATED", .authRejected),
    google(403, "PERMISSION_DENIED", .authRejected), google(429, "RESOURCE_EXHAUSTED", .rateLimited),
    google(503, "UNAVAILABLE", .overloaded), google(500, "INTERNAL", .upstreamError),
    google(404, "NOT_FOUND", .modelNotFound, "models/x is not found for API version v1beta"),
    Case(
      400,
      #"[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}]"#,
      .authRejected, "API_KEY_INVALID"),
    Case(429, #"{"message":"Requests rate limit exceeded"}"#, .rateLimited, nil),
    Case(401, #"{"message":"Unauthorized"}"#, .authRejected, nil),
    Case(
      429, #"{"object":"error","message":"m","type":"service_tier_capacity_exceeded","code":"3505"}"#, .rateLimited,
      "3505"),
    Case(
      422, #"{"detail":[{"loc":["body","messages"],"msg":"Field required","type":"missing"}]}"#, .upstreamError, nil),
    Case(403, #"{"success":false,"errors":[{"code":10000,"message":"Authentication error"}]}"#, .authRejected, "10000"),
    Case(401, #"{"success":false,"error":[{"code":2009,"message":"Unauthorized"}]}"#, .authRejected, "2009"),
    Case(
      403, #"{"error_code":"PERMISSION_DENIED","message":"User is not allowed"}"#, .authRejected, "PERMISSION_DENIED"),
    Case(
      429, #"{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"Exceeded workspace limit"}"#, .rateLimited,
      "REQUEST_LIMIT_EXCEEDED"),
    Case(429, #"{"__type":"ThrottlingException","message":"Too many requests"}"#, .rateLimited, "ThrottlingException"),
    Case(
      403, #"{"Message":"User is not authorized","__type":"AccessDeniedException"}"#, .authRejected,
      "AccessDeniedException"),
    Case(
      402, #"{"error":{"code":402,"message":"Insufficient credits","metadata":{}}}"#, .quotaExceeded, "402"),
    Case(
      502,
      #"{"error":{"code":502,"message":"Provider returned error","metadata":{"raw":"{\"error\":{\"message\":\"boom\",\"code\":\"x1\"}}"}}}"#,
      .upstreamError, "x1"),
    Case(
      429, #"{"error":{"type":"usage_limit_reached","message":"m","plan_type":"plus","resets_at":1767225610}}"#,
      .quotaExceeded, "usage_limit_reached"),
    Case(429, #"{"error":{"code":"usage_not_included","message":"m"}}"#, .quotaExceeded, "usage_not_included"),
    Case(429, #"{"error":{"code":"rate_limit_exceeded","message":"m"}}"#, .rateLimited, "rate_limit_exceeded"),
    Case(404, #"{"error":"model 'x' not found"}"#, .modelNotFound, nil),
  ]

  @Test("each family's errors are of their kind", arguments: cases)
  func bodies(_ test: Case) {
    let error = ErrorClassification.error(status: test.status, headers: [], body: Array(test.body.utf8))
    #expect(error.kind == test.kind)
    #expect(error.upstreamCode == test.code)
    #expect(error.status == test.status)
  }

  @Test("a limit that ends at a time is waited for by the response's own clock")
  func resets() {
    let body = Array(#"{"error":{"type":"usage_limit_reached","message":"m","resets_at":1767225610}}"#.utf8)
    func wait(_ headers: [(String, String)], _ body: [UInt8]) -> Int? {
      ErrorClassification.error(status: 429, headers: headers, body: body).retryAfterMs
    }
    let date = ("date", "Thu, 01 Jan 2026 00:00:00 GMT")
    #expect(wait([date], body) == 10_000)
    #expect(wait([], body) == nil)
    #expect(wait([date, ("retry-after", "3")], body) == 3000)
    #expect(wait([("date", "Thu, 01 Jan 2026 01:00:00 GMT")], body) == 0)
    #expect(wait([], Array(#"{"error":{"message":"m","resets_in_seconds":7}}"#.utf8)) == 7000)
    #expect(wait([], Array(#"{"error":{"message":"m","resets_in_seconds":-7}}"#.utf8)) == nil)
  }

  @Test(
    "whether the upstream itself advises to try again",
    arguments: [("true", true), ("False", false), ("maybe", nil), (nil, nil)] as [(String?, Bool?)])
  func shouldRetry(_ value: String?, _ expected: Bool?) {
    let headers = value.map { [("x-should-retry", $0)] } ?? []
    #expect(ErrorClassification.error(status: 500, headers: headers, body: []).shouldRetry == expected)
  }
}
