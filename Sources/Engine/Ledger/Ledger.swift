internal import Completion
internal import Credentials
internal import JSON
internal import Platform
internal import Synchronization

/// The ledger as the engine writes it. Lines that come while others are being written go to the disk together, in one
/// write; whoever has one written hears when it is there, but never waits long for that.
final class Ledger: Sendable {
  /// So many bytes are kept for the next try when writing fails.
  private static let pendingLimit = 1 << 20

  private struct State {
    var pending: [UInt8] = []
    var waiting: [Waiter] = []
    var isWriting = false
  }

  /// Somebody who waits for a line to be written.
  private final class Waiter: Sendable {
    private let continuation: Mutex<CheckedContinuation<ProviderError?, Never>?>

    init(_ continuation: CheckedContinuation<ProviderError?, Never>) { self.continuation = Mutex(continuation) }

    /// The first end counts.
    func end(_ error: ProviderError?) { continuation.withLock { $0.take() }?.resume(returning: error) }
  }

  let files: LedgerFiles
  private let state = Mutex(State())
  /// Ends when somebody has waited long enough for a line to be on disk; `false` when its task was cancelled before.
  private let patience: @Sendable () async -> Bool

  init(
    folder: String, limits: LedgerFiles.Limits = .init(),
    patience: @escaping @Sendable () async -> Bool = {
      await MonotonicClock.system.wait(until: MonotonicClock.system.deadline(inMs: 1000))
    }
  ) {
    files = LedgerFiles(folder: folder, limits: limits)
    self.patience = patience
  }

  /// Writes a line. Returns why it is not there, if so: it is kept, and written with the next one.
  func record(_ line: LedgerLine) async -> ProviderError? {
    await withCheckedContinuation { continuation in
      let waiter = Waiter(continuation)
      let mustStart = state.withLock { state in
        state.pending.append(json: line.json)
        state.pending.append(0x0A)
        state.waiting.append(waiter)
        defer { state.isWriting = true }
        return !state.isWriting
      }
      if mustStart { Task { await self.write() } }
    }
  }

  /// Waits until all that was recorded is on disk, or cannot be brought there.
  func settle() async {
    guard state.withLock({ !$0.pending.isEmpty || $0.isWriting }) else { return }
    _ = await withCheckedContinuation { continuation in
      let waiter = Waiter(continuation)
      let mustStart = state.withLock { state in
        state.waiting.append(waiter)
        defer { state.isWriting = true }
        return !state.isWriting
      }
      if mustStart { Task { await self.write() } }
    }
  }

  /// Writes until nothing is left.
  private func write() async {
    while true {
      let (lines, waiting) = state.withLock { state in
        let batch = (state.pending, state.waiting)
        (state.pending, state.waiting) = ([], [])
        if batch.1.isEmpty, batch.0.isEmpty { state.isWriting = false }
        return batch
      }
      if lines.isEmpty, waiting.isEmpty { return }
      let watch = Task { [patience] in
        guard await patience() else { return }
        for waiter in waiting { waiter.end(Self.slow(self.files.path)) }
      }
      let failure = await save(lines)
      watch.cancel()
      for waiter in waiting { waiter.end(failure) }
      guard failure != nil else { continue }
      let isOver = state.withLock { state in
        state.pending = (lines + state.pending).count <= Self.pendingLimit ? lines + state.pending : state.pending
        // Who comes now gets another try; nobody else does.
        if state.waiting.isEmpty { state.isWriting = false }
        return !state.isWriting
      }
      if isOver { return }
    }
  }

  private func save(_ lines: [UInt8]) async -> ProviderError? {
    guard !lines.isEmpty else { return nil }
    do throws(SystemError) {
      try await BlockingQueue.run { [files] () throws(SystemError) in try files.append(lines) }
      return nil
    } catch {
      return ProviderError(error)
    }
  }

  private static func slow(_ path: String) -> ProviderError {
    ProviderError(.storage, "\(path) cannot be written to just now: another process holds its lock")
  }
}
