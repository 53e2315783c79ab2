internal import JSON
package import Platform
internal import Synchronization

/// A file that JSON lines are appended to, by a thread that may block: who has something to say never waits.
package final class LogFile: Sendable {
  /// So many bytes may wait to be written; what comes beyond that is counted, not kept.
  private static let pendingLimit = 4 << 20

  private struct State {
    var pending: [UInt8] = []
    var dropped = 0
    var isWriting = false
    var failure: SystemError?
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let path: String
  private let descriptor: Int32
  private let state = Mutex(State())

  /// Opens the file for appending, making it, for this user alone, where it is not there.
  package init(_ path: String) throws(SystemError) {
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw SystemError("write to", path) }
    self.path = path
  }

  deinit { close(descriptor) }

  /// Why the last lines are not in the file, if so.
  package var failure: SystemError? { state.withLock(\.failure) }

  func append(_ line: JSONObject) {
    let mustStart = state.withLock { state in
      guard state.pending.count < Self.pendingLimit else {
        state.dropped += 1
        return false
      }
      if state.dropped > 0 {
        let note: JSONValue = ["level": "error", "event": "dropped", "lines": .int(state.dropped)]
        state.pending.append(json: note)
        state.pending.append(0x0A)
        state.dropped = 0
      }
      state.pending.append(json: .object(line))
      state.pending.append(0x0A)
      defer { state.isWriting = true }
      return !state.isWriting
    }
    if mustStart { Task { await self.write() } }
  }

  /// Waits until all that was said is in the file, or cannot be brought there.
  func settle() async {
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        if state.isWriting { state.waiting.append(continuation) }
        return !state.isWriting
      }
      if isIdle { continuation.resume() }
    }
  }

  private func write() async {
    while true {
      let (lines, waiting) = state.withLock { state -> ([UInt8], [CheckedContinuation<Void, Never>]) in
        let lines = state.pending
        state.pending = []
        guard lines.isEmpty else { return (lines, []) }
        state.isWriting = false
        defer { state.waiting = [] }
        return ([], state.waiting)
      }
      guard !lines.isEmpty else {
        for continuation in waiting { continuation.resume() }
        return
      }
      let outcome = await BlockingQueue.run { [self] in
        Result { () throws(SystemError) in try FileSystem.write(lines, to: descriptor, path: path) }
      }
      state.withLock { if case .failure(let error) = outcome { $0.failure = error } else { $0.failure = nil } }
    }
  }
}
