/// A system call that failed: which file, what was tried, why.
package struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
  /// `errno` after the call.
  package let code: Int32
  /// What was tried: "open", "write to".
  package let action: String
  /// The file.
  package let path: String

  /// The error that `errno` holds right now.
  package init(_ action: String, _ path: String, code: Int32 = errno) {
    self.code = code
    self.action = action
    self.path = path
  }

  /// The system's own words for the code: "No such file or directory".
  package var reason: String { String(cString: strerror(code)) }
  package var description: String { "cannot \(action) \(path): \(reason)" }
}

/// Files by path, without Foundation. Every call blocks.
package enum FileSystem {
  /// The whole of a file; `nil` when there is none.
  package static func read(_ path: String) throws(SystemError) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw SystemError("read", path)
    }
    defer { close(descriptor) }
    return try read(descriptor, path: path)
  }

  /// The rest of an open file.
  package static func read(_ descriptor: Int32, path: String) throws(SystemError) -> [UInt8] {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SystemError("read", path) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(max(0, Int(status.st_size)) + 1)
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = retryingInterrupts {
        chunk.withUnsafeMutableBytes { Platform.read(descriptor, $0.baseAddress, $0.count) }
      }
      guard count >= 0 else { throw SystemError("read", path) }
      if count == 0 { return bytes }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  /// Writes all of `bytes` to an open file.
  package static func write(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(SystemError) {
    var offset = 0
    while offset < bytes.count {
      let count = retryingInterrupts {
        bytes.withUnsafeBytes { Platform.write(descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset) }
      }
      guard count >= 0 else { throw SystemError("write to", path) }
      offset += count
    }
  }

  /// Puts `bytes` in the place of the file at `path` in one step: a reader, or a crash, sees the old file or the new.
  package static func replace(_ path: String, with bytes: [UInt8], mode: mode_t = 0o600) throws(SystemError) {
    let temporary = "\(path).\(getpid()).\(randomHex(4)).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw SystemError("write to", temporary) }
    do throws(SystemError) {
      defer { close(descriptor) }
      try write(bytes, to: descriptor, path: temporary)
      guard fsync(descriptor) == 0 else { throw SystemError("write to", temporary) }
      guard rename(temporary, path) == 0 else { throw SystemError("replace", path) }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// Has the names in a folder on disk, so that a file that was replaced there stays so when the power goes.
  package static func syncFolder(_ path: String) throws(SystemError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("open", path) }
    defer { close(descriptor) }
    // Some file systems cannot, and say so.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw SystemError("write to", path) }
  }

  /// Makes a folder and the ones above it; those that exist are left as they are.
  package static func makeDirectory(_ path: String, mode: mode_t = 0o700) throws(SystemError) {
    if mkdir(path, mode) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
      throw SystemError("make folder", path)
    }
    try makeDirectory(String(path[..<slash]), mode: mode)
    guard mkdir(path, mode) == 0 || errno == EEXIST else { throw SystemError("make folder", path) }
  }

  /// The names in a folder, in no order; empty when there is no such folder.
  package static func list(_ path: String) throws(SystemError) -> [String] {
    guard let directory = opendir(path) else {
      if errno == ENOENT { return [] }
      throw SystemError("list", path)
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
          String(cString: $0)
        }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Removes a file or a folder with all it holds. What is not there is no error.
  package static func remove(_ path: String) throws(SystemError) {
    if unlink(path) == 0 || errno == ENOENT { return }
    guard errno == EISDIR || errno == EPERM else { throw SystemError("remove", path) }
    for name in try list(path) { try remove("\(path)/\(name)") }
    guard rmdir(path) == 0 || errno == ENOENT else { throw SystemError("remove", path) }
  }
}

/// Calls `body` again for as long as a signal interrupts it.
package func retryingInterrupts(_ body: () -> Int) -> Int {
  while true {
    let result = body()
    if result >= 0 || errno != EINTR { return result }
  }
}

/// `count` random bytes from the system, in hexadecimal.
package func randomHex(_ count: Int) -> String {
  var generator = SystemRandomNumberGenerator()
  return (0..<count).map { _ in
    let byte = UInt8.random(in: .min ... .max, using: &generator)
    return (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }.joined()
}

/// The folder the process works in; "/" when it was removed.
package func workingDirectory() -> String {
  guard let pointer = getcwd(nil, 0) else { return "/" }
  defer { free(pointer) }
  return String(cString: pointer)
}
