package import Completion
internal import HTTP
internal import JSON
internal import Platform

/// When a program has taken too long.
package struct ProgramLimits: Sendable {
  /// When its time is over.
  package var deadline: ContinuousClock.Instant?
  /// How long it may say nothing before its first line that is content, and after it.
  package var firstContent: Duration?
  package var idle: Duration?

  /// No limits.
  package init() {}
}

/// Runs programs: starts them, passes on what they say, and sees that nothing of them is left.
package struct ProgramRunner: Sendable {
  /// The longest line that is taken from a program, in bytes.
  package static let lineLimit = LineDecoder.defaultLimit

  private let supervisor: [String]
  private let environment: [String: String]

  /// `supervisor` is what starts `Supervisor.run`, and `environment` is what it gets.
  package init(supervisor: [String], environment: [String: String]) {
    self.supervisor = supervisor
    self.environment = environment
  }

  /// Runs `conversation`, and what it says is to be run after it. Events go to `emit`, which returns whether there was
  /// content among them. When this returns, no process is left.
  /// - Throws: `cancelled`, `timeout`, and what the conversation throws.
  package func run(
    _ conversation: any ProgramConversation, _ limits: ProgramLimits, emit: ([StreamEvent]) async -> Bool
  ) async throws(ProviderError) {
    var next: (any ProgramConversation)? = conversation
    while let conversation = next { next = try await attempt(conversation, limits, emit) }
  }

  private func attempt(
    _ conversation: any ProgramConversation, _ limits: ProgramLimits, _ emit: ([StreamEvent]) async -> Bool
  ) async throws(ProviderError) -> (any ProgramConversation)? {
    let process = try await start(conversation.launch)
    let result = await withTaskCancellationHandler {
      await converse(conversation, process, limits, emit)
    } onCancel: {
      process.end()
    }
    if Task.isCancelled { throw Self.cancelled }
    return try result.get()
  }

  /// What a program prints that has nothing to read; `nil` when it cannot be started or takes too long.
  func output(of launch: ProgramLaunch, within limit: Duration) async -> [UInt8]? {
    guard let process = try? await start(launch) else { return nil }
    process.closeInput()
    var (bytes, isLate): ([UInt8], Bool) = ([], false)
    while true {
      switch await process.next(until: isLate ? nil : .now + limit) {
      case .output(let piece): bytes += piece.prefix(Self.lineLimit - bytes.count)
      case .silent:
        isLate = true
        process.end()
      case .ended: return isLate ? nil : bytes
      }
    }
  }

  private static let cancelled = ProviderError(.cancelled, "cancelled")

  private func start(_ launch: ProgramLaunch) async throws(ProviderError) -> ProgramProcess {
    if Task.isCancelled { throw Self.cancelled }
    let (supervisor, environment) = (supervisor, environment)
    do throws(SystemError) {
      return try await BlockingQueue.run { () throws(SystemError) in
        try ProgramProcess(launch, supervisor: supervisor, environment: environment)
      }
    } catch {
      throw ProviderError(.internal, "\(launch.program) cannot be started: \(error)")
    }
  }

  /// Talks to the program until it has ended.
  private func converse(
    _ conversation: any ProgramConversation, _ process: ProgramProcess, _ limits: ProgramLimits,
    _ emit: ([StreamEvent]) async -> Bool
  ) async -> Result<(any ProgramConversation)?, ProviderError> {
    var talk = ProgramTalk(conversation, process, limits)
    var failure: ProviderError?
    await talk.act(on: talk.begin(), emit)
    while true {
      let event = await process.next(until: failure == nil ? talk.deadline : nil)
      if failure != nil {
        if case .ended = event { break }
        continue
      }
      do throws(ProviderError) {
        switch event {
        case .output(let bytes): try await talk.take(bytes, emit)
        case .silent: throw talk.timeout
        case .ended(let exit, let errors):
          await talk.settle()
          return .success(try await talk.finish(exit, errors, emit))
        }
      } catch {
        failure = error
        process.end()
        if case .ended = event { break }
      }
    }
    await talk.settle()
    return .failure(failure ?? Self.cancelled)
  }
}

