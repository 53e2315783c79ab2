internal import Platform
internal import Synchronization

/// What programs say their versions are. Each is asked once, until its file changes.
package final class ProgramVersions: Sendable {
  /// How long a program may take to say it.
  private static let patience = Duration.seconds(10)

  private struct Key: Hashable {
    var path: String
    var inode: UInt64
    var changed: Int
  }

  private let known = Mutex<[Key: String]>([:])

  /// Nothing is known yet.
  package init() {}

  /// The first line that `path --version` prints; `nil` when it prints none.
  package func version(of path: String, environment: [String: String], _ runner: ProgramRunner) async -> String? {
    let key = await BlockingQueue.run { () -> Key? in
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      return Key(path: path, inode: UInt64(status.st_ino), changed: status.modificationSeconds)
    }
    guard let key else { return nil }
    if let version = known.withLock({ $0[key] }) { return version }
    var launch = ProgramLaunch(program: path, directory: "/")
    launch.arguments = ["--version"]
    launch.environment = environment
    guard let text = await runner.output(of: launch, within: Self.patience) else { return nil }
    let line = String(decoding: text, as: UTF8.self).firstLine
    guard !line.isEmpty else { return nil }
    known.withLock { $0[key] = line }
    return line
  }
}
