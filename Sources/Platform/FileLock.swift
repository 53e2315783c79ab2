/// A file that one holder at a time has locked, across threads and processes. The system takes the lock back when its
/// holder dies. The file itself stays: to remove it would let two in who opened it at different times.
package final class FileLock: Sendable {
  /// Why the lock could not be had.
  package enum Failure: Error, Hashable {
    /// Somebody held it for the whole of the time.
    case busy
    /// The task was cancelled while it waited.
    case cancelled
    /// The file cannot be made or locked.
    case system(SystemError)
  }

  /// The longest pause between two attempts, in milliseconds.
  private static let longestPause = 20

  private let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Waits at most `limit` for the lock on the file at `path`, which is made, for this user alone, where it is not
  /// there. Its folder must be.
  package static func take(_ path: String, within limit: Duration) async throws(Failure) -> FileLock {
    let deadline = ContinuousClock.now + limit
    var pause = 1
    while true {
      if Task.isCancelled { throw .cancelled }
      let attempt = await BlockingQueue.run { Result { () throws(SystemError) in try tryTaking(path) } }
      switch attempt {
      case .failure(let error): throw .system(error)
      case .success(let lock?): return lock
      case .success(nil): break
      }
      guard ContinuousClock.now < deadline else { throw .busy }
      // Somewhat by chance, so that those who wait do not all come at once.
      guard (try? await Task.sleep(for: .milliseconds(Int.random(in: 1...pause)))) != nil else { throw .cancelled }
      pause = min(pause * 2, longestPause)
    }
  }

  /// The lock, or `nil` when somebody has it.
  package static func tryTaking(_ path: String) throws(SystemError) -> FileLock? {
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
      guard descriptor >= 0 else { throw SystemError("lock", path) }
      let lock = FileLock(descriptor)
      guard retryingInterrupts({ Int(flock(descriptor, LOCK_EX | LOCK_NB)) }) == 0 else {
        if errno == EWOULDBLOCK { return nil }
        throw SystemError("lock", path)
      }
      if lock.isStill(at: path) { return lock }
    }
  }

  /// Removes the file at `path` unless somebody has it locked. Returns whether somebody has. Any number may do this at
  /// once: they do not take each other for somebody.
  package static func removeUnlessHeld(_ path: String) throws(SystemError) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else {
      if errno == ENOENT { return false }
      throw SystemError("open", path)
    }
    let shared = FileLock(descriptor)
    guard retryingInterrupts({ Int(flock(descriptor, LOCK_SH | LOCK_NB)) }) == 0 else {
      if errno == EWOULDBLOCK { return true }
      throw SystemError("lock", path)
    }
    // Who makes the file and has not locked it yet finds that it is gone, and makes it again.
    withExtendedLifetime(shared) { _ = unlink(path) }
    return false
  }

  /// Makes the locked file so many bytes long, in one step.
  package func resize(to size: Int) { _ = ftruncate(descriptor, off_t(size)) }

  /// Gives the lock back; a second call does nothing.
  package func release() { _ = flock(descriptor, LOCK_UN) }

  /// Whether the locked file is the one that others find: somebody may have removed it meanwhile.
  private func isStill(at path: String) -> Bool {
    var (own, found) = (stat(), stat())
    guard fstat(descriptor, &own) == 0, stat(path, &found) == 0 else { return false }
    return own.st_ino == found.st_ino && own.st_dev == found.st_dev
  }
}
