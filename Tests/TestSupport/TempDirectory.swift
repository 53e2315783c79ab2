package import Platform

/// A folder of its own for one test, removed with all it holds when the last reference goes.
package final class TempDirectory: Sendable {
  /// The folder's absolute path.
  package let path: String

  /// Makes a new, empty folder that only this user can enter.
  package init() throws {
    let base = Environment.process["TMPDIR"] ?? "/tmp"
    var template = Array("\(base)/patchbay-test-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw SystemError("make folder", base) }
    path = String(cString: made)
  }

  deinit { try? FileSystem.remove(path) }

  /// The path of `name` in this folder.
  package func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file, with the folders above it, and gives it exactly `mode`.
  @discardableResult
  package func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
    let path = file(name)
    if let slash = path.lastIndex(of: "/") { try FileSystem.makeDirectory(String(path[..<slash])) }
    try FileSystem.replace(path, with: Array(text.utf8))
    // Unlike the mode given to `open`, this is not cut by the umask.
    guard chmod(path, mode) == 0 else { throw SystemError("change the mode of", path) }
    return path
  }
}
