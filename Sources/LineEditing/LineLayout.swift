/// Where a text and its cursor stand on a screen of some width: rows that are broken here and not by the terminal, whose
/// ways of doing so differ.
package struct LineLayout: Sendable, Hashable {
  /// The rows, each shorter than the screen is wide.
  package let rows: [String]
  /// The row the cursor stands in, from 0.
  package let row: Int
  /// The column it stands in, from 0.
  package let column: Int

  /// Lays `text` out behind `prompt`; further rows are indented as far as the prompt reaches. No more than `height`
  /// rows are kept, those around the cursor.
  package init(_ text: [Character], cursor place: Int, prompt: String, width: Int, height: Int) {
    let indent = prompt.reduce(0) { $0 + columns(of: $1) }
    let limit = max(width - 1, indent + 2)
    var (rows, column) = ([prompt], indent)
    var cursor = (row: 0, column: indent)
    for (index, character) in text.enumerated() {
      if index == place { cursor = (rows.count - 1, column) }
      let size = columns(of: character)
      if character == "\n" || column + size > limit {
        rows.append(String(repeating: " ", count: indent))
        column = indent
        if index == place, character != "\n" { cursor = (rows.count - 1, column) }
      }
      guard character != "\n" else { continue }
      rows[rows.count - 1].append(Self.shown(character))
      column += size
    }
    if place >= text.count { cursor = (rows.count - 1, column) }
    let first = max(0, min(cursor.row - height / 2, rows.count - height))
    self.rows = Array(rows[first..<min(rows.count, first + max(1, height))])
    self.row = cursor.row - first
    self.column = cursor.column
  }

  /// The bytes that put this in the place of what was painted before, when the cursor stands in row `from` of that.
  package func paint(from row: Int) -> String {
    var output = row > 0 ? "\u{1B}[\(row)A\r" : "\r"
    output += "\u{1B}[J" + rows.joined(separator: "\r\n")
    let up = rows.count - 1 - self.row
    if up > 0 { output += "\u{1B}[\(up)A" }
    output += "\r"
    if column > 0 { output += "\u{1B}[\(column)C" }
    return output
  }

  /// Tabs and other controls would move the cursor.
  private static func shown(_ character: Character) -> Character {
    guard let scalar = character.unicodeScalars.first, scalar.value < 0x20 || scalar.value == 0x7F else {
      return character
    }
    return scalar == "\t" ? " " : "\u{FFFD}"
  }
}

/// How many columns a terminal gives a character: two for East Asian wide ones and pictures (Unicode UAX #11, W and F),
/// none for what only joins the one before.
package func columns(of character: Character) -> Int {
  guard let first = character.unicodeScalars.first else { return 0 }
  if character.unicodeScalars.contains("\u{FE0F}") { return 2 }
  switch first.value {
  case 0x0300...0x036F, 0x200B...0x200F, 0xFE00...0xFE0F: return 0
  case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
    0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
    0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x3FFFD:
    return 2
  default: return 1
  }
}
