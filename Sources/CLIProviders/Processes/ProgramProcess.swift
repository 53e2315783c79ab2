internal import JSON
internal import Platform
internal import Synchronization

/// A running program with its supervisor: what goes in, what comes out, how it ended. `next` must be called until it
/// says that all is over; that also takes the supervisor out of the system's books.
final class ProgramProcess: Sendable {
  /// What comes of a program.
  enum Event: Sendable, Hashable {
    case output([UInt8])
    /// All is over: no process of it is left. With the end of what it wrote to standard error.
    case ended(ProgramExit, errors: String)
    /// Nothing until the deadline.
    case silent
  }

  /// So much of what it writes to standard error is kept, in bytes.
  private static let errorLimit = 8192
  /// How long it may take to end by itself once it says nothing more.
  private static let patience = Duration.seconds(5)

  private struct State {
    var output: Int32?
    var errors: Int32?
    var leash: Int32?
    var input: Int32?
    var report: [UInt8] = []
    var errorTail: [UInt8] = []
    /// When it is to be ended by force.
    var limit: ContinuousClock.Instant?
    var ended: Event?
  }

  private let child: pid_t
  private let leash: Int32
  // The lock is held for a look or a change, never while something blocks. The descriptors are closed by `next` alone,
  // and the one for input by whoever writes.
  private let state: Mutex<State>

  /// Starts the program under a supervisor, which `supervisor` starts. Blocks.
  init(_ launch: ProgramLaunch, supervisor: [String], environment: [String: String]) throws(SystemError) {
    let (input, output, errors, pair) = (try Pipe(), try Pipe(), try Pipe(), try SocketPair())
    defer { for end in [input.reading, output.writing, errors.writing, pair.other] { close(end) } }
    do throws(SystemError) {
      child = try spawn(
        supervisor, environment: environment, input: input.reading, output: output.writing, errors: errors.writing,
        extra: pair.other)
    } catch {
      for end in [input.writing, output.reading, errors.reading, pair.own] { close(end) }
      throw error
    }
    leash = pair.own
    state = Mutex(State(output: output.reading, errors: errors.reading, leash: pair.own, input: input.writing))
    // A supervisor that is gone already shows by the end of the leash.
    try? FileSystem.write(launch.json.bytes + [0x0A], to: pair.own, path: "the supervisor")
  }

  /// Has the program and all it started end: they are asked first, then forced. `next` says when that is done.
  func end() { state.withLock { state in if let leash = state.leash { shutdown(leash, Int32(SHUT_WR)) } } }

  /// The program has said all: it may end by itself, and is ended when that takes long.
  func expectEnd() { state.withLock { $0.limit = $0.limit ?? .now + Self.patience } }

  // MARK: Input

  /// Gives the program `bytes` to read. A program that reads no more says by other ways what is wrong with it.
  func write(_ bytes: [UInt8]) async {
    guard let input = state.withLock(\.input) else { return }
    await BlockingQueue.run { try? FileSystem.write(bytes, to: input, path: "the program") }
  }

  /// Tells the program that there is no more to read. To be called when nothing is being written.
  func closeInput() {
    let input = state.withLock { state in
      defer { state.input = nil }
      return state.input
    }
    if let input { close(input) }
  }

  // MARK: Output

  /// What comes next. To be called by one task at a time.
  func next(until deadline: ContinuousClock.Instant?) async -> Event {
    await BlockingQueue.run { self.nextBlocking(until: deadline) }
  }

  private func nextBlocking(until deadline: ContinuousClock.Instant?) -> Event {
    while true {
      let (streams, leash, limit, ended) = state.withLock { state in
        ([state.output, state.errors].compactMap { $0 }, state.leash, state.limit, state.ended)
      }
      if let ended { return ended }
      // What is left in the pipes when all processes are gone is there at once.
      let ready = waitUntilReadable(
        streams + (leash.map { [$0] } ?? []), until: leash == nil ? .now : [deadline, limit].compactMap { $0 }.min())
      if ready.isEmpty {
        if leash == nil { return finish() }
        guard let limit, limit <= .now else { return .silent }
        state.withLock { $0.limit = nil }
        end()
        continue
      }
      if let bytes = take(ready) { return .output(bytes) }
    }
  }

  /// Reads what is ready; what the program printed, if that is among it.
  private func take(_ ready: [Int32]) -> [UInt8]? {
    let (output, errors, leash) = state.withLock { ($0.output, $0.errors, $0.leash) }
    if let errors, ready.contains(errors) { readErrors(errors) }
    if let leash, ready.contains(leash) { readReport(leash) }
    guard let output, ready.contains(output) else { return nil }
    if let bytes = Self.read(output) { return bytes }
    state.withLock { $0.output = nil }
    close(output)
    expectEnd()
    return nil
  }

  private func readErrors(_ errors: Int32) {
    guard let bytes = Self.read(errors) else {
      state.withLock { $0.errors = nil }
      close(errors)
      return
    }
    state.withLock { $0.errorTail = Array(($0.errorTail + bytes).suffix(Self.errorLimit)) }
  }

  private func readReport(_ leash: Int32) {
    let bytes = Self.read(leash)
    state.withLock { state in
      if let bytes { state.report += bytes } else { state.leash = nil }
    }
    if bytes == nil { close(leash) }
  }

  /// What is there to be read; `nil` at the end.
  private static func read(_ descriptor: Int32) -> [UInt8]? {
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
      let result = retryingInterrupts { Platform.read(descriptor, buffer.baseAddress, buffer.count) }
      failed = result <= 0
      count = max(0, result)
    }
    return failed ? nil : bytes
  }

  private func finish() -> Event {
    _ = retryingInterrupts { Int(waitpid(child, nil, 0)) }
    return state.withLock { state in
      for descriptor in [state.output, state.errors] { if let descriptor { close(descriptor) } }
      (state.output, state.errors) = (nil, nil)
      let errors = String(decoding: state.errorTail, as: UTF8.self)
      let event = Event.ended(ProgramExit(report: state.report), errors: errors)
      state.ended = event
      return event
    }
  }
}
