package import Completion
internal import Credentials
internal import Platform

extension CompletionEngine {
  /// What the ledger holds of this day, by the local clock.
  package func usageToday() async throws(ProviderError) -> UsageReport.Sum {
    try await usage(since: LocalDay(of: now()).description, until: nil, by: nil).total
  }

  /// Whether anything was ever asked for that is in the ledger.
  package var hasLedger: Bool { access(ledger.files.path, F_OK) == 0 }

  /// How many completions run right now, in this process and in the person's others.
  package func runningEverywhere() async throws(ProviderError) -> Int {
    await running.settle()
    let folder = directories.state
    do throws(SystemError) {
      return try await BlockingQueue.run { () throws(SystemError) in try RunningCount.total(stateDirectory: folder) }
    } catch {
      throw ProviderError(error)
    }
  }
}
