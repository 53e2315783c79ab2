package import JSON

/// A piece of a running completion, as clients are told of it.
package enum StreamDelta: Sendable, Hashable {
  /// An attempt begins.
  case start(model: String, attempt: Int)
  case text(String)
  case reasoning(String)
  case toolCall(index: Int, id: String, name: String)
  case toolArguments(index: Int, text: String)
  /// A call is complete. An invalid one has no arguments and must never be executed.
  case toolCallEnd(index: Int, arguments: JSONObject, invalid: Bool = false)
  /// The attempt failed; the next one starts after the delay.
  case retry(attempt: Int, delayMs: Int, error: ProviderError)
  /// Another model takes over.
  case fallback(from: String, to: String, error: ProviderError)
  /// Nothing was heard for a while.
  case status(message: String, elapsedMs: Int)
  case usage(Usage)
  case end(StopReason)
  /// What was streamed so far is void.
  case reset
}

extension StreamDelta {
  /// This delta with the text of `next` behind its own, when both are pieces of the same text; else `nil`.
  package func merged(with next: StreamDelta) -> StreamDelta? {
    switch (self, next) {
    case (.text(let left), .text(let right)): .text(left + right)
    case (.reasoning(let left), .reasoning(let right)): .reasoning(left + right)
    case (.toolArguments(let index, let left), .toolArguments(let other, let right)) where index == other:
      .toolArguments(index: index, text: left + right)
    default: nil
    }
  }

  /// How many bytes of text it carries.
  package var textSize: Int {
    switch self {
    case .text(let text), .reasoning(let text), .toolArguments(_, let text): text.utf8.count
    default: 0
    }
  }
}
