internal import Platform

/// A folder of files that may hold keys and that are needed for as long as a program runs. Every method blocks.
package struct PrivateFolder {
  private static let lockName = "lock"
  /// A folder that is younger may still be in the making, in seconds.
  private static let infancy = 60

  private let path: String
  private let lock: FileLock?

  /// Makes the folder and the files, for this user alone.
  init(_ files: PrivateFiles) throws(SystemError) {
    path = files.folder
    try FileSystem.makeDirectory(path)
    lock = try FileLock.tryTaking(files.path(Self.lockName))
    for (name, text) in files.texts { try FileSystem.replace(files.path(name), with: Array(text.utf8)) }
  }

  /// Removes the folder with all that is in it.
  func remove() {
    try? FileSystem.remove(path)
    lock?.release()
  }

  /// Removes the folders in `parent` whose owner was killed before it could do so.
  package static func removeAbandoned(in parent: String, now: Int = time(nil)) {
    for name in (try? FileSystem.list(parent)) ?? [] {
      let folder = "\(parent)/\(name)"
      var status = stat()
      guard stat(folder, &status) == 0, Int(status.modificationSeconds) + infancy < now else { continue }
      guard let lock = try? FileLock.tryTaking("\(folder)/\(lockName)") else { continue }
      try? FileSystem.remove(folder)
      lock.release()
    }
  }
}

extension stat {
  /// When the file was changed last, in seconds since 1970.
  var modificationSeconds: Int {
    #if canImport(Darwin)
    st_mtimespec.tv_sec
    #else
    st_mtim.tv_sec
    #endif
  }
}
