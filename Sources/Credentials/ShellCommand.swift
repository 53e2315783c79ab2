internal import Platform

/// A program or shell command whose output is a key: run in a process group of its own, so that whatever it starts ends
/// with it.
enum ShellCommand {
  /// Why a command gave nothing.
  enum Failure: Error, Hashable {
    case cannotStart(String)
    case tooSlow
    case tooMuch
    case status(Int)
    case signal(Int)

    /// What became of the command, which was given `limit`: goes on from "the command".
    func text(_ limit: Duration) -> String {
      switch self {
      case .cannotStart(let reason): "cannot be started: \(reason)"
      case .tooSlow: "took longer than \(limit.formattedSeconds)"
      case .tooMuch: "printed more than any key"
      case .status(let status): "ended with status \(status)"
      case .signal(let signal): "was ended by signal \(signal)"
      }
    }
  }

  /// More output than this is no key.
  private static let maximumOutput = 65_536
  /// How long a command may take to end after it was asked to.
  private static let grace = Duration.milliseconds(500)

  /// More input than this might not fit into a pipe that nobody reads yet.
  static let maximumInput = 16_384

  /// What `command` writes to its standard output when a shell runs it. It reads `input`, of at most `maximumInput`
  /// bytes. Blocks.
  static func output(
    of command: String, environment: [String: String], limit: Duration, input: [UInt8] = []
  ) throws(Failure) -> [UInt8] {
    try output(running: ["/bin/sh", "-c", command], environment: environment, limit: limit, input: input)
  }

  /// What a program writes to its standard output; the first of `arguments` is its path, or a name that is looked up
  /// in the `PATH` of `environment`. It reads `input`, of at most `maximumInput` bytes, and its errors go nowhere. Blocks.
  static func output(
    running arguments: [String], environment: [String: String], limit: Duration, input: [UInt8] = []
  ) throws(Failure) -> [UInt8] {
    let (output, ended) = (try pipe(), try pipe())
    defer { for end in [output.reading, ended.reading] { close(end) } }
    let started = Result { () throws(Failure) in
      let given = try filled(input)
      defer { close(given) }
      let name = arguments.first ?? ""
      // What is named with its path says itself why it cannot be started.
      guard let path = name.contains("/") ? name : programPath(name, in: environment) else {
        throw .cannotStart("there is no program \"\(name)\" in PATH")
      }
      let words = [path] + arguments.dropFirst()
      do throws(SystemError) {
        return try spawn(words, environment: environment, input: given, output: output.writing)
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

  /// A descriptor from which `bytes` can be read, and then the end.
  private static func filled(_ bytes: [UInt8]) throws(Failure) -> Int32 {
    guard bytes.count <= maximumInput else { throw .cannotStart("its input is too long") }
    do {
      let pipe = try Pipe()
      defer { close(pipe.writing) }
      try FileSystem.write(bytes, to: pipe.writing, path: "a pipe")
      return pipe.reading
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
      let ready = waitUntilReadable(isOpen ? [output, ended] : [ended], until: deadline)
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

  /// Ends the child and all of its group, by force when asking does not help.
  private static func end(_ child: pid_t, _ ended: Int32) {
    kill(-child, SIGTERM)
    _ = waitUntilReadable([ended], until: ContinuousClock.now + grace)
    kill(-child, SIGKILL)
  }
}

extension Duration {
  /// As "10 s" or "0.05 s".
  var formattedSeconds: String {
    let seconds = Double(components.seconds) + Double(components.attoseconds) / 1e18
    return seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
  }
}
