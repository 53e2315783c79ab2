package import Completion
package import JSON

/// The parameters of `complete`.
package struct CompleteParams: WireParams {
  /// The new messages, at least one; a string is one user message.
  package var input: [Message]
  /// The id or name of a session; `nil` for a one-off.
  package var session: String?
  package var provider: String?
  /// A model of `provider`, or `provider/model`, or `@role`.
  package var model: String?
  /// What a dialect turns into request fields.
  package var options: CompletionOptions
  /// Whether to send `streamDelta`s.
  package var stream: Bool
  package var timeout: PhaseTimeouts
  package var retry: RetryOptions
  /// `provider/model`s to ask in this order when the first cannot answer; `nil` for those of the session or settings.
  package var fallbacks: [String]?
  /// The key for this call alone.
  package var apiKey: HiddenText?
  /// The account at the provider; `nil` for the session's, else the default one.
  package var account: String?
  /// Headers for this call alone; `nil` removes one the configuration sets. Names are HTTP tokens, values have no
  /// line breaks. Values may be secrets: do not print them.
  package var headers: [(name: String, value: String?)]
  package var baseURL: String?
  /// The API family to speak at `baseURL`.
  package var api: String?
  /// The same key again within an hour returns the first result.
  package var requestKey: String?
  /// Whether to wait when the thread is busy.
  package var queue: Bool
  package var purpose: Purpose
  /// How many USD it may cost.
  package var budgetUSD: Double?

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    input = try fields.messages("input")
    session = try fields.nonEmptyString("session")
    provider = try fields.nonEmptyString("provider")
    model = try fields.nonEmptyString("model")
    options = try CompletionOptions(reading: &fields)
    stream = try fields.bool("stream") ?? true
    timeout = try PhaseTimeouts(json: fields.value("timeout"), path: ["timeout"])
    retry =
      try fields.value("retry").map { json throws(JSONFieldError) in
        try RetryOptions(json: json, path: ["retry"])
      } ?? RetryOptions()
    fallbacks = try fields.models("fallbacks")
    apiKey = try fields.nonEmptyString("apiKey").map { HiddenText($0) }
    account = try fields.nonEmptyString("account")
    headers = try Self.headers(&fields)
    baseURL = try Self.baseURL(&fields)
    api = try fields.nonEmptyString("api")
    requestKey = try fields.nonEmptyString("requestKey")
    queue = try fields.bool("queue") ?? false
    purpose = try fields.choice("purpose", Purpose.self) ?? .chat
    budgetUSD = try fields.double("budgetUSD", in: 0...1e9)
    try fields.finish()
  }

  private static func headers(
    _ fields: inout JSONFields
  ) throws(JSONFieldError) -> [(name: String, value: String?)] {
    var headers: [(name: String, value: String?)] = []
    for (name, value) in try fields.object("headers") ?? JSONObject() {
      let path = fields.path + ["headers", name]
      guard isToken(name) else { throw JSONFieldError(path: path, message: "is not a header name") }
      switch value {
      case .null: headers.append((name, nil))
      case .string(let text) where isHeaderValue(text): headers.append((name, text))
      case .string: throw JSONFieldError(path: path, message: "must not hold line breaks or other control characters")
      default:
        throw JSONFieldError(path: path, message: "must be a string, or null to remove it, but is \(value.kindName)")
      }
    }
    return headers
  }

  private static func baseURL(_ fields: inout JSONFields) throws(JSONFieldError) -> String? {
    try fields.optional("baseURL", "a URL that begins with http:// or https://") { value in
      value.string.flatMap { text in
        text.lowercased().hasPrefix("http://") || text.lowercased().hasPrefix("https://") ? text : nil
      }
    }
  }

  /// A token of RFC 9110 §5.6.2.
  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }

  private static func isHeaderValue(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }
  }
}

extension JSONFields {
  /// The member `name` as at least one message; a string is one user message.
  mutating func messages(_ name: String) throws(JSONFieldError) -> [Message] {
    switch value(name) {
    case nil: throw error(name, "is required")
    case .string(let text): return [Message(.user, text)]
    case .some(let message) where message.object != nil: return [try Message(json: message, path: path + [name])]
    case .some(let value) where value.array != nil:
      let messages =
        try list(name) { json, path throws(JSONFieldError) in try Message(json: json, path: path) } ?? []
      guard !messages.isEmpty else { throw error(name, "must hold at least one message") }
      return messages
    case .some(let other):
      throw error(name, "must be a string, a message or an array of messages, but is \(other.kindName)")
    }
  }
}

extension PhaseTimeouts {
  /// Reads the member `timeout` of a call.
  fileprivate init(json: JSONValue?, path: [String]) throws(JSONFieldError) {
    self.init()
    var fields = try JSONFields(json, path: path)
    connectMs = try fields.int("connectMs", in: 1...Int(Int32.max))
    firstTokenMs = try fields.int("firstTokenMs", in: 1...Int(Int32.max))
    idleMs = try fields.int("idleMs", in: 1...Int(Int32.max))
    totalMs = try fields.int("totalMs", in: 1...Int(Int32.max))
    try fields.finish()
  }
}

/// The parameters of `cancel`.
package struct CancelParams: WireParams {
  package var completionId: String

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    completionId = try fields.require("completionId", fields.nonEmptyString("completionId"))
    try fields.finish()
  }
}

/// The result of `cancel`.
package struct CancelResult: Sendable {
  /// Whether there was such a completion and it was still going on.
  package var cancelled: Bool

  /// A result.
  package init(cancelled: Bool) { self.cancelled = cancelled }
  /// `{"cancelled": …}`.
  package var json: JSONValue { ["cancelled": .bool(cancelled)] }
}
