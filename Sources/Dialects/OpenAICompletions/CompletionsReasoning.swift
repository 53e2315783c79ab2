internal import JSON

/// Collects what a server shows of the model's reasoning, and what must go back to it unchanged in the next turn.
struct CompletionsReasoning {
  private var field: String?
  private var details: [Detail] = []
  /// The last of `details` of each type and index, and the one of each id among them.
  private var last: [Detail.Group: Int] = [:]
  private var named: [Detail.Name: Int] = [:]
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
    if !details.isEmpty { opaque["details"] = .array(details.map(\.json)) }
    opaque.set("seal", seal.map(JSONValue.string))
    return .object(opaque)
  }

  /// Pieces of the same item are joined; their order is kept.
  private mutating func merge(_ piece: JSONObject) {
    let group = Detail.Group(piece)
    let id = piece["id"]?.string
    guard let position = position(in: group, id) else {
      details.append(Detail())
      return merge(piece, into: details.count - 1, group, id)
    }
    merge(piece, into: position, group, id)
  }

  private mutating func merge(_ piece: JSONObject, into position: Int, _ group: Detail.Group, _ id: String?) {
    details[position].take(piece)
    last[group] = max(position, last[group] ?? 0)
    if let id { named[Detail.Name(group: group, id: id)] = position }
  }

  /// The item that a piece belongs to: the last one of its type and index that is not called otherwise.
  private func position(in group: Detail.Group, _ id: String?) -> Int? {
    guard let last = last[group] else { return nil }
    guard let id, details[last].id != nil else { return last }
    return named[Detail.Name(group: group, id: id)]
  }

  private struct Detail {
    struct Group: Hashable {
      var type: JSONValue?
      var index: JSONValue?

      init(_ piece: JSONObject) { (type, index) = (piece["type"], piece["index"]) }
    }
    struct Name: Hashable {
      var group: Group
      var id: String
    }

    private var members = JSONObject()
    /// Members that come in pieces, kept apart so that they grow without being copied.
    private var texts: [String: String] = [:]

    var id: String? { members["id"]?.string }

    var json: JSONValue {
      var json = members
      for (key, text) in texts { json[key] = .string(text) }
      return .object(json)
    }

    mutating func take(_ piece: JSONObject) {
      for (key, value) in piece {
        if ["text", "summary", "data"].contains(key), let text = value.string {
          // Holds the member's place.
          if members[key] == nil { members[key] = "" }
          texts[key, default: ""] += text
        } else if !value.isNull || members[key] == nil {
          members[key] = value
        }
      }
    }
  }
}
