package import Completion
package import HTTP

extension KeyResolver {
  /// Sees to another token for a login whose token the provider has refused before its time was over: one that is
  /// stored already, or a new one. Returns whether there is another now.
  /// - Throws: `authRequired` when there must be a new login; what kept the exchange from succeeding.
  package func renew(_ login: AccountID, refused: Secret) async throws(ProviderError) -> Bool {
    guard case .oauth(let stored)? = try await store.currentCredential(for: login) else { return false }
    guard stored.access == refused else { return true }
    guard refresher.canRefresh(stored, of: login) else { return false }
    return try await refresher.credential(stored, of: login, refused: refused).access != refused
  }

  /// Waits until no token is being exchanged. A process that ends before loses what the provider is about to give.
  package func settle() async { await refresher.settle() }
}
