internal import Completion
internal import JSON

/// One item of an answer while it is being written.
struct ResponsesItem {
  enum Kind { case message, reasoning, call, customCall, hosted }
  /// A text within an item: the parts of each kind are counted from 0.
  struct Place: Hashable {
    enum Kind { case text, refusal, summary, reasoning, arguments }
    var kind: Kind
    var index: Int

    /// The arguments of a call.
    static let arguments = Self(kind: .arguments, index: 0)
  }
  /// What became of a call.
  enum Role { case unannounced, call(Int), answer, surplusAnswer }

  let kind: Kind
  var id: String?
  var outputIndex: Int?
  /// What was said of each text so far.
  var said: [Place: String] = [:]
  /// Whether everything of it was handed out.
  var isClosed = false

  // Messages and calls
  var phase: String?
  var namespace: String?
  var isSealWritten = false

  // Calls
  var callId = ""
  var name = ""
  var role = Role.unannounced
  /// Arguments that came with the announcement: they count only when none come after it.
  var firstArguments = ""

  // Reasoning
  /// The kind of text that is shown; when the provider sends both, they say the same.
  var shown: Place.Kind?
  var lastPlace: Place?
  /// Whether the thought being written is this one's.
  var isThinking = false
  /// Whether a part was ended that stands for the item.
  var isPlaced = false
  /// Whether the sealed content is there.
  var isSealed = false

  init(_ kind: Kind) { self.kind = kind }

  init(_ item: JSONObject, outputIndex: Int?) {
    switch item["type"]?.string {
    case "message": kind = .message
    case "reasoning": kind = .reasoning
    case "function_call": kind = .call
    case "custom_tool_call": kind = .customCall
    default: kind = .hosted
    }
    self.outputIndex = outputIndex
    take(item)
  }

  /// Takes what `item` says beside its content. The first id stays, since the seal may have been written with it;
  /// only that of reasoning belongs to content that comes last.
  mutating func take(_ item: JSONObject) {
    id = kind == .reasoning ? item["id"]?.string ?? id : id ?? item["id"]?.string
    phase = phase ?? item["phase"]?.string
    namespace = namespace ?? item["namespace"]?.string
    if callId.isEmpty { callId = item["call_id"]?.string ?? "" }
    if name.isEmpty { name = item["name"]?.string ?? "" }
    if firstArguments.isEmpty { firstArguments = Self.arguments(of: item) }
  }

  /// The text of arguments that come as text, or as an object.
  static func arguments(of item: JSONObject) -> String {
    switch item["arguments"] ?? item["input"] {
    case .string(let text)?: text
    case .object(let object)?: JSONValue.object(object).text
    default: ""
    }
  }

  /// What belongs to the part that is about to come; `nil` when there is nothing, or it was written.
  mutating func takeSeal() -> JSONValue? {
    guard !isSealWritten else { return nil }
    isSealWritten = true
    var next = JSONObject()
    next.set("id", id.map(JSONValue.string))
    next.set("phase", phase.map(JSONValue.string))
    next.set("namespace", namespace.map(JSONValue.string))
    if kind == .customCall { next["custom"] = true }
    return next.isEmpty ? nil : ["next": .object(next)]
  }
}
