/// A text cut behind each word, so that the pieces joined are the text again: "a b" is "a", " b". They are cut one at a
/// time, as they are asked for.
struct EchoWords: Sendable, Sequence, IteratorProtocol {
  private let text: String.UnicodeScalarView
  private var position: String.Index

  init(_ text: String) {
    self.text = text.unicodeScalars
    position = text.startIndex
  }

  mutating func next() -> String? {
    guard position < text.endIndex else { return nil }
    let start = position
    let word = skip(from: start, while: Self.isSpace)
    position = skip(from: word) { !Self.isSpace($0) }
    // Space after the last word belongs to it.
    if skip(from: position, while: Self.isSpace) == text.endIndex { position = text.endIndex }
    return String(text[start..<position])
  }

  private func skip(from start: String.Index, while belongs: (Unicode.Scalar) -> Bool) -> String.Index {
    text[start...].firstIndex { !belongs($0) } ?? text.endIndex
  }

  /// How many there are in the text that `pieces` make together.
  static func count(in pieces: [String]) -> Int {
    var count = 0
    var isInWord = false
    for piece in pieces {
      for scalar in piece.unicodeScalars {
        let isSpace = isSpace(scalar)
        if !isSpace, !isInWord { count += 1 }
        isInWord = !isSpace
      }
    }
    // Space alone is one.
    return count == 0 && pieces.contains { !$0.isEmpty } ? 1 : count
  }

  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    // The look-up in the tables of Unicode is slow, and seldom needed.
    scalar.isASCII ? scalar == " " || (9...13).contains(scalar.value) : scalar.properties.isWhitespace
  }
}
