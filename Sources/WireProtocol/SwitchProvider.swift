package import JSON

/// What of the thread that is left goes into the thread that is entered.
package enum Carry: String, Sendable, Hashable, CaseIterable {
  case none
  /// The last exchange.
  case last
  /// The whole thread.
  case all
}

/// The parameters of `switchProvider`.
package struct SwitchProviderParams: WireParams {
  /// The session's id or name; `nil` means the connection's default.
  package var session: String?
  package var provider: String
  /// `nil` means the thread's own last model, else the provider's default.
  package var model: String?
  package var carry: Carry

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    session = try fields.nonEmptyString("session")
    provider = try fields.require("provider", fields.nonEmptyString("provider"))
    model = try fields.nonEmptyString("model")
    carry = try fields.choice("carry", Carry.self) ?? .none
    if session == nil, carry != .none { throw fields.error("carry", "needs a \"session\"") }
    try fields.finish()
  }
}

/// The result of `switchProvider`.
package struct SwitchProviderResult: Sendable {
  package var session: String?
  package var provider: String
  package var model: String
  /// How many messages the thread holds that is now current; 0 without a session.
  package var messageCount: Int
  /// What was current before; `nil` when nothing was.
  package var previous: ModelChoice?

  /// A result.
  package init(session: String? = nil, provider: String, model: String, messageCount: Int, previous: ModelChoice?) {
    self.session = session
    self.provider = provider
    self.model = model
    self.messageCount = messageCount
    self.previous = previous
  }
  /// The result as the client gets it; `previous` is `null` when there was nothing.
  package var json: JSONValue {
    var members = JSONObject()
    members.set("session", session.map(JSONValue.string))
    members["provider"] = .string(provider)
    members["model"] = .string(model)
    members["thread"] = ["messageCount": .int(messageCount)]
    members["previous"] = previous?.json ?? .null
    return .object(members)
  }
}
