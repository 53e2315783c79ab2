/// Why a text is not JSON, and where. Lines and columns count from 1; a column counts bytes.
package struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong, without the place.
  package let message: String
  /// The line of the first byte that could not be accepted.
  package let line: Int
  /// The column of that byte.
  package let column: Int

  package var description: String { "\(message) at line \(line), column \(column)" }
}

/// How a text is read.
package struct JSONOptions: Sendable {
  /// Accept `//` and `/* */` comments and a comma after the last element. For the config file only.
  package var isRelaxed = false
  /// How deep arrays and objects may nest before the text is refused.
  package var maximumDepth = 512
  /// Replace bytes that are not UTF-8 by U+FFFD instead of refusing the text.
  package var repairsUTF8 = false

  /// RFC 8259 to the letter.
  package static let strict = JSONOptions()
  /// The config file's dialect.
  package static let config = JSONOptions(isRelaxed: true)
  /// Strict but for bytes that are not UTF-8: what a provider streams is repaired, not refused.
  package static let upstream = JSONOptions(repairsUTF8: true)
}

extension JSONValue {
  /// Reads one JSON text and nothing else but white space around it.
  package init(parsing bytes: some Sequence<UInt8>, options: JSONOptions = .strict) throws(JSONError) {
    let result = bytes.withContiguousStorageIfAvailable { buffer in Self.parse(buffer, options) }
    if let result {
      self = try result.get()
    } else {
      self = try Array(bytes).withUnsafeBufferPointer { buffer in Self.parse(buffer, options) }.get()
    }
  }

  /// Reads one JSON text.
  package init(parsing text: String, options: JSONOptions = .strict) throws(JSONError) {
    var text = text
    self = try text.withUTF8 { buffer in Self.parse(buffer, options) }.get()
  }

  private static func parse(_ buffer: UnsafeBufferPointer<UInt8>, _ options: JSONOptions) -> Result<
    JSONValue, JSONError
  > {
    var parser = JSONParser(buffer, options)
    return Result { () throws(JSONError) in try parser.parseDocument() }
  }
}

