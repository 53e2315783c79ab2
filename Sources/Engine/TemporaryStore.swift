package import Completion
package import Credentials
package import Catalog

/// How a provider's logins are found; `nil` for one that has keys alone.
package typealias LoginFlowLookup = @Sendable (Provider) throws(ProviderError) -> (any LoginFlow)?

actor MemoryStore: CredentialStore {
  var all: [AccountID: StoredCredential] = [:]
  func credential(for account: AccountID) async throws(ProviderError) -> StoredCredential? { all[account] }
  func accounts() async throws(ProviderError) -> [AccountID] { Array(all.keys) }
  func save(_ credential: StoredCredential, for account: AccountID) async throws(ProviderError) {
    all[account] = credential
  }
  func remove(_ account: AccountID) async throws(ProviderError) -> StoredCredential? {
    all.removeValue(forKey: account)
  }
}

extension CompletionEngine {
  package func loginFlow(for provider: Provider) throws(ProviderError) -> (any LoginFlow)? { try flows(provider) }
}
