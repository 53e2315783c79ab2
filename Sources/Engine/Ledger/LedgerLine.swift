package import Completion
internal import JSON
internal import Platform

/// What one completion, or another call that costs, came to: a line of the ledger. Never what was said in it.
package struct LedgerLine: Sendable, Hashable {
  /// When it ended, in milliseconds since 1970.
  package var time: Int
  /// The method that a client called.
  package var method: String
  package var provider: String
  package var model: String
  /// The account at the provider; `nil` for the default one.
  package var account: String?
  /// The session's id; `nil` for a one-off.
  package var session: String?
  package var completionId: String?
  package var usage = Usage()
  /// USD at the catalogue's prices, or what the provider reports; `nil` when a price is unknown.
  package var cost: Cost?
  /// Whether it is paid for elsewhere, if at all: by a subscription, or because the model runs on this machine.
  package var isElsewhere = false
  package var durationMs = 0
  /// How often a provider was asked.
  package var attempts = 1
  /// The stop reason, or the kind of the error.
  package var outcome: String

  /// Whether there was an answer.
  package var isAnswered: Bool { StopReason(rawValue: outcome) != nil && outcome != StopReason.cancelled.rawValue }

  /// A line for a call that has just ended.
  init(method: String, provider: String, model: String, outcome: String, time: Int) {
    self.time = time
    self.method = method
    self.provider = provider
    self.model = model
    self.outcome = outcome
  }

  /// Reads a line; `nil` for what is none. Members that a later version adds are passed over.
  init?(_ json: JSONValue) {
    guard let time = json["time"]?.string.flatMap(Timestamp.milliseconds), let provider = json["provider"]?.string,
      let model = json["model"]?.string, let outcome = json["outcome"]?.string
    else { return nil }
    self.init(
      method: json["method"]?.string ?? "complete", provider: provider, model: model, outcome: outcome, time: time)
    account = json["account"]?.string
    session = json["session"]?.string
    completionId = json["completionId"]?.string
    func count(_ key: String) -> Int { json["usage"]?[key]?.tokenCount ?? 0 }
    usage = Usage(
      input: count("input"), output: count("output"), cacheRead: count("cacheRead"), cacheWrite: count("cacheWrite"),
      reasoning: count("reasoning"), cacheWriteLong: count("cacheWriteLong"))
    usage.estimated = json["usage"]?["estimated"]?.bool ?? false
    cost = json["cost"].flatMap { $0.isNull ? nil : try? Cost(json: $0) }
    isElsewhere = json["billed"] == "elsewhere"
    durationMs = json["durationMs"]?.int ?? 0
    attempts = json["attempts"]?.int ?? 1
  }

  /// The line as it stands in the file. `time` comes first: readers look at it before they look at the rest.
  var json: JSONValue {
    var members: JSONObject = [
      "time": .string(Timestamp.text(milliseconds: time)), "method": .string(method), "provider": .string(provider),
      "model": .string(model),
    ]
    members.set("account", account.map(JSONValue.string))
    members.set("session", session.map(JSONValue.string))
    members.set("completionId", completionId.map(JSONValue.string))
    members["usage"] = usage.json
    members["cost"] = cost?.json ?? .null
    if isElsewhere { members["billed"] = "elsewhere" }
    members["durationMs"] = .int(durationMs)
    members["attempts"] = .int(attempts)
    members["outcome"] = .string(outcome)
    return .object(members)
  }
}
