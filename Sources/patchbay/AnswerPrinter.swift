internal import Completion
internal import JSON
internal import Platform
internal import Synchronization

/// Prints an answer as it arrives.
final class AnswerPrinter: Sendable {
  private struct State {
    var isReasoning = false
    var endsLine = true
    var isClosed = false
    var whenClosed: (@Sendable () -> Void)?
  }

  private let isSilent: Bool
  private let state = Mutex(State())

  init(isSilent: Bool) { self.isSilent = isSilent }

  /// Whether the reader of the answer is gone.
  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Has `body` called as soon as the reader of the answer is gone.
  func whenClosed(_ body: @escaping @Sendable () -> Void) {
    let isClosed = state.withLock { state in
      state.whenClosed = body
      return state.isClosed
    }
    if isClosed { body() }
  }

  /// Takes the result of an answer that came in one piece.
  func take(answer: JSONValue) {
    for part in answer["message"]?["content"]?.array ?? [] {
      guard let text = part["text"]?.string else { continue }
      switch part["type"]?.string {
      case "text": take(.text(text))
      case "reasoning": take(.reasoning(text))
      default: break
      }
    }
  }

  /// Says something that is no part of the answer.
  private func note(_ text: String) { Terminal.error.line(Terminal.error.styled("[\(text)]", .dim)) }

  func take(_ delta: StreamDelta) {
    guard !isSilent else { return }
    let nobodyReads: (@Sendable () -> Void)? = state.withLock { state in
      switch delta {
      case .text(let text):
        leaveReasoning(&state)
        say(text, &state)
      case .reasoning(let text) where Terminal.output.isTerminal:
        if !state.isReasoning, Terminal.output.hasColor { Terminal.output.write("\u{1B}[2m") }
        state.isReasoning = true
        say(text, &state)
      case .status(let message, let elapsed):
        note("\(message), \(elapsed / 1000) s")
      case .retry(_, let delayMs, let error): note("\(error.message); trying again in \((delayMs + 999) / 1000) s")
      case .fallback(_, let next, let error): note("\(error.message); asking \(next)")
      case .reset: note("what was said so far is void")
      default: break
      }
      guard state.isClosed else { return nil }
      defer { state.whenClosed = nil }
      return state.whenClosed
    }
    nobodyReads?()
  }

  func finish() {
    guard !isSilent else { return }
    state.withLock { state in
      leaveReasoning(&state)
      if !state.endsLine { Terminal.output.line() }
    }
  }

  private func leaveReasoning(_ state: inout State) {
    guard state.isReasoning else { return }
    if Terminal.output.hasColor { Terminal.output.write("\u{1B}[0m") }
    Terminal.output.write(state.endsLine ? "\n" : "\n\n")
    state.isReasoning = false
    state.endsLine = true
  }

  private func say(_ text: String, _ state: inout State) {
    guard !state.isClosed else { return }
    state.endsLine = text.hasSuffix("\n")
    state.isClosed = !Terminal.output.write(foreign: text)
  }
}
