internal import JSON

/// What the subset of OpenAPI's schema language that `parameters` and `responseSchema` take can say of a JSON Schema.
enum GeminiSchema {
  private static let kept: Set = [
    "type", "format", "title", "description", "nullable", "enum", "default", "minItems", "maxItems", "minimum",
    "maximum", "minLength", "maxLength", "minProperties", "maxProperties", "pattern", "example", "required",
    "propertyOrdering",
  ]

  /// `schema` in the subset. References are replaced by what they refer to; where that would have no end, by any
  /// object.
  static func reduced(_ schema: JSONObject) -> JSONObject { reduced(schema, root: schema, following: []) }

  private static func reduced(_ schema: JSONObject, root: JSONObject, following: Set<String>) -> JSONObject {
    if let reference = schema["$ref"]?.string {
      guard !following.contains(reference), var target = resolve(reference, in: root) else {
        return ["type": "object"]
      }
      for (key, value) in schema where key != "$ref" { target[key] = value }
      return reduced(target, root: root, following: following.union([reference]))
    }
    var result = JSONObject()
    for (key, value) in schema {
      switch key {
      case "properties":
        let properties = (value.object ?? [:]).map { ($0.key, sub($0.value, root, following)) }
        result[key] = .object(JSONObject(properties))
      case "items": result[key] = sub(value, root, following)
      case "anyOf", "oneOf": addAlternatives(value.array ?? [], to: &result, root, following)
      case "allOf":
        for part in value.array ?? [] { result.merge(sub(part, root, following).object ?? [:]) }
      case "const": result["enum"] = [value]
      default: if kept.contains(key) { result[key] = value }
      }
    }
    mendType(&result)
    return result
  }

  private static func sub(_ value: JSONValue, _ root: JSONObject, _ following: Set<String>) -> JSONValue {
    // `true` and `{}` mean anything, for which the subset has no word.
    .object(value.object.map { reduced($0, root: root, following: following) } ?? [:])
  }

  private static func addAlternatives(
    _ alternatives: [JSONValue], to result: inout JSONObject, _ root: JSONObject, _ following: Set<String>
  ) {
    let some = alternatives.filter { $0["type"] != "null" }.map { sub($0, root, following) }
    if some.count < alternatives.count { result["nullable"] = true }
    if some.count == 1, case .object(let only) = some[0] {
      result.merge(only)
    } else if !some.isEmpty {
      result["anyOf"] = .array(some)
    }
  }

  /// One type instead of a list; and enumerations of texts only, which is all that the subset knows.
  private static func mendType(_ schema: inout JSONObject) {
    if let types = schema["type"]?.array {
      let some = types.filter { $0 != "null" }
      if some.count < types.count { schema["nullable"] = true }
      if some.count > 1 {
        schema["type"] = nil
        schema["anyOf"] = .array(some.map { ["type": $0] })
      } else {
        schema["type"] = some.first
      }
    }
    guard let values = schema["enum"]?.array else { return }
    if values.allSatisfy({ $0.string != nil }) {
      if schema["type"] == nil { schema["type"] = "string" }
    } else {
      schema["enum"] = nil
      let note = "One of: " + values.map(\.text).joined(separator: ", ") + "."
      schema["description"] = .string([schema["description"]?.string, note].compactMap { $0 }.joined(separator: " "))
    }
  }

  /// The schema at a pointer such as `#/$defs/address`.
  private static func resolve(_ reference: String, in root: JSONObject) -> JSONObject? {
    guard reference.hasPrefix("#") else { return nil }
    var value = JSONValue.object(root)
    for step in reference.dropFirst().split(separator: "/") {
      let key = step.replacing("~1", with: "/").replacing("~0", with: "~")
      guard let next = value[String(key)] else { return nil }
      value = next
    }
    return value.object
  }
}
