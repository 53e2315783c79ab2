package import Completion
package import HTTP
package import JSON

/// Whose credential it is: a provider's, or that of one of several accounts there. `auth.json` keeps it under `provider`
/// or `provider#account`; the plain name is the account that is used when none is named.
package struct AccountID: Sendable, Hashable, CustomStringConvertible {
  /// The provider's id.
  package var provider: String
  /// The account's name; `nil` for the default one.
  package var account: String?

  /// An account at a provider.
  package init(_ provider: String, account: String? = nil) {
    self.provider = provider
    self.account = account
  }

  /// Takes a member's name in `auth.json` apart at the first `#`.
  package init(key: String) {
    let parts = key.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    self.init(parts[0], account: parts.count > 1 ? parts[1] : nil)
  }

  /// The member's name in `auth.json`.
  package var key: String { account.map { "\(provider)#\($0)" } ?? provider }
  package var description: String { key }
}

/// What a login gave: tokens, and until when they are good.
package struct OAuthCredential: Sendable, Hashable {
  /// Goes into requests.
  package var access: Secret
  /// Buys the next one; empty when the provider gives none.
  package var refresh: Secret
  /// The end of `access`, in milliseconds since 1970.
  package var expiresAt: Int
  /// What else belongs to it, as `auth.json` has it beside the tokens: `accountId`, `enterpriseUrl`, ….
  package var extra: JSONObject

  /// The end of what has none: the last moment that the programs that share `auth.json` can express.
  package static let never = 8_640_000_000_000_000

  /// Tokens.
  package init(access: Secret, refresh: Secret, expiresAt: Int, extra: JSONObject = .init()) {
    self.access = access
    self.refresh = refresh
    self.expiresAt = expiresAt
    self.extra = extra
  }
}

/// An entry of `auth.json`.
package enum StoredCredential: Sendable, Hashable {
  /// A key in any key format, and variables that stand in for the environment's.
  case apiKey(KeyText?, environment: [String: String])
  case oauth(OAuthCredential)
}

/// Where credentials are kept. Every change is on disk, whole, before the call returns.
package protocol CredentialStore: Sendable {
  /// The credential of `account`; `nil` when there is none.
  /// - Throws: `storage` naming the file and the remedy.
  func credential(for account: AccountID) async throws(ProviderError) -> StoredCredential?
  /// All that have one, in the file's order.
  func accounts() async throws(ProviderError) -> [AccountID]
  /// Keeps `credential`, in place of what was there.
  func save(_ credential: StoredCredential, for account: AccountID) async throws(ProviderError)
  /// Forgets it and returns what it was.
  func remove(_ account: AccountID) async throws(ProviderError) -> StoredCredential?
}
