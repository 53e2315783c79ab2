package import Completion
internal import HTTP
package import JSON

/// Ollama's own `POST {root}/api/chat`: what its OpenAI-compatible side cannot do, above all set the size of the
/// context.
package struct OllamaChat: QuirkyDialect {
  package let api: APIFamily = "ollama-chat"
  package let defaults = OllamaChatQuirks()

  /// The family; it has no state.
  package init() {}

  package func encode(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest {
    var encoder = OllamaEncoder(task: try task(request, for: endpoint))
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

  /// People give the address of the OpenAI-compatible side, too.
  static func root(_ endpoint: Endpoint) -> Endpoint { endpoint.without(["/v1", "/api"]) }
}

/// How one Ollama server or model differs from the next.
package struct OllamaChatQuirks: DialectQuirks {
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

  package mutating func read(_ fields: inout JSONFields) throws(JSONFieldError) {
    numCtx = try fields.int("numCtx", in: 1...100_000_000) ?? numCtx
    keepAlive =
      try fields.optional("keepAlive", "a duration such as \"5m\", or a number of seconds") { value -> JSONValue? in
        // Not a ternary: `nil` would be JSON's null there.
        guard value.string != nil || value.double != nil else { return nil }
        return value
      } ?? keepAlive
    try fields.set(&thinkLevels, "thinkLevels")
    try fields.addReasoningEfforts(to: &reasoningEfforts)
    try fields.set(&supportsTools, "supportsTools")
    try fields.set(&supportsImages, "supportsImages")
    try fields.set(&body, "body")
  }
}
