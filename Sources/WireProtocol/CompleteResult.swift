package import Completion
package import JSON

/// The result of `complete`.
package struct CompleteResult: Sendable {
  package var completionId: String
  package var session: String?
  package var provider: String
  package var model: String
  package var message: Message
  package var stopReason: StopReason
  package var usage: Usage
  /// `nil` when the model's prices are not known.
  package var cost: Cost?
  package var timing: CompletionTiming
  /// Every try in order; the last one made the message.
  package var attempts: [Attempt]
  /// The answer parsed, when `output` asked for a shape.
  package var structured: JSONValue?
  /// What the request could not carry.
  package var dropped: [DroppedItem]
  /// What was odd and was mended.
  package var warnings: [String]
  package var serviceTier: String?
  /// The provider's id for the answer.
  package var upstreamId: String?
  /// The model the provider says it used.
  package var upstreamModel: String?

  /// A result; the optional parts may be filled in afterwards.
  package init(
    completionId: String, session: String? = nil, provider: String, model: String, message: Message,
    stopReason: StopReason, usage: Usage, cost: Cost?, timing: CompletionTiming, attempts: [Attempt],
    structured: JSONValue? = nil, dropped: [DroppedItem] = [], warnings: [String] = [], serviceTier: String? = nil,
    upstreamId: String? = nil, upstreamModel: String? = nil
  ) {
    self.completionId = completionId
    self.session = session
    self.provider = provider
    self.model = model
    self.message = message
    self.stopReason = stopReason
    self.usage = usage
    self.cost = cost
    self.timing = timing
    self.attempts = attempts
    self.structured = structured
    self.dropped = dropped
    self.warnings = warnings
    self.serviceTier = serviceTier
    self.upstreamId = upstreamId
    self.upstreamModel = upstreamModel
  }

  /// The result as the client gets it; empty lists and absent values are left out, `cost` is `null` when unknown.
  package var json: JSONValue {
    var members: JSONObject = ["completionId": .string(completionId)]
    members.set("session", session.map(JSONValue.string))
    members["provider"] = .string(provider)
    members["model"] = .string(model)
    members["message"] = message.json
    members["stopReason"] = .string(stopReason.rawValue)
    members["usage"] = usage.json
    members["cost"] = cost?.json ?? .null
    members["timing"] = timing.json
    members["attempts"] = .array(attempts.map(\.json))
    members.set("structured", structured)
    members.set(dropped: dropped)
    if !warnings.isEmpty { members["warnings"] = .strings(warnings) }
    members.set("serviceTier", serviceTier.map(JSONValue.string))
    members.set("upstreamId", upstreamId.map(JSONValue.string))
    members.set("upstreamModel", upstreamModel.map(JSONValue.string))
    return .object(members)
  }
}

/// How long a completion took, in milliseconds.
package struct CompletionTiming: Sendable, Hashable {
  /// From the request until it was sent to the provider.
  package var queuedMs: Int
  /// From the request until the first piece of the answer; `nil` when there was none.
  package var firstTokenMs: Int?
  /// From the request until the end of the answer.
  package var totalMs: Int

  /// Durations.
  package init(queuedMs: Int, firstTokenMs: Int?, totalMs: Int) {
    self.queuedMs = queuedMs
    self.firstTokenMs = firstTokenMs
    self.totalMs = totalMs
  }
  fileprivate var json: JSONValue {
    var members: JSONObject = ["queuedMs": .int(queuedMs)]
    members.set("firstTokenMs", firstTokenMs.map(JSONValue.int))
    members["totalMs"] = .int(totalMs)
    return .object(members)
  }
}

extension Attempt {
  /// The try as results and errors tell of it.
  var json: JSONValue {
    var members: JSONObject = ["provider": .string(provider), "model": .string(model)]
    members.set("error", error.map { WireError($0).json })
    return .object(members)
  }
}

/// Something the request to the provider could not carry.
package struct DroppedItem: Sendable, Hashable {
  /// The part or option: `messages[2].content[1]`, `seed`.
  package var what: String
  /// The reason, for a person.
  package var why: String

  /// A loss.
  package init(what: String, why: String) {
    self.what = what
    self.why = why
  }
}

extension JSONObject {
  /// The member `dropped`, when there is anything in it.
  mutating func set(dropped items: [DroppedItem]) {
    guard !items.isEmpty else { return }
    self["dropped"] = .array(items.map { ["what": .string($0.what), "why": .string($0.why)] })
  }
}
