extension String {
  /// With its first letter in upper case.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }

  /// `contextWindow` as `context-window`, `openURL` as `open-url`.
  var dashed: String {
    var result = ""
    var previous: Character?
    let characters = Array(self)
    for (index, character) in characters.enumerated() {
      let next = index + 1 < characters.count ? characters[index + 1] : nil
      let startsWord = character.isUppercase && (previous?.isLowercase == true || next?.isLowercase == true)
      if startsWord, !result.isEmpty { result += "-" }
      result += character.lowercased()
      previous = character
    }
    return result
  }

  /// Its words in lines of at most `width` characters; a longer word has a line to itself.
  func lines(of width: Int) -> [String] {
    var lines: [String] = []
    for word in split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  /// As one or more sentences: with a period at its end.
  var sentence: String { isEmpty || hasSuffix(".") ? self : self + "." }
}

/// Text that grows by whole lines.
struct SourceText {
  private(set) var text = ""

  /// Appends lines, each indented by `depth` spaces unless it is empty.
  mutating func add(_ lines: [String], depth: Int = 0) {
    for line in lines { text += line.isEmpty ? "\n" : String(repeating: " ", count: depth) + line + "\n" }
  }

  /// Appends one line.
  mutating func add(_ line: String, depth: Int = 0) { add([line], depth: depth) }
}
