package import JSON

/// Why a value does not fit its schema, or why the schema itself is of no use.
package enum SchemaError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The value at `path` breaks a rule.
  case violation(path: [String], message: String)
  /// The schema says something this validator does not know; `path` leads to it within the schema.
  case fault(path: [String], message: String)

  package var description: String {
    switch self {
    case .violation(let path, let message):
      JSONFieldError(path: path, message: message).description
    case .fault(let path, let message):
      "the schema at /\(path.joined(separator: "/")) is faulty: \(message)"
    }
  }

  /// How deep in the value the violation lies.
  fileprivate var depth: Int { if case .violation(let path, _) = self { path.count } else { .max } }
}

/// Checks values by JSON Schema: the keywords that the schemas here use, and an error for any other.
package struct SchemaValidator: Sendable {
  /// The document that `$ref` points into.
  private let root: JSONValue

  /// A validator for schemas within `root`, whose `$ref`s are `#/…`.
  package init(root: JSONValue) { self.root = root }

  /// Checks `value`. `path` is where it stands, for the error.
  /// - Throws: the first violation; of several alternatives that all fail, the one that got furthest.
  package func validate(
    _ value: JSONValue, against schema: JSONValue, path: [String] = []
  ) throws(SchemaError) {
    if case .bool(let accepts) = schema {
      return accepts ? () : try refuse(path, "is not allowed")
    }
    for (keyword, rule) in try keywords(of: schema) {
      switch keyword {
      case "$ref": try validate(value, against: try resolve(rule), path: path)
      case "type": try checkType(value, rule, path)
      case "enum", "const": try checkChoice(value, keyword, rule, path)
      case "oneOf", "anyOf", "allOf": try checkAlternatives(value, keyword, rule, path)
      case "minimum", "maximum": try checkRange(value, keyword, rule, path)
      case "minLength", "pattern": try checkText(value, keyword, rule, path)
      case "properties", "required", "additionalProperties": try checkMembers(value, keyword, rule, schema, path)
      case "items", "prefixItems", "minItems": try checkElements(value, keyword, rule, schema, path)
      default: throw .fault(path: [keyword], message: "an unknown keyword")
      }
    }
  }

  /// Checks that `schema` and all below it use known keywords and references that lead somewhere.
  package func check(schema: JSONValue, path: [String] = []) throws(SchemaError) {
    if case .bool = schema { return }
    do throws(SchemaError) {
      for (keyword, rule) in try keywords(of: schema) where keyword == "$ref" { _ = try resolve(rule) }
    } catch .fault(_, let message) {
      throw .fault(path: path, message: message)
    }
    for keyword in ["items", "additionalProperties"] {
      if let inner = schema[keyword] { try check(schema: inner, path: path + [keyword]) }
    }
    for keyword in ["oneOf", "anyOf", "allOf", "prefixItems"] {
      for (index, inner) in (schema[keyword]?.array ?? []).enumerated() {
        try check(schema: inner, path: path + [keyword, String(index)])
      }
    }
    for (name, inner) in schema["properties"]?.object ?? JSONObject() {
      try check(schema: inner, path: path + ["properties", name])
    }
  }

  private static let annotations: Set<String> = [
    "title", "description", "default", "examples", "format", "$schema", "$defs",
  ]
  private static let rules: Set<String> = [
    "$ref", "type", "enum", "const", "oneOf", "anyOf", "allOf", "minimum", "maximum", "minLength", "pattern",
    "properties", "required", "additionalProperties", "items", "prefixItems", "minItems",
  ]

  /// The keywords that say something about a value.
  private func keywords(of schema: JSONValue) throws(SchemaError) -> JSONObject {
    guard let members = schema.object else { throw .fault(path: [], message: "it is \(schema.kindName)") }
    var keywords = JSONObject()
    for (keyword, rule) in members where !Self.annotations.contains(keyword) && !keyword.hasPrefix("x-") {
      guard Self.rules.contains(keyword) else { throw .fault(path: [], message: "unknown keyword \"\(keyword)\"") }
      keywords[keyword] = rule
    }
    return keywords
  }

  private func resolve(_ reference: JSONValue) throws(SchemaError) -> JSONValue {
    guard let text = reference.string, text.hasPrefix("#/") else {
      throw .fault(path: [], message: "\"$ref\" must begin with #/, but is \(reference.text)")
    }
    var value = root
    for key in text.dropFirst(2).split(separator: "/") {
      guard let next = value[String(key)] else { throw .fault(path: [], message: "\(text) leads nowhere") }
      value = next
    }
    return value
  }

  private func refuse(_ path: [String], _ message: String) throws(SchemaError) {
    throw .violation(path: path, message: message)
  }
}

