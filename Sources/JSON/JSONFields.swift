/// A value of the wrong shape, and where it stands.
package struct JSONFieldError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The keys and indices that lead to the value, outermost first: `["tools", "0", "name"]`.
  package let path: [String]
  /// What is wrong and, where there is one, the remedy.
  package let message: String

  /// An error about the value at `path`.
  package init(path: [String], message: String) {
    self.path = path
    self.message = message
  }

  /// The path as a person writes it: `tools[0].name`.
  package var pathText: String {
    path.reduce(into: "") { text, key in
      text += Int(key) != nil ? "[\(key)]" : text.isEmpty ? key : ".\(key)"
    }
  }

  package var description: String { path.isEmpty ? message : "\(pathText): \(message)" }
}

/// Reads the members of an object one by one, with errors that name the field, and refuses what was not read:
/// a misspelt option is never ignored.
package struct JSONFields {
  /// Where the object stands.
  package let path: [String]
  private let object: JSONObject
  private var known: [String] = []

  /// Starts reading `value`, which must be an object; absent means one without members.
  package init(_ value: JSONValue?, path: [String] = []) throws(JSONFieldError) {
    self.path = path
    switch value {
    case nil: object = JSONObject()
    case .object(let members): object = members
    case .some(let other):
      throw JSONFieldError(path: path, message: "must be an object, but is \(other.kindName)")
    }
  }

  /// The member `key`, or `nil` when it is absent or `null`.
  package mutating func value(_ key: String) -> JSONValue? {
    known.append(key)
    guard let value = object[key], !value.isNull else { return nil }
    return value
  }

  /// The member `key` turned into `Value` by `convert`; its failures name this field.
  package mutating func optional<Value>(
    _ key: String, _ expected: String, _ convert: (JSONValue) -> Value?
  ) throws(JSONFieldError) -> Value? {
    guard let value = value(key) else { return nil }
    guard let converted = convert(value) else {
      throw error(key, "must be \(expected), but is \(Self.describe(value))")
    }
    return converted
  }

  /// A string, or `nil` when absent.
  package mutating func string(_ key: String) throws(JSONFieldError) -> String? {
    try optional(key, "a string", \.string)
  }
  /// A string of at least one character, or `nil` when absent: ids, names.
  package mutating func nonEmptyString(_ key: String) throws(JSONFieldError) -> String? {
    try optional(key, "a string that is not empty") { $0.string.flatMap { $0.isEmpty ? nil : $0 } }
  }
  /// A boolean, or `nil` when absent.
  package mutating func bool(_ key: String) throws(JSONFieldError) -> Bool? {
    try optional(key, "true or false", \.bool)
  }
  /// A whole number in `range`, or `nil` when absent.
  package mutating func int(_ key: String, in range: ClosedRange<Int> = 0...Int.max) throws(JSONFieldError) -> Int? {
    let limits =
      range.upperBound == Int.max
      ? "a whole number of at least \(range.lowerBound)"
      : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    return try optional(key, limits) { value in value.int.flatMap { range.contains($0) ? $0 : nil } }
  }
  /// A number in `range`, or `nil` when absent.
  package mutating func double(_ key: String, in range: ClosedRange<Double>) throws(JSONFieldError) -> Double? {
    try optional(key, "a number from \(range.lowerBound) to \(range.upperBound)") { value in
      value.double.flatMap { range.contains($0) ? $0 : nil }
    }
  }
  /// An array, or `nil` when absent.
  package mutating func array(_ key: String) throws(JSONFieldError) -> [JSONValue]? {
    try optional(key, "an array", \.array)
  }
  /// An object, or `nil` when absent.
  package mutating func object(_ key: String) throws(JSONFieldError) -> JSONObject? {
    try optional(key, "an object", \.object)
  }
  /// An array of strings, or `nil` when absent.
  package mutating func strings(_ key: String) throws(JSONFieldError) -> [String]? {
    try optional(key, "an array of strings") { value in
      guard let array = value.array else { return nil }
      let strings = array.compactMap(\.string)
      return strings.count == array.count ? strings : nil
    }
  }
  /// An array whose elements `read` turns into values, given each one's own path; `nil` when absent.
  package mutating func list<Element>(
    _ key: String, _ read: (JSONValue, [String]) throws(JSONFieldError) -> Element
  ) throws(JSONFieldError) -> [Element]? {
    guard let array = try array(key) else { return nil }
    var elements: [Element] = []
    for (index, element) in array.enumerated() {
      elements.append(try read(element, path + [key, String(index)]))
    }
    return elements
  }
  /// One of the raw values of `Choice`, or `nil` when absent.
  package mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, _ type: Choice.Type
  ) throws(JSONFieldError) -> Choice? {
    let names = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    return try optional(key, "one of \(names)") { $0.string.flatMap(Choice.init(rawValue:)) }
  }

  /// `value`, or an error that the field is missing.
  package func require<Value>(_ key: String, _ value: Value?) throws(JSONFieldError) -> Value {
    guard let value else { throw error(key, "is required") }
    return value
  }

  /// An error about the member `key`.
  package func error(_ key: String, _ message: String) -> JSONFieldError {
    JSONFieldError(path: path + [key], message: message)
  }

  /// Call when every known member was asked for: a member that was not is an error that names the nearest known key,
  /// or, where none is near and there are few, all of them.
  package func finish() throws(JSONFieldError) {
    for key in object.keys where !known.contains(key) {
      let all = (1...8).contains(known.count) ? "; there are \(known.map { "\"\($0)\"" }.joined(separator: ", "))" : ""
      let hint = nearest(to: key, among: known).map { "; did you mean \"\($0)\"?" }
      throw error(key, "is not a known field\(hint ?? all)")
    }
  }

  private static func describe(_ value: JSONValue) -> String {
    switch value {
    case .number, .bool: value.text
    case .string(let text) where text.utf8.count <= 40: value.text
    default: value.kindName
    }
  }
}

/// The candidate that a person who typed `word` most likely meant, or `nil` when none is close.
package func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
  let ranked = candidates.map { (distance: editDistance(word.lowercased(), $0.lowercased()), word: $0) }
  guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
  return best.distance <= max(2, word.count / 3) ? best.word : nil
}

/// How many single-character edits lead from `left` to `right` (Levenshtein).
private func editDistance(_ left: String, _ right: String) -> Int {
  let right = Array(right)
  var row = Array(0...right.count)
  for (i, a) in left.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, b) in right.enumerated() {
      let above = row[j + 1]
      row[j + 1] = min(above + 1, row[j] + 1, diagonal + (a == b ? 0 : 1))
      diagonal = above
    }
  }
  return row[right.count]
}
