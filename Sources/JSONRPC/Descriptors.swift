internal import Platform

/// A descriptor that messages are written to. It may be shared with other processes, so its flags are left alone:
/// what must not block asks the kernel first.
struct OutputDescriptor {
  enum Kind {
    case pipe
    case socket
    case file
    /// A terminal, or what else may block for as long as it likes.
    case other
  }

  let descriptor: Int32
  let kind: Kind

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      kind = .other
      return
    }
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFIFO: .pipe
      case S_IFSOCK: .socket
      case S_IFREG: .file
      default: .other
      }
  }

  /// Whether `writeNow` may take `count` bytes at all.
  func mayWriteNow(_ count: Int) -> Bool {
    switch kind {
    // A pipe that poll calls writable has room for PIPE_BUF bytes, and takes as many in one piece.
    case .pipe: count <= Int(PIPE_BUF)
    case .socket, .file: true
    case .other: false
    }
  }

  /// Writes what can be written without blocking: how many bytes, or `nil` when the other side is gone. Only for as
  /// many bytes as `mayWriteNow` grants.
  func writeNow(_ bytes: [UInt8]) -> Int? {
    let count = bytes.withUnsafeBytes { bytes in
      switch kind {
      case .pipe where !isWritable: 0
      case .pipe, .file: retryingInterrupts { write(descriptor, bytes.baseAddress, bytes.count) }
      case .socket: retryingInterrupts { send(descriptor, bytes.baseAddress, bytes.count, Self.socketFlags | dontWait) }
      case .other: 0
      }
    }
    if count >= 0 { return count }
    return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : nil
  }

  /// Writes everything, however long that takes; `false` when the other side is gone.
  func writeAll(_ bytes: [UInt8]) -> Bool {
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes { bytes in
        retryingInterrupts {
          guard let start = bytes.baseAddress?.advanced(by: offset) else { return 0 }
          return kind == .socket
            ? send(descriptor, start, bytes.count - offset, Self.socketFlags)
            : write(descriptor, start, bytes.count - offset)
        }
      }
      if count >= 0 {
        offset += count
      } else if errno == EAGAIN || errno == EWOULDBLOCK {
        // Somebody who shares the descriptor made it non-blocking.
        waitUntilWritable(-1)
      } else {
        return false
      }
    }
    return true
  }

  /// Ends a write of another thread that nobody will ever read, where the kernel offers a way.
  func abandon() {
    if kind == .socket { shutdown(descriptor, Int32(SHUT_RDWR)) }
  }

  private var dontWait: Int32 { Int32(MSG_DONTWAIT) }
  #if canImport(Darwin)
  private static let socketFlags: Int32 = 0
  #else
  private static let socketFlags = Int32(MSG_NOSIGNAL)
  #endif

  private var isWritable: Bool { waitUntilWritable(0) }

  @discardableResult
  private func waitUntilWritable(_ milliseconds: Int32) -> Bool {
    var set = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return retryingInterrupts { Int(poll(&set, 1, milliseconds)) } > 0
  }
}

/// Wakes a thread out of `poll`. A signal sent before it waits is not lost.
final class WakePipe: Sendable {
  let readEnd: Int32
  private let writeEnd: Int32

  init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemError("open", "a pipe") }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  func signal() {
    var byte: UInt8 = 0
    // A full pipe wakes as well as one byte more.
    _ = retryingInterrupts { write(writeEnd, &byte, 1) }
  }

  func clear() {
    var bytes: (UInt64, UInt64) = (0, 0)
    while retryingInterrupts({ read(readEnd, &bytes, 16) }) == 16 {}
  }
}
