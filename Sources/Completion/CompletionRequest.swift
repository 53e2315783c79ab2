package import JSON

/// How much a model should think.
package enum ReasoningLevel: String, Sendable, Hashable, CaseIterable {
  case off, minimal, low, medium, high, xhigh, max
}

/// A level, or a budget in tokens.
package enum ReasoningOption: Sendable, Hashable {
  case level(ReasoningLevel)
  case budget(Int)
}

/// A tool the model may call.
package struct Tool: Sendable, Hashable {
  /// `^[a-zA-Z0-9_-]{1,64}$` for most providers.
  package var name: String
  /// What it does, for the model.
  package var description: String?
  /// JSON Schema of its arguments.
  package var inputSchema: JSONObject

  /// A tool.
  package init(name: String, description: String? = nil, inputSchema: JSONObject) {
    self.name = name
    self.description = description
    self.inputSchema = inputSchema
  }
}

/// Whether the model must, may or must not call a tool.
package enum ToolChoice: Sendable, Hashable {
  case auto, none, required
  case tool(String)
}

/// The shape the answer must have.
package struct OutputFormat: Sendable, Hashable {
  /// JSON Schema of the answer.
  package var schema: JSONObject
  /// A name for the schema; providers want one.
  package var name: String
  /// Whether the provider must hold the model to the schema; `nil` leaves it to what the provider can do.
  package var strict: Bool?

  /// A schema to answer by.
  package init(schema: JSONObject, name: String = "answer", strict: Bool? = nil) {
    self.schema = schema
    self.name = name
    self.strict = strict
  }
}

/// How long the provider should keep the prompt.
package enum CachePolicy: String, Sendable, Hashable, CaseIterable { case off, short, long }
/// The provider's speed and price class.
package enum ServiceTier: String, Sendable, Hashable, CaseIterable { case `default`, priority, flex }

/// What a completion is for; the settings decide by it whether speed is worth its price.
package enum Purpose: String, Sendable, Hashable, CaseIterable { case chat, workflow }

/// The options of one completion that a dialect turns into request fields.
package struct CompletionOptions: Sendable, Hashable {
  package var system: String?
  /// Project instructions: sent after `system`, cached apart.
  package var instructions: String?
  package var maxTokens: Int?
  package var temperature: Double?
  package var topP: Double?
  package var stop: [String] = []
  package var seed: Int?
  package var reasoning: ReasoningOption?
  package var tools: [Tool] = []
  package var toolChoice: ToolChoice?
  package var parallelTools: Bool?
  package var output: OutputFormat?
  package var cache: CachePolicy?
  /// Whether the system text, and the project instructions, get cache markers of their own where an API has such.
  package var cachesSystem = true
  package var cachesInstructions = true
  package var serviceTier: ServiceTier?
  /// Merged into the provider's request body as it is, last.
  package var extra = JSONObject()

  /// No options.
  package init() {}
}

/// What a dialect encodes: a whole conversation and how to go on with it.
package struct CompletionRequest: Sendable {
  /// The messages, oldest first; the last is the new input. `path` media are already read.
  package var messages: [Message]
  /// The options.
  package var options: CompletionOptions
  /// Whether to ask for a stream.
  package var stream: Bool
  /// The session's id, for prompt-cache affinity; `nil` for a one-off.
  package var sessionId: String?

  /// A request.
  package init(
    messages: [Message], options: CompletionOptions = .init(), stream: Bool = true, sessionId: String? = nil
  ) {
    self.messages = messages
    self.options = options
    self.stream = stream
    self.sessionId = sessionId
  }
}
