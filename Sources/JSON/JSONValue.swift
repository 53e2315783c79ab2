/// Any JSON value. Objects keep the order of their members and numbers keep the text they were written with,
/// so that a value read from one peer is written to the next one byte for byte (prompt caches and signatures
/// depend on it).
package enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

extension JSONValue {
  /// The text of a string; `nil` for every other kind of value.
  package var string: String? { if case .string(let value) = self { value } else { nil } }
  /// `true` or `false`; `nil` for every other kind of value.
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// An exact integer; `nil` for fractions, for numbers outside `Int`, and for every other kind of value.
  package var int: Int? { if case .number(let value) = self { value.int } else { nil } }
  /// A number as the nearest `Double`; `nil` for every other kind of value.
  package var double: Double? { if case .number(let value) = self { value.double } else { nil } }
  /// The elements of an array; `nil` for every other kind of value.
  package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  /// The members of an object; `nil` for every other kind of value.
  package var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
  /// Whether this is `null`.
  package var isNull: Bool { if case .null = self { true } else { false } }

  /// The member `key` of an object; `nil` when it is absent or this is no object.
  package subscript(key: String) -> JSONValue? { object?[key] }
  /// The element at `index` of an array; `nil` when there is none or this is no array.
  package subscript(index: Int) -> JSONValue? {
    guard let array, array.indices.contains(index) else { return nil }
    return array[index]
  }

  /// What a person calls this kind of value in an error message: "a string", "null", …
  package var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// A JSON number, kept as the text it was written with: integers of any size stay exact.
package struct JSONNumber: Sendable {
  /// The number as RFC 8259 writes it.
  package let text: String

  /// Takes `text` as it is. The caller vouches that it is a JSON number.
  package init(verbatim text: String) { self.text = text }
  /// An exact integer.
  package init(_ value: Int) { text = String(value) }
  /// The shortest text that reads back as `value`; `nil` for infinities and NaN, which JSON cannot write.
  package init?(_ value: Double) {
    guard value.isFinite else { return nil }
    text = value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
  }

  /// The value when it is a whole number that fits (`3`, `3.0` and `3e2` all do), else `nil`.
  package var int: Int? {
    if let int = Int(text) { return int }
    guard let double = Double(text), double == double.rounded(), abs(double) < 9e15 else { return nil }
    return Int(double)
  }
  /// The nearest `Double`; infinite when the number is too large for one.
  package var double: Double { Double(text) ?? .nan }
}

extension JSONNumber: Hashable {
  /// Numbers are equal when their texts are, or when both are the same `Double` (`1.0` and `1`, but not two
  /// different integers beyond 2^53).
  package static func == (left: JSONNumber, right: JSONNumber) -> Bool {
    if left.text == right.text { return true }
    // JSON writes an integer in one way only, but for minus zero.
    if left.isInteger, right.isInteger, left.double != 0 { return false }
    return left.double == right.double
  }
  private var isInteger: Bool { text.utf8.allSatisfy { $0 == UInt8(ascii: "-") || $0 &- UInt8(ascii: "0") < 10 } }
  package func hash(into hasher: inout Hasher) { hasher.combine(double) }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(floatLiteral value: Double) { self = .double(value) }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
  package init(nilLiteral: ()) { self = .null }

  /// An integer.
  package static func int(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }
  /// A fraction; infinities and NaN become `null`.
  package static func double(_ value: Double) -> JSONValue { JSONNumber(value).map(JSONValue.number) ?? .null }
  /// An array of strings.
  package static func strings(_ values: some Sequence<String>) -> JSONValue { .array(values.map(JSONValue.string)) }
}
