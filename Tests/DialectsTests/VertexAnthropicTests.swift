import Completion
import Dialects
import HTTP
import JSON
import Testing

@Suite("Claude on Vertex AI")
struct VertexAnthropicTests {
  let dialect = VertexAnthropic()

  static func endpoint(_ variables: [String: String], baseURL: String = "", _ quirks: JSONObject = [:]) -> Endpoint {
    var endpoint = Endpoint.test(quirks, baseURL: baseURL, ModelInfo(id: "claude-sonnet-4-5@20250929"))
    endpoint.variables = variables
    endpoint.apiKey = Secret("ya29")
    return endpoint
  }
  static let path = "/publishers/anthropic/models/claude-sonnet-4-5@20250929:"
  let request = CompletionRequest(messages: [Message(.user, "hi")], stream: true)

  @Test("the model stands in the address, the version in the body")
  func frame() throws {
    let endpoint = Self.endpoint(["project": "p", "location": "us-east5"], ["supportsCacheControl": false])
    let written = try dialect.write(request, at: endpoint)
    let root = "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5"
    #expect(written.url == root + Self.path + "streamRawPredict")
    #expect(
      written.body == [
        "max_tokens": 8192, "stream": true, "anthropic_version": "vertex-2023-10-16",
        "messages": [["role": "user", "content": [["type": "text", "text": "hi"]]]],
      ])
    #expect(written.headers["authorization"] == "Bearer ya29")
    #expect(written.headers["anthropic-version"] == nil)
    let whole = try dialect.write(CompletionRequest(messages: request.messages, stream: false), at: endpoint)
    #expect(whole.url == root + Self.path + "rawPredict")
    #expect(whole.body["stream"] == nil)
  }

  @Test("tokens are counted at an address of their own, with the model in the body")
  func counting() throws {
    let endpoint = Self.endpoint(["project": "p"])
    let counted = try #require(try dialect.countRequest(request, for: endpoint))
    let root = "https://aiplatform.googleapis.com/v1/projects/p/locations/global"
    #expect(counted.http.url == root + "/publishers/anthropic/models/count-tokens:rawPredict")
    let body = try JSONValue(parsing: counted.http.body ?? [])
    #expect(body["model"] == "claude-sonnet-4-5@20250929")
    #expect(body["max_tokens"] == nil)
    #expect(body["stream"] == nil)
    #expect(try dialect.countedTokens(in: Array(#"{"input_tokens":3}"#.utf8)) == 3)
  }

  @Test("nothing is fetched from URLs there, and betas are headers")
  func quirks() throws {
    var endpoint = Self.endpoint(["project": "p"], ["betas": ["b"]])
    endpoint.model.input = ["text", "image"]
    let link = Part.image(Media(mediaType: "image/png", source: .url("https://a.test/b.png")))
    let written = try dialect.write(
      CompletionRequest(messages: [Message(role: .user, content: [link])]), at: endpoint)
    #expect(written.losses == ["messages[0].content[0]"])
    #expect(written.headers["anthropic-beta"] == "b")
  }

  @Test("an answer is read as Anthropic's own")
  func answer() {
    let events = [MessagesDecoderTests.start] + MessagesDecoderTests.text
    let end = [MessagesDecoderTests.end("end_turn"), MessagesDecoderTests.stop]
    let answer = dialect.decode(MessagesDecoderTests.stream(events + end))
    #expect(answer.text == "hi")
    #expect(answer.stop == .end)
    let document: JSONValue = [
      "content": [["type": "text", "text": "yo"]], "stop_reason": "max_tokens", "id": "x", "model": "y",
    ]
    #expect(dialect.decodeWhole(document).stop == .length)
  }

  // MARK: - Addresses

  @Test(
    "the host follows from the location, unless a base URL is given",
    arguments: [
      ("global", "", "https://aiplatform.googleapis.com/v1"),
      ("global", "https://aiplatform.googleapis.com", "https://aiplatform.googleapis.com/v1"),
      ("us", "https://aiplatform.googleapis.com/", "https://aiplatform.us.rep.googleapis.com/v1"),
      ("eu", "", "https://aiplatform.eu.rep.googleapis.com/v1"),
      ("europe-west1", "", "https://europe-west1-aiplatform.googleapis.com/v1"),
      ("", "", "https://aiplatform.googleapis.com/v1"),
      ("us-east5", "https://proxy.test/vertex", "https://proxy.test/vertex/v1"),
      ("us-east5", "https://proxy.test/v1beta1", "https://proxy.test/v1beta1"),
    ])
  func hosts(_ location: String, _ baseURL: String, _ root: String) throws {
    let endpoint = Self.endpoint(["project": "p", "location": location], baseURL: baseURL)
    let address = try VertexAddress(endpoint)
    #expect(address.root == root)
    let place = location.isEmpty ? "global" : location
    #expect(
      address.url(publisher: "x", model: "a/b", method: "m?alt=sse")
        == "\(root)/projects/p/locations/\(place)/publishers/x/models/a%2Fb:m?alt=sse")
  }

  @Test("a missing project is named with its remedy; a key of Google's own models needs none")
  func project() throws {
    let missing = #expect(throws: ProviderError.self) { try VertexAddress(Self.endpoint(["project": ""])) }
    #expect(missing?.kind == .authRequired)
    #expect(missing?.hint?.contains("GOOGLE_CLOUD_PROJECT") == true)
    #expect(missing?.hint?.contains("providers.prov.variables.project") == true)
    var express = Self.endpoint([:])
    #expect(throws: ProviderError.self) { try VertexAddress(express, allowsExpress: true) }
    express.authHeader = "x-goog-api-key"
    #expect(throws: ProviderError.self) { try VertexAddress(express) }
    let address = try VertexAddress(express, allowsExpress: true)
    #expect(
      address.url(publisher: "google", model: "g", method: "m")
        == "https://aiplatform.googleapis.com/v1/publishers/google/models/g:m")
  }

  @Test("a location that would be another host is refused", arguments: ["evil.test/", "a b", "US"])
  func badLocation(_ location: String) {
    let endpoint = Self.endpoint(["project": "p", "location": location])
    let error = #expect(throws: ProviderError.self) { try VertexAddress(endpoint) }
    #expect(error?.kind == .invalidParams)
  }
}