/// A recursive-descent parser over bytes that somebody else keeps alive.
struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  let options: JSONOptions
  var index = 0
  private var depth = 0
  /// Called with each object member as it is read; lets a reader note where a key stands.
  private let onMember: ((_ path: [String], _ offset: Int) -> Void)?
  private var path: [String] = []

  init(
    _ bytes: UnsafeBufferPointer<UInt8>, _ options: JSONOptions,
    onMember: ((_ path: [String], _ offset: Int) -> Void)? = nil
  ) {
    self.bytes = bytes
    self.options = options
    self.onMember = onMember
  }

  mutating func parseDocument() throws(JSONError) -> JSONValue {
    try skipSpace()
    let value = try parseValue()
    try skipSpace()
    guard index == bytes.count else { throw error("unexpected \(describe(index)) after the value") }
    return value
  }

  private mutating func parseValue() throws(JSONError) -> JSONValue {
    guard index < bytes.count else { throw error("unexpected end of text, expected a value") }
    switch bytes[index] {
    case UInt8(ascii: "{"): return try parseObject()
    case UInt8(ascii: "["): return try parseArray()
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try parseNumber())
    case UInt8(ascii: "t"): return try parseLiteral("true", .bool(true))
    case UInt8(ascii: "f"): return try parseLiteral("false", .bool(false))
    case UInt8(ascii: "n"): return try parseLiteral("null", .null)
    default: throw error("unexpected \(describe(index)), expected a value")
    }
  }

  private mutating func parseLiteral(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    let end = index + word.utf8CodeUnitCount
    guard end <= bytes.count else { throw error("unexpected end of text, expected \(word)") }
    for offset in 0..<word.utf8CodeUnitCount where bytes[index + offset] != word.utf8Start[offset] {
      throw error("expected \(word)")
    }
    index = end
    return value
  }

  private mutating func enter() throws(JSONError) {
    depth += 1
    guard depth <= options.maximumDepth else { throw error("nested deeper than \(options.maximumDepth) levels") }
    index += 1
    try skipSpace()
  }

  private mutating func parseArray() throws(JSONError) -> JSONValue {
    try enter()
    defer { depth -= 1 }
    var elements: [JSONValue] = []
    if take(UInt8(ascii: "]")) { return .array([]) }
    while true {
      elements.append(try parseValue())
      try skipSpace()
      if take(UInt8(ascii: "]")) { return .array(elements) }
      guard take(UInt8(ascii: ",")) else { throw error("unexpected \(describe(index)), expected ',' or ']'") }
      try skipSpace()
      if options.isRelaxed, take(UInt8(ascii: "]")) { return .array(elements) }
    }
  }

  private mutating func parseObject() throws(JSONError) -> JSONValue {
    try enter()
    defer { depth -= 1 }
    var members = JSONObject()
    if take(UInt8(ascii: "}")) { return .object(members) }
    while true {
      guard peek == UInt8(ascii: "\"") else { throw error("unexpected \(describe(index)), expected a key in quotes") }
      let keyOffset = index
      let key = try parseString()
      try skipSpace()
      guard take(UInt8(ascii: ":")) else { throw error("unexpected \(describe(index)), expected ':'") }
      try skipSpace()
      if let onMember {
        path.append(key)
        onMember(path, keyOffset)
      }
      members.setParsed(key, try parseValue())
      if onMember != nil { path.removeLast() }
      try skipSpace()
      if take(UInt8(ascii: "}")) { return .object(members) }
      guard take(UInt8(ascii: ",")) else { throw error("unexpected \(describe(index)), expected ',' or '}'") }
      try skipSpace()
      if options.isRelaxed, take(UInt8(ascii: "}")) { return .object(members) }
    }
  }

  private mutating func parseNumber() throws(JSONError) -> JSONNumber {
    let start = index
    _ = take(UInt8(ascii: "-"))
    if !take(UInt8(ascii: "0")) {
      guard skipDigits() else { throw error("unexpected \(describe(index)) in a number") }
    }
    if take(UInt8(ascii: ".")) {
      guard skipDigits() else { throw error("unexpected \(describe(index)), expected a digit after '.'") }
    }
    if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
      index += 1
      if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { index += 1 }
      guard skipDigits() else { throw error("unexpected \(describe(index)), expected a digit in the exponent") }
    }
    return JSONNumber(verbatim: String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<index]), as: UTF8.self))
  }

  private mutating func skipDigits() -> Bool {
    let start = index
    while let byte = peek, byte &- UInt8(ascii: "0") < 10 { index += 1 }
    return index > start
  }
}

// MARK: - White space, places and descriptions

extension JSONParser {
  var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard index < bytes.count, bytes[index] == byte else { return false }
    index += 1
    return true
  }

  private mutating func skipSpace() throws(JSONError) {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      case UInt8(ascii: "/") where options.isRelaxed: try skipComment()
      default: return
      }
    }
  }

  private mutating func skipComment() throws(JSONError) {
    let start = index
    index += 1
    if take(UInt8(ascii: "/")) {
      while index < bytes.count, bytes[index] != 0x0A { index += 1 }
    } else if take(UInt8(ascii: "*")) {
      while index + 1 < bytes.count, !(bytes[index] == UInt8(ascii: "*") && bytes[index + 1] == UInt8(ascii: "/")) {
        index += 1
      }
      guard index + 1 < bytes.count else {
        index = start
        throw error("a comment that never ends")
      }
      index += 2
    } else {
      index = start
      throw error("unexpected '/'")
    }
  }

  func describe(_ index: Int) -> String {
    guard index < bytes.count else { return "end of text" }
    let byte = bytes[index]
    return (0x21..<0x7F).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(hex(byte))"
  }

  func hex(_ byte: UInt8) -> String { "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) }

  /// An error about the byte at `offset`, or the next one.
  func error(_ message: String, at offset: Int? = nil) -> JSONError {
    let (line, column) = Self.place(of: offset ?? index, in: bytes)
    return JSONError(message: message, line: line, column: column)
  }

  static func place(of offset: Int, in bytes: UnsafeBufferPointer<UInt8>) -> (line: Int, column: Int) {
    var line = 1
    var lineStart = 0
    for (index, byte) in bytes[..<min(offset, bytes.count)].enumerated() where byte == 0x0A {
      line += 1
      lineStart = index + 1
    }
    return (line, offset - lineStart + 1)
  }
}
