internal import Platform

/// The key in `file`, or on standard input for `-`, as the option `--api-key-file` of `command` names it.
func keyFromFile(_ file: String, _ command: String) throws -> String {
  let bytes: [UInt8]
  do {
    if file == "-" {
      bytes = try FileSystem.read(STDIN_FILENO, path: "standard input")
    } else if let content = try FileSystem.read(file) {
      bytes = content
    } else {
      throw SystemError("read", file, code: ENOENT)
    }
  } catch {
    throw UsageError(message: "--api-key-file: \(error)", command: command)
  }
  let key = trimmed(String(decoding: bytes, as: UTF8.self))
  guard !key.isEmpty else { throw UsageError(message: "\(file) holds no key", command: command) }
  return key
}

/// `text` without white space at its ends.
func trimmed(_ text: String) -> String {
  String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
}
