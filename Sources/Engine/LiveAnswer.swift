internal import Completion
internal import Platform
internal import Synchronization

/// An answer while it arrives: it is built here, and every piece goes on to the client in the same step.
final class LiveAnswer: Sendable {
  private struct State {
    var builder = AnswerBuilder()
    var firstContent: Int64?
    var lastContent: Int64
  }

  private let state: Mutex<State>
  private let sink: any CompletionSink
  private let clock: MonotonicClock
  private let meter: SpendMeter
  private let begun: Int64

  init(sink: any CompletionSink, clock: MonotonicClock, meter: SpendMeter) {
    self.sink = sink
    self.clock = clock
    self.meter = meter
    begun = clock.now()
    state = Mutex(State(lastContent: begun))
  }

  /// What is known so far.
  var facts: AnswerBuilder { state.withLock { $0.builder } }
  /// The counts so far.
  var usage: Usage? { state.withLock { $0.builder.usage } }
  /// Whether the provider has said why it stopped, which is the last thing it says.
  var isComplete: Bool { state.withLock { $0.builder.stop != nil } }
  /// When the first content came.
  var firstContent: Int64? { state.withLock { $0.firstContent } }
  /// When content came last.
  var lastContent: Int64 { state.withLock { $0.lastContent } }
  /// The message so far.
  func message(origin: Origin) -> Message { state.withLock { $0.builder.message(origin: origin) } }

  /// An attempt begins.
  func begin(model: String, attempt: Int) async { await sink.emit([.start(model: model, attempt: attempt)]) }

  /// Takes events and passes on what they mean. Returns whether content was among them.
  func take(_ events: [StreamEvent]) async -> Bool {
    guard !events.isEmpty else { return false }
    var deltas: [StreamDelta] = []
    let (hadContent, usage, size) = state.withLock { state in
      let hadContent = state.builder.take(events, into: &deltas)
      if hadContent {
        let now = clock.now()
        state.lastContent = now
        if state.firstContent == nil { state.firstContent = now }
      }
      return (hadContent, state.builder.usage, state.builder.contentSize)
    }
    meter.note(usage, contentSize: size)
    if !deltas.isEmpty { await sink.emit(deltas.map(timed)) }
    return hadContent
  }

  /// `delta` with the time since the answer began, where it tells that.
  private func timed(_ delta: StreamDelta) -> StreamDelta {
    guard case .status(let message, _) = delta else { return delta }
    return .status(message: message, elapsedMs: clock.milliseconds(since: begun))
  }

  /// Says that nothing was heard for a while.
  func stayedSilent(elapsedMs: Int) async {
    let message = firstContent == nil ? "waiting for the model to begin" : "waiting for the model to go on"
    await sink.emit([.status(message: message, elapsedMs: elapsedMs)])
  }

  /// The answer is whole.
  func end(_ reason: StopReason) async { await sink.emit([.end(reason)]) }
}
