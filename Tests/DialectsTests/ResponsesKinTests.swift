import Completion
import Dialects
import HTTP
import JSON
import Testing

@Suite("Responses at ChatGPT and Azure")
struct ResponsesKinTests {
  // MARK: - ChatGPT

  let codex = OpenAICodexResponses()
  /// `{"https://api.openai.com/auth":{"chatgpt_account_id":"acc-ü>?"}}` in base64 for URLs, with both of its own letters.
  static let token = "e30.eyJodHRwczovL2FwaS5vcGVuYWkuY29tL2F1dGgiOnsiY2hhdGdwdF9hY2NvdW50X2lkIjoiYWNjLcO8Pj8ifX0.sig"

  static func chatGPT(_ key: String? = token, base: String = "https://chatgpt.test/backend-api") -> Endpoint {
    var endpoint = Endpoint.test(baseURL: base)
    endpoint.apiKey = key.map { Secret($0) }
    return endpoint
  }

  @Test("Codex: the body")
  func codexBody() throws {
    var request = CompletionRequest(messages: [Message(.user, "hi")], stream: false, sessionId: "s")
    request.options.maxTokens = 100
    request.options.tools = [.weather]
    let written = try codex.write(request, at: Self.chatGPT())
    #expect(written.body["instructions"]?.string?.isEmpty == false)
    #expect(written.body["stream"] == true)
    #expect(written.body["store"] == false)
    #expect(written.body["max_output_tokens"] == nil)
    #expect(written.losses == ["maxTokens"])
    #expect(written.body["text"] == ["verbosity": "low"])
    #expect(written.body["tool_choice"] == "auto")
    #expect(written.body["parallel_tool_calls"] == true)
    #expect(written.body["tools"]?[0]?["strict"] == .null)
    #expect(written.body["prompt_cache_key"] == "s")
    request.options.system = "Be brief."
    #expect(try codex.write(request, at: Self.chatGPT()).body["instructions"] == "Be brief.")
  }

  @Test("Codex: the headers")
  func codexHeaders() throws {
    let request = CompletionRequest(messages: [Message(.user, "hi")], stream: false, sessionId: "s")
    let headers = try codex.write(request, at: Self.chatGPT()).headers
    #expect(headers["authorization"] == "Bearer \(Self.token)")
    #expect(headers["chatgpt-account-id"] == "acc-ü>?")
    #expect(headers["originator"] == "patchbay")
    #expect(headers["openai-beta"] == "responses=experimental")
    #expect(headers["accept"] == "text/event-stream")
    #expect(headers["session-id"] == "s")
    #expect(headers["x-client-request-id"] == "s")
    var known = Self.chatGPT("opaque")
    known.variables["accountId"] = "mine"
    #expect(try codex.write(request, at: known).headers["chatgpt-account-id"] == "mine")
    var both = Self.chatGPT()
    both.variables["accountId"] = "stale"
    #expect(try codex.write(request, at: both).headers["chatgpt-account-id"] == "acc-ü>?")
    var given = Self.chatGPT("opaque")
    given.headers = [HTTPHeader("ChatGPT-Account-Id", "theirs"), HTTPHeader("originator", "me")]
    #expect(try codex.write(request, at: given).headers["chatgpt-account-id"] == "theirs")
    #expect(try codex.write(request, at: given).headers["originator"] == "me")
  }

  @Test(
    "Codex: a key that is no access token is told apart from none", arguments: ["sk-abc", "a.b.c", "e30.e30.x", "a.b"])
  func tokens(_ key: String) {
    let request = CompletionRequest(messages: [Message(.user, "hi")])
    let error = #expect(throws: ProviderError.self) { try codex.write(request, at: Self.chatGPT(key)) }
    #expect(error?.kind == .authRejected)
    #expect(error?.message.contains(key) == false)
    let missing = #expect(throws: ProviderError.self) { try codex.write(request, at: Self.chatGPT(nil)) }
    #expect(missing?.kind == .authRequired)
  }

  @Test("Codex: the account may stand in other claims")
  func claims() throws {
    // {"chatgpt_account_id":"a1"}, {"organizations":[{"id":"o1"}]}
    let request = CompletionRequest(messages: [Message(.user, "hi")])
    let top = try codex.write(request, at: Self.chatGPT("e30.eyJjaGF0Z3B0X2FjY291bnRfaWQiOiJhMSJ9.x"))
    #expect(top.headers["chatgpt-account-id"] == "a1")
    let organization = try codex.write(request, at: Self.chatGPT("e30.eyJvcmdhbml6YXRpb25zIjpbeyJpZCI6Im8xIn1dfQ==.x"))
    #expect(organization.headers["chatgpt-account-id"] == "o1")
  }

  @Test(
    "Codex: the address, however much of it was given",
    arguments: ["https://c.test/b", "https://c.test/b/codex", "https://c.test/b/codex/responses"])
  func codexAddress(_ base: String) throws {
    let written = try codex.write(CompletionRequest(messages: [Message(.user, "hi")]), at: Self.chatGPT(base: base))
    #expect(written.url == "https://c.test/b/codex/responses")
  }

