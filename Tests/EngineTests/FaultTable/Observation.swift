import Completion
import JSON

@testable import Engine

/// What became of a completion, and what about it breaks a rule that holds whatever goes wrong.
struct Observation: Sendable {
  var fate: Fate
  var problems: [String] = []
  /// The error's words.
  var message = ""
  private var text = ""

  init(_ result: Result<CompletionOutcome, ProviderError>, _ deltas: [StreamDelta], attempts: Int) {
    text = Self.text(deltas)
    fate = Fate(attempts: attempts, heard: Self.heard(deltas), pauses: Self.pauses(deltas))
    switch result {
    case .success(let outcome):
      fate.warns = !outcome.warnings.isEmpty
      message = outcome.warnings.joined(separator: "; ")
      if outcome.message.text != text { problems.append("the deltas say \(text), the result \(outcome.message.text)") }
      if outcome.attempts.count != attempts { problems.append("the result names \(outcome.attempts.count) tries") }
      check(outcome, deltas)
    case .failure(let error):
      (fate.kind, fate.retryAfterMs, fate.phase) = (error.kind, error.retryAfterMs, error.phase)
      message = error.message
      if attempts > 1, error.attempts.count != attempts { problems.append("the error does not name the tries") }
      if error.completionId == nil || error.provider != "acme" || error.model != "test-model" {
        problems.append("the error does not say whose it is")
      }
    }
    // Whoever waits long enough is told so, and how often time had to pass is chance.
    if Self.tokens(deltas.filter { if case .status = $0 { false } else { true } }) != fate.tokens {
      problems.append("the deltas are \(Self.tokens(deltas).joined(separator: " "))")
    }
  }

  private mutating func check(_ outcome: CompletionOutcome, _ deltas: [StreamDelta]) {
    let arguments = deltas.map { if case .toolArguments(_, let text) = $0 { text } else { "" } }.joined()
    guard let call = outcome.message.toolCalls.first, outcome.message.toolCalls.count == 1 else {
      return problems.append("there are \(outcome.message.toolCalls.count) tool calls")
    }
    let value = try? JSONValue(parsing: arguments)
    if call.invalid != (value == nil) { problems.append("the call's invalid is \(call.invalid)") }
    if let value, value != .object(call.arguments) {
      problems.append("the call's arguments are not those of the deltas")
    }
    if outcome.stopReason != .toolUse { problems.append("it stopped for \(outcome.stopReason)") }
    let isCounted = outcome.usage == Usage(input: 12, output: 7)
    if outcome.usage.estimated == isCounted { problems.append("the usage is \(outcome.usage)") }
  }

  /// What the session holds; `isVoid` tells whether the last thing in its file takes the question back.
  mutating func take(_ messages: [StoredMessage], isVoid: Bool) {
    let roles = messages.map(\.message.role)
    switch (roles, isVoid) {
    case ([], true): fate.kept = .nothing
    case ([.user, .assistant], false):
      fate.kept = messages[1].stopReason == .cancelled ? .partial : .exchange
      if messages[1].message.text != text { problems.append("the session holds \(messages[1].message.text)") }
    default: problems.append("the session holds \(roles), void: \(isVoid)")
    }
  }

  // MARK: - Reading deltas

  /// Those of the last try.
  private static func last(_ deltas: [StreamDelta]) -> ArraySlice<StreamDelta> {
    let start = deltas.lastIndex { if case .start = $0 { true } else { false } }
    return deltas[(start ?? deltas.startIndex)...]
  }

  static func text(_ deltas: [StreamDelta]) -> String {
    last(deltas).map { if case .text(let text) = $0 { text } else { "" } }.joined()
  }

  static func tokens(_ deltas: some Sequence<StreamDelta>) -> [String] {
    var tokens: [String] = []
    for delta in deltas {
      let token: String? =
        switch delta {
        case .start: "start"
        case .text: "text"
        case .reasoning: "reasoning"
        case .toolCall, .toolArguments, .toolCallEnd: "toolCall"
        case .retry: "retry"
        case .fallback: "fallback"
        case .status: "status"
        case .end: "end"
        case .reset: "reset"
        case .usage: nil
        }
      if let token, token != tokens.last || token == "retry" || token == "start" { tokens.append(token) }
    }
    return tokens
  }

  private static func heard(_ deltas: [StreamDelta]) -> Fate.Heard {
    let content = tokens(last(deltas)).filter { ["text", "reasoning", "toolCall"].contains($0) }
    return [.beginning, .all, .beyond].first { (heard: Fate.Heard) in heard.tokens == content } ?? .nothing
  }

  private static func pauses(_ deltas: [StreamDelta]) -> [Int] {
    deltas.compactMap { if case .retry(_, let delayMs, _) = $0 { delayMs } else { nil } }
  }
}
