package import Completion
package import JSON

/// The parameters of `countTokens`.
package struct CountTokensParams: WireParams {
  package var provider: String?
  package var model: String?
  /// At least one message; a string is one user message.
  package var input: [Message]
  package var system: String?
  package var tools: [Tool]

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    provider = try fields.nonEmptyString("provider")
    model = try fields.nonEmptyString("model")
    input = try fields.messages("input")
    system = try fields.string("system")
    tools = try fields.list("tools") { json, path throws(JSONFieldError) in try Tool(json: json, path: path) } ?? []
    try fields.finish()
  }
}

/// The result of `countTokens`.
package struct CountTokensResult: Sendable, Hashable {
  package var tokens: Int
  /// Whether the provider itself counted.
  package var exact: Bool
  /// What the provider did not count, because it could not be sent.
  package var dropped: [DroppedItem]
  /// Why it did not, although it could.
  package var warnings: [String]

  /// A count.
  package init(tokens: Int, exact: Bool, dropped: [DroppedItem] = [], warnings: [String] = []) {
    self.tokens = tokens
    self.exact = exact
    self.dropped = dropped
    self.warnings = warnings
  }
  /// `{"tokens": …, "exact": …}`, and `dropped` and `warnings` when there are any.
  package var json: JSONValue {
    var members: JSONObject = ["tokens": .int(tokens), "exact": .bool(exact)]
    members.set(dropped: dropped)
    if !warnings.isEmpty { members["warnings"] = .strings(warnings) }
    return .object(members)
  }
}

/// The parameters of `embed`.
package struct EmbedParams: WireParams {
  package var provider: String?
  /// A model of `provider`, or `provider/model`. Always named: a default is for answers.
  package var model: String
  /// At least one text.
  package var input: [String]
  /// How long the vectors shall be.
  package var dimensions: Int?

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    provider = try fields.nonEmptyString("provider")
    model = try fields.require("model", fields.nonEmptyString("model"))
    input = try fields.require("input", fields.strings("input"))
    if input.isEmpty { throw fields.error("input", "must hold at least one text") }
    dimensions = try fields.int("dimensions", in: 1...65_536)
    try fields.finish()
  }
}

/// The result of `embed`.
package struct EmbedResult: Sendable {
  package var provider: String
  package var model: String
  /// One vector for each text, in their order.
  package var embeddings: [[Double]]
  package var usage: Usage

  /// Vectors.
  package init(provider: String, model: String, embeddings: [[Double]], usage: Usage) {
    self.provider = provider
    self.model = model
    self.embeddings = embeddings
    self.usage = usage
  }
  /// The result as the client gets it.
  package var json: JSONValue {
    [
      "provider": .string(provider), "model": .string(model),
      "embeddings": .array(embeddings.map { .array($0.map(JSONValue.double)) }), "usage": usage.json,
    ]
  }
}

/// The parameters of `completeInline`.
package struct CompleteInlineParams: WireParams {
  /// The most texts one call may ask for.
  package static let mostItems = 10

  package var hole: InfillRequest
  package var provider: String?
  package var model: String?
  /// How many texts are wanted.
  package var count: Int

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    hole = InfillRequest(
      prefix: try fields.require("prefix", fields.string("prefix")), suffix: try fields.string("suffix") ?? "",
      path: try fields.nonEmptyString("path"), language: try fields.nonEmptyString("language"),
      maxTokens: try fields.int("maxTokens", in: 1...Int.max), stop: try fields.strings("stop") ?? [])
    provider = try fields.nonEmptyString("provider")
    model = try fields.nonEmptyString("model")
    count = try fields.int("n", in: 1...Self.mostItems) ?? 1
    try fields.finish()
  }
}

/// The result of `completeInline`.
package struct CompleteInlineResult: Sendable {
  package var provider: String
  package var model: String
  /// What may stand in the hole, in the order of their making.
  package var texts: [String]
  /// All texts together.
  package var usage: Usage
  /// `nil` when the model's prices are not known.
  package var cost: Cost?
  /// Whether the provider's own endpoint for holes wrote them.
  package var native: Bool
  /// What of the call the provider could not take.
  package var dropped: [DroppedItem]

  /// A result.
  package init(
    provider: String, model: String, texts: [String], usage: Usage, cost: Cost?, native: Bool,
    dropped: [DroppedItem] = []
  ) {
    self.provider = provider
    self.model = model
    self.texts = texts
    self.usage = usage
    self.cost = cost
    self.native = native
    self.dropped = dropped
  }
  /// The result as the client gets it; `cost` is left out when it is not known, `dropped` when it is empty.
  package var json: JSONValue {
    var members: JSONObject = [
      "provider": .string(provider), "model": .string(model), "items": .array(texts.map { ["text": .string($0)] }),
      "usage": usage.json,
    ]
    members.set("cost", cost?.json)
    members["native"] = .bool(native)
    members.set(dropped: dropped)
    return .object(members)
  }
}