  @Test("Codex: limits of the subscription, and when they end")
  func limits() {
    func error(_ text: String, _ headers: [(String, String)] = []) -> ProviderError {
      codex.error(status: 429, headers: headers, body: Array(text.utf8))
    }
    let at =
      #"{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","resets_at":784111837}}"#
    // 784111777 is the date of RFC 9110's own example.
    let dated = error(at, [("date", "Sun, 06 Nov 1994 08:49:37 GMT")])
    #expect(dated.kind == .quotaExceeded)
    #expect(dated.retryAfterMs == 60_000)
    #expect(error(at).retryAfterMs == nil)
    #expect(error(at, [("retry-after", "5")]).retryAfterMs == 5000)
    let past = at.replacing("784111837", with: "1")
    #expect(error(past, [("date", "Sun, 06 Nov 1994 08:49:37 GMT")]).retryAfterMs == 0)
    let within = #"{"error":{"type":"usage_limit_reached","message":"m","resets_in_seconds":90}}"#
    #expect(error(within).retryAfterMs == 90_000)
    #expect(error(#"{"error":{"code":"usage_not_included","message":"m"}}"#).kind == .quotaExceeded)
    #expect(error("Bad gateway").retryAfterMs == nil)
    #expect(
      codex.error(status: 401, headers: [], body: Array(#"{"detail":"Unauthorized"}"#.utf8)).kind == .authRejected)
  }

  // MARK: - Azure

  let azure = AzureOpenAIResponses()

  static func resource(_ base: String, _ variables: [String: String] = [:]) -> Endpoint {
    var endpoint = Endpoint.test(baseURL: base)
    endpoint.variables = variables
    endpoint.apiKey = Secret("k")
    endpoint.authHeader = "api-key"
    return endpoint
  }
  func write(_ endpoint: Endpoint) throws -> Written {
    try azure.write(CompletionRequest(messages: [Message(.user, "hi")], sessionId: "s"), at: endpoint)
  }

  @Test(
    "Azure: the address, however much of it was given",
    arguments: [
      ("https://r.openai.azure.com", "https://r.openai.azure.com/openai/v1"),
      ("https://r.openai.azure.com/", "https://r.openai.azure.com/openai/v1"),
      ("https://r.openai.azure.com/openai", "https://r.openai.azure.com/openai/v1"),
      ("https://r.openai.azure.com/openai/v1/", "https://r.openai.azure.com/openai/v1"),
      ("https://r.openai.azure.com/openai/v1/responses?api-version=x", "https://r.openai.azure.com/openai/v1"),
      ("https://r.cognitiveservices.azure.com?x=1", "https://r.cognitiveservices.azure.com/openai/v1"),
      ("https://R.Services.AI.Azure.com:443/", "https://R.Services.AI.Azure.com:443/openai/v1"),
      ("https://r.openai.azure.com/other/path", "https://r.openai.azure.com/other/path"),
      ("https://proxy.test/openai/", "https://proxy.test/openai"),
      ("https://openai.azure.com.evil.test/openai", "https://openai.azure.com.evil.test/openai"),
    ])
  func azureAddress(_ base: String, _ root: String) throws {
    #expect(try write(Self.resource(base)).url == root + "/responses?api-version=v1")
  }

  @Test("Azure: the version, the deployment, the key's header and the cache's key")
  func azureRequest() throws {
    let base = "https://r.openai.azure.com"
    let plain = try write(Self.resource(base))
    #expect(plain.body["model"] == "model-1")
    #expect(plain.body["prompt_cache_key"] == "s")
    #expect(plain.body["store"] == false)
    #expect(plain.headers["api-key"] == "k")
    #expect(plain.headers["authorization"] == nil)
    let mapped = try write(
      Self.resource(base, ["apiVersion": "preview", "deployments": "model-0=no, model-1 = dep=1 ,broken,=x"]))
    #expect(mapped.body["model"] == "dep=1")
    #expect(mapped.url.hasSuffix("/responses?api-version=preview"))
  }

  @Test("Azure: a deployment's own address speaks chat completions only, and there it takes the version")
  func classic() throws {
    var classic = Self.resource(
      "https://r.openai.azure.com/openai/deployments/dep", ["apiVersion": "2024-10-21"])
    let error = #expect(throws: ProviderError.self) { try write(classic) }
    #expect(error?.kind == .unsupported)
    #expect(error?.hint?.contains("openai-completions") == true)
    let request = CompletionRequest(messages: [Message(.user, "hi")])
    classic.quirks = ["query": ["api-version": "$apiVersion"]]
    #expect(
      try OpenAICompletions().write(request, at: classic).url
        == "https://r.openai.azure.com/openai/deployments/dep/chat/completions?api-version=2024-10-21")
    #expect(try OpenAICompletions().write(request, at: .test()).url == "https://host.test/v1/chat/completions")
  }

  @Test("Azure: reasoning written by one model goes back to it under its deployment's name")
  func azureOrigin() throws {
    let origin = Origin(provider: "prov", api: "azure-openai-responses", model: "model-1")
    let thought = Part.reasoning(Reasoning(text: "", opaque: ["item": ["id": "rs_1", "encrypted_content": "e"]]))
    let answer = Message(role: .assistant, content: [thought, .text("hi")], origin: origin)
    let written = try azure.write(
      CompletionRequest(messages: [answer, Message(.user, "on")]),
      at: Self.resource("https://r.openai.azure.com", ["deployments": "model-1=dep"]))
    #expect(written.body["input"]?[0]?["encrypted_content"] == "e")
  }
}
