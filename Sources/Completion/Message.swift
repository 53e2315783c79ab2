package import JSON

/// Who wrote a message.
package enum Role: String, Sendable, Hashable, CaseIterable { case user, assistant, system, tool }

/// One message of a conversation, in no provider's dialect.
package struct Message: Sendable, Hashable {
  /// Who wrote it.
  package var role: Role
  /// What it holds, in order.
  package var content: [Part]
  /// Who produced it, for assistant messages: signatures and opaque reasoning go back to this model only.
  package var origin: Origin?

  /// A message of several parts.
  package init(role: Role, content: [Part], origin: Origin? = nil) {
    self.role = role
    self.content = content
    self.origin = origin
  }
  /// A message of one text.
  package init(_ role: Role, _ text: String) { self.init(role: role, content: [.text(text)]) }

  /// The joined text parts.
  package var text: String { content.compactMap { if case .text(let text) = $0 { text } else { nil } }.joined() }
  /// The joined reasoning parts.
  package var reasoning: String {
    content.compactMap { if case .reasoning(let part) = $0 { part.text } else { nil } }.joined()
  }
  /// The tool calls in order.
  package var toolCalls: [ToolCall] { content.compactMap { if case .toolCall(let call) = $0 { call } else { nil } } }
}

/// The provider, API family and model that wrote an assistant message.
package struct Origin: Sendable, Hashable {
  /// The provider's id.
  package var provider: String
  /// The API family.
  package var api: String
  /// The model's id within the provider.
  package var model: String

  /// The writer of a message.
  package init(provider: String, api: String, model: String) {
    self.provider = provider
    self.api = api
    self.model = model
  }
}

/// A piece of a message.
package enum Part: Sendable, Hashable {
  case text(String)
  case image(Media)
  case file(Media, name: String?)
  case reasoning(Reasoning)
  case toolCall(ToolCall)
  case toolResult(ToolResult)
}

/// Bytes that are no text, and where they are.
package struct Media: Sendable, Hashable {
  /// Where the bytes are.
  package enum Source: Sendable, Hashable {
    /// The bytes in base64.
    case data(String)
    /// Where the provider can fetch them.
    case url(String)
    /// A local file; the engine reads it before a dialect sees the part.
    case path(String)
  }
  /// The MIME type: `image/png`.
  package var mediaType: String
  /// Where the bytes are.
  package var source: Source

  /// Media of a type.
  package init(mediaType: String, source: Source) {
    self.mediaType = mediaType
    self.source = source
  }
}

/// What a model thought, with whatever its provider needs to take it back.
package struct Reasoning: Sendable, Hashable {
  /// The readable text; empty when the provider shows none.
  package var text: String
  /// The provider's seal over the text.
  package var signature: String?
  /// Whether the provider withheld the text.
  package var redacted: Bool
  /// The provider's own items, to be replayed as they came; for openai-completions an object
  /// `{"field"?: "reasoning_content"|…, "details"?: [..], "seal"?: "…"}`. An object `{"next": …}` in a part without text is no thought
  /// at all but belongs to the part behind it: ids and seals of texts and calls.
  package var opaque: JSONValue?

  /// Whether this only carries what belongs to the part behind it.
  package var isForNextPart: Bool {
    guard text.isEmpty, signature == nil, !redacted, case .object(let object)? = opaque else { return false }
    return object["next"] != nil
  }

  /// A thought.
  package init(text: String, signature: String? = nil, redacted: Bool = false, opaque: JSONValue? = nil) {
    self.text = text
    self.signature = signature
    self.redacted = redacted
    self.opaque = opaque
  }
}

/// A model's wish to have a tool run.
package struct ToolCall: Sendable, Hashable {
  /// The call's id; results refer to it.
  package var id: String
  /// The tool's name.
  package var name: String
  /// The arguments; empty when `invalid`.
  package var arguments: JSONObject
  /// Whether the arguments were cut off or are no JSON object. Such a call must never be executed.
  package var invalid: Bool
  /// For an invalid call, the arguments as they came.
  package var argumentsText: String?

  /// A call with sound arguments.
  package init(id: String, name: String, arguments: JSONObject) {
    self.init(id: id, name: name, arguments: arguments, invalid: false, argumentsText: nil)
  }
  private init(id: String, name: String, arguments: JSONObject, invalid: Bool, argumentsText: String?) {
    self.id = id
    self.name = name
    self.arguments = arguments
    self.invalid = invalid
    self.argumentsText = argumentsText
  }
  /// A call from the argument text a provider sent: no text at all, or `null` (Groq), means no arguments; anything
  /// else that is no JSON object makes the call invalid.
  package init(id: String, name: String, argumentsText text: String) {
    let isBlank = text.allSatisfy(\.isWhitespace)
    switch isBlank ? .null : try? JSONValue(parsing: text) {
    case .null?: self.init(id: id, name: name, arguments: JSONObject())
    case .object(let object)?: self.init(id: id, name: name, arguments: object)
    default: self.init(id: id, name: name, arguments: JSONObject(), invalid: true, argumentsText: text)
    }
  }
  /// A call that is known to be broken, as a stored message says.
  package static func invalid(id: String, name: String, argumentsText: String) -> ToolCall {
    ToolCall(id: id, name: name, arguments: JSONObject(), invalid: true, argumentsText: argumentsText)
  }
}

/// What a tool answered.
package struct ToolResult: Sendable, Hashable {
  /// The call this answers.
  package var toolCallId: String
  /// The answer: text and images.
  package var content: [Part]
  /// Whether the tool failed.
  package var isError: Bool

  /// The answer to a call.
  package init(toolCallId: String, content: [Part], isError: Bool = false) {
    self.toolCallId = toolCallId
    self.content = content
    self.isError = isError
  }
}
