internal import Completion
internal import JSON
internal import Platform

/// An append-only file with one JSON text a line: a thread, the ledger. Every method blocks.
///
/// A process that writes holds the file's lock, so two processes never interleave. A line that a killed process left
/// unfinished is dropped by the next writer; nothing else is ever removed.
final class LineFile: Sendable {
  /// The file.
  let path: String
  private let descriptor: Int32

  /// Opens the file, making it when `create` is set; `nil` when there is none.
  init?(path: String, create: Bool) throws(SystemError) {
    let flags = O_RDWR | O_APPEND | O_CLOEXEC | (create ? O_CREAT : 0)
    let descriptor = open(path, flags, 0o600)
    guard descriptor >= 0 else {
      if errno == ENOENT, !create { return nil }
      throw SystemError("open", path)
    }
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Takes the writer's lock; `false` when another holder has it and `wait` is not set.
  func lock(wait: Bool) throws(SystemError) -> Bool {
    let status = retryingInterrupts { Int(flock(descriptor, LOCK_EX | (wait ? 0 : LOCK_NB))) }
    if status == 0 { return true }
    if errno == EWOULDBLOCK { return false }
    throw SystemError("lock", path)
  }

  /// Gives the lock back.
  func unlock() { _ = flock(descriptor, LOCK_UN) }

  /// Tells this file's content from an older one: its inode and size.
  func stamp() throws(SystemError) -> FileStamp {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SystemError("read", path) }
    return FileStamp(inode: UInt64(status.st_ino), size: Int(status.st_size))
  }

  /// The whole lines of the file, empty ones too. What follows the last line end is not there yet, or never will be.
  func lines() throws(SystemError) -> [ArraySlice<UInt8>] {
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw SystemError("read", path) }
    let bytes = try FileSystem.read(descriptor, path: path)
    guard let end = bytes.lastIndex(of: 0x0A) else { return [] }
    return bytes[..<end].split(separator: 0x0A, omittingEmptySubsequences: false)
  }

  /// Appends whole lines in one write; the caller holds the lock. When the disk takes only a part, the part is taken
  /// back, so that the file never holds half a line.
  func append(_ lines: [UInt8], sync: Bool) throws(SystemError) {
    let size = try dropTornLine()
    do throws(SystemError) {
      try FileSystem.write(lines, to: descriptor, path: path)
    } catch {
      ftruncate(descriptor, off_t(size))
      throw error
    }
    #if canImport(Darwin)
    if sync { fsync(descriptor) }
    #else
    if sync { fdatasync(descriptor) }
    #endif
  }

  private func dropTornLine() throws(SystemError) -> Int {
    let size = try stamp().size
    guard size > 0 else { return 0 }
    var last: UInt8 = 0
    if pread(descriptor, &last, 1, off_t(size - 1)) == 1, last == 0x0A { return size }
    var end = size
    var window = [UInt8](repeating: 0, count: 65_536)
    while end > 0 {
      let start = max(0, end - window.count)
      let count = window.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, end - start, off_t(start)) }
      guard count == end - start else { throw SystemError("read", path) }
      if let newline = window[..<count].lastIndex(of: 0x0A) {
        end = start + newline + 1
        break
      }
      end = start
    }
    guard end < size else { return size }
    guard ftruncate(descriptor, off_t(end)) == 0 else { throw SystemError("mend", path) }
    return end
  }
}

/// What a file was when it was read.
struct FileStamp: Hashable {
  let inode: UInt64
  let size: Int
}
