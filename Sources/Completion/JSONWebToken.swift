package import JSON

/// JSON Web Tokens, as far as one reads those that are for others.
package enum JSONWebToken {
  /// What `token` says (RFC 7519 §3); `nil` when it is no such token. Its seal is for the server to check.
  package static func claims(of token: String) -> JSONValue? {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let bytes = Base64.decodeURLSafe(String(parts[1])) else { return nil }
    return try? JSONValue(parsing: bytes)
  }
}
