internal import Completion
internal import HTTP
internal import JSON
internal import Platform
internal import Synchronization

/// What `auth.json` holds for a provider.
enum AuthEntry: Sendable {
  /// A key text, and variables that stand in for the environment's.
  case apiKey(KeyText?, environment: [String: String])
  /// A login's token, when it ends in milliseconds since 1970, and whose it is.
  case oauth(access: Secret, expires: Int, account: String?)
}

/// `auth.json`: an object of entries by provider id, as pi writes it. Only read here, and read again when it changes.
/// What it holds are keys, so a file that others can read is refused.
final class AuthFile: Sendable {
  let path: String

  /// What tells one version of the file from the next.
  fileprivate struct Version: Hashable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    var seconds: Int
    var nanoseconds: Int
  }

  private struct Contents: Sendable {
    var version: Version
    var source: JSONSource
  }

  private let contents = Mutex<Contents?>(nil)

  init(path: String) { self.path = path }

  /// The entry of `provider`; `nil` when there is none. Blocks.
  /// - Throws: `storage` naming the file when it is damaged or others can read it.
  func entry(for provider: String) throws(ProviderError) -> AuthEntry? {
    guard let source = try read(), let value = source.value[provider] else { return nil }
    do {
      return try entry(value, provider, source)
    } catch {
      throw damaged("\(path):\(source.line(of: error.path) ?? source.line(of: [provider]) ?? 1): \(error)")
    }
  }

  /// The ids of the providers that have an entry. Blocks.
  func providers() throws(ProviderError) -> [String] { try read()?.value.object.map { Array($0.keys) } ?? [] }

  private func entry(
    _ value: JSONValue, _ provider: String, _ source: JSONSource
  ) throws(JSONFieldError) -> AuthEntry {
    var fields = try JSONFields(value, path: [provider])
    switch try fields.require("type", try fields.string("type")) {
    case "api_key":
      let key = try fields.string("key").map { text in
        KeyText(text, origin: .file(path, line: source.line(of: [provider, "key"]) ?? 1))
      }
      var environment: [String: String] = [:]
      for (name, value) in try fields.object("env") ?? JSONObject() {
        guard let text = value.string else { throw fields.error("env", "must hold strings, but \(name) is none") }
        environment[name] = text
      }
      return .apiKey(key, environment: environment)
    case "oauth":
      let access = try fields.require("access", try fields.string("access"))
      let expires = try fields.require(
        "expires", try fields.optional("expires", "a time in milliseconds") { $0.double })
      let account = try fields.string("accountId")
      return .oauth(access: Secret(access), expires: Int(max(0, min(expires, 9e15))), account: account)
    case let type:
      throw fields.error("type", "\"\(type)\" is no kind of login; there are \"api_key\" and \"oauth\"")
    }
  }

  /// The file as it is now; `nil` when there is none.
  private func read() throws(ProviderError) -> JSONSource? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw unreadable(SystemError("read", path))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw unreadable(SystemError("read", path)) }
    guard status.st_mode & 0o077 == 0 else {
      let mode = String(status.st_mode & 0o777, radix: 8)
      throw ProviderError(
        .storage, "\(path) holds keys, but others may use it (mode \(mode)), so it is not read",
        hint: "Run: chmod 600 \(shellQuoted(path))")
    }
    let version = Version(status)
    if let known = contents.withLock({ $0 }), known.version == version { return known.source }
    let source = try parse(descriptor)
    contents.withLock { $0 = Contents(version: version, source: source) }
    return source
  }

  private func parse(_ descriptor: Int32) throws(ProviderError) -> JSONSource {
    let bytes: [UInt8]
    do {
      bytes = try FileSystem.read(descriptor, path: path)
    } catch {
      throw unreadable(error)
    }
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

extension AuthFile.Version {
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
