extension JSONValue {
  /// The compact UTF-8 text of this value.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(json: self)
    return bytes
  }

  /// The compact text of this value.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The text of this value on several lines, two spaces a level: for people.
  package var prettyText: String {
    var bytes: [UInt8] = []
    bytes.append(prettyJSON: self, indent: 0)
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Writing JSON straight into a byte buffer, for the hot path that builds no value first.
extension [UInt8] {
  /// Appends the compact text of `value`.
  package mutating func append(json value: JSONValue) {
    switch value {
    case .null: append(ascii: "null")
    case .bool(let value): append(ascii: value ? "true" : "false")
    case .number(let value): append(contentsOf: value.text.utf8)
    case .string(let value): append(jsonString: value)
    case .array(let elements):
      append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { append(UInt8(ascii: ",")) }
        append(json: element)
      }
      append(UInt8(ascii: "]"))
    case .object(let members):
      append(UInt8(ascii: "{"))
      var isFirst = true
      for (key, value) in members {
        if !isFirst { append(UInt8(ascii: ",")) }
        isFirst = false
        append(jsonString: key)
        append(UInt8(ascii: ":"))
        append(json: value)
      }
      append(UInt8(ascii: "}"))
    }
  }

  /// Appends `text` in quotes, with the escapes that RFC 8259 requires and no others.
  package mutating func append(jsonString text: String) {
    append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { appendEscaped($0) }
    append(UInt8(ascii: "\""))
  }

  /// Appends the bytes of `text` as they are.
  package mutating func append(ascii text: StaticString) {
    append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private mutating func appendEscaped(_ utf8: UnsafeBufferPointer<UInt8>) {
    var start = 0
    for index in utf8.indices {
      let byte = utf8[index]
      guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
      append(contentsOf: utf8[start..<index])
      start = index + 1
      appendEscape(byte)
    }
    append(contentsOf: utf8[start...])
  }

  private mutating func appendEscape(_ byte: UInt8) {
    append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
    case 0x08: append(UInt8(ascii: "b"))
    case 0x09: append(UInt8(ascii: "t"))
    case 0x0A: append(UInt8(ascii: "n"))
    case 0x0C: append(UInt8(ascii: "f"))
    case 0x0D: append(UInt8(ascii: "r"))
    default:
      append(ascii: "u00")
      append(UInt8(ascii: "0") + byte >> 4)
      let low = byte & 0xF
      append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
    }
  }

  fileprivate mutating func append(prettyJSON value: JSONValue, indent: Int) {
    switch value {
    case .array(let elements) where !elements.isEmpty:
      appendLines(elements, indent, open: UInt8(ascii: "["), close: UInt8(ascii: "]")) { bytes, element in
        bytes.append(prettyJSON: element, indent: indent + 1)
      }
    case .object(let members) where !members.isEmpty:
      appendLines(members, indent, open: UInt8(ascii: "{"), close: UInt8(ascii: "}")) { bytes, member in
        bytes.append(jsonString: member.key)
        bytes.append(ascii: ": ")
        bytes.append(prettyJSON: member.value, indent: indent + 1)
      }
    default: append(json: value)
    }
  }

  private mutating func appendLines<Items: Sequence>(
    _ items: Items, _ indent: Int, open: UInt8, close: UInt8, _ write: (inout [UInt8], Items.Element) -> Void
  ) {
    append(open)
    var isFirst = true
    for item in items {
      append(ascii: isFirst ? "\n" : ",\n")
      isFirst = false
      append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * (indent + 1)))
      write(&self, item)
    }
    append(ascii: "\n")
    append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * indent))
    append(close)
  }
}
