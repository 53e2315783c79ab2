internal import LineEditing
internal import Testing

@Suite("The typed line on the screen")
struct LineLayoutTests {
  private func layout(_ text: String, at cursor: Int? = nil, width: Int = 20, height: Int = 10) -> LineLayout {
    LineLayout(Array(text), cursor: cursor ?? text.count, prompt: "› ", width: width, height: height)
  }

  @Test("a short line stands behind the prompt")
  func short() {
    let found = layout("hello", at: 2)
    #expect(found.rows == ["› hello"])
    #expect(found.row == 0 && found.column == 4)
  }

  @Test("a long line is broken before the terminal would break it")
  func long() {
    let found = layout("0123456789abcdefghij", width: 12)
    #expect(found.rows == ["› 012345678", "  9abcdefgh", "  ij"])
    #expect(found.row == 2 && found.column == 4)
    let atBreak = layout("0123456789abcdefghij", at: 9, width: 12)
    #expect(atBreak.row == 1 && atBreak.column == 2)
  }

  @Test("line ends begin rows, and the cursor can stand on either side of them")
  func lines() {
    let rows = ["› ab", "  ", "  c"]
    for (cursor, row, column) in [(2, 0, 4), (3, 1, 2), (4, 2, 2), (5, 2, 3)] {
      let found = layout("ab\n\nc", at: cursor)
      #expect(found.rows == rows)
      #expect(found.row == row && found.column == column, "at \(cursor)")
    }
  }

  @Test("wide characters take two columns, joining ones none")
  func wide() {
    #expect(layout("日本", at: 1).column == 4)
    #expect(layout("e\u{301}x").column == 4)
    #expect(layout("👩‍💻x").column == 5)
    #expect(layout("日本語日本語", width: 9).rows == ["› 日本語", "  日本語"])
  }

  @Test("of a text taller than the screen the rows around the cursor are kept")
  func tall() {
    let text = (0..<40).map(String.init).joined(separator: "\n")
    let end = layout(text, height: 5)
    #expect(end.rows == ["  35", "  36", "  37", "  38", "  39"])
    #expect(end.row == 4)
    let start = layout(text, at: 0, height: 5)
    #expect(start.rows.first == "› 0" && start.rows.count == 5 && start.row == 0)
  }

  @Test("painting goes up to where the line began, clears, and puts the cursor in its place")
  func paint() {
    #expect(layout("ab", at: 1).paint(from: 0) == "\r\u{1B}[J› ab\r\u{1B}[3C")
    #expect(layout("a\nb", at: 1).paint(from: 1) == "\u{1B}[1A\r\u{1B}[J› a\r\n  b\u{1B}[1A\r\u{1B}[3C")
  }

  @Test("a control character that was pasted is shown, not obeyed")
  func controls() { #expect(layout("a\u{1B}b\tc").rows == ["› a\u{FFFD}b c"]) }
}