// MARK: - One function for each group of keywords

extension SchemaValidator {
  private func checkType(_ value: JSONValue, _ rule: JSONValue, _ path: [String]) throws(SchemaError) {
    let names = rule.array?.compactMap(\.string) ?? [rule.string ?? ""]
    for name in names {
      switch (name, value) {
      case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .string), ("array", .array),
        ("object", .object):
        return
      case ("integer", .number(let number)) where number.int != nil: return
      case ("null", _), ("boolean", _), ("number", _), ("string", _), ("array", _), ("object", _), ("integer", _): break
      default: throw .fault(path: ["type"], message: "unknown type \(rule.text)")
      }
    }
    try refuse(path, "must be of type \(names.joined(separator: " or ")), but is \(value.kindName)")
  }

  private func checkChoice(
    _ value: JSONValue, _ keyword: String, _ rule: JSONValue, _ path: [String]
  ) throws(SchemaError) {
    let choices = keyword == "const" ? [rule] : rule.array ?? []
    guard !choices.contains(value) else { return }
    try refuse(path, "must be \(choices.map(\.text).joined(separator: " or ")), but is \(value.text)")
  }

  private func checkAlternatives(
    _ value: JSONValue, _ keyword: String, _ rule: JSONValue, _ path: [String]
  ) throws(SchemaError) {
    var matches = 0
    var furthest: SchemaError?
    for schema in rule.array ?? [] {
      do throws(SchemaError) {
        try validate(value, against: schema, path: path)
        matches += 1
      } catch {
        guard case .violation = error, keyword != "allOf" else { throw error }
        if error.depth >= furthest?.depth ?? 0 { furthest = error }
      }
    }
    if keyword == "oneOf", matches > 1 { try refuse(path, "fits \(matches) of the alternatives, not one") }
    if keyword != "allOf", matches == 0 {
      throw furthest ?? .fault(path: [keyword], message: "there are no alternatives")
    }
  }

  private func checkRange(
    _ value: JSONValue, _ keyword: String, _ rule: JSONValue, _ path: [String]
  ) throws(SchemaError) {
    guard let limit = rule.double else { throw .fault(path: [keyword], message: "it is no number") }
    guard let number = value.double, keyword == "minimum" ? number < limit : number > limit else { return }
    try refuse(path, "must be \(keyword == "minimum" ? "at least" : "at most") \(rule.text), but is \(value.text)")
  }

  private func checkText(
    _ value: JSONValue, _ keyword: String, _ rule: JSONValue, _ path: [String]
  ) throws(SchemaError) {
    guard let text = value.string else { return }
    if keyword == "minLength" {
      guard let length = rule.int else { throw .fault(path: [keyword], message: "it is no whole number") }
      if text.unicodeScalars.count < length { try refuse(path, "must have at least \(length) characters") }
      return
    }
    guard let pattern = rule.string, let expression = try? Regex(pattern) else {
      throw .fault(path: [keyword], message: "it is no regular expression")
    }
    if text.firstMatch(of: expression) == nil { try refuse(path, "must match \(pattern), but is \(value.text)") }
  }

  private func checkMembers(
    _ value: JSONValue, _ keyword: String, _ rule: JSONValue, _ schema: JSONValue, _ path: [String]
  ) throws(SchemaError) {
    guard let members = value.object else { return }
    let properties = schema["properties"]?.object ?? JSONObject()
    switch keyword {
    case "required":
      for name in (rule.array ?? []).compactMap(\.string) where members[name] == nil {
        try refuse(path + [name], "is missing")
      }
    case "properties":
      for (name, inner) in properties {
        if let member = members[name] { try validate(member, against: inner, path: path + [name]) }
      }
    default:
      for (name, member) in members where properties[name] == nil {
        if rule == false { try refuse(path + [name], "is not documented") }
        try validate(member, against: rule, path: path + [name])
      }
    }
  }

  private func checkElements(
    _ value: JSONValue, _ keyword: String, _ rule: JSONValue, _ schema: JSONValue, _ path: [String]
  ) throws(SchemaError) {
    guard let elements = value.array else { return }
    switch keyword {
    case "minItems":
      guard let count = rule.int else { throw .fault(path: [keyword], message: "it is no whole number") }
      if elements.count < count { try refuse(path, "must have at least \(count) elements, but has \(elements.count)") }
    case "prefixItems":
      for (index, pair) in zip(elements, rule.array ?? []).enumerated() {
        try validate(pair.0, against: pair.1, path: path + [String(index)])
      }
    default:
      for index in elements.indices.dropFirst(schema["prefixItems"]?.array?.count ?? 0) {
        try validate(elements[index], against: rule, path: path + [String(index)])
      }
    }
  }
}
