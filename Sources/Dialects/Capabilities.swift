package import Completion
package import HTTP

/// A family with an endpoint that counts tokens.
package protocol CountsTokens: Dialect {
  /// The request that counts what `request` would send; `nil` when this provider or model has no such endpoint.
  func countRequest(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest?

  /// The count in an answer with status 200.
  /// - Throws: `upstreamInvalid` when there is none.
  func countedTokens(in body: [UInt8]) throws(ProviderError) -> Int
}

/// A family with an endpoint that turns texts into vectors.
package protocol Embeds: Dialect {
  /// How many texts one request may hold; the caller splits longer lists.
  func embeddingLimit(for endpoint: Endpoint) -> Int

  /// The request for the vectors of at most `embeddingLimit` texts.
  /// - Throws: `unsupported` when this provider offers none.
  func embedRequest(_ request: EmbeddingRequest, for endpoint: Endpoint) throws(ProviderError) -> HTTPRequest

  /// The vectors in an answer with status 200, in the order of the texts.
  /// - Throws: `upstreamInvalid` when they are not all there.
  func embeddings(
    in body: [UInt8], for request: EmbeddingRequest, at endpoint: Endpoint
  ) throws(ProviderError) -> Embeddings
}

/// A family with an endpoint that fills holes in texts.
package protocol Infills: Dialect {
  /// The request that fills the hole; `nil` when this provider or model has no such endpoint.
  func infillRequest(_ request: InfillRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest?

  /// What an answer with status 200 puts into the hole.
  /// - Throws: `upstreamInvalid` when it makes no sense.
  func infill(in body: [UInt8], at endpoint: Endpoint) throws(ProviderError) -> InfillAnswer
}
