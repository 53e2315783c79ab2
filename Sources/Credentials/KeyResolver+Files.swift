package import Completion
internal import HTTP
internal import JSON
internal import Platform

/// Another program's file that holds a key, and what goes with it: a JSON object.
package struct KeyFile: Sendable, Hashable {
  /// Where it is; a leading `~/` is the home folder.
  package var path: String
  /// The member that holds the key.
  package var key: String
  /// Which member holds which variable, by the variable's name.
  package var variables: [String: String]

  /// A file at `path` whose member `key` is the key.
  package init(path: String, key: String, variables: [String: String] = [:]) {
    self.path = path
    self.key = key
    self.variables = variables
  }
}

/// What stands beside a provider's key in the files that may hold it.
package struct KeySurroundings: Sendable, Hashable {
  /// The variables of its entry in `auth.json`, by the names of the environment.
  package var environment: [String: String] = [:]
  /// Whose login the entry in `auth.json` is.
  package var account: String?
  /// The variables of another program's file, by the provider's names for them.
  package var file: [String: String] = [:]

  /// Nothing.
  package init() {}
}

extension KeyResolver {
  /// More is no file with a key.
  private static let maximumFile = 1 << 20

  /// What is in another program's file.
  struct FileContents: Sendable {
    let path: String
    /// `nil` when the file holds none.
    let key: Secret?
    let variables: [String: String]
    /// What is unsafe about the file.
    let warning: String?
  }

  /// What stands beside a provider's key.
  /// - Throws: `storage` for a file that cannot be read, or that others may write.
  package func surroundings(of query: KeyQuery) async throws(ProviderError) -> KeySurroundings {
    var surroundings = KeySurroundings()
    switch try await store.credential(for: query.id) {
    case .apiKey(_, let environment): surroundings.environment = environment
    case .oauth(let tokens): surroundings.account = tokens.extra["accountId"]?.string
    case nil: break
    }
    surroundings.file = try await contents(of: query.file)?.variables ?? [:]
    return surroundings
  }

  /// The place of another program's file.
  func path(of file: KeyFile) -> String { expandingHome(file.path) }

  /// `path` with the home folder in the place of a leading `~`.
  func expandingHome(_ path: String) -> String {
    guard path.hasPrefix("~/"), let home = environment["HOME"] else { return path }
    return "\(home)/\(path.dropFirst(2))"
  }

  /// Whether another program's file is there and holds a key. Blocks.
  package func holdsKeyBlocking(_ file: KeyFile) -> Bool {
    (try? Self.read(file, at: path(of: file)))??.key != nil
  }

  /// Reads another program's file; `nil` when there is none.
  func contents(of file: KeyFile?) async throws(ProviderError) -> FileContents? {
    guard let file else { return nil }
    let path = path(of: file)
    return try await BlockingQueue.run { () throws(ProviderError) in try Self.read(file, at: path) }
  }

  private static func read(_ file: KeyFile, at path: String) throws(ProviderError) -> FileContents? {
    guard let (bytes, mode) = try bytes(of: path) else { return nil }
    let value: JSONValue
    do {
      value = try JSONValue(parsing: bytes)
    } catch {
      throw ProviderError(
        .storage, "\(path):\(error.line):\(error.column): \(error.message)",
        hint: "Correct the file, or remove it and let the program that wrote it write it again.")
    }
    func text(_ member: String) -> String? {
      value[member]?.string.flatMap { $0.isBlank ? nil : $0.trimmed }
    }
    let isPrivate = mode & 0o077 == 0
    return FileContents(
      path: path, key: text(file.key).map { Secret($0) }, variables: file.variables.compactMapValues(text),
      warning: isPrivate ? nil : "\(path) holds a key, but others may read it; run: chmod 600 \(shellQuoted(path))")
  }

  /// The bytes of a file that this user alone, or root, may have written, and its mode; `nil` when there is none.
  private static func bytes(of path: String) throws(ProviderError) -> ([UInt8], mode_t)? {
    func refused(_ why: String, _ hint: String? = nil) -> ProviderError {
      ProviderError(.storage, "\(path) \(why), so it is not used", hint: hint)
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw refused("cannot be read: \(SystemError("read", path).reason)", "Make the file readable for yourself.")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= maximumFile else {
      throw refused("is no plain file of at most \(maximumFile) bytes")
    }
    guard status.st_uid == geteuid() || status.st_uid == 0 else { throw refused("belongs to another user") }
    // Whoever can write it decides where the key goes. A group may: on many systems everybody has one of their own.
    guard status.st_mode & 0o002 == 0 else {
      throw refused("may be written by everybody", "Run: chmod 600 \(shellQuoted(path))")
    }
    do {
      return (try FileSystem.read(descriptor, path: path), status.st_mode)
    } catch {
      throw refused("cannot be read: \(error.reason)")
    }
  }
}
