internal import JSON

/// The part of TOML 1.0 that people write settings in: tables, arrays of tables, dotted keys, texts, numbers, true and
/// false, arrays and inline tables. Dates and the rarer forms of numbers are errors that name the line.
struct TOMLReader {
  private static let maximumDepth = 64

  private var rest: Substring
  private(set) var line = 1
  private var places: [[String]: Int] = [:]
  private var root = JSONObject()
  /// The table that the current lines belong to: keys, and numbers into arrays of tables.
  private var table: [String] = []
  private var defined: Set<[String]> = []
  private var depth = 0

  /// Reads `text`, and notes the line of each member by the way to it.
  static func read(_ text: String, _ places: inout [[String]: Int]) throws(FormatError) -> JSONValue {
    var reader = TOMLReader(rest: text.withPlainLineEnds[...])
    while true {
      reader.skipBlank()
      if reader.rest.isEmpty { break }
      if reader.rest.first == "[" { try reader.header() } else { try reader.pair() }
      try reader.endLine()
    }
    places = reader.places
    return .object(reader.root)
  }

  private init(rest: Substring) { self.rest = rest }

  private func error(_ message: String) -> FormatError { FormatError(message: message, line: line) }

  // MARK: - Lines

  private mutating func header() throws(FormatError) {
    let isArray = rest.hasPrefix("[[")
    rest.removeFirst(isArray ? 2 : 1)
    let keys = try keyPath()
    guard take("]"), !isArray || take("]") else { throw error("a table's name must end with \"]\"") }
    var path: [String] = []
    for key in keys.dropLast() {
      path.append(key)
      // What follows an array of tables belongs to its last one.
      if let array = value(at: path)?.array { path.append(String(array.count - 1)) }
    }
    path.append(keys[keys.count - 1])
    if isArray {
      let existing = value(at: path)
      guard existing == nil || existing?.array != nil else {
        throw error("\"\(keys.joined(separator: "."))\" is no array")
      }
      if existing == nil { try set(.array([]), path) }
      path.append(String(existing?.array?.count ?? 0))
    } else {
      guard defined.insert(path).inserted else {
        throw error("the table \"\(keys.joined(separator: "."))\" is there twice")
      }
    }
    if value(at: path) == nil { try set(.object([:]), path) }
    guard value(at: path)?.object != nil else { throw error("\"\(keys.joined(separator: "."))\" is no table") }
    places[path] = line
    table = path
  }

  private mutating func pair() throws(FormatError) {
    let path = table + (try keyPath())
    let start = line
    guard take("=") else { throw error("expected \"key = value\"") }
    guard value(at: path) == nil else { throw error("the key \"\(path.joined(separator: "."))\" is there twice") }
    skipSpace()
    let value = try value()
    try set(value, path)
    for count in table.count..<path.count where places[Array(path[...count])] == nil {
      places[Array(path[...count])] = start
    }
  }

  private mutating func endLine() throws(FormatError) {
    skipSpace()
    if rest.first == "#" { rest = rest.drop { $0 != "\n" } }
    guard rest.isEmpty || rest.first == "\n" else { throw error("unexpected text behind a value") }
  }

  private mutating func keyPath() throws(FormatError) -> [String] {
    var keys: [String] = []
    repeat {
      skipSpace()
      if let first = rest.first, "\"'".contains(first) {
        let quoted = try QuotedText(rest, line: line, doublesQuotes: false)
        keys.append(quoted.text)
        rest = quoted.rest
      } else {
        let key = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
        guard !key.isEmpty else { throw error("expected a key") }
        keys.append(String(key))
        rest = rest.dropFirst(key.count)
      }
      skipSpace()
    } while take(".")
    return keys
  }

  // MARK: - Values

