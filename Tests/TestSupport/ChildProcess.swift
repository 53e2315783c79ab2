package import Platform

/// How long a test waits for something that is going to happen before it says that it did not, in seconds. Far beyond
/// what anything here takes: it only turns a hang into a failure.
package let patience = 45

/// Why a child could not be started, or what a test waited for in vain.
package struct ChildFailure: Error, CustomStringConvertible {
  package let description: String

  /// A failure in these words.
  package init(_ description: String) { self.description = description }
}

/// A program that a test started: its input, everything it said, and how it ended. It is killed when nobody holds it.
package final class ChildProcess: Sendable {
  /// How a process ended.
  package enum Exit: Sendable, Hashable {
    /// It returned this status.
    case status(Int32)
    /// This signal ended it.
    case signal(Int32)
  }

  private struct State {
    var output: [UInt8] = []
    var errors: [UInt8] = []
    var openStreams = 2
    var inputIsOpen = true
    var exit: Exit?
    var leaks: [String] = []

    /// Notes the end of a stream. What a watched program said must not hold a planted secret.
    mutating func endStream(_ name: String, _ said: [UInt8], _ report: (@Sendable (String) -> Void)?) {
      openStreams -= 1
      guard let report, PlantedSecret.isIn(said) else { return }
      leaks.append(name)
      report(name)
    }
  }

  /// Its process id.
  package let id: pid_t
  private let name: String
  private let input: Int32
  private let reader: StreamReader
  private let monitor: Monitor<State>

  /// Starts `path` (no search) with exactly `environment`. `onOutput` sees each piece of standard output as it comes,
  /// on the reader's thread, and an empty one at the end. `report` hears of a planted secret in what the built program
  /// says.
  package init(
    _ path: String, _ arguments: [String] = [], environment: [String: String],
    report: @escaping @Sendable (_ place: String) -> Void = PlantedSecret.report,
    onOutput: (@Sendable ([UInt8]) -> Void)? = nil
  ) throws(ChildFailure) {
    let ends = try startWithPipes(path, arguments, environment: environment)
    let monitor = Monitor(State())
    let id = ends.id
    self.id = id
    let name = path.split(separator: "/").last.map(String.init) ?? path
    self.name = name
    let binary = try? PatchbayProcess.binary()
    let isWatched = ([path] + arguments + environment.values).contains { $0 == binary }
    let command = "\(name) \(arguments.joined(separator: " "))"
    let hear = isWatched ? { @Sendable (stream: String) in report("\(stream) of: \(command)") } : nil
    input = ends.input
    self.monitor = monitor
    reader = try StreamReader(ends.output) { bytes in
      onOutput?(bytes)
      monitor.withLock { $0.output += bytes }
    } onEnd: {
      onOutput?([])
      monitor.withLock { $0.endStream("standard output", $0.output, hear) }
    }
    readAll(ends.errors) { bytes in
      monitor.withLock { $0.errors += bytes }
    } onEnd: {
      monitor.withLock { $0.endStream("standard error", $0.errors, hear) }
    }
    startThread("child-waiter") {
      let exit = exitOfProcess(id)
      monitor.withLock { $0.exit = exit }
    }
  }

  deinit {
    kill(SIGKILL)
    closeInput()
    reader.close()
  }

  /// Everything on standard output so far.
  package var output: [UInt8] { monitor.withLock { $0.output } }
  /// Everything on standard error so far.
  package var errors: [UInt8] { monitor.withLock { $0.errors } }
  /// Standard output so far, as text.
  package var outputText: String { String(decoding: output, as: UTF8.self) }
  /// Standard error so far, as text.
  package var errorText: String { String(decoding: errors, as: UTF8.self) }
  /// Whether it is gone.
  package var hasEnded: Bool { monitor.withLock { $0.exit != nil } }

  /// Gives the child `bytes` to read; `false` when it no longer reads.
  @discardableResult
  package func write(_ bytes: [UInt8]) async -> Bool {
    await BlockingQueue.run { [input] in
      do {
        try FileSystem.write(bytes, to: input, path: "the child")
        return true
      } catch {
        return false
      }
    }
  }

  /// Tells the child that there is no more input.
  package func closeInput() {
    let wasOpen = monitor.withLock { state in
      defer { state.inputIsOpen = false }
      return state.inputIsOpen
    }
    if wasOpen { close(input) }
  }

  /// Closes the pipe that the child writes its output into.
  package func closeOutput() { reader.close() }
  /// Leaves what the child says in the pipe, until `resumeReading`.
  package func pauseReading() { reader.pause() }
  /// Goes on reading after `pauseReading`.
  package func resumeReading() { reader.resume() }

  /// Sends a signal.
  package func kill(_ signal: Int32) {
    monitor.withLock { state in
      // Under the lock: the id belongs to the child for as long as its end has not been noted.
      if state.exit == nil { _ = Platform.kill(id, signal) }
    }
  }

  /// Waits until the child is gone and all it said has been read.
  /// - Throws: also when it has said a planted secret.
  package func waitForExit(seconds: Int = patience) async throws(ChildFailure) -> Exit {
    let (exit, leaks) = try await wait(seconds, toSee: "its end") { state in
      state.openStreams == 0 ? state.exit.map { ($0, state.leaks) } : nil
    }
    guard leaks.isEmpty else {
      throw ChildFailure("\(name) said a planted secret on \(leaks.joined(separator: " and ")); \(summary)")
    }
    return exit
  }

  /// Waits until the child has said `text` on either stream.
  package func waitForText(_ text: String, seconds: Int = patience) async throws(ChildFailure) {
    let wanted = Array(text.utf8)
    let said = try await wait(seconds, toSee: "\"\(text)\"") { state -> Bool? in
      if contains(state.output, wanted) || contains(state.errors, wanted) { return true }
      return state.exit == nil ? nil : false
    }
    guard said else { throw ChildFailure("\(name) ended before it said \"\(text)\"; \(summary)") }
  }

  /// What a person needs to see when a test with this child fails.
  package var summary: String {
    "standard output ends in:\n\(tail(output))\nstandard error ends in:\n\(tail(errors))"
  }

  private func wait<Value: Sendable>(
    _ seconds: Int, toSee what: String, _ body: @escaping @Sendable (State) -> Value?
  ) async throws(ChildFailure) -> Value {
    let value = await BlockingQueue.run { [monitor] in monitor.wait(seconds: seconds) { body($0) } }
    guard let value else { throw ChildFailure("waited \(seconds) s for \(name) to show \(what); \(summary)") }
    return value
  }
}

/// The last 2,000 bytes, as text.
private func tail(_ bytes: [UInt8]) -> String { String(decoding: bytes.suffix(2_000), as: UTF8.self) }

/// Whether `wanted` stands somewhere in `bytes`.
package func contains(_ bytes: [UInt8], _ wanted: [UInt8]) -> Bool {
  guard let first = wanted.first else { return true }
  return bytes.withUnsafeBytes { haystack in
    wanted.withUnsafeBytes { needle in
      var start = 0
      while start + needle.count <= haystack.count {
        guard let base = haystack.baseAddress, let pattern = needle.baseAddress,
          let hit = memchr(base + start, Int32(first), haystack.count - start)
        else { return false }
        start = base.distance(to: UnsafeRawPointer(hit))
        guard start + needle.count <= haystack.count else { return false }
        if memcmp(base + start, pattern, needle.count) == 0 { return true }
        start += 1
      }
      return false
    }
  }
}
