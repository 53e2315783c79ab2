internal import JSON

/// Values of YAML that stand on one line.
enum YAMLScalar {
  /// The value of a plain scalar, by the rules of YAML 1.2's core schema.
  static func plain(_ text: Substring, _ line: Int) throws(FormatError) -> JSONValue {
    switch text.first {
    case "&", "*": throw FormatError(message: "anchors and aliases are not understood; write the value out", line: line)
    case "%", "@", "`":
      throw FormatError(message: "a value must not begin with \"\(text.prefix(1))\"; quote it", line: line)
    default: break
    }
    guard text.firstRange(of: ": ") == nil, text.last != ":" else {
      throw FormatError(message: "a second \"key: value\" on the line is not understood; quote the text", line: line)
    }
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return true
    case "false", "False", "FALSE": return false
    default:
      if case .number(let number) = try? JSONValue(parsing: String(text)) { return .number(number) }
      return .string(String(text))
    }
  }

  /// `text` up to a comment, which begins with a `#` behind white space.
  static func withoutComment(_ text: Substring) -> Substring {
    var before: Character = " "
    for index in text.indices {
      if text[index] == "#", before.isWhitespace { return text[..<index].trimmed }
      before = text[index]
    }
    return text.trimmed
  }
}

extension YAMLReader {
  /// The text of a block scalar whose header is `header`.
  mutating func blockScalar(_ header: Substring, _ line: Line, _ indent: Int) throws(FormatError) -> String {
    let marks = YAMLScalar.withoutComment(header)
    guard ["|", "|-", "|+", ">", ">-", ">+"].contains(String(marks)) else {
      throw FormatError(message: "the block header \"\(marks)\" is not understood", line: line.number)
    }
    var texts: [Substring] = []
    var inner: Int?
    while index < lines.count {
      let text = lines[index][...]
      let spaces = text.prefix { $0 == " " }.count
      if text.allSatisfy(\.isWhitespace) {
        texts.append("")
      } else if let known = inner ?? (spaces > indent ? spaces : nil), spaces >= known {
        inner = known
        texts.append(text.dropFirst(known))
      } else {
        break
      }
      index += 1
    }
    let ending = texts.reversed().prefix { $0.isEmpty }.count
    texts.removeLast(ending)
    let isFolded = marks.first == ">"
    let isNested = texts.contains { $0.first == " " } || texts.contains("")
    guard !isFolded || !isNested else {
      throw FormatError(message: "a folded text with paragraphs is not understood", line: line.number)
    }
    let text = texts.joined(separator: isFolded ? " " : "\n")
    switch marks.last {
    case "-": return text
    case "+": return text + String(repeating: "\n", count: ending + (texts.isEmpty ? 0 : 1))
    default: return texts.isEmpty ? "" : text + "\n"
    }
  }

  /// The text of a `[…]` or `{…}` that `rest` begins, from as many lines as it takes.
  mutating func wholeFlow(_ rest: Substring, _ line: Line) throws(FormatError) -> Substring {
    var text = String(rest)
    while !YAMLFlow.isClosed(text[...]) {
      guard index < lines.count else {
        throw FormatError(message: "\"\(rest.prefix(1))\" is never closed", line: line.number)
      }
      text += " " + YAMLScalar.withoutComment(lines[index][...])
      index += 1
    }
    return text[...]
  }
}

extension Substring {
  /// Without white space at either end.
  var trimmed: Substring {
    var text = drop(while: \.isWhitespace)
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
