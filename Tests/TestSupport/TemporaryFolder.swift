internal import Platform

/// A folder of a test's own, gone when the test is.
package final class TemporaryFolder: Sendable {
  /// Its absolute path.
  package let path: String

  /// Makes an empty one.
  package init() throws {
    path = "\(Environment.process["TMPDIR"] ?? "/tmp")/patchbay-test-\(randomHex(8))"
    try FileSystem.makeDirectory(path)
  }

  deinit { try? FileSystem.remove(path) }

  /// Writes a file at `name`, below folders that are made as needed.
  package func write(_ name: String, _ text: String) throws {
    let file = "\(path)/\(name)"
    if let slash = file.lastIndex(of: "/") { try FileSystem.makeDirectory(String(file[..<slash])) }
    try FileSystem.replace(file, with: Array(text.utf8))
  }
}
