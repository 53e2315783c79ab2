internal import Platform
internal import Synchronization

/// How many completions run in this process, for the person's other processes to see: the size, in bytes, of a file in
/// `running/` that this process keeps locked. A process that dies loses its lock, so its file counts no longer; whoever
/// counts takes such files away.
///
/// The file follows what runs, on a thread that may block; no completion waits for it. It is a convenience: where it
/// cannot be written, nobody is told.
final class RunningCount: Sendable {
  /// The file, while there is one.
  private struct Mark: Sendable {
    let path: String
    let lock: FileLock
  }

  private struct State {
    var count = 0
    /// Whether the file is to go, as long as nothing runs.
    var isLeaving = false
    /// What the file says; `nil` when there is none.
    var written: Int?
    var mark: Mark?
    var isWriting = false
    var waiting: [CheckedContinuation<Void, Never>] = []

    /// What the file ought to say.
    var wanted: Int? { isLeaving && count == 0 ? nil : count }
  }

  private let folder: String
  private let state = Mutex(State())

  /// A count that is kept below the state directory. Nothing is written until something runs.
  init(stateDirectory: String) { folder = Self.folder(stateDirectory) }

  private static func folder(_ stateDirectory: String) -> String { "\(stateDirectory)/running" }

  /// So many more run, or fewer.
  func add(_ change: Int) {
    let mustStart = state.withLock { state in
      state.count += change
      state.isLeaving = false
      defer { state.isWriting = true }
      return !state.isWriting
    }
    if mustStart { Task { await self.write() } }
  }

  /// Waits until the file says what runs; when nothing does, it is gone.
  func settle() async {
    await withCheckedContinuation { continuation in
      let isSettled = state.withLock { state in
        state.isLeaving = true
        if !state.isWriting, state.written == state.wanted { return true }
        state.waiting.append(continuation)
        if !state.isWriting { Task { await self.write() } }
        state.isWriting = true
        return false
      }
      if isSettled { continuation.resume() }
    }
  }

  /// Writes until the file says what it ought to. What changes several times meanwhile is written once.
  private func write() async {
    while let step = next() {
      let mark = await BlockingQueue.run { [folder] in Self.write(step.wanted, to: step.mark, in: folder) }
      state.withLock { ($0.written, $0.mark) = (step.wanted, mark) }
    }
  }

  /// What is to be written now; `nil` when the writer is done.
  private func next() -> (wanted: Int?, mark: Mark?)? {
    var waiting: [CheckedContinuation<Void, Never>] = []
    let step = state.withLock { state -> (Int?, Mark?)? in
      if state.written != state.wanted { return (state.wanted, state.mark) }
      state.isWriting = false
      swap(&waiting, &state.waiting)
      return nil
    }
    for continuation in waiting { continuation.resume() }
    return step
  }

  private static func write(_ count: Int?, to mark: Mark?, in folder: String) -> Mark? {
    guard let count else {
      if let mark { unlink(mark.path) }
      return nil
    }
    let mark = mark ?? make(in: folder)
    mark?.lock.resize(to: count)
    return mark
  }

  private static func make(in folder: String) -> Mark? {
    guard (try? FileSystem.makeDirectory(folder)) != nil else { return nil }
    while true {
      let path = "\(folder)/\(getpid())-\(randomHex(4))"
      do throws(SystemError) {
        if let lock = try FileLock.tryTaking(path) { return Mark(path: path, lock: lock) }
        // Somebody who counts has it at this very moment, and takes it away.
      } catch {
        return nil
      }
    }
  }

  // MARK: Reading

  /// How many completions run in all processes that share the state directory. Blocks.
  static func total(stateDirectory: String) throws(SystemError) -> Int {
    let folder = folder(stateDirectory)
    var total = 0
    for name in try FileSystem.list(folder) {
      let path = "\(folder)/\(name)"
      guard try FileLock.removeUnlessHeld(path) else { continue }
      var status = stat()
      if stat(path, &status) == 0 { total += Int(status.st_size) }
    }
    return total
  }
}
