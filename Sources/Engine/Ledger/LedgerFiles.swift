internal import JSON
internal import Platform

/// The ledger on disk: `usage.jsonl`, and the files it was before, `usage-1.jsonl` being the latest of them. Any number
/// of processes write and read. Every method blocks.
///
/// A writer holds the lock of the file it writes to, and makes sure that it is still the one of that name: who has the
/// lock and finds the file full moves it away. Readers take no lock.
struct LedgerFiles: Sendable {
  /// The size at which a new file is begun, and how many full ones are kept.
  struct Limits: Sendable {
    var size = 8 << 20
    var kept = 16
  }

  /// So much is read at once.
  private static let chunk = 256 << 10
  /// No line of ours is longer.
  private static let longestLine = 64 << 10

  private let folder: String
  private let limits: Limits

  init(folder: String, limits: Limits = Limits()) {
    self.folder = folder
    self.limits = limits
  }

  /// The file that is written to.
  var path: String { "\(folder)/usage.jsonl" }
  private func path(_ number: Int) -> String { number == 0 ? path : "\(folder)/usage-\(number).jsonl" }

  /// Appends whole lines. What a process that was killed left of a line is taken away.
  func append(_ lines: [UInt8]) throws(SystemError) {
    try FileSystem.makeDirectory(folder)
    var file = try openLocked()
    if try file.stamp().size >= limits.size {
      let full = file
      defer { full.unlock() }
      try rotate()
      file = try openLocked()
    }
    defer { file.unlock() }
    try file.append(lines, sync: false)
  }

  private func openLocked() throws(SystemError) -> LineFile {
    while true {
      guard let file = try LineFile(path: path, create: true) else { continue }
      guard try file.lock(wait: true) else { continue }
      var found = stat()
      // Another process may have moved it away while this one waited for the lock.
      if stat(path, &found) == 0, UInt64(found.st_ino) == (try file.stamp()).inode { return file }
      file.unlock()
    }
  }

  /// Moves the files on by one, the last one first, up to the first number that is free; the oldest goes when none is.
  private func rotate() throws(SystemError) {
    let free = (1...limits.kept).first { access(path($0), F_OK) != 0 } ?? limits.kept
    for number in stride(from: free - 1, through: 0, by: -1) {
      guard rename(path(number), path(number + 1)) == 0 || errno == ENOENT else {
        throw SystemError("rename", path(number))
      }
    }
  }

  // MARK: Reading

  /// Up to where the ledger was read.
  struct Position: Sendable, Hashable {
    fileprivate var inode: UInt64
    fileprivate var offset: Int
  }

  /// Passes every line that ended at or after `since`, in milliseconds since 1970, to `body`, the oldest file first. With
  /// `position`, only those behind it, or all when that place is gone. Returns where to go on, and how many lines made
  /// no sense.
  func read(
    since: Int = 0, from position: Position? = nil, _ body: (LedgerLine) -> Void
  ) throws(SystemError) -> (position: Position?, damaged: Int) {
    var files = try snapshot()
    if let position, let place = files.firstIndex(where: { $0.inode == position.inode }) {
      files = Array(files[place...])
      files[0].start = position.offset
    }
    var damaged = 0
    var end = position
    for file in files {
      // Whatever is in a file was there when it was last written to.
      let isOld = file.modified < since / 1000
      let offset = isOld ? file.size : try read(file, since: since, body, &damaged)
      end = Position(inode: file.inode, offset: offset)
    }
    return (end, damaged)
  }

  /// A file that is open, so that it stays what it is whatever becomes of its name.
  private final class OpenFile {
    let descriptor: Int32
    let path: String
    let inode: UInt64
    let size: Int
    let modified: Int
    var start = 0

    init?(_ path: String) throws(SystemError) {
      descriptor = open(path, O_RDONLY | O_CLOEXEC)
      self.path = path
      var status = stat()
      guard descriptor >= 0 else {
        if errno == ENOENT { return nil }
        throw SystemError("read", path)
      }
      guard fstat(descriptor, &status) == 0 else { throw SystemError("read", path) }
      inode = UInt64(status.st_ino)
      size = Int(status.st_size)
      #if canImport(Darwin)
      modified = Int(status.st_mtimespec.tv_sec)
      #else
      modified = Int(status.st_mtim.tv_sec)
      #endif
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
  }

  /// All files, the oldest first. They are opened in the direction in which they are moved on, so that none is missed;
  /// one may be met twice.
  private func snapshot() throws(SystemError) -> [OpenFile] {
    var files: [OpenFile] = []
    for number in 0...limits.kept {
      guard let file = try OpenFile(path(number)), !files.contains(where: { $0.inode == file.inode }) else { continue }
      files.append(file)
    }
    return files.reversed()
  }

  /// Returns where the last whole line ends.
  private func read(
    _ file: OpenFile, since: Int, _ body: (LedgerLine) -> Void, _ damaged: inout Int
  ) throws(SystemError) -> Int {
    let earliest = Array("{\"time\":\"\(Timestamp.text(milliseconds: max(0, since)))".utf8)
    var buffer = [UInt8](repeating: 0, count: Self.chunk)
    var rest: [UInt8] = []
    var offset = file.start
    while offset < file.size {
      let count = retryingInterrupts {
        buffer.withUnsafeMutableBytes {
          pread(file.descriptor, $0.baseAddress, min($0.count, file.size - offset), off_t(offset))
        }
      }
      guard count >= 0 else { throw SystemError("read", file.path) }
      if count == 0 { break }
      offset += count
      var bytes = buffer[..<count]
      while let end = bytes.firstIndex(of: 0x0A) {
        let line = rest.isEmpty ? bytes[..<end] : (rest + bytes[..<end])[...]
        rest = []
        bytes = bytes[(end + 1)...]
        if line.starts(with: earliest.prefix(9)), line.lexicographicallyPrecedes(earliest) { continue }
        let parsed = (try? JSONValue(parsing: line)).flatMap(LedgerLine.init)
        if let parsed, parsed.time >= since { body(parsed) } else if parsed == nil, !line.isEmpty { damaged += 1 }
      }
      if rest.count <= Self.longestLine { rest += bytes }
    }
    return offset - rest.count
  }
}
