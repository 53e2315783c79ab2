internal import LineEditing
internal import Testing

@Suite("The line that is typed")
struct LineEditorTests {
  private func typed(_ keys: [Key], history: [String] = [], completions: [String] = []) -> LineEditor {
    var editor = LineEditor(history: InputHistory(history), completions: completions)
    for key in keys { #expect(editor.take(key) == .editing) }
    return editor
  }

  private func text(_ editor: LineEditor) -> String {
    var text = editor.text.map(String.init)
    text.insert("|", at: editor.cursor)
    return text.joined()
  }

  private static let edits: [([Key], String)] = [
    ([.text("helo"), .left, .text("l")], "hell|o"),
    ([.text("ab"), .backspace, .backspace, .backspace], "|"),
    ([.text("ab"), .home, .delete], "|b"),
    ([.text("ab"), .home, .endOfInput], "|b"),
    ([.text("one two  three"), .cutWord], "one two  |"),
    ([.text("one two  three"), .wordLeft, .wordLeft, .cutToEnd], "one |"),
    ([.text("one two"), .cutWord, .home, .putBack], "two|one "),
    ([.text("one two"), .home, .wordRight, .cutToStart], "| two"),
    ([.text("one"), .newline, .text("two"), .home, .text(">")], "one\n>|two"),
    ([.text("one"), .newline, .text("two"), .cutToStart, .up, .end], "one|\n"),
    ([.text("long one"), .newline, .text("two"), .up, .text("^")], "lon^|g one\ntwo"),
    ([.text("one"), .newline, .text("longer"), .up, .down], "one\nlon|ger"),
    ([.paste("a\nb"), .text("c")], "a\nbc|"),
    ([.text("some"), .interrupt, .text("x")], "x|"),
    ([.text("e\u{301}x"), .left, .backspace], "|x"),
    ([.text("more\\"), .enter, .text("x")], "more\nx|"),
    ([.text("/mo"), .complete], "/model |"),
    ([.text("/s"), .complete], "/s|"),
    ([.text("/se"), .complete], "/session|"),
    ([.text("x"), .complete], "x|"),
  ]

  @Test("keys change it", arguments: edits.indices)
  func editing(index: Int) {
    let (keys, expected) = Self.edits[index]
    let words = ["/model ", "/session", "/sessions", "/switch"].map { $0.filter { $0 != " " } }
    #expect(text(typed(keys, completions: words)) == expected)
  }

  @Test("Enter takes it and keeps it in the history")
  func submit() {
    var editor = typed([.text("one")])
    #expect(editor.take(.enter) == .submitted("one"))
    #expect(text(editor) == "|")
    #expect(editor.history.lines == ["one"])
    #expect(editor.take(.enter) == .submitted(""))
    #expect(editor.history.lines == ["one"])
  }

  @Test("the arrows go through the history and come back to what was being typed")
  func history() {
    var editor = typed([.text("dra")], history: ["first", "second\nline"])
    let steps: [(Key, String)] = [
      (.up, "second\nline|"), (.up, "seco|nd\nline"), (.up, "first|"), (.up, "first|"), (.down, "second\nline|"),
      (.down, "dra|"), (.down, "dra|"),
    ]
    for (key, expected) in steps {
      #expect(editor.take(key) == .editing)
      #expect(text(editor) == expected)
    }
  }

  @Test("Ctrl-C and Ctrl-D mean something else when nothing is typed")
  func ends() {
    var editor = LineEditor()
    #expect(editor.take(.interrupt) == .interrupted)
    #expect(editor.take(.endOfInput) == .ended)
    #expect(editor.take(.suspend) == .suspended)
    #expect(editor.take(.clearScreen) == .clearScreen)
  }

  @Test("the history keeps its newest lines, and none twice in a row")
  func limits() {
    var history = InputHistory((0..<1200).map(String.init))
    #expect(history.lines.first == "200")
    history.add("1199")
    history.add("  ")
    #expect(history.lines.count == 1000)
    history.add("new")
    #expect(history.lines.count == 1000 && history.lines.last == "new" && history.lines.first == "201")
  }
}
