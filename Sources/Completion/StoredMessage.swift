package import JSON

/// A message in a session's thread, as it is stored and as clients read it.
package struct StoredMessage: Sendable, Hashable {
  /// The message's id, unique in its session.
  package var id: String
  /// What was said. Its `origin` follows from `provider`, `api` and `model` when it is an assistant's.
  package var message: Message
  /// The provider that wrote it, or that it was written to.
  package var provider: String
  /// The model that wrote it, or that it was written to.
  package var model: String
  /// The API family the writer was reached by; `nil` for what no model wrote.
  package var api: String?
  /// When it was added: ISO 8601, UTC, with milliseconds: `2026-01-31T09:30:00.250Z`.
  package var at: String
  /// The tokens of the completion that ended with this message.
  package var usage: Usage?
  /// Why the model stopped.
  package var stopReason: StopReason?
  /// The completion this message belongs to.
  package var completionId: String?
  /// Whether it was copied in from another thread by `switchProvider`.
  package var copied: Bool

  /// A message of a thread. An assistant's `message.origin` is set from `provider`, `api` and `model`.
  package init(
    id: String, message: Message, provider: String, model: String, api: String? = nil, at: String,
    usage: Usage? = nil, stopReason: StopReason? = nil, completionId: String? = nil, copied: Bool = false
  ) {
    self.id = id
    self.message = message
    self.provider = provider
    self.model = model
    self.api = api
    self.at = at
    self.usage = usage
    self.stopReason = stopReason
    self.completionId = completionId
    self.copied = copied
    if message.role == .assistant, let api {
      self.message.origin = Origin(provider: provider, api: api, model: model)
    }
  }

  /// Reads a message and what is known beside it.
  package init(json: JSONValue, path: [String] = []) throws(JSONFieldError) {
    var fields = try JSONFields(json, path: path)
    let usage: Usage? =
      if let value = fields.value("usage") { try Usage(json: value, path: path + ["usage"]) } else { nil }
    self.init(
      id: try fields.require("id", fields.nonEmptyString("id")), message: try Message(reading: &fields),
      provider: try fields.require("provider", fields.nonEmptyString("provider")),
      model: try fields.require("model", fields.nonEmptyString("model")), api: try fields.nonEmptyString("api"),
      at: try fields.require("at", fields.nonEmptyString("at")), usage: usage,
      stopReason: try fields.choice("stopReason", StopReason.self),
      completionId: try fields.nonEmptyString("completionId"), copied: try fields.bool("copied") ?? false)
    try fields.finish()
  }

  /// The members of the message with those beside it; absent ones are left out.
  package var json: JSONValue {
    var members: JSONObject = [
      "id": .string(id), "role": .string(message.role.rawValue), "content": .array(message.content.map(\.json)),
      "provider": .string(provider), "model": .string(model),
    ]
    members.set("api", api.map(JSONValue.string))
    members["at"] = .string(at)
    members.set("usage", usage?.json)
    members.set("stopReason", stopReason.map { .string($0.rawValue) })
    members.set("completionId", completionId.map(JSONValue.string))
    if copied { members["copied"] = true }
    return .object(members)
  }
}
