internal import JSON

/// The part of YAML 1.2 that people write settings in: mappings and sequences by indentation, scalars, plain or in
/// quotes on one line, block scalars, tags, `[a, b]` and `{a: b}`. Whatever else there is (anchors, merge keys, plain
/// texts over several lines, several documents) is an error that names the line, never a guess.
struct YAMLReader {
  private static let maximumDepth = 64

  var lines: [String]
  /// The next line to read.
  var index = 0
  var places: [[String]: Int] = [:]
  private var depth = 0

  /// A line that says something.
  struct Line {
    let number: Int
    let indent: Int
    /// Without the indentation.
    let text: Substring
  }

  /// Reads `text`, and notes the line of each member by the way to it.
  static func read(_ text: String, _ places: inout [[String]: Int]) throws(FormatError) -> JSONValue {
    let lines = text.withPlainLineEnds.split(separator: "\n", omittingEmptySubsequences: false)
    var reader = YAMLReader(lines: lines.map(String.init))
    if let first = try reader.peek(), first.text == "---" || first.text.hasPrefix("--- #") { reader.index += 1 }
    guard let first = try reader.peek() else { return .null }
    let value = try reader.block(first.indent, [])
    if let left = try reader.peek() {
      let isDocument = left.indent == 0 && (left.text.hasPrefix("---") || left.text == "...")
      throw FormatError(
        message: isDocument ? "a second document is not understood" : "the indentation fits nothing above",
        line: left.number)
    }
    places = reader.places
    return value
  }

  private init(lines: [String]) { self.lines = lines }

  /// The next line that is neither blank nor a comment.
  mutating func peek() throws(FormatError) -> Line? {
    while index < lines.count {
      let line = lines[index]
      let text = line.drop { $0 == " " }
      if text.first == "\t", text.contains(where: { $0 != "\t" && $0 != " " }) {
        throw FormatError(message: "a tab must not indent a line", line: index + 1)
      }
      if !text.allSatisfy(\.isWhitespace), text.first != "#" {
        return Line(number: index + 1, indent: line.count - text.count, text: text)
      }
      index += 1
    }
    return nil
  }

  /// The value that begins on the next line, which is indented by `indent`.
  mutating func block(_ indent: Int, _ path: [String]) throws(FormatError) -> JSONValue {
    guard let line = try peek() else { return .null }
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw FormatError(message: "is nested too deeply", line: line.number) }
    if Self.isItem(line.text) { return try sequence(indent, path) }
    if try Self.key(line) != nil { return try mapping(indent, path) }
    index += 1
    return try value(line.text, line, indent - 1, path)
  }

  private static func isItem(_ text: Substring) -> Bool { text == "-" || text.hasPrefix("- ") }

  private mutating func mapping(_ indent: Int, _ path: [String]) throws(FormatError) -> JSONValue {
    var members = JSONObject()
    while let line = try peek(), line.indent >= indent {
      guard line.indent == indent else {
        throw FormatError(message: "the indentation fits nothing above", line: line.number)
      }
      if Self.isItem(line.text) { break }
      guard let (key, rest) = try Self.key(line) else {
        if indent == 0, line.text.hasPrefix("---") || line.text == "..." { break }
        throw FormatError(message: "expected \"key: value\"", line: line.number)
      }
      guard members[key] == nil else {
        throw FormatError(message: "the key \"\(key)\" is there twice", line: line.number)
      }
      index += 1
      places[path + [key]] = line.number
      members[key] = try value(rest, line, indent, path + [key], inMapping: true)
    }
    return .object(members)
  }

  private mutating func sequence(_ indent: Int, _ path: [String]) throws(FormatError) -> JSONValue {
    var items: [JSONValue] = []
    while let line = try peek(), line.indent == indent, Self.isItem(line.text) {
      let inside = line.text.dropFirst().drop { $0 == " " }
      let itemPath = path + [String(items.count)]
      places[itemPath] = line.number
      let key = try Self.key(Line(number: line.number, indent: 0, text: inside))
      if key != nil || Self.isItem(inside) {
        // The item's own block begins behind the dash, which counts as indentation.
        let column = indent + line.text.count - inside.count
        lines[index] = String(repeating: " ", count: column) + inside
        items.append(try block(column, itemPath))
      } else {
        index += 1
        items.append(try value(inside, line, indent, itemPath))
      }
    }
    if let line = try peek(), line.indent > indent {
      throw FormatError(message: "the indentation fits nothing above", line: line.number)
    }
    return .array(items)
  }

  /// The value that `rest` of `line` begins, in a block that is indented by `indent`.
  mutating func value(
    _ rest: Substring, _ line: Line, _ indent: Int, _ path: [String], inMapping: Bool = false
  ) throws(FormatError) -> JSONValue {
    let rest = rest.trimmed
    guard let first = rest.first, first != "#" else {
      guard let next = try peek() else { return .null }
      let isChild = next.indent > indent || (inMapping && next.indent == indent && Self.isItem(next.text))
      return isChild ? try block(next.indent, path) : .null
    }
    switch first {
    case "!":
      let tag = rest.prefix { $0 != " " }
      return .object([String(tag): try value(rest.dropFirst(tag.count), line, indent, path)])
    case "|", ">": return .string(try blockScalar(rest, line, indent))
    case "[", "{":
      let flow = try wholeFlow(rest, line)
      return try YAMLFlow.read(flow, line.number)
    case "\"", "'":
      let quoted = try QuotedText(rest, line: line.number, doublesQuotes: true)
      try Self.refuse(quoted.rest, line)
      return .string(quoted.text)
    default:
      let value = try YAMLScalar.plain(YAMLScalar.withoutComment(rest), line.number)
      if let next = try peek(), next.indent > indent {
        throw FormatError(
          message: "a text that goes on over several lines is not understood; quote it", line: next.number)
      }
      return value
    }
  }

  /// Refuses what follows a complete value on its line, unless it is a comment.
  private static func refuse(_ rest: Substring, _ line: Line) throws(FormatError) {
    let rest = rest.trimmed
    guard rest.isEmpty || rest.first == "#" else {
      throw FormatError(message: "unexpected text behind a value: it needs a line of its own", line: line.number)
    }
  }

  /// A line taken apart into its key and what follows the colon; `nil` when it is no such line.
  private static func key(_ line: Line) throws(FormatError) -> (String, Substring)? {
    let text = line.text
    guard let first = text.first else { return nil }
    switch first {
    case "\"", "'":
      guard let quoted = try? QuotedText(text, line: line.number, doublesQuotes: true) else { return nil }
      let rest = quoted.rest.drop { $0 == " " }
      guard rest.first == ":", rest.dropFirst().first.map(\.isWhitespace) ?? true else { return nil }
      return (quoted.text, rest.dropFirst())
    case "?" where text.dropFirst().first == " ":
      throw FormatError(message: "a key that begins with \"?\" is not understood", line: line.number)
    case "[", "{", "!", "&", "*", "|", ">", "#", "%", "@", "`": return nil
    default:
      var place = text.startIndex
      while let colon = text[place...].firstIndex(of: ":") {
        let next = text.index(after: colon)
        if let comment = text[..<colon].firstRange(of: " #"), comment.lowerBound < colon { return nil }
        if next == text.endIndex || text[next].isWhitespace {
          let key = String(text[..<colon].trimmed)
          guard key != "<<" else { throw FormatError(message: "a merge key is not understood", line: line.number) }
          return (key, text[next...])
        }
        place = next
      }
      return nil
    }
  }
}
