/// How one exchange went, told once it is over.
package struct ExchangeReport: Sendable {
  /// What was asked.
  package let request: HTTPRequest
  /// `nil` when no response came.
  package let status: Int?
  /// The response's, in the order they came; the names in lower case.
  package let headers: [(String, String)]
  /// Milliseconds from the request being made until the connection stood; `nil` when it never did.
  package let connectMs: Double?
  /// Until the response's head had come.
  package let headMs: Double?
  /// Until the reader noted the first content.
  package let contentMs: Double?
  /// Until it was over.
  package let totalMs: Double
  /// How many bytes of the response's body came, as they are after decompression.
  package let bodySize: Int
  /// The beginning of them, as far as the client was told to keep it.
  package let body: [UInt8]
  /// What ended it, whoever threw that; `nil` for a good end.
  package let failure: (any Error)?
}

extension HTTPRequest {
  /// The URL without user information, query and fragment, any of which may hold a key.
  package var urlWithoutSecrets: String { RequestURL.withoutSecrets(url, relativeTo: url) }
}