  private mutating func value() throws(FormatError) -> JSONValue {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw error("is nested too deeply") }
    switch rest.first {
    case "\"" where rest.hasPrefix("\"\"\""), "'" where rest.hasPrefix("'''"): return .string(try longText())
    case "\"", "'":
      let quoted = try QuotedText(rest.prefix { $0 != "\n" }, line: line, doublesQuotes: false)
      rest = rest[quoted.rest.startIndex...]
      return .string(quoted.text)
    case "[": return try array()
    case "{": return try inlineTable()
    default: return try word()
    }
  }

  private mutating func word() throws(FormatError) -> JSONValue {
    let word = rest.prefix { !$0.isWhitespace && !",]}#".contains($0) }
    rest = rest.dropFirst(word.count)
    if word == "true" { return true }
    if word == "false" { return false }
    let digits = (word.first == "+" ? word.dropFirst() : word).filter { $0 != "_" }
    if case .number(let number) = try? JSONValue(parsing: String(digits)) { return .number(number) }
    throw error(
      word.isEmpty ? "a value is missing" : "the value \"\(word.prefix(20))\" is not understood; quote a text")
  }

  private mutating func longText() throws(FormatError) -> String {
    let quotes = rest.prefix(3)
    let start = line
    rest.removeFirst(3)
    if take("\n") { line += 1 }
    var text = ""
    while !rest.hasPrefix(quotes) {
      guard let character = rest.popFirst() else {
        throw FormatError(message: "a text in three quotes is never closed", line: start)
      }
      if character == "\n" { line += 1 }
      if character != "\\" || quotes.first == "'" {
        text.append(character)
      } else if rest.first == "\n" {
        line += rest.prefix(while: \.isWhitespace).count { $0 == "\n" }
        rest = rest.drop(while: \.isWhitespace)
      } else {
        text.unicodeScalars.append(try QuotedText.escape(&rest, line))
      }
    }
    rest.removeFirst(3)
    return text
  }

  private mutating func array() throws(FormatError) -> JSONValue {
    var items: [JSONValue] = []
    rest.removeFirst()
    while true {
      skipBlank()
      if take("]") { return .array(items) }
      items.append(try value())
      skipBlank()
      if take("]") { return .array(items) }
      guard take(",") else { throw error("expected \",\" or \"]\"") }
    }
  }

  private mutating func inlineTable() throws(FormatError) -> JSONValue {
    var members = JSONObject()
    rest.removeFirst()
    skipSpace()
    if take("}") { return .object(members) }
    while true {
      let keys = try keyPath()
      guard keys.count == 1 else { throw error("a dotted key in braces is not understood") }
      guard members[keys[0]] == nil else { throw error("the key \"\(keys[0])\" is there twice") }
      guard take("=") else { throw error("expected \"key = value\"") }
      skipSpace()
      members[keys[0]] = try value()
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw error("expected \",\" or \"}\"") }
    }
  }

  // MARK: - Places

  private func value(at path: [String]) -> JSONValue? {
    path.reduce(Optional(.object(root))) { value, key in
      value?.array != nil ? Int(key).flatMap { value?[$0] } : value?[key]
    }
  }

  private mutating func set(_ value: JSONValue, _ path: [String]) throws(FormatError) {
    guard let changed = Self.setting(value, .object(root), path[...])?.object else {
      throw error("\"\(path.joined(separator: "."))\" does not fit what stands above")
    }
    root = changed
  }

  /// `old` with `value` at `path`; `nil` where something else than a table is in the way.
  private static func setting(_ value: JSONValue, _ old: JSONValue?, _ path: ArraySlice<String>) -> JSONValue? {
    guard let key = path.first else { return value }
    let inner = path.dropFirst()
    if var array = old?.array, let index = Int(key) {
      guard let new = setting(value, old?[index], inner) else { return nil }
      if index < array.count { array[index] = new } else { array.append(new) }
      return .array(array)
    }
    guard old == nil || old?.object != nil else { return nil }
    var object = old?.object ?? JSONObject()
    guard let new = setting(value, object[key], inner) else { return nil }
    object[key] = new
    return .object(object)
  }

  private mutating func skipSpace() { rest = rest.drop { $0 == " " || $0 == "\t" } }

  /// Skips white space, line ends and comments.
  private mutating func skipBlank() {
    while let first = rest.first {
      if first == "#" {
        rest = rest.drop { $0 != "\n" }
      } else if first.isWhitespace {
        if first == "\n" { line += 1 }
        rest.removeFirst()
      } else {
        return
      }
    }
  }

  private mutating func take(_ character: Character) -> Bool {
    guard rest.first == character else { return false }
    rest.removeFirst()
    return true
  }
}
