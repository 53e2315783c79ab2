internal import Catalog
internal import Completion
internal import Credentials
internal import Dialects

/// What requests prove with who asks, where another proof can be had once one is refused before its time was over.
enum RequestProof: Sendable {
  /// A login's token.
  case login(AccountID)
  /// A cloud's token.
  case cloud(Cloud, KeyQuery)
  /// A signature with AWS credentials.
  case aws(KeyQuery)

  /// AWS refuses with 403, also what has nothing to do with who asks.
  private static let awsRefusals: Set = ["expiredtokenexception", "expiredtoken", "unrecognizedclientexception"]

  /// Whether `error` means that the proof is no good.
  func isRefused(by error: ProviderError) -> Bool {
    if case .aws = self, let code = error.upstreamCode?.lowercased(), Self.awsRefusals.contains(code) { return true }
    return error.status == 401
  }
}

extension CompletionEngine {
  /// Whether there is another proof than the one in `endpoint`, which was refused. That none can be had just now is no
  /// better an answer than the refusal itself.
  func isRenewed(_ proof: RequestProof, refused endpoint: Endpoint) async throws(ProviderError) -> Bool {
    do throws(ProviderError) {
      switch (proof, endpoint.apiKey, endpoint.aws) {
      case (.login(let account), let token?, _): return try await keys.renew(account, refused: token)
      case (.cloud(let cloud, let query), let token?, _):
        return try await clouds.renew(cloud, cloudEnvironment(query), refused: token)
      case (.aws(let query), _, let signer?):
        return try await keys.renewAWS(for: query, refused: signer.accessKeyId)
      default: return false
      }
    } catch {
      if [.authRequired, .cancelled, .storage].contains(error.kind) { throw error }
      return false
    }
  }

  /// `error`, with all the ways to a key of `provider` when it is about one.
  func explained(
    _ error: ProviderError, _ provider: Provider, _ call: CompletionCall? = nil
  ) async -> ProviderError {
    guard error.kind == .authRequired, let catalog = try? await catalog() else { return error }
    return await keys.explained(error, keyQuery(provider, catalog, call: call?.apiKey, account: call?.account))
  }
}
