internal import CLIProviders
internal import Catalog
internal import Completion
internal import Dialects
internal import JSON
internal import Testing

/// A turn for a program at `/bin/program` in `/work`.
func turn(
  _ messages: [Message], api: String = "claude-code", model: String = "default", session: String? = "s",
  _ options: CompletionOptions = .init(), change: (inout ProgramSettings) -> Void = { _ in }
) -> ProgramTurn {
  var settings = ProgramSettings(binary: "program")
  change(&settings)
  let request = CompletionRequest(messages: messages, options: options, sessionId: session)
  return ProgramTurn(
    request, origin: Origin(provider: api, api: api, model: model), program: "/bin/program", settings: settings,
    directory: "/work", folder: "/run/abc", time: 1_700_000_000)
}

/// A person's message.
func user(_ text: String) -> Message { Message(.user, text) }

/// An answer that a program gave, with the session it gave it in.
func answer(_ text: String, api: String = "claude-code", session: String? = nil, directory: String = "/work") -> Message
{
  var content: [Part] = [.text(text)]
  if let session {
    let opaque: JSONValue = ["program": ["session": .string(session), "directory": .string(directory), "costUSD": 0.5]]
    content.append(.reasoning(Reasoning(text: "", opaque: opaque)))
  }
  return Message(role: .assistant, content: content, origin: Origin(provider: api, api: api, model: "default"))
}

/// What came of a run.
struct Outcome {
  var events: [StreamEvent] = []
  /// What the program was told, a line each.
  var input: [JSONValue] = []
  var rawInput = ""
  var next: (any ProgramConversation)?
  var error: ProviderError?

  /// The text of the answer.
  var text: String { events.map { if case .text(let text) = $0 { text } else { "" } }.joined() }
  var activities: [String] { events.compactMap { if case .activity(let text) = $0 { text } else { nil } } }
  var warnings: [String] { events.compactMap { if case .warning(let text) = $0 { text } else { nil } } }
  var usage: Usage? { events.lazy.compactMap { if case .usage(let usage) = $0 { usage } else { nil } }.last }
  var cost: Double? { events.lazy.compactMap { if case .providerCost(let cost) = $0 { cost } else { nil } }.last }
  var stop: StopReason? { events.lazy.compactMap { if case .stop(let stop, _) = $0 { stop } else { nil } }.last }
  /// The session to go on in.
  var session: String? {
    events.lazy.compactMap { event in
      guard case .reasoningEnd(_, let opaque, _) = event else { return nil }
      return opaque?["program"]?["session"]?.string
    }.last
  }

  fileprivate mutating func take(_ step: ProgramStep) {
    events += step.events
    let text = String(decoding: step.input, as: UTF8.self)
    rawInput += text
    for line in text.split(separator: "\n") {
      if let value = try? JSONValue(parsing: Array(line.utf8)) { input.append(value) }
    }
  }
}

/// Has a program of the family say `lines` and end.
func play(
  _ conversation: any ProgramConversation, _ lines: [String], exit: ProgramExit = .status(0), errors: String = ""
) throws -> Outcome {
  var (conversation, outcome) = (conversation, Outcome())
  outcome.take(conversation.begin())
  var step = ProgramStep()
  do throws(ProviderError) {
    for line in lines {
      guard let value = try? JSONValue(parsing: Array(line.utf8)) else {
        Issue.record("no JSON: \(line)")
        continue
      }
      try conversation.take(value, into: &step)
    }
    outcome.next = try conversation.finish(exit, errors: errors, into: &step)
  } catch {
    outcome.error = error
  }
  outcome.take(step)
  return outcome
}

/// The first run of the family `api` for a turn, and what it cannot carry.
func start(_ turn: ProgramTurn) throws -> (conversation: any ProgramConversation, dropped: [String]) {
  let family = try #require(ProgramFamilies.all.first { $0.api == turn.origin.api })
  let (conversation, dropped) = try family.conversation(for: turn)
  return (conversation, dropped.map(\.what))
}
