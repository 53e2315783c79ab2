internal import JSON

/// Values of YAML in brackets: `[a, "b"]`, `{a: 1}`.
struct YAMLFlow {
  private static let maximumDepth = 64

  private var rest: Substring
  private let line: Int
  private var depth = 0

  /// Reads one value and nothing behind it but a comment.
  static func read(_ text: Substring, _ line: Int) throws(FormatError) -> JSONValue {
    var flow = YAMLFlow(rest: text, line: line)
    let value = try flow.value()
    let left = flow.rest.trimmed
    guard left.isEmpty || left.first == "#" else { throw flow.error("unexpected text behind a closing bracket") }
    return value
  }

  /// Whether each bracket that `text` opens is closed.
  static func isClosed(_ text: Substring) -> Bool {
    var open = 0
    var quote: Character?
    var isEscaped = false
    for character in text {
      if let inside = quote {
        if isEscaped {
          isEscaped = false
        } else if character == "\\", inside == "\"" {
          isEscaped = true
        } else if character == inside {
          quote = nil
        }
        continue
      }
      switch character {
      case "\"", "'": quote = character
      case "[", "{": open += 1
      case "]", "}": open -= 1
      default: break
      }
    }
    return open <= 0 && quote == nil
  }

  private init(rest: Substring, line: Int) { (self.rest, self.line) = (rest, line) }

  private func error(_ message: String) -> FormatError { FormatError(message: message, line: line) }

  private mutating func skipSpace() { rest = rest.drop(while: \.isWhitespace) }

  private mutating func value() throws(FormatError) -> JSONValue {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw error("is nested too deeply") }
    skipSpace()
    switch rest.first {
    case "[": return try array()
    case "{": return try object()
    case "\"", "'":
      let quoted = try QuotedText(rest, line: line, doublesQuotes: true)
      rest = quoted.rest
      return .string(quoted.text)
    case "!":
      let tag = rest.prefix { !$0.isWhitespace && !",]}".contains($0) }
      rest = rest.dropFirst(tag.count)
      return .object([String(tag): try value()])
    default:
      let text = rest.prefix { !",[]{}".contains($0) }
      rest = rest.dropFirst(text.count)
      return try YAMLScalar.plain(text.trimmed, line)
    }
  }

  private mutating func array() throws(FormatError) -> JSONValue {
    var items: [JSONValue] = []
    rest.removeFirst()
    while true {
      skipSpace()
      if take("]") { return .array(items) }
      items.append(try value())
      skipSpace()
      if take("]") { return .array(items) }
      guard take(",") else { throw error("expected \",\" or \"]\"") }
    }
  }

  private mutating func object() throws(FormatError) -> JSONValue {
    var members = JSONObject()
    rest.removeFirst()
    while true {
      skipSpace()
      if take("}") { return .object(members) }
      let key = try key()
      guard members[key] == nil else { throw error("the key \"\(key)\" is there twice") }
      members[key] = try value()
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw error("expected \",\" or \"}\"") }
    }
  }

  private mutating func key() throws(FormatError) -> String {
    var key: String
    if let first = rest.first, "\"'".contains(first) {
      let quoted = try QuotedText(rest, line: line, doublesQuotes: true)
      (key, rest) = (quoted.text, quoted.rest)
    } else {
      let text = rest.prefix { !":,[]{}".contains($0) }
      (key, rest) = (String(text.trimmed), rest.dropFirst(text.count))
    }
    skipSpace()
    guard take(":"), !key.isEmpty, key.first != "{" else { throw error("expected \"key: value\" in braces") }
    return key
  }

  private mutating func take(_ character: Character) -> Bool {
    guard rest.first == character else { return false }
    rest.removeFirst()
    return true
  }
}
