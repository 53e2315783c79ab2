internal import JSON

/// Collects what a server shows of the model's reasoning, and what must go back to it unchanged in the next turn.
struct CompletionsReasoning {
  private var field: String?
  private var details: [JSONObject] = []
  private var seal: String?

  /// The new reasoning text of `delta`. Servers name the field differently and some send two of them with the same
  /// text: the first that holds something counts. `reasoning_details` are kept, but not shown: who means their text to
  /// be read sends it in one of the fields, too.
  mutating func take(_ delta: JSONObject) -> String {
    var text = ""
    for candidate in OpenAICompletionsQuirks.ReasoningField.allCases where candidate != .thinking {
      guard let value = delta[candidate.rawValue]?.string, !value.isEmpty else { continue }
      text = value
      field = field ?? candidate.rawValue
      break
    }
    if let new = delta["reasoning_opaque"]?.string, !new.isEmpty { seal = new }
    guard let new = delta["reasoning_details"]?.array, !new.isEmpty else { return text }
    for case .object(let detail) in new { merge(detail) }
    return text
  }

  /// The text of a thought came as a part of the content.
  mutating func takePart() { field = field ?? OpenAICompletionsQuirks.ReasoningField.thinking.rawValue }

  /// For `Reasoning.opaque`; `nil` when there was no reasoning.
  var opaque: JSONValue? {
    guard field != nil || !details.isEmpty || seal != nil else { return nil }
    var opaque = JSONObject()
    opaque.set("field", field.map(JSONValue.string))
    if !details.isEmpty { opaque["details"] = .array(details.map(JSONValue.object)) }
    opaque.set("seal", seal.map(JSONValue.string))
    return .object(opaque)
  }

  /// Pieces of the same item are joined; their order is kept.
  private mutating func merge(_ piece: JSONObject) {
    guard let position = details.lastIndex(where: { Self.belongs(piece, to: $0) }) else {
      details.append(piece)
      return
    }
    for (key, value) in piece {
      if let old = details[position][key]?.string, let new = value.string, ["text", "summary", "data"].contains(key) {
        details[position][key] = .string(old + new)
      } else if !value.isNull || details[position][key] == nil {
        details[position][key] = value
      }
    }
  }

  private static func belongs(_ piece: JSONObject, to item: JSONObject) -> Bool {
    guard piece["type"] == item["type"], piece["index"] == item["index"] else { return false }
    guard let new = piece["id"]?.string, let old = item["id"]?.string else { return true }
    return new == old
  }
}
