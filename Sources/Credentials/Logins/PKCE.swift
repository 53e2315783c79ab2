internal import Completion
internal import HTTP
internal import Platform

/// A proof that whoever redeems a code is who asked for it (RFC 7636, method S256).
struct PKCE: Sendable {
  /// 64 unreserved characters, 256 bits of chance.
  let verifier: Secret
  /// What may be seen of it.
  let challenge: String

  init(verifier: String = randomHex(32)) {
    self.verifier = Secret(verifier)
    challenge = Base64.encodeURLSafe(SHA256.digest(of: Array(verifier.utf8)))
  }
}
