internal import Completion
internal import JSON
internal import Platform
internal import Synchronization

/// `auth.json`: an object of entries by provider or `provider#account`, as pi writes it; read again when it changes.
/// What it holds are keys, so a file that others can read is refused. How it is changed: `AuthStore+Writing.swift`.
package final class AuthStore: Sendable {
  /// The file.
  package let path: String

  /// What tells one version of the file from the next.
  fileprivate struct Version: Hashable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    var seconds: Int
    var nanoseconds: Int

    /// Whether a later change would certainly have another time. File systems tell the time in ticks.
    var isSettled: Bool {
      var now = timespec()
      clock_gettime(CLOCK_REALTIME, &now)
      return (now.tv_sec - seconds) * 1000 + (now.tv_nsec - nanoseconds) / 1_000_000 > 100
    }
  }

  private struct Contents: Sendable {
    var version: Version
    var source: JSONSource
  }

  private let contents = Mutex<Contents?>(nil)

  /// The store in the file at `path`, which need not be there.
  package init(path: String) { self.path = path }

  /// `credential(for:)` for a thread that may block.
  func credentialBlocking(for account: AccountID) throws(ProviderError) -> StoredCredential? {
    guard let source = try read() else { return nil }
    return try credential(named: account.key, in: source)
  }

  /// `accounts()` for a thread that may block.
  func accountsBlocking() throws(ProviderError) -> [AccountID] {
    try read()?.value.object.map { $0.keys.map(AccountID.init(key:)) } ?? []
  }

  /// The entry of that name in what was read of the file.
  func credential(named name: String, in source: JSONSource) throws(ProviderError) -> StoredCredential? {
    guard let value = source.value[name] else { return nil }
    do {
      return try StoredCredential(value, named: name, source)
    } catch {
      throw damaged("\(path):\(source.line(of: error.path) ?? source.line(of: [name]) ?? 1): \(error)")
    }
  }

  /// The file as it is now; `nil` when there is none.
  private func read() throws(ProviderError) -> JSONSource? {
    guard let descriptor = try openFile() else { return nil }
    defer { close(descriptor) }
    let version = Version(try status(of: descriptor))
    if let known = contents.withLock({ $0 }), known.version == version { return known.source }
    let source = try parse(try readAll(descriptor))
    contents.withLock { $0 = version.isSettled ? Contents(version: version, source: source) : nil }
    return source
  }

  /// The file's bytes and what they mean, past anything kept in memory; `nil` when there is none.
  func readAnew() throws(ProviderError) -> (bytes: [UInt8], source: JSONSource)? {
    guard let descriptor = try openFile() else { return nil }
    defer { close(descriptor) }
    _ = try status(of: descriptor)
    let bytes = try readAll(descriptor)
    return (bytes, try parse(bytes))
  }

  private func openFile() throws(ProviderError) -> Int32? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor >= 0 { return descriptor }
    if errno == ENOENT || errno == ENOTDIR { return nil }
    throw unreadable(SystemError("read", path))
  }

  private func status(of descriptor: Int32) throws(ProviderError) -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw unreadable(SystemError("read", path)) }
    guard status.st_mode & 0o077 == 0 else {
      let mode = String(status.st_mode & 0o777, radix: 8)
      throw ProviderError(
        .storage, "\(path) holds keys, but others may use it (mode \(mode)), so it is not read",
        hint: "Run: chmod 600 \(shellQuoted(path))")
    }
    return status
  }

  private func readAll(_ descriptor: Int32) throws(ProviderError) -> [UInt8] {
    do {
      return try FileSystem.read(descriptor, path: path)
    } catch {
      throw unreadable(error)
    }
  }

  private func parse(_ bytes: [UInt8]) throws(ProviderError) -> JSONSource {
    do {
      let source = try JSONSource(parsing: bytes, file: path, options: .strict)
      guard case .object = source.value else {
        throw damaged("\(path):1: must be an object, but is \(source.value.kindName)")
      }
      return source
    } catch let error as JSONError {
      throw damaged("\(path):\(error.line):\(error.column): \(error.message)")
    } catch let error as ProviderError {
      throw error
    } catch {
      throw damaged("\(path): \(error)")
    }
  }

  private func unreadable(_ error: SystemError) -> ProviderError {
    ProviderError(.storage, "\(error)", hint: "Make the file readable for yourself, or remove it and log in again.")
  }

  private func damaged(_ message: String) -> ProviderError {
    ProviderError(.storage, message, hint: "Correct \(path), or remove it and log in again. It was left as it is.")
  }
}

extension AuthStore.Version {
  fileprivate init(_ status: stat) {
    #if canImport(Darwin)
    let changed = status.st_mtimespec
    #else
    let changed = status.st_mtim
    #endif
    self.init(
      device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
      seconds: Int(changed.tv_sec), nanoseconds: Int(changed.tv_nsec))
  }
}

/// `text` as one word of a shell command.
func shellQuoted(_ text: String) -> String {
  let isPlain = text.utf8.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "/._-+,".utf8.contains(byte)
    }
  }
  guard !isPlain else { return text }
  return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}
