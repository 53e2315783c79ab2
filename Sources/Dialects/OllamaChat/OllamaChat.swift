package import Completion
internal import HTTP
package import JSON

/// Ollama's own `POST {root}/api/chat`: what its OpenAI-compatible side cannot do, above all set the size of the
/// context.
package struct OllamaChat: Dialect {
  package let api: APIFamily = "ollama-chat"

  /// The family; it has no state.
  package init() {}

  package func validate(quirks: JSONObject) throws(JSONFieldError) { _ = try OllamaChatQuirks(quirks) }

  package func encode(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest {
    let quirks = try endpoint.quirks { quirks throws(JSONFieldError) in try OllamaChatQuirks(quirks) }
    var encoder = OllamaEncoder(request, endpoint, quirks, api: api)
    let body = try encoder.encode()
    let accept = request.stream ? "application/x-ndjson" : "application/json"
    return EncodedRequest(Self.root(endpoint).post("/api/chat", body, accept: accept), dropped: encoder.dropped)
  }

  package func streamDecoder(for request: CompletionRequest, at endpoint: Endpoint) -> any AnswerDecoder {
    OllamaDecoder()
  }

  package func decodeWhole(
    _ body: [UInt8], for request: CompletionRequest, at endpoint: Endpoint
  ) throws(ProviderError) -> [StreamEvent] {
    // A whole answer is the one line of a stream that has only one.
    var events: [StreamEvent] = []
    var decoder = OllamaDecoder()
    try decoder.decodeDocument(body[...], into: &events)
    try decoder.finish(into: &events)
    return events
  }

  package func error(status: Int, headers: [(String, String)], body: [UInt8]) -> ProviderError {
    ErrorClassification.error(status: status, headers: headers, body: body)
  }

  /// People give the address of the OpenAI-compatible side, too.
  static func root(_ endpoint: Endpoint) -> Endpoint { endpoint.without(["/v1", "/api"]) }
}

/// How one Ollama server or model differs from the next; `quirks` in the catalogue and the config file.
package struct OllamaChatQuirks: Sendable, Hashable {
  /// The size of the context to load the model with, in tokens; without it the server's own, often small.
  package var numCtx: Int?
  /// How long the model stays loaded: `"5m"`, or seconds, `-1` for ever.
  package var keepAlive: JSONValue?
  /// Whether `think` takes a level (gpt-oss) and not just true and false.
  package var thinkLevels = false
  /// The model's word for each level, with `thinkLevels`.
  package var reasoningEfforts: [String: String?] = [:]
  /// Overrides what the catalogue says of the model.
  package var supportsTools: Bool?
  /// Overrides what the catalogue says of the model.
  package var supportsImages: Bool?
  /// Fields that every request has; `extra` of the call still wins.
  package var body = JSONObject()

  /// The defaults.
  package init() {}

  /// Reads quirks from the catalogue's or the config's object.
  /// - Throws: for unknown names and wrong types, naming the quirk.
  package init(_ quirks: JSONObject) throws(JSONFieldError) {
    var fields = try JSONFields(.object(quirks), path: ["quirks"])
    numCtx = try fields.int("numCtx", in: 1...100_000_000)
    keepAlive = try fields.optional("keepAlive", "a duration such as \"5m\", or a number of seconds") {
      value -> JSONValue? in
      // Not a ternary: `nil` would be JSON's null there.
      guard value.string != nil || value.double != nil else { return nil }
      return value
    }
    try fields.set(&thinkLevels, "thinkLevels")
    reasoningEfforts = try fields.reasoningEfforts("reasoningEfforts")
    supportsTools = try fields.bool("supportsTools")
    supportsImages = try fields.bool("supportsImages")
    body = try fields.object("body") ?? body
    try fields.finish()
  }
}
