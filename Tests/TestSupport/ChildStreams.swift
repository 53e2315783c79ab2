internal import Platform
internal import Synchronization

/// A started process and the test's ends of its three pipes.
struct StartedProcess {
  let id: pid_t
  let input: Int32
  let output: Int32
  let errors: Int32
}

/// A child that is gone must answer a write with an error, not end the tests.
private let ignoresBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

/// Held while descriptors that a child must not inherit exist without their close-on-exec mark.
private let spawning = Mutex(())

/// Starts a program with default signal handling and pipes for its three standard streams.
func startWithPipes(
  _ path: String, _ arguments: [String], environment: [String: String]
) throws(ChildFailure) -> StartedProcess {
  _ = ignoresBrokenPipes
  return try spawning.withLock { _ throws(ChildFailure) in
    let (input, output, errors) = (try makePipe(), try makePipe(), try makePipe())
    let child = [input.read, output.write, errors.write]
    defer { for end in child { close(end) } }
    let id = try spawn(path, arguments, environment: environment, streams: child)
    return StartedProcess(id: id, input: input.write, output: output.read, errors: errors.read)
  }
}

/// A pipe that children do not inherit.
private func makePipe() throws(ChildFailure) -> (read: Int32, write: Int32) {
  var ends: [Int32] = [-1, -1]
  guard pipe(&ends) == 0 else { throw ChildFailure("cannot make a pipe: \(String(cString: strerror(errno)))") }
  for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  return (ends[0], ends[1])
}

private func spawn(
  _ path: String, _ arguments: [String], environment: [String: String], streams: [Int32]
) throws(ChildFailure) -> pid_t {
  #if canImport(Darwin)
  var actions: posix_spawn_file_actions_t?
  var attributes: posix_spawnattr_t?
  #else
  var actions = posix_spawn_file_actions_t()
  var attributes = posix_spawnattr_t()
  #endif
  posix_spawn_file_actions_init(&actions)
  posix_spawnattr_init(&attributes)
  defer {
    posix_spawn_file_actions_destroy(&actions)
    posix_spawnattr_destroy(&attributes)
  }
  for (number, end) in streams.enumerated() { posix_spawn_file_actions_adddup2(&actions, end, Int32(number)) }
  // The tests ignore SIGPIPE, and the threads of the pool block most signals; a child must inherit neither.
  var signals = sigset_t()
  sigemptyset(&signals)
  for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP] { sigaddset(&signals, signal) }
  posix_spawnattr_setsigdefault(&attributes, &signals)
  var blocked = sigset_t()
  sigemptyset(&blocked)
  posix_spawnattr_setsigmask(&attributes, &blocked)
  posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))

  var id = pid_t()
  let status = withCStrings([path] + arguments) { argv in
    withCStrings(environment.map { "\($0)=\($1)" }) { posix_spawn(&id, path, &actions, &attributes, argv, $0) }
  }
  guard status == 0 else { throw ChildFailure("cannot start \(path): \(String(cString: strerror(status)))") }
  return id
}

private func withCStrings<Value>(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Value) -> Value {
  let copies = texts.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return body(copies + [nil])
}

/// Blocks until process `id` is gone.
func exitOfProcess(_ id: pid_t) -> ChildProcess.Exit {
  var status: Int32 = 0
  _ = retryingInterrupts { Int(waitpid(id, &status, 0)) }
  return status & 0x7f == 0 ? .status((status >> 8) & 0xff) : .signal(status & 0x7f)
}

/// Hands everything that comes out of `descriptor` to `body` on a thread of its own, and closes it at the end.
func readAll(
  _ descriptor: Int32, _ body: @escaping @Sendable ([UInt8]) -> Void, onEnd: @escaping @Sendable () -> Void
) {
  startThread("child-errors") {
    while let bytes = readSome(descriptor) { body(bytes) }
    close(descriptor)
    onEnd()
  }
}

/// The next bytes; `nil` at the end.
private func readSome(_ descriptor: Int32) -> [UInt8]? {
  let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
    count = max(0, retryingInterrupts { read(descriptor, buffer.baseAddress, buffer.count) })
  }
  return bytes.isEmpty ? nil : bytes
}

/// Reads a descriptor on a thread of its own; it can be told to pause, and to close the descriptor under the writer.
final class StreamReader: Sendable {
  private enum Mode { case reading, paused, closed }

  private let mode = Monitor(Mode.reading)
  private let wake: (read: Int32, write: Int32)

  init(
    _ descriptor: Int32, _ body: @escaping @Sendable ([UInt8]) -> Void, onEnd: @escaping @Sendable () -> Void
  ) throws(ChildFailure) {
    wake = try spawning.withLock { _ throws(ChildFailure) in try makePipe() }
    startThread("child-output") { [mode, wake] in
      while let bytes = Self.next(descriptor, mode, wake.read) { body(bytes) }
      // Both ends of the wake pipe stay open until nobody can use them: the object keeps one, this thread the other.
      Platform.close(wake.read)
      Platform.close(descriptor)
      onEnd()
    }
  }

  deinit { Platform.close(wake.write) }

  func pause() { set(.paused) }
  func resume() { set(.reading) }
  func close() { set(.closed) }

  private func set(_ mode: Mode) {
    self.mode.withLock { $0 = mode }
    _ = write(wake.write, "x", 1)
  }

  /// The next bytes, once reading is wanted; `nil` at the end and when told to close. Waiting with `poll` and not in
  /// `read` lets another thread's wish be heard.
  private static func next(_ descriptor: Int32, _ mode: Monitor<Mode>, _ wake: Int32) -> [UInt8]? {
    while true {
      let mode = mode.withLock { $0 }
      if mode == .closed { return nil }
      var waits = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
      if mode == .reading { waits.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)) }
      _ = retryingInterrupts { Int(poll(&waits, nfds_t(waits.count), -1)) }
      if waits[0].revents != 0 { _ = readSome(wake) }
      if waits.count == 2, waits[1].revents != 0 { return readSome(descriptor) }
    }
  }
}
