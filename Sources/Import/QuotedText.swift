/// Reading texts in quotes, which YAML and TOML write alike.
struct QuotedText {
  /// The text without quotes and escapes.
  let text: String
  /// What follows the closing quote.
  let rest: Substring

  /// Reads the quoted text that `source` begins with: in double quotes with escapes, in single quotes without. `''`
  /// stands for a quote where `doublesQuotes` (YAML).
  init(_ source: Substring, line: Int, doublesQuotes: Bool) throws(FormatError) {
    let quote = source.first
    var text = ""
    var rest = source.dropFirst()
    while let character = rest.popFirst() {
      if character == quote {
        guard doublesQuotes, quote == "'", rest.first == "'" else {
          (self.text, self.rest) = (text, rest)
          return
        }
        rest.removeFirst()
        text.append("'")
      } else if character == "\\", quote == "\"" {
        text.unicodeScalars.append(try Self.escape(&rest, line))
      } else {
        text.append(character)
      }
    }
    throw FormatError(message: "a text in quotes does not end on its line, which is not understood", line: line)
  }

  /// The scalar that an escape means; `rest` begins behind the backslash.
  static func escape(_ rest: inout Substring, _ line: Int) throws(FormatError) -> Unicode.Scalar {
    let simple: [Character: Unicode.Scalar] = [
      "b": "\u{8}", "t": "\t", "n": "\n", "f": "\u{C}", "r": "\r", "\"": "\"", "\\": "\\", "/": "/", "0": "\0",
      "a": "\u{7}", "e": "\u{1B}", "v": "\u{B}", " ": " ",
    ]
    let digits: [Character: Int] = ["x": 2, "u": 4, "U": 8]
    guard let letter = rest.popFirst() else { throw FormatError(message: "nothing follows a backslash", line: line) }
    if let scalar = simple[letter] { return scalar }
    if let count = digits[letter] {
      let hex = rest.prefix(count)
      if hex.count == count, let value = UInt32(hex, radix: 16), let scalar = Unicode.Scalar(value) {
        rest = rest.dropFirst(count)
        return scalar
      }
    }
    throw FormatError(message: "\"\\\(letter)\" in a text is not understood", line: line)
  }
}

extension String {
  /// With line feeds alone where lines end; to Swift, CR LF is one character.
  var withPlainLineEnds: String {
    split(separator: "\r\n" as Character, omittingEmptySubsequences: false).joined(separator: "\n")
  }
}
