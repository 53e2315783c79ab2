package import Completion
package import JSON

/// A session as clients see it.
package struct SessionInfo: Sendable, Hashable {
  package var id: String
  package var name: String?
  /// The current provider and model.
  package var provider: String
  package var model: String
  package var system: String?
  /// Which models may answer in another's place; `nil` where the settings say.
  package var fallbacks: [String]?
  /// How many USD its completions may cost together.
  package var budgetUSD: Double?
  /// ISO 8601, UTC, with milliseconds.
  package var createdAt: String
  /// ISO 8601, UTC, with milliseconds.
  package var updatedAt: String
  package var threads: [ThreadInfo]
  /// The completion that is going on in the current thread.
  package var activeCompletion: String?

  /// A session.
  package init(
    id: String, name: String? = nil, provider: String, model: String, system: String? = nil,
    fallbacks: [String]? = nil, budgetUSD: Double? = nil, createdAt: String, updatedAt: String,
    threads: [ThreadInfo] = [], activeCompletion: String? = nil
  ) {
    self.id = id
    self.name = name
    self.provider = provider
    self.model = model
    self.system = system
    self.fallbacks = fallbacks
    self.budgetUSD = budgetUSD
    self.createdAt = createdAt
    self.updatedAt = updatedAt
    self.threads = threads
    self.activeCompletion = activeCompletion
  }

  fileprivate var members: JSONObject {
    var members: JSONObject = ["id": .string(id)]
    members.set("name", name.map(JSONValue.string))
    members["provider"] = .string(provider)
    members["model"] = .string(model)
    members.set("system", system.map(JSONValue.string))
    members.set("fallbacks", fallbacks.map { .strings($0) })
    members.set("budgetUSD", budgetUSD.map(JSONValue.double))
    members["createdAt"] = .string(createdAt)
    members["updatedAt"] = .string(updatedAt)
    members["threads"] = .array(threads.map(\.json))
    members.set("activeCompletion", activeCompletion.map(JSONValue.string))
    return members
  }

  /// The session: the result of `createSession` and `renameSession`.
  package var json: JSONValue { .object(members) }
}

/// The thread of one provider in a session.
package struct ThreadInfo: Sendable, Hashable {
  package var provider: String
  /// The model used last.
  package var model: String
  package var messageCount: Int
  package var usage: Usage
  /// `nil` when a price was not known.
  package var cost: Cost?

  /// A thread.
  package init(provider: String, model: String, messageCount: Int, usage: Usage, cost: Cost?) {
    self.provider = provider
    self.model = model
    self.messageCount = messageCount
    self.usage = usage
    self.cost = cost
  }
  fileprivate var json: JSONValue {
    [
      "provider": .string(provider), "model": .string(model), "messageCount": .int(messageCount), "usage": usage.json,
      "cost": cost?.json ?? .null,
    ]
  }
}

/// The parameters of `createSession`.
package struct CreateSessionParams: WireParams {
  /// The id the client chose: at most 64 of `A-Z a-z 0-9 . _ -`, the first a letter or digit.
  package var id: String?
  package var name: String?
  package var provider: String?
  package var model: String?
  package var system: String?
  /// An absolute path; `path` media must lie inside it.
  package var cwd: String?
  /// `provider/model`s to ask in this order when a completion's own cannot answer; `nil` for those of the settings.
  package var fallbacks: [String]?
  /// How many USD its completions may cost together.
  package var budgetUSD: Double?

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    let idRule = "1 to 64 letters, digits, \".\", \"_\" or \"-\", beginning with a letter or digit"
    id = try fields.optional("id", idRule) { $0.string.flatMap { Self.isId($0) ? $0 : nil } }
    name = try fields.nonEmptyString("name")
    provider = try fields.nonEmptyString("provider")
    model = try fields.nonEmptyString("model")
    system = try fields.string("system")
    cwd = try fields.optional("cwd", "an absolute path") { $0.string.flatMap { $0.hasPrefix("/") ? $0 : nil } }
    fallbacks = try fields.models("fallbacks")
    budgetUSD = try fields.double("budgetUSD", in: 0...1e9)
    try fields.finish()
  }

  /// Whether `text` may be a session's id: it also names its folder.
  package static func isId(_ text: String) -> Bool {
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: false
      }
    }
    guard let first = text.utf8.first, isAlphanumeric(first), text.utf8.count <= 64 else { return false }
    return text.utf8.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
  }
}

