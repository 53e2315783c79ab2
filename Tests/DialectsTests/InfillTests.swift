import Completion
import Dialects
import HTTP
import JSON
import Testing

@Suite("Filling holes")
struct InfillTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var dialect: any Infills
    var quirks: JSONObject
    var baseURL: String
    var url: String
    var body: String
    var testDescription: String { url }
    init(_ dialect: any Infills, _ quirks: JSONObject, _ baseURL: String, _ url: String, _ body: String) {
      (self.dialect, self.quirks, self.baseURL, self.url, self.body) = (dialect, quirks, baseURL, url, body)
    }
  }

  static let prompt = #""model":"model-1","prompt":"a(","suffix":")b","max_tokens":9,"stop":["\n"]"#
  static let llama = #""model":"model-1","input_prefix":"a(","input_suffix":")b","n_predict":9,"stop":["\n"]"#
  static let cases: [Case] = [
    Case(Mistral(), [:], "https://m.test/v1", "https://m.test/v1/fim/completions", "{\(prompt)}"),
    Case(
      OpenAICompletions(), ["infill": "completions-suffix"], "https://o.test/v1", "https://o.test/v1/completions",
      "{\(prompt)}"),
    Case(
      OpenAICompletions(), ["infill": "deepseek-beta"], "https://d.test", "https://d.test/beta/completions",
      "{\(prompt)}"),
    Case(
      OpenAICompletions(), ["infill": "deepseek-beta"], "https://d.test/v1", "https://d.test/beta/completions",
      "{\(prompt)}"),
    Case(
      OpenAICompletions(), ["infill": "deepseek-beta"], "https://d.test/beta", "https://d.test/beta/completions",
      "{\(prompt)}"),
    Case(OpenAICompletions(), ["infill": "llamacpp"], "http://l.test/v1", "http://l.test/infill", "{\(llama)}"),
    Case(OpenAICompletions(), ["infill": "llamacpp"], "http://l.test", "http://l.test/infill", "{\(llama)}"),
    Case(
      OllamaChat(), ["numCtx": 4096, "keepAlive": "5m"], "http://l.test/v1", "http://l.test/api/generate",
      #"""
      {"model":"model-1","prompt":"a(","suffix":")b","stream":false,"keep_alive":"5m",
       "options":{"num_ctx":4096,"num_predict":9,"stop":["\n"]}}
      """#),
  ]

  @Test("each server is asked at its own address in its own words", arguments: cases)
  func requests(_ test: Case) throws {
    let request = InfillRequest(prefix: "a(", suffix: ")b", path: "a.c", language: "c", maxTokens: 9, stop: ["\n"])
    let encoded = try test.dialect.infillRequest(request, for: .test(test.quirks, baseURL: test.baseURL))
    let http = try #require(encoded?.http)
    #expect(http.url == test.url)
    #expect(try JSONValue(parsing: http.body ?? []) == json(test.body))
    #expect(encoded?.dropped == [])
  }

  @Test("at the end of a text there is no suffix")
  func noSuffix() throws {
    for dialect in [Mistral(), OllamaChat()] as [any Infills] {
      let encoded = try dialect.infillRequest(InfillRequest(prefix: "a"), for: .test())
      let body = try JSONValue(parsing: encoded?.http.body ?? [])
      #expect(body["prompt"] == "a")
      #expect(body["suffix"] == nil)
      #expect(body["max_tokens"] == nil && body["options"] == nil && body["stop"] == nil)
    }
  }

  @Test("DeepSeek fills with 4096 tokens at most")
  func limit() throws {
    let request = InfillRequest(prefix: "a", maxTokens: 9000)
    let encoded = try OpenAICompletions().infillRequest(request, for: .test(["infill": "deepseek-beta"]))
    #expect(try JSONValue(parsing: encoded?.http.body ?? [])["max_tokens"] == 4096)
    #expect(encoded?.dropped.map(\.what) == ["maxTokens"])
  }

  @Test("an unknown server has no such endpoint")
  func none() throws {
    #expect(try OpenAICompletions().infillRequest(InfillRequest(prefix: "a"), for: .test()) == nil)
    #expect(throws: ProviderError.self) {
      try OpenAICompletions().infillRequest(InfillRequest(prefix: "a"), for: .test(["infil": "none"]))
    }
  }

  @Test(
    "answers of every shape are read",
    arguments: [
      (
        #"{"model":"m","choices":[{"text":"x","finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"prompt_cache_hit_tokens":3}}"#,
        InfillAnswer(text: "x", usage: Usage(input: 2, output: 2, cacheRead: 3), model: "m")
      ),
      (
        #"{"model":"m","choices":[{"message":{"role":"assistant","content":"x"}}],"usage":{"prompt_tokens":5,"completion_tokens":2}}"#,
        InfillAnswer(text: "x", usage: Usage(input: 5, output: 2), model: "m")
      ),
      (
        #"{"choices":[{"message":{"content":[{"type":"text","text":"x"},{"type":"text","text":"y"}]}}]}"#,
        InfillAnswer(text: "xy")
      ),
      (
        #"{"content":"x","model":"m","stop":true,"tokens_evaluated":5,"tokens_predicted":2,"tokens_cached":6}"#,
        InfillAnswer(text: "x", usage: Usage(input: 5, output: 2), model: "m")
      ),
      (#"{"choices":[{"text":""}]}"#, InfillAnswer(text: "")),
    ])
  func answers(_ body: String, _ answer: InfillAnswer) throws {
    for dialect in [Mistral(), OpenAICompletions()] as [any Infills] {
      #expect(try dialect.infill(in: Array(body.utf8), at: .test()) == answer)
    }
  }

  @Test("Ollama's answer is read")
  func ollama() throws {
    let body = #"{"model":"m","response":"x","done":true,"done_reason":"stop","prompt_eval_count":5,"eval_count":2}"#
    let answer = try OllamaChat().infill(in: Array(body.utf8), at: .test())
    #expect(answer == InfillAnswer(text: "x", usage: Usage(input: 5, output: 2), model: "m"))
  }

  @Test(
    "an error in place of an answer is that error, and nonsense is said to be such",
    arguments: [
      (#"{"error":{"message":"model 'x' does not exist","code":"model_not_found"}}"#, .modelNotFound),
      (#"[{"error":{"message":"m","status":"UNAVAILABLE"}}]"#, .overloaded), ("{}", .upstreamInvalid),
      ("[]", .upstreamInvalid), ("<html>", .upstreamInvalid), (#"{"choices":[]}"#, .upstreamInvalid),
    ] as [(String, ErrorKind)])
  func failures(_ body: String, _ kind: ErrorKind) {
    for dialect in [Mistral(), OpenAICompletions(), OllamaChat()] as [any Infills] {
      let error = #expect(throws: ProviderError.self) { try dialect.infill(in: Array(body.utf8), at: .test()) }
      #expect(error?.kind == kind, "\(dialect.api)")
    }
  }
}
