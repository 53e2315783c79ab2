internal import JSON
internal import Platform

/// The small process that stands between the engine and a program. It holds one end of a pair of sockets, the leash,
/// and lets the program and everything it starts live no longer than the other end: the system lets go of that end
/// whatever way the engine ends. What the engine writes into the leash is the order; what comes back is how it ended.
package enum Supervisor {
  /// The command by which the program starts itself as one.
  package static let word = "__supervise"
  /// The descriptor of the leash.
  private static let leash: Int32 = 3
  /// How long processes may take to end after they were asked to.
  private static let grace = Duration.milliseconds(500)
  /// Between two looks for what a forced end has missed.
  private static let pause = Duration.milliseconds(10)

  /// Does what the order says, until the program or the engine has ended. Blocks; the calling thread must stay for as
  /// long as the program.
  package static func run() -> Int32 {
    closeOthers()
    // A terminal that is closed is the engine's business.
    _ = setsid()
    guard let order = readOrder() else { return 2 }
    let isHeir = adoptOrphans()
    do throws(SystemError) {
      let folder = try order.files.map { files throws(SystemError) in try PrivateFolder(files) }
      defer { folder?.remove() }
      let child = try startDependent(
        order.program, order.arguments, environment: order.environment, directory: order.directory)
      letGoOfStreams()
      report(try supervise(child, isHeir: isHeir))
      return 0
    } catch {
      report(.failed(error.description))
      return 1
    }
  }

  private static func supervise(_ child: pid_t, isHeir: Bool) throws(SystemError) -> ProgramExit {
    let ended = try Pipe()
    startThread("program") {
      var info = siginfo_t()
      _ = retryingInterrupts { Int(waitid(P_PID, id_t(child), &info, WEXITED | WNOWAIT)) }
      close(ended.writing)
    }
    onTermination { _ in shutdown(leash, Int32(SHUT_RD)) }
    if !waitUntilReadable([leash, ended.reading]).contains(ended.reading) {
      end(child, SIGTERM)
      if waitUntilReadable([ended.reading], until: .now + grace).isEmpty { end(child, SIGKILL) }
      _ = waitUntilReadable([ended.reading])
    }
    // The child keeps its number, and its group's, until it is waited for: signals hit nobody else.
    end(child, isHeir ? SIGTERM : SIGKILL)
    var status: Int32 = 0
    _ = retryingInterrupts { Int(waitpid(child, &status, 0)) }
    try endDescendants()
    return ProgramExit(status)
  }

  /// Sends `signal` to the child, to its group, and to all that descends from this process.
  private static func end(_ child: pid_t, _ signal: Int32) {
    kill(-child, signal)
    kill(child, signal)
    for process in descendants() { kill(process, signal) }
  }

  /// Waits for what is left to end, which it was asked to, and then forces it.
  private static func endDescendants() throws(SystemError) {
    let gone = try Pipe()
    startThread("heir") {
      // Each one's children become this process's.
      while waitpid(-1, nil, 0) > 0 || errno == EINTR {}
      close(gone.writing)
    }
    guard waitUntilReadable([gone.reading], until: .now + grace).isEmpty else { return }
    repeat {
      for process in descendants() { kill(process, SIGKILL) }
    } while waitUntilReadable([gone.reading], until: .now + pause).isEmpty
  }

  /// The processes that descend from this one, where the system shows them.
  private static func descendants() -> [pid_t] {
    var parents: [pid_t: pid_t] = [:]
    for name in (try? FileSystem.list("/proc")) ?? [] {
      guard let process = pid_t(name), let bytes = try? FileSystem.read("/proc/\(name)/stat") else { continue }
      // `pid (name) state parent …`, and the name may hold anything.
      let text = String(decoding: bytes, as: UTF8.self)
      guard let end = text.lastIndex(of: ")") else { continue }
      let words = text[end...].split(separator: " ")
      if words.count > 2, let parent = pid_t(words[2]) { parents[process] = parent }
    }
    let own = getpid()
    return parents.keys.filter { process in
      var ancestor = parents[process]
      while let next = ancestor, next != own { ancestor = parents[next] }
      return ancestor == own
    }
  }

  // MARK: Descriptors

  /// The engine's other descriptors, should any have come along.
  private static func closeOthers() {
    for name in (try? FileSystem.list("/dev/fd")) ?? [] {
      if let descriptor = Int32(name), descriptor > leash { close(descriptor) }
    }
    _ = fcntl(leash, F_SETFD, FD_CLOEXEC)
  }

  /// The pipes are the program's alone: their end is when it has closed them.
  private static func letGoOfStreams() {
    let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
    guard nothing >= 0 else { return }
    for descriptor in STDIN_FILENO...STDERR_FILENO { dup2(nothing, descriptor) }
    close(nothing)
  }

  // MARK: The leash

  private static func readOrder() -> ProgramLaunch? {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while bytes.last != 0x0A {
      let count = retryingInterrupts {
        chunk.withUnsafeMutableBytes { read(leash, $0.baseAddress, $0.count) }
      }
      guard count > 0 else { return nil }
      bytes += chunk[..<count]
    }
    return (try? JSONValue(parsing: bytes.dropLast())).flatMap { try? ProgramLaunch(json: $0) }
  }

  private static func report(_ exit: ProgramExit) {
    // An engine that is gone does not want to know.
    try? FileSystem.write(exit.json.bytes + [0x0A], to: leash, path: "the engine")
  }
}

/// How a program ended.
package enum ProgramExit: Sendable, Hashable {
  /// By itself.
  case status(Int)
  case signal(Int)
  /// It could not be started, and why.
  case failed(String)
  /// Nobody knows: its supervisor is gone.
  case unknown

  /// Reads what `waitpid` says.
  init(_ status: Int32) {
    let signal = status & 0x7F
    self = signal == 0 ? .status(Int(status >> 8 & 0xFF)) : .signal(Int(signal))
  }

  /// As the supervisor reports it.
  var json: JSONValue {
    switch self {
    case .status(let status): ["status": .int(status)]
    case .signal(let signal): ["signal": .int(signal)]
    case .failed(let reason): ["failed": .string(reason)]
    case .unknown: [:]
    }
  }

  /// Reads what `json` writes.
  init(report: [UInt8]) {
    let json = try? JSONValue(parsing: report)
    if let status = json?["status"]?.int {
      self = .status(status)
    } else if let signal = json?["signal"]?.int {
      self = .signal(signal)
    } else if let reason = json?["failed"]?.string {
      self = .failed(reason)
    } else {
      self = .unknown
    }
  }
}
