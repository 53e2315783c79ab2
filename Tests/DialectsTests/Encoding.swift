import Completion
import Dialects
import HTTP
import JSON

/// What a request looks like on the wire.
struct Written {
  var url: String
  var headers: [String: String]
  var body: JSONValue
  var dropped: [Dropped]
  /// The names of what was dropped.
  var losses: [String] { dropped.map(\.what) }
}

extension Dialect {
  /// Encodes a request made by `change` from one with the message "hi".
  func write(
    _ quirks: JSONObject = [:], messages: [Message] = [Message(.user, "hi")], stream: Bool = false,
    session: String? = nil, model: ModelInfo = .with { _ in },
    _ change: (inout CompletionOptions) -> Void = { _ in }
  ) throws -> Written {
    var options = CompletionOptions()
    change(&options)
    let request = CompletionRequest(messages: messages, options: options, stream: stream, sessionId: session)
    return try write(request, at: .test(quirks, model))
  }

  func write(_ request: CompletionRequest, at endpoint: Endpoint) throws -> Written {
    let encoded = try encode(request, for: endpoint)
    let headers = encoded.http.headers.map { ($0.name.lowercased(), $0.value.reveal()) }
    return Written(
      url: encoded.http.url, headers: Dictionary(uniqueKeysWithValues: headers),
      body: try JSONValue(parsing: encoded.http.body ?? []), dropped: encoded.dropped)
  }

  /// The error of a request that cannot be written; `nil` when it can.
  func refusal(
    _ quirks: JSONObject = [:], messages: [Message] = [Message(.user, "hi")],
    model: ModelInfo = .with { _ in }, _ change: (inout CompletionOptions) -> Void = { _ in }
  ) -> ProviderError? {
    do {
      _ = try write(quirks, messages: messages, model: model, change)
      return nil
    } catch { return error as? ProviderError }
  }
}

extension Tool {
  static let weather = Tool(
    name: "weather", description: "Tells it",
    inputSchema: ["type": "object", "properties": ["city": ["type": "string"]], "required": ["city"]])
}

extension Part {
  static let png = Part.image(Media(mediaType: "image/png", source: .data("iVBO")))
  static let pdf = Part.file(Media(mediaType: "application/pdf", source: .data("JVBE")), name: "a.pdf")
  static func result(_ id: String, _ text: String, isError: Bool = false) -> Part {
    .toolResult(ToolResult(toolCallId: id, content: [.text(text)], isError: isError))
  }
  static func call(_ id: String, _ name: String, _ arguments: JSONObject = [:]) -> Part {
    .toolCall(ToolCall(id: id, name: name, arguments: arguments))
  }
}

/// A value written as JSON text, for readable expectations.
func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: text) }
