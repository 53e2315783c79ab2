internal import Completion
internal import Platform
internal import Synchronization

/// An answer while it arrives: it is built here, and every piece goes on to the client in the same step.
final class LiveAnswer: Sendable {
  private struct State {
    var builder = AnswerBuilder()
    var writer: Target
    var firstContent: Int64?
    var lastContent: Int64

    /// Forgets what came of the answer so far.
    mutating func restart() {
      builder = AnswerBuilder()
      firstContent = nil
    }
  }

  private let state: Mutex<State>
  private let sink: any CompletionSink
  private let clock: MonotonicClock
  private let meter: SpendMeter
  private let begun: Int64

  /// An answer that `writer` is to give first.
  init(by writer: Target, sink: any CompletionSink, clock: MonotonicClock, meter: SpendMeter) {
    self.sink = sink
    self.clock = clock
    self.meter = meter
    begun = clock.now()
    state = Mutex(State(writer: writer, lastContent: begun))
  }

  /// What is known so far.
  var facts: AnswerBuilder { state.withLock { $0.builder } }
  /// The counts so far.
  var usage: Usage? { state.withLock { $0.builder.usage } }
  /// Who is writing it.
  var writer: Target { state.withLock(\.writer) }
  /// Whether the provider has said why it stopped, which is the last thing it says.
  var isComplete: Bool { state.withLock { $0.builder.stop != nil } }
  /// Whether the client has heard any of it.
  var hasOutput: Bool { firstContent != nil }
  /// When the first content came.
  var firstContent: Int64? { state.withLock { $0.firstContent } }
  /// When content came last.
  var lastContent: Int64 { state.withLock { $0.lastContent } }
  /// The message so far.
  var message: Message { state.withLock { state in state.builder.message(origin: state.writer.origin) } }

  /// A try begins.
  func begin(_ writer: Target, attempt: Int) async {
    state.withLock { state in
      state.restart()
      state.writer = writer
    }
    await sink.emit([.start(model: writer.model.id, attempt: attempt)])
  }

  /// A try has failed, and another one follows after a pause. What the client has heard of it is void.
  func retry(attempt: Int, delayMs: Int, error: ProviderError) async {
    let hadOutput = state.withLock { state in
      defer { state.restart() }
      return state.firstContent != nil
    }
    let retry = StreamDelta.retry(attempt: attempt, delayMs: delayMs, error: error)
    await sink.emit(hadOutput ? [.reset, retry] : [retry])
  }

  /// Another model goes on; the client has heard nothing yet.
  func fallBack(to next: String, error: ProviderError) async {
    let failed = state.withLock { state in
      defer { state.restart() }
      return state.writer
    }
    await sink.emit([.fallback(from: failed.name, to: next, error: error)])
  }

  /// Takes events and passes on what they mean. Returns whether they show that the provider is at work.
  func take(_ events: [StreamEvent]) async -> AnswerBuilder.Heard {
    guard !events.isEmpty else { return .nothing }
    var deltas: [StreamDelta] = []
    let (heard, usage, size) = state.withLock { state in
      let heard = state.builder.take(events, into: &deltas)
      if heard == .content {
        let now = clock.now()
        state.lastContent = now
        if state.firstContent == nil { state.firstContent = now }
      }
      return (heard, state.builder.usage, state.builder.contentSize)
    }
    meter.note(usage, contentSize: size)
    if !deltas.isEmpty { await sink.emit(deltas.map(timed)) }
    return heard
  }

  /// `delta` with the time since the answer began, where it tells that.
  private func timed(_ delta: StreamDelta) -> StreamDelta {
    guard case .status(let message, _) = delta else { return delta }
    return .status(message: message, elapsedMs: clock.milliseconds(since: begun))
  }

  /// The provider says nothing more.
  /// - Throws: `upstreamInvalid` when that is no answer.
  func conclude() throws(ProviderError) { try facts.conclude() }

  /// Says that nothing was heard for a while.
  func stayedSilent(_ message: String, elapsedMs: Int) async {
    await sink.emit([.status(message: message, elapsedMs: elapsedMs)])
  }

  /// The answer is whole.
  func end(_ reason: StopReason) async { await sink.emit([.end(reason)]) }
}
