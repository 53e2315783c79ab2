package import Completion
package import HTTP
package import JSON

/// The name of an API family, as `api` in the catalogue and the protocol says it: `openai-completions`.
package typealias APIFamily = String

/// Where and how to reach one model: what the engine resolved from catalogue, config, credentials and the call.
package struct Endpoint: Sendable {
  /// The provider's id.
  package var provider: String
  /// Without a trailing slash.
  package var baseURL: String
  /// The key, if the provider has one.
  package var apiKey: Secret?
  /// The header that carries the key; `authorization` gets `Bearer ` in front of it.
  package var authHeader: String
  /// Headers from catalogue, config and call, in that order; a later one of the same name wins.
  package var headers: [HTTPHeader]
  /// What the provider's address and requests need beside the key, by the names of the catalogue: `region`, `project`,
  /// `location`, `apiVersion`, ….
  package var variables: [String: String] = [:]
  /// What requests are signed with, for providers at AWS.
  package var aws: AWSCredentials?
  /// The provider's deviations from its API family, as `quirks` in the catalogue; each dialect reads its own.
  package var quirks: JSONObject
  /// The model.
  package var model: ModelInfo
  /// Phase limits for the exchange.
  package var timeouts: HTTPTimeouts

  /// An endpoint.
  package init(
    provider: String, baseURL: String, apiKey: Secret? = nil, authHeader: String = "authorization",
    headers: [HTTPHeader] = [], quirks: JSONObject = .init(), model: ModelInfo, timeouts: HTTPTimeouts = .init()
  ) {
    self.provider = provider
    self.baseURL = baseURL
    self.apiKey = apiKey
    self.authHeader = authHeader
    self.headers = headers
    self.quirks = quirks
    self.model = model
    self.timeouts = timeouts
  }
}

/// What AWS identifies its customers by.
package struct AWSCredentials: Sendable, Hashable {
  package var accessKeyId: String
  package var secretAccessKey: Secret
  /// For temporary credentials.
  package var sessionToken: Secret?

  /// Credentials.
  package init(accessKeyId: String, secretAccessKey: Secret, sessionToken: Secret? = nil) {
    self.accessKeyId = accessKeyId
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
  }
}

/// Something a request could not carry.
package struct Dropped: Sendable, Hashable {
  /// The part or option: `messages[2].content[1]`, `seed`.
  package var what: String
  /// The reason, for a person.
  package var why: String

  /// A loss.
  package init(_ what: String, _ why: String) {
    self.what = what
    self.why = why
  }
}

/// A request as its provider wants it, and what did not fit in.
package struct EncodedRequest: Sendable {
  /// The exchange to make.
  package var http: HTTPRequest
  /// What was left out.
  package var dropped: [Dropped]

  /// An encoded request.
  package init(_ http: HTTPRequest, dropped: [Dropped] = []) {
    self.http = http
    self.dropped = dropped
  }
}

/// One API family: how a request is written and its answer read. Pure values; no I/O, no clock, no session.
///
/// When `options.output` asks for a shape, the joined text of the answer is the JSON document, whatever way the family
/// has to make the model write it: where that is a forced tool, its decoder turns the call's arguments into text.
package protocol Dialect: Sendable {
  /// The family's name.
  var api: APIFamily { get }

  /// Checks `quirks` as the catalogue or the config file writes them: unknown names and wrong values are errors.
  func validate(quirks: JSONObject) throws(JSONFieldError)

  /// The request that goes on with `request.messages` at `endpoint`.
  /// - Throws: `unsupported` naming the field, when something that must not be dropped does not fit.
  func encode(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest

  /// `request` with what proves who asks, for APIs where that depends on the whole request. Called for every request
  /// to `endpoint`, right before it is sent; `time` is in seconds since 1970.
  func authorize(_ request: HTTPRequest, at endpoint: Endpoint, time: Int) throws(ProviderError) -> HTTPRequest

  /// A decoder for a streamed answer with status 200.
  func streamDecoder(for request: CompletionRequest, at endpoint: Endpoint) -> any AnswerDecoder

  /// The events of an answer that came whole (`stream: false`, or a server that ignored `stream: true`).
  func decodeWhole(
    _ body: [UInt8], for request: CompletionRequest, at endpoint: Endpoint
  ) throws(ProviderError) -> [StreamEvent]

  /// The error of an answer with status 400 and above. `headers` have lower-case names.
  func error(status: Int, headers: [(String, String)], body: [UInt8]) -> ProviderError
}

extension Dialect {
  /// As it is: the key's header is all that most APIs want.
  package func authorize(
    _ request: HTTPRequest, at endpoint: Endpoint, time: Int
  ) throws(ProviderError) -> HTTPRequest { request }

  /// A whole answer is a stream in one piece.
  package func decodeWhole(
    _ body: [UInt8], for request: CompletionRequest, at endpoint: Endpoint
  ) throws(ProviderError) -> [StreamEvent] {
    var events: [StreamEvent] = []
    var decoder = streamDecoder(for: request, at: endpoint)
    try decoder.decode(body[...], into: &events)
    try decoder.finish(into: &events)
    return events
  }

  /// What the words and the status say in every API.
  package func error(status: Int, headers: [(String, String)], body: [UInt8]) -> ProviderError {
    ErrorClassification.error(status: status, headers: headers, body: body)
  }
}

/// Reads one streamed answer from bytes that arrive in any pieces.
package protocol AnswerDecoder: Sendable {
  /// Takes the next bytes and appends what they complete to `events`.
  /// - Throws: the upstream's own error event, or `upstreamInvalid` for what makes no sense.
  mutating func decode(_ bytes: ArraySlice<UInt8>, into events: inout [StreamEvent]) throws(ProviderError)

  /// The body ended without a transport error.
  /// - Throws: `upstreamInvalid` when the answer was not complete.
  mutating func finish(into events: inout [StreamEvent]) throws(ProviderError)
}
