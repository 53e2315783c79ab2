internal import Completion
internal import Platform

/// Tells a client that is waiting that there is nothing to tell.
enum SilenceWatch {
  /// After so long without content the client is told so, and each time it has passed again.
  private static let patienceMs = 15_000

  /// Does `work` and says on `answer` whenever nothing came for a while. `waiting` says what for, until content comes.
  static func watch<Value>(
    _ answer: LiveAnswer, _ clock: MonotonicClock, waiting: String,
    _ work: () async throws(ProviderError) -> Value
  ) async throws(ProviderError) -> Value {
    let watch = Task { await tell(answer, clock, waiting) }
    let result: Result<Value, ProviderError>
    do throws(ProviderError) {
      result = .success(try await work())
    } catch {
      result = .failure(error)
    }
    watch.cancel()
    // What it is about to say must not come behind the end.
    await watch.value
    return try result.get()
  }

  private static func tell(_ answer: LiveAnswer, _ clock: MonotonicClock, _ waiting: String) async {
    let patience = Int64(patienceMs) * 1_000_000
    let start = clock.now()
    var told = start
    while await clock.wait(until: max(told, answer.lastContent) + patience) {
      let heard = max(answer.lastContent, start)
      guard clock.now() - max(told, heard) >= patience else { continue }
      told = clock.now()
      let message = answer.firstContent == nil ? waiting : "waiting for the model to go on"
      await answer.stayedSilent(message, elapsedMs: clock.milliseconds(since: heard))
    }
  }
}
