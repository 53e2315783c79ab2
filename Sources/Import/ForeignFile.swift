internal import Completion
package import JSON
internal import Platform

/// Why a text cannot be read, and on which line, counted from 1.
struct FormatError: Error, Hashable {
  let message: String
  let line: Int
}

/// How other programs write their files.
enum FileFormat: Sendable { case json, yaml, toml }

/// Another program's file as one value, and where in it each member stands. What a YAML tag marks is an object with
/// the tag as its one member: `!env "NAME"` is `{"!env": "NAME"}`.
package struct ForeignFile: Sendable {
  /// Its absolute path, or as it was named.
  package let path: String
  /// What it holds.
  package let value: JSONValue
  /// Whether nobody but this user, and root, may have written it: only then may it name commands to run.
  package let isOwn: Bool
  private let lines: @Sendable ([String]) -> Int?

  private static let maximumSize = 16 << 20

  /// Reads a file; `nil` when there is none. Blocks.
  /// - Throws: `storage` naming the file, and the line that is not understood.
  static func read(_ path: String, _ format: FileFormat) throws(ProviderError) -> ForeignFile? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw ProviderError(.storage, "\(SystemError("read", path))", hint: "Make the file readable for yourself.")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= maximumSize else {
      throw ProviderError(.storage, "\(path) is no plain file of at most \(maximumSize) bytes")
    }
    let isOwn = (status.st_uid == geteuid() || status.st_uid == 0) && status.st_mode & 0o022 == 0
    do {
      return try ForeignFile(try FileSystem.read(descriptor, path: path), path: path, format, isOwn: isOwn)
    } catch let error as SystemError {
      throw ProviderError(.storage, "\(error)", hint: "Make the file readable for yourself.")
    } catch let error as ProviderError {
      throw error
    } catch {
      throw ProviderError(.storage, "\(path): \(error)")
    }
  }

  /// Reads a text.
  init(_ bytes: [UInt8], path: String, _ format: FileFormat, isOwn: Bool = true) throws(ProviderError) {
    (self.path, self.isOwn) = (path, isOwn)
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let bytes = bytes.starts(with: byteOrderMark) ? Array(bytes.dropFirst(3)) : bytes
    do {
      switch format {
      case .json:
        let source = try JSONSource(parsing: bytes, file: path)
        value = source.value
        lines = { source.line(of: $0) }
      case .yaml, .toml:
        guard let text = String(validating: bytes, as: UTF8.self) else {
          throw FormatError(message: "is not UTF-8", line: 1)
        }
        var lines: [[String]: Int] = [:]
        value = try format == .yaml ? YAMLReader.read(text, &lines) : TOMLReader.read(text, &lines)
        self.lines = { [lines] in lines[$0] }
      }
    } catch let error as JSONError {
      throw Self.damaged("\(path):\(error.line):\(error.column): \(error.message)")
    } catch let error as FormatError {
      throw Self.damaged("\(path):\(error.line): \(error.message)")
    } catch {
      throw Self.damaged("\(path): \(error)")
    }
  }

  private static func damaged(_ message: String) -> ProviderError {
    ProviderError(.storage, message, hint: "Correct the file, or write that part in another way. Nothing was changed.")
  }

  /// Where the member at `path` stands, or the nearest one around it.
  func place(_ path: [String]) -> ValueOrigin {
    var path = path
    while !path.isEmpty {
      if let line = lines(path) { return .file(self.path, line: line) }
      path.removeLast()
    }
    return .file(self.path, line: 1)
  }
}
