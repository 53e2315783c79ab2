internal import Platform

/// A shell command whose output is a key: run in a process group of its own, so that whatever it starts ends with it.
enum ShellCommand {
  /// Why a command gave nothing.
  enum Failure: Error, Hashable {
    case cannotStart(String)
    case tooSlow
    case tooMuch
    case status(Int)
    case signal(Int)
  }

  /// More output than this is no key.
  private static let maximumOutput = 65_536
  /// How long a command may take to end after it was asked to.
  private static let grace = Duration.milliseconds(500)

  /// What `command` writes to its standard output. Its input is empty and its errors go nowhere. Blocks.
  static func output(
    of command: String, environment: [String: String], limit: Duration
  ) throws(Failure) -> [UInt8] {
    let (output, ended) = (try pipe(), try pipe())
    defer { for end in [output.reading, ended.reading] { close(end) } }
    let started = Result { () throws(Failure) in
      do throws(SystemError) {
        return try spawn(["/bin/sh", "-c", command], environment: environment, output: output.writing)
      } catch {
        throw .cannotStart(error.reason)
      }
    }
    close(output.writing)
    guard case .success(let child) = started else {
      close(ended.writing)
      _ = try started.get()
      return []
    }
    // The child keeps its number until `waitpid` below, so a signal to its group can hit nobody else. Closing the
    // pipe is the news that it is gone.
    startThread("key-command") {
      var info = siginfo_t()
      _ = retryingInterrupts { Int(waitid(P_PID, id_t(child), &info, WEXITED | WNOWAIT)) }
      close(ended.writing)
    }
    let result = Result { () throws(Failure) in
      try read(output.reading, until: ended.reading, deadline: ContinuousClock.now + limit)
    }
    if case .failure = result { end(child, ended.reading) }
    var status: Int32 = 0
    _ = retryingInterrupts { Int(waitpid(child, &status, 0)) }
    let bytes = try result.get()
    if status & 0x7F != 0 { throw .signal(Int(status & 0x7F)) }
    if status >> 8 & 0xFF != 0 { throw .status(Int(status >> 8 & 0xFF)) }
    return bytes
  }

  private static func pipe() throws(Failure) -> Pipe {
    do {
      let pipe = try Pipe()
      _ = fcntl(pipe.reading, F_SETFL, O_NONBLOCK)
      return pipe
    } catch {
      throw .cannotStart(error.reason)
    }
  }

  /// Reads until the child is gone, and then what it left in the pipe: a daemon it started may hold the pipe open.
  private static func read(
    _ output: Int32, until ended: Int32, deadline: ContinuousClock.Instant
  ) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    var isOpen = true
    while true {
      let ready = wait(for: isOpen ? [output, ended] : [ended], until: deadline)
      if ready.contains(output) { isOpen = try drain(output, into: &bytes) }
      if ready.contains(ended) {
        if isOpen { _ = try drain(output, into: &bytes) }
        return bytes
      }
      if ready.isEmpty { throw .tooSlow }
    }
  }

  /// Takes what is there without waiting for more, and returns whether more may come.
  private static func drain(_ descriptor: Int32, into bytes: inout [UInt8]) throws(Failure) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = retryingInterrupts {
        chunk.withUnsafeMutableBytes { Platform.read(descriptor, $0.baseAddress, $0.count) }
      }
      if count < 0 { return errno == EAGAIN }
      if count == 0 { return false }
      bytes.append(contentsOf: chunk[..<count])
      if bytes.count > maximumOutput { throw .tooMuch }
    }
  }

  /// The descriptors that are readable or at their end; none when `deadline` has passed.
  private static func wait(for descriptors: [Int32], until deadline: ContinuousClock.Instant) -> [Int32] {
    var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    while true {
      let left = max(.zero, ContinuousClock.now.duration(to: deadline))
      // Rounded up, or the last millisecond would be spent spinning.
      let milliseconds =
        left.components.seconds * 1000 + (left.components.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
      let count = poll(&entries, nfds_t(entries.count), Int32(clamping: milliseconds))
      if count > 0 { return entries.filter { $0.revents != 0 }.map(\.fd) }
      if count == 0 && ContinuousClock.now >= deadline { return [] }
      if count < 0 && errno != EINTR { return [] }
    }
  }

  /// Ends the child and all of its group, by force when asking does not help.
  private static func end(_ child: pid_t, _ ended: Int32) {
    kill(-child, SIGTERM)
    _ = wait(for: [ended], until: ContinuousClock.now + grace)
    kill(-child, SIGKILL)
  }
}
