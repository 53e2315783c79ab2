package import Completion
package import Credentials
package import Catalog

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
