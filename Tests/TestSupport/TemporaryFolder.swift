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

  /// The names of what is in it.
  package func entries() throws -> [String] { try FileSystem.list(path) }

  /// Every file in it, by its path from here.
  package func files(below folder: String = "") throws -> [String] {
    try FileSystem.list("\(path)/\(folder)").flatMap { name in
      let name = folder.isEmpty ? name : "\(folder)/\(name)"
      var status = stat()
      guard lstat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return [name] }
      return try files(below: name)
    }
  }

  /// A file's content; empty when there is none.
  package func read(_ name: String) throws -> String {
    String(decoding: try FileSystem.read("\(path)/\(name)") ?? [], as: UTF8.self)
  }
}