/// The parameters of `setBudget`.
package struct SetBudgetParams: WireParams {
  /// The session's id or name.
  package var session: String
  /// USD; `nil`, which is `null` and must be said, for any number.
  package var budgetUSD: Double?

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    session = try fields.require("session", fields.nonEmptyString("session"))
    budgetUSD = try fields.double("budgetUSD", in: 0...1e9)
    if json?["budgetUSD"] == nil { throw fields.error("budgetUSD", "is required; null takes the budget away") }
    try fields.finish()
  }
}

/// The parameters of `listSessions`.
package struct ListSessionsParams: WireParams {
  /// Only sessions whose id or name contains this, whatever the case.
  package var query: String?
  /// How many entries to return at most.
  package var limit: Int
  /// Where to go on, from `nextCursor`.
  package var cursor: String?

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    query = try fields.string("query")
    limit = try fields.int("limit", in: 1...1000) ?? 100
    cursor = try fields.nonEmptyString("cursor")
    try fields.finish()
  }
}

/// The result of `listSessions`: those changed last come first.
package struct ListSessionsResult: Sendable {
  package var sessions: [SessionInfo]
  /// Give it as `cursor` for the next page; `nil` on the last.
  package var nextCursor: String?

  /// A page.
  package init(sessions: [SessionInfo], nextCursor: String? = nil) {
    self.sessions = sessions
    self.nextCursor = nextCursor
  }
  /// `{"sessions": [..], "nextCursor"?: …}`.
  package var json: JSONValue {
    var members: JSONObject = ["sessions": .array(sessions.map(\.json))]
    members.set("nextCursor", nextCursor.map(JSONValue.string))
    return .object(members)
  }
}

/// The parameters of `getSession`.
package struct GetSessionParams: WireParams {
  /// The session's id or name.
  package var session: String
  /// Whose thread `messages` asks for; `nil` means the current provider's.
  package var provider: String?
  /// Whether to return the messages too.
  package var messages: Bool

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    session = try fields.require("session", fields.nonEmptyString("session"))
    provider = try fields.nonEmptyString("provider")
    messages = try fields.bool("messages") ?? false
    try fields.finish()
  }
}

/// The result of `getSession`: the session, with the messages of one thread when they were asked for.
package struct GetSessionResult: Sendable {
  package var session: SessionInfo
  /// Oldest first.
  package var messages: [StoredMessage]?

  /// A result.
  package init(session: SessionInfo, messages: [StoredMessage]? = nil) {
    self.session = session
    self.messages = messages
  }
  /// The members of the session, and `messages` beside them.
  package var json: JSONValue {
    var members = session.members
    members.set("messages", messages.map { .array($0.map(\.json)) })
    return .object(members)
  }
}

/// The parameters of `renameSession`; its result is the session.
package struct RenameSessionParams: WireParams {
  /// The session's id or present name.
  package var session: String
  /// The new name.
  package var name: String

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    session = try fields.require("session", fields.nonEmptyString("session"))
    name = try fields.require("name", fields.nonEmptyString("name"))
    try fields.finish()
  }
}

/// The parameters of methods that need no more than a session: `deleteSession`.
package struct SessionParams: WireParams {
  /// The session's id or name.
  package var session: String

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    session = try fields.require("session", fields.nonEmptyString("session"))
    try fields.finish()
  }
}
