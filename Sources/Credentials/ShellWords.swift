/// Words of a command line as a POSIX shell takes them apart, nothing expanded: what programs do that run a command
/// from a file without a shell (Python's `shlex.split`).
enum ShellWords {
  /// A command line that ends in the middle of a word.
  struct Mistake: Error, Hashable { let message: String }

  /// The words of `text`; none in an empty one.
  static func split(_ text: String) throws(Mistake) -> [String] {
    var words: [String] = []
    var word: String?
    var rest = text[...]
    while let character = rest.popFirst() {
      switch character {
      case " ", "\t", "\r", "\n", "\r\n":
        if let whole = word { words.append(whole) }
        word = nil
      case "'", "\"": word = (word ?? "") + (try quoted(&rest, until: character))
      case "\\":
        guard let escaped = rest.popFirst() else { throw Mistake(message: "it ends in a backslash") }
        word = (word ?? "") + String(escaped)
      default: word = (word ?? "") + String(character)
      }
    }
    if let whole = word { words.append(whole) }
    return words
  }

  /// What stands before the closing `quote`, which is taken too. Within `"` a backslash escapes itself and `"` only.
  private static func quoted(_ rest: inout Substring, until quote: Character) throws(Mistake) -> String {
    var inside = ""
    while let character = rest.popFirst() {
      if character == quote { return inside }
      if quote == "\"", character == "\\", let next = rest.first, next == "\"" || next == "\\" {
        inside.append(next)
        rest.removeFirst()
      } else {
        inside.append(character)
      }
    }
    throw Mistake(message: "a quotation mark is not closed")
  }
}
