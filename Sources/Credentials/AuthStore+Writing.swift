package import Completion
internal import JSON
package import Platform

extension AuthStore: CredentialStore {
  /// How long a change waits for other changes.
  private static let patience = Duration.seconds(15)

  package func credential(for account: AccountID) async throws(ProviderError) -> StoredCredential? {
    try await BlockingQueue.run { () throws(ProviderError) in try self.credentialBlocking(for: account) }
  }

  package func accounts() async throws(ProviderError) -> [AccountID] {
    try await BlockingQueue.run { () throws(ProviderError) in try self.accountsBlocking() }
  }

  package func save(_ credential: StoredCredential, for account: AccountID) async throws(ProviderError) {
    try await change { text, source in
      text.set(account.key, .object(credential.json(inPlaceOf: source?.value[account.key]?.object)))
    }
  }

  package func remove(_ account: AccountID) async throws(ProviderError) -> StoredCredential? {
    try await change { text, source throws(ProviderError) in
      guard let source, let old = try self.credential(named: account.key, in: source) else { return nil }
      text.remove(account.key)
      return old
    }
  }

  /// Puts `new` in the place of `old`, unless somebody changed the entry meanwhile. Returns what is there then.
  func exchange(
    _ old: OAuthCredential, for new: OAuthCredential, of account: AccountID
  ) async throws(ProviderError) -> StoredCredential? {
    try await change { text, source throws(ProviderError) in
      guard let source, let found = try self.credential(named: account.key, in: source) else { return nil }
      guard found == .oauth(old) else { return found }
      let fresh = StoredCredential.oauth(new)
      text.set(account.key, .object(fresh.json(inPlaceOf: source.value[account.key]?.object)))
      return fresh
    }
  }

  /// The credential as the file holds it at this moment.
  func currentCredential(for account: AccountID) async throws(ProviderError) -> StoredCredential? {
    try await BlockingQueue.run { () throws(ProviderError) in
      guard let source = try self.readAnew()?.source else { return nil }
      return try self.credential(named: account.key, in: source)
    }
  }

  /// Changes the file under its lock. `body` gets the text and, where there is a file, what it means.
  private func change<Value: Sendable>(
    _ body: @escaping @Sendable (inout JSONObjectText, JSONSource?) throws(ProviderError) -> Value
  ) async throws(ProviderError) -> Value {
    let target = try await BlockingQueue.run { [path] () throws(ProviderError) in
      try Self.makeFolder(of: path)
      return Self.target(of: path)
    }
    let lock = try await Self.lock("\(target).flock", within: Self.patience, for: path)
    return try await BlockingQueue.run { () throws(ProviderError) in
      defer { lock.release() }
      Self.sweep(target)
      let current = try self.readAnew()
      var text = JSONObjectText(current?.bytes ?? Array("{}\n".utf8))
      let before = text.bytes
      let value = try body(&text, current?.source)
      if text.bytes != before { try Self.write(text.bytes, to: target) }
      return value
    }
  }

  /// Waits for a lock file.
  /// - Throws: `storage` when others keep it for longer than `limit`, `cancelled`.
  static func lock(
    _ lockPath: String, within limit: Duration, for what: String
  ) async throws(ProviderError) -> FileLock {
    do throws(FileLock.Failure) {
      return try await FileLock.take(lockPath, within: limit)
    } catch {
      switch error {
      case .cancelled: throw ProviderError(.cancelled, "cancelled while waiting for the lock of \(what)")
      case .system(let error): throw ProviderError(error)
      case .busy:
        throw ProviderError(
          .storage, "another process has kept \(lockPath) locked for \(limit.formattedSeconds)",
          hint: "End the process that holds it (`fuser \(shellQuoted(lockPath))` names it), then try again.")
      }
    }
  }

  static func makeFolder(of path: String) throws(ProviderError) {
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
    do throws(SystemError) {
      try FileSystem.makeDirectory(String(path[..<slash]))
    } catch {
      throw ProviderError(error)
    }
  }

  /// The file that `path` leads to: a link to a file elsewhere stays a link.
  private static func target(of path: String) -> String {
    guard let pointer = realpath(path, nil) else { return path }
    defer { free(pointer) }
    return String(cString: pointer)
  }

  private static func parts(of path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    return (slash == path.startIndex ? "/" : String(path[..<slash]), String(path[path.index(after: slash)...]))
  }

  /// Removes what writers that were killed left behind. Whoever writes holds the lock, so nobody else does now.
  private static func sweep(_ target: String) {
    let (folder, name) = parts(of: target)
    for file in (try? FileSystem.list(folder)) ?? [] where file.hasPrefix("\(name).") && file.hasSuffix(".tmp") {
      unlink("\(folder)/\(file)")
    }
  }

  private static func write(_ bytes: [UInt8], to target: String) throws(ProviderError) {
    do throws(SystemError) {
      try FileSystem.replace(target, with: bytes, mode: 0o600)
      try FileSystem.syncFolder(parts(of: target).folder)
    } catch {
      throw ProviderError(error)
    }
  }
}

extension ProviderError {
  /// The `storage` error a client sees for a failed system call.
  package init(_ error: SystemError) {
    let hint: String? =
      switch error.code {
      case ENOSPC, EDQUOT: "Free some space on the disk that holds \(error.path)."
      case EACCES, EPERM, EROFS: "Make \(error.path) writable for you, or set PATCHBAY_HOME to another folder."
      default: nil
      }
    self.init(.storage, error.description, hint: hint)
  }
}
