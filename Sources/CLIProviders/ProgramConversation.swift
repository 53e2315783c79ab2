package import Completion
package import Dialects
package import JSON

/// One run of a program: what it is started with, what it is told, and what its lines mean. Pure: it does no I/O, so it
/// is tested on recorded lines alone.
package protocol ProgramConversation: Sendable {
  /// What to start.
  var launch: ProgramLaunch { get }

  /// What the program is told first.
  mutating func begin() -> ProgramStep

  /// Takes a line of its output, without the line's end.
  /// - Throws: the error the line reports, when there is no point in waiting for more.
  mutating func take(_ line: JSONValue, into step: inout ProgramStep) throws(ProviderError)

  /// The program has ended. Returns what is to be run next for the same answer; `nil` when the answer is whole.
  /// - Throws: why there is no answer.
  mutating func finish(
    _ exit: ProgramExit, errors: String, into step: inout ProgramStep
  ) throws(ProviderError) -> (any ProgramConversation)?
}

/// What follows from a line of a program's output.
package struct ProgramStep: Sendable, Hashable {
  /// What it means for the answer.
  package var events: [StreamEvent] = []
  /// What the program is told.
  package var input: [UInt8] = []
  /// Whether nothing more will be said to it.
  package var closesInput = false
  /// Whether it has said all that is wanted of it.
  package var isDone = false

  /// Nothing follows.
  package init() {}

  /// Says a message to the program, in a line of its own.
  mutating func say(_ message: JSONValue) { input += message.bytes + [0x0A] }
}

/// A kind of program that answers by itself: one of the API families.
package protocol ProgramFamily: Sendable {
  /// The family's name in the catalogue.
  var api: String { get }

  /// The first run for a turn, and what of the request it cannot carry.
  /// - Throws: `unsupported` or `invalidParams` for what must not be left out.
  func conversation(for turn: ProgramTurn) throws(ProviderError) -> (any ProgramConversation, [Dropped])
}

/// The families.
package enum ProgramFamilies {
  /// All of them.
  package static let all: [any ProgramFamily] = [ClaudeCode(), CodexCLI(), GeminiCLI(), CopilotCLI()]
}
