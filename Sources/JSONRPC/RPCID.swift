package import JSON

/// What names a call: a string, or an integer of any size. It is echoed exactly as it was written.
package enum RPCID: Sendable {
  case string(String)
  case number(JSONNumber)

  /// `nil` for everything JSON-RPC discourages or forbids as an id: fractions, `null`, booleans, arrays, objects.
  package init?(_ value: JSONValue?) {
    switch value {
    case .string(let text): self = .string(text)
    case .number(let number) where number.text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || $0 &- 0x30 < 10 }):
      self = .number(number)
    default: return nil
    }
  }

  /// The id as it stands in a message.
  package var json: JSONValue {
    switch self {
    case .string(let text): .string(text)
    case .number(let number): .number(number)
    }
  }
}

extension RPCID: Hashable {
  /// By the digits: `JSONNumber` takes integers beyond 64 bits for equal when they are the same `Double`.
  package static func == (left: RPCID, right: RPCID) -> Bool {
    switch (left, right) {
    case (.string(let left), .string(let right)): left == right
    case (.number(let left), .number(let right)): left.text == right.text
    default: false
    }
  }
  package func hash(into hasher: inout Hasher) {
    switch self {
    case .string(let text): hasher.combine(text)
    case .number(let number): hasher.combine(number.text)
    }
  }
}

extension RPCID: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, CustomStringConvertible {
  package init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
  package init(stringLiteral value: String) { self = .string(value) }
  package var description: String { json.text }
}
