internal import Completion

/// Tells the events of an answer while it is read.
protocol AnswerTelling: Sendable {
  /// What was warned of: each thing once.
  var warnings: Set<String> { get set }
  /// Text beside a forced tool that stands in for a structured output. It can be chatter: only the end shows whether it
  /// is the answer.
  var heldText: String { get set }
  /// Whether the forced tool was called: its arguments were handed out as text.
  var hasAnswer: Bool { get }
}

extension AnswerTelling {
  mutating func warn(_ text: String, _ events: inout [StreamEvent]) {
    if warnings.insert(text).inserted { events.append(.warning(text)) }
  }

  /// At the end: without an answer of the forced tool, the text is the answer.
  mutating func releaseHeldText(_ events: inout [StreamEvent]) {
    guard !heldText.isEmpty else { return }
    if hasAnswer {
      warn("text beside the structured answer was left out", &events)
    } else {
      events.append(.text(heldText))
    }
  }
}
