package import Completion
internal import JSON

extension CompletionOptions {
  /// The name of the tool that stands in for a native structured output: the schema's name where a tool may be called
  /// so and no other tool is. `nil` when no shape was asked for.
  package var answerToolName: String? {
    guard let output else { return nil }
    let letters = output.name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") ? $0 : "_" }
    var name = String(letters.prefix(58))
    if name.isEmpty { name = "answer" }
    while tools.contains(where: { $0.name == name }) { name += "_" }
    return name
  }
}

extension OutputFormat {
  /// Words that make a model without a native way answer by the schema.
  package var instruction: String {
    """
    Answer with one JSON object and nothing else: no explanation, no code fence. It must be valid by this JSON Schema:
    \(JSONValue.object(schema).text)
    """
  }

  /// Whether OpenAI's strict mode takes the schema: every object closes itself to further members and requires all
  /// it has.
  package var qualifiesForStrictMode: Bool { Self.qualifies(.object(schema)) }

  private static func qualifies(_ value: JSONValue) -> Bool {
    switch value {
    case .array(let elements): return elements.allSatisfy(qualifies)
    case .object(let schema):
      if let properties = schema["properties"]?.object {
        let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
        guard schema["additionalProperties"] == false, properties.keys.allSatisfy(required.contains) else {
          return false
        }
        return schema.allSatisfy { $0.key == "properties" || qualifies($0.value) }
          && properties.allSatisfy { qualifies($0.value) }
      }
      return schema["type"]?.string != "object" && schema.allSatisfy { qualifies($0.value) }
    default: return true
    }
  }
}
