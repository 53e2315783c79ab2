package import Completion
package import JSON

/// One wish for a completion, as a client made it.
package struct CompletionCall: Sendable {
  /// The new messages.
  package var input: [Message]
  /// A session's id or name; `nil` for a one-off that is not stored.
  package var session: String?
  /// What the client named, before any default.
  package var provider: String?
  /// A model, a role (`@small`) or `provider/model`.
  package var model: String?
  /// What the connection chose with `switchProvider`, used when neither call nor session decide.
  package var connectionDefault: ModelChoice?
  /// Everything a dialect encodes.
  package var options = CompletionOptions()
  /// Whether to ask the provider for a stream.
  package var stream = true
  /// Wait for a thread that is completing instead of failing.
  package var queue = false
  /// The same key again within an hour returns the first result.
  package var requestKey: String?
  /// Phase limits; those that are `nil` come from the provider's settings.
  package var timeout = PhaseTimeouts()
  /// How failed tries are made again; what is `nil` comes from the settings.
  package var retry = RetryOptions()
  /// `provider/model`s to ask in this order when the first cannot answer; `nil` for those of the session, else of the
  /// settings.
  package var fallbacks: [String]?
  /// A key in any key format, for this call alone.
  package var apiKey: String?
  /// The provider's account whose entry in `auth.json` is to be used; `nil` for the session's, else the default one.
  package var account: String?
  /// Extra headers; `nil` removes one.
  package var headers: [(name: String, value: String?)] = []
  /// Another base URL, for this call alone. The provider's stored key does not go there.
  package var baseURL: String?
  /// What it is for, which decides about the provider's fast tier where the call names none.
  package var purpose = Purpose.chat
  /// How many USD it may cost; `nil` for any number.
  package var budgetUSD: Double?
  /// Another API family, for this call alone.
  package var api: String?

  /// A call with this input and everything else by default.
  package init(input: [Message]) { self.input = input }
}

/// Where a completion's deltas go.
package protocol CompletionSink: Sendable {
  /// Takes the next deltas, in order. Suspends while the client cannot keep up, and with it the upstream.
  func emit(_ deltas: [StreamDelta]) async
}

/// A finished completion.
package struct CompletionOutcome: Sendable {
  /// The completion's id.
  package var completionId: String
  /// The session's id; `nil` for a one-off.
  package var session: String?
  /// Who answered.
  package var provider: String
  /// With which model.
  package var model: String
  /// Every try in order; the last one made the message.
  package var attempts: [Attempt]
  /// The answer.
  package var message: Message
  /// Why it ended.
  package var stopReason: StopReason
  /// Tokens.
  package var usage: Usage
  /// USD; `nil` when a price is unknown.
  package var cost: Cost?
  /// From the call until work began, in milliseconds.
  package var queuedMs: Int
  /// From the beginning of the work until the first content; `nil` when there was none.
  package var firstTokenMs: Int?
  /// From the call until the end.
  package var totalMs: Int
  /// The answer as the value that `output.schema` describes.
  package var structured: JSONValue?
  /// What could not be sent.
  package var dropped: [(what: String, why: String)]
  /// What was odd and was mended.
  package var warnings: [String]
  /// The tier the provider used.
  package var serviceTier: String?
  /// The provider's id for the answer.
  package var upstreamId: String?
  /// The model the provider says it used.
  package var upstreamModel: String?
}
