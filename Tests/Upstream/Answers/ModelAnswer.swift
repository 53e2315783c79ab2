package import JSON

/// What a model says in a test, whichever API family carries it.
package struct ModelAnswer: Sendable {
  /// Tokens as the provider counts them.
  package struct Counts: Sendable, Hashable {
    /// Of the question.
    package var input: Int
    /// Of the answer.
    package var output: Int

    /// Counts.
    package init(input: Int, output: Int) { (self.input, self.output) = (input, output) }
  }

  /// Thoughts before the answer; `nil` for none.
  package var reasoning: String? = "Let me see."
  /// The text, piece by piece.
  package var texts = ["Hello", " there", "!"]
  /// The text of the arguments of the one tool call, piece by piece; empty when no tool is called.
  package var arguments = [#"{"city":"#, #""Paris"}"#]
  /// The provider's word for why it stopped; `nil` for the one that fits.
  package var finish: String?
  /// What the provider counts; `nil` when it says nothing.
  package var usage: Counts? = Counts(input: 12, output: 7)

  /// An answer with thoughts, text and a tool call.
  package init() {}

  /// An answer of nothing but this text.
  package init(texts: [String], usage: Counts? = Counts(input: 12, output: 7)) {
    (reasoning, self.texts, arguments, self.usage) = (nil, texts, [], usage)
  }

  /// The tool that is called.
  package static let tool = "get_weather"
  /// The call's id, of the nine letters and digits that Mistral takes.
  package static let callId = "callABC12"
  /// The model's name as the provider says it.
  package static let model = "test-model"

  /// All of the text.
  package var text: String { texts.joined() }
  /// All of the arguments.
  package var argumentText: String { arguments.joined() }
  /// The arguments as a value; `nil` when they are cut off.
  var argumentValue: JSONValue? { try? JSONValue(parsing: argumentText) }
}

/// A piece of a streamed answer, and what part of it that is.
package struct AnswerPiece: Sendable {
  /// The parts of an answer, in the order they come.
  package enum Kind: Sendable, Hashable { case start, reasoning, text, call, ending }

  /// What it is.
  package var kind: Kind
  /// The bytes on the wire.
  package var bytes: [UInt8]

  init(_ kind: Kind, _ bytes: [UInt8]) { (self.kind, self.bytes) = (kind, bytes) }
}

/// What a provider may refuse a request with, or end an answer with.
package enum UpstreamCondition: Sendable, Hashable, CaseIterable {
  case unauthorized, rateLimited, serverError, overloaded, contextOverflow, quotaExceeded, modelNotFound, badRequest
}

/// A response that is an error.
package struct ErrorResponse: Sendable {
  /// The HTTP status.
  package var status: Int
  /// Headers besides the content type.
  package var headers: [(String, String)] = []
  /// The JSON document.
  package var body: JSONValue
}

/// How one API family writes answers and errors. What it writes follows the vendors' references, so that tests need no
/// recordings at hand.
package protocol AnswerFamily: Sendable {
  /// The family's name, as `api` in the catalogue has it.
  var api: String { get }
  /// The content type of streamed answers.
  var contentType: String { get }
  /// What the config file needs of a provider of this family, beside its address and key.
  var settings: JSONObject { get }
  /// A streamed answer.
  func pieces(of answer: ModelAnswer) -> [AnswerPiece]
  /// The same in one piece.
  func document(of answer: ModelAnswer) -> JSONValue
  /// An event whose content is this text; `type` where the family names its events.
  func event(_ data: [UInt8], type: String) -> [UInt8]
  /// What servers send when they have nothing to say: a comment, or a line or an event without content.
  var keepAlive: [UInt8] { get }
  /// An error where a piece of the answer should be.
  var failure: [UInt8] { get }
  /// The response that refuses a request.
  func refusal(_ condition: UpstreamCondition) -> ErrorResponse
}

extension AnswerFamily {
  /// Nothing.
  package var settings: JSONObject { [:] }

  /// The bytes of a streamed answer.
  package func bytes(of answer: ModelAnswer) -> [UInt8] { pieces(of: answer).flatMap(\.bytes) }

  /// An event of a kind that nobody has heard of.
  package var unknownEvent: [UInt8] {
    event(Array(#"{"type":"mystery_event","mystery":{"level":3}}"#.utf8), type: "mystery_event")
  }
}

/// All API families.
package enum AnswerFamilies {
  /// In the order of the tables that tests print.
  package static let all: [any AnswerFamily] = [
    CompletionsAnswers(), MistralAnswers(), ResponsesAnswers(), ResponsesAnswers.codex, ResponsesAnswers.azure,
    MessagesAnswers(), MessagesAnswers.vertex, GeminiAnswers(), GeminiAnswers.vertex, ConverseAnswers(),
    OllamaAnswers(),
  ]

  /// The family called `api`; `nil` when there is none.
  package static func named(_ api: String) -> (any AnswerFamily)? { all.first { $0.api == api } }
}

extension Array where Element == UInt8 {
  /// A server-sent event.
  static func event(_ data: [UInt8], name: String? = nil) -> [UInt8] {
    Array((name.map { "event: \($0)\n" } ?? "").utf8) + Array("data: ".utf8) + data + [0x0A, 0x0A]
  }
}
