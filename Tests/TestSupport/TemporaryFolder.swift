package import Platform
internal import Synchronization

/// A folder of a test's own, gone when the test is. What is in it then must not hold a planted secret, but for what the
/// test wrote itself, and `auth.json`.
package final class TemporaryFolder: Sendable {
  /// Its absolute path.
  package let path: String
  private let own = Mutex<Set<String>>([])
  private let report: @Sendable (String) -> Void

  /// Makes an empty one that only this user can enter. `report` hears of files that hold a planted secret.
  package init(report: @escaping @Sendable (_ place: String) -> Void = PlantedSecret.report) throws {
    path = "\(Environment.process["TMPDIR"] ?? "/tmp")/patchbay-test-\(randomHex(8))"
    self.report = report
    try FileSystem.makeDirectory(path)
  }

  deinit {
    reportSecrets()
    try? FileSystem.remove(path)
  }

  /// The path of `name` in this folder.
  package func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file at `name`, below folders that are made as needed, and gives it exactly `mode`.
  @discardableResult
  package func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
    let file = file(name)
    if let slash = file.lastIndex(of: "/") { try FileSystem.makeDirectory(String(file[..<slash])) }
    try FileSystem.replace(file, with: Array(text.utf8))
    own.withLock { _ = $0.insert(name) }
    // Unlike the mode given to `open`, this is not cut by the umask.
    guard chmod(file, mode) == 0 else { throw SystemError("change the mode of", file) }
    return file
  }

  /// Says that the program may write secrets into the file `name`, as the test told it to.
  package func permitSecrets(in name: String) { own.withLock { _ = $0.insert(name) } }

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
    String(decoding: try FileSystem.read(file(name)) ?? [], as: UTF8.self)
  }

  private func reportSecrets() {
    let own = own.withLock { $0 }
    for name in (try? files()) ?? [] where !own.contains(name) {
      // What `auth.json` is replaced with lies beside it, and stays there when the program is killed.
      guard name.split(separator: "/").last?.hasPrefix("auth.json") == false, isPlain(name) else { continue }
      if let bytes = (try? FileSystem.read(file(name))) ?? nil, PlantedSecret.isIn(bytes) { report("the file \(name)") }
    }
  }

  /// Whether `name` is neither a pipe nor a link, which could lead anywhere.
  private func isPlain(_ name: String) -> Bool {
    var status = stat()
    return lstat(file(name), &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }
}