/// A conversation with a process.
private struct ProgramTalk {
  private var conversation: any ProgramConversation
  private let process: ProgramProcess
  private let limits: ProgramLimits
  private var lines = LineDecoder(limit: ProgramRunner.lineLimit)
  private var hadContent = false
  private var lastHeard = ContinuousClock.now
  /// What is being written to the program: it may be busy writing to us first.
  private var writing: Task<Void, Never>?

  init(_ conversation: any ProgramConversation, _ process: ProgramProcess, _ limits: ProgramLimits) {
    self.conversation = conversation
    self.process = process
    self.limits = limits
  }

  /// When waiting has no point any more.
  var deadline: ContinuousClock.Instant? {
    let silence = hadContent ? limits.idle : limits.firstContent
    return [limits.deadline, silence.map { lastHeard + $0 }].compactMap { $0 }.min()
  }

  /// Why waiting has no point any more.
  var timeout: ProviderError {
    let isTotal = limits.deadline.map { $0 <= .now } ?? false
    var error = ProviderError(
      .timeout, isTotal ? "the program took longer than it may" : "the program said nothing for longer than it may",
      hint: "Raise timeoutSeconds, or timeout, of the provider in the config file.")
    error.phase = isTotal ? .total : hadContent ? .idle : .firstToken
    return error
  }

  mutating func begin() -> ProgramStep { conversation.begin() }

  mutating func take(_ bytes: [UInt8], _ emit: ([StreamEvent]) async -> Bool) async throws(ProviderError) {
    lastHeard = .now
    var rest = bytes[...]
    var step = ProgramStep()
    var failure: ProviderError?
    do throws(ProviderError) {
      while let line = try nextLine(&rest) { try take(line, &step) }
    } catch {
      // What came before the error was said, and the client hears it.
      failure = error
    }
    await act(on: step, emit)
    if let failure { throw failure }
  }

  private mutating func nextLine(_ bytes: inout ArraySlice<UInt8>) throws(ProviderError) -> ArraySlice<UInt8>? {
    do throws(HTTPError) {
      return try lines.next(in: &bytes)
    } catch {
      throw ProviderError(
        .upstreamInvalid, "the program printed a line of more than \(ProgramRunner.lineLimit) bytes")
    }
  }

  private mutating func take(_ line: ArraySlice<UInt8>, _ step: inout ProgramStep) throws(ProviderError) {
    // Programs print warnings and notices in between.
    guard line.first == UInt8(ascii: "{"), let value = try? JSONValue(parsing: Array(line), options: .upstream) else {
      return
    }
    try conversation.take(value, into: &step)
  }

  mutating func finish(
    _ exit: ProgramExit, _ errors: String, _ emit: ([StreamEvent]) async -> Bool
  ) async throws(ProviderError) -> (any ProgramConversation)? {
    var step = ProgramStep()
    if let line = lines.finish() { try take(line, &step) }
    let next = try conversation.finish(exit, errors: errors, into: &step)
    await act(on: step, emit)
    return next
  }

  mutating func act(on step: ProgramStep, _ emit: ([StreamEvent]) async -> Bool) async {
    if !step.input.isEmpty || step.closesInput {
      writing = Task { [process, before = writing] in
        await before?.value
        if !step.input.isEmpty { await process.write(step.input) }
        if step.closesInput { process.closeInput() }
      }
    }
    if !step.events.isEmpty, await emit(step.events) { hadContent = true }
    if step.isDone { process.expectEnd() }
  }

  /// Waits until nothing is being written, and lets go of the program's input.
  func settle() async {
    await writing?.value
    process.closeInput()
  }
}
