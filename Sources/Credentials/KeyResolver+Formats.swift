package import Completion
package import HTTP
internal import Platform

extension KeyResolver {
  /// The largest file that is taken for a key.
  private static let maximumFile = 1 << 20

  /// The key that `text` means; `nil` when it is blank. Formats: a literal; the bare name of a variable that is set;
  /// `$NAME`, `${NAME}` and `{env:NAME}` anywhere, with `$$` for a dollar sign; `{file:path}`, relative to the file
  /// the text stands in; `!command`, only from a file that belongs to this user and that nobody else can write.
  /// - Throws: `authRequired` for a variable that is not set or a command that fails, `storage` for a file.
  package func resolve(_ text: String, origin: ValueOrigin) async throws(ProviderError) -> Secret? {
    try await resolve(text, origin: origin, [:])
  }

  /// As `resolve`, with variables that go before the environment's.
  func resolve(
    _ text: String, origin: ValueOrigin, _ own: [String: String]
  ) async throws(ProviderError) -> Secret? {
    let text = text.trimmed
    guard !text.isEmpty else { return nil }
    let format: KeyFormat
    do {
      format = try KeyFormat(text)
    } catch {
      throw ProviderError(
        .authRequired, "the key at \(origin) cannot be read: \(error.message)",
        hint: "In a key that is meant literally, write $$ for each dollar sign.")
    }
    switch format {
    case .word(let name): return Secret(value(of: name, own) ?? name)
    case .command(let command):
      try await checkOwner(of: origin)
      return try await output(of: command, origin: origin)
    case .pieces(let pieces):
      var key = ""
      for piece in pieces { key += try await self.text(of: piece, origin, own) }
      return Secret(key)
    }
  }

  private func value(of name: String, _ own: [String: String]) -> String? {
    (own[name].flatMap { $0.isBlank ? nil : $0 } ?? environment[name])?.trimmed
  }

  private func text(
    of piece: KeyFormat.Piece, _ origin: ValueOrigin, _ own: [String: String]
  ) async throws(ProviderError) -> String {
    switch piece {
    case .literal(let text): return text
    case .variable(let name):
      guard let value = value(of: name, own) else {
        throw ProviderError(
          .authRequired, "the key at \(origin) is taken from the variable \(name), which is not set",
          hint: "Set \(name), or write $$ for a dollar sign that is part of the key.")
      }
      return value
    case .file(let name):
      let path = try path(of: name, origin)
      return try await BlockingQueue.run { () throws(ProviderError) in try Self.read(path, for: origin) }
    }
  }

  private func path(of name: String, _ origin: ValueOrigin) throws(ProviderError) -> String {
    if name.hasPrefix("/") { return name }
    if name.hasPrefix("~/"), let home = environment["HOME"] { return "\(home)/\(name.dropFirst(2))" }
    if case .file(let file, _) = origin, !name.hasPrefix("~") {
      return (file.lastIndex(of: "/").map { String(file[...$0]) } ?? "") + name
    }
    throw ProviderError(
      .authRequired, "the key at \(origin) names the file \(name), which could be anywhere",
      hint: "Write the file's whole path.")
  }

  /// The text of a key file without the white space around it. A device or a pipe could last for ever, so only
  /// files are read.
  private static func read(_ path: String, for origin: ValueOrigin) throws(ProviderError) -> String {
    func failed(_ reason: String) -> ProviderError {
      ProviderError(.storage, "the key file \(path), named at \(origin), \(reason)")
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failed("cannot be read: \(SystemError("read", path).reason)") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw failed("is no plain file") }
    guard status.st_size <= maximumFile else { throw failed("is larger than any key") }
    do {
      let text = String(decoding: try FileSystem.read(descriptor, path: path), as: UTF8.self).trimmed
      guard !text.isEmpty else { throw failed("is empty") }
      return text
    } catch let error as SystemError {
      throw failed("cannot be read: \(error.reason)")
    } catch let error as ProviderError {
      throw error
    } catch {
      throw failed("cannot be read: \(error)")
    }
  }

  /// Refuses commands that somebody else may have written.
  private func checkOwner(of origin: ValueOrigin) async throws(ProviderError) {
    guard case .file(let path, _) = origin else {
      throw ProviderError(
        .authRequired, "a key that is a command runs only when it stands in config.json or auth.json",
        hint: "Write $! for an exclamation mark that begins a key.")
    }
    try await BlockingQueue.run { () throws(ProviderError) in
      var status = stat()
      guard stat(path, &status) == 0 else { throw ProviderError(.storage, "\(SystemError("read", path))") }
      guard status.st_uid == geteuid() else {
        throw ProviderError(
          .authRequired, "the command at \(origin) is not run: the file belongs to another user",
          hint: "Keep keys in a file of your own.")
      }
      guard status.st_mode & 0o022 == 0 else {
        throw ProviderError(
          .authRequired, "the command at \(origin) is not run: others may write to the file",
          hint: "Run: chmod go-w \(shellQuoted(path))")
      }
    }
  }
}
