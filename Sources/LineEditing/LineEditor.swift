/// The text a person is typing, and what the keys do to it: a pure value. Where it stands on the screen is `LineLayout`'s.
package struct LineEditor: Sendable {
  /// What a key led to.
  package enum Outcome: Sendable, Hashable {
    /// The text may have changed and is still being typed.
    case editing
    /// The text is to be taken. The editor is empty again.
    case submitted(String)
    /// Ctrl-C with nothing typed; with something typed it only clears that.
    case interrupted
    /// Ctrl-D with nothing typed.
    case ended
    case clearScreen
    case suspended
  }

  /// What has been typed.
  package private(set) var text: [Character] = []
  /// Before which character of `text` the cursor stands.
  package private(set) var cursor = 0
  /// What was submitted before, oldest first.
  package private(set) var history: InputHistory
  private let completions: [String]
  private var cut: [Character] = []
  /// Which line of the history is shown; `nil` for what is being typed, which is kept in `draft` meanwhile.
  private var shown: Int?
  private var draft: [Character] = []

  /// An empty editor. Tab completes the beginning of the text to one of `completions`.
  package init(history: InputHistory = InputHistory(), completions: [String] = []) {
    self.history = history
    self.completions = completions
  }

  /// Lets `key` do its work.
  package mutating func take(_ key: Key) -> Outcome {
    switch key {
    case .text(let typed): insert(Array(typed))
    case .paste(let pasted): insert(Array(pasted))
    case .newline: insert(["\n"])
    case .enter: return submit()
    case .interrupt:
      if text.isEmpty { return .interrupted }
      replace([])
      shown = nil
    case .endOfInput:
      if text.isEmpty { return .ended }
      remove(cursor..<min(cursor + 1, text.count))
    case .backspace: remove(max(0, cursor - 1)..<cursor)
    case .delete: remove(cursor..<min(cursor + 1, text.count))
    case .cutToEnd: cut(cursor..<lineEnd)
    case .cutToStart: cut(lineStart..<cursor)
    case .cutWord: cut(wordStart..<cursor)
    case .putBack: insert(cut)
    case .complete: complete()
    case .clearScreen: return .clearScreen
    case .suspend: return .suspended
    default: move(key)
    }
    return .editing
  }

  private mutating func move(_ key: Key) {
    switch key {
    case .left: cursor = max(0, cursor - 1)
    case .right: cursor = min(text.count, cursor + 1)
    case .wordLeft: cursor = wordStart
    case .wordRight: cursor = wordEnd
    case .home: cursor = lineStart
    case .end: cursor = lineEnd
    case .up: moveUp()
    case .down: moveDown()
    default: break
    }
  }

  // MARK: Changing the text

  private mutating func insert(_ characters: [Character]) {
    text.insert(contentsOf: characters, at: cursor)
    cursor += characters.count
  }

  private mutating func remove(_ range: Range<Int>) {
    text.removeSubrange(range)
    cursor = range.lowerBound
  }

  private mutating func cut(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    cut = Array(text[range])
    remove(range)
  }

  private mutating func replace(_ characters: [Character]) {
    text = characters
    cursor = characters.count
  }

  /// A backslash before the end asks for another line, as in a shell.
  private mutating func submit() -> Outcome {
    if text.last == "\\", cursor == text.count {
      text[text.count - 1] = "\n"
      return .editing
    }
    let line = String(text)
    history.add(line)
    replace([])
    shown = nil
    return .submitted(line)
  }

  private mutating func complete() {
    let typed = String(text)
    guard cursor == text.count, !typed.isEmpty else { return }
    let fitting = completions.filter { $0.hasPrefix(typed) }
    guard let first = fitting.first else { return }
    let common = fitting.dropFirst().reduce(Array(first)) { common, next in
      zip(common, next).prefix { $0 == $1 }.map(\.0)
    }
    replace(fitting.count == 1 ? common + [" "] : common)
  }

  // MARK: Places in the text

  private var lineStart: Int { text[..<cursor].lastIndex(of: "\n").map { $0 + 1 } ?? 0 }
  private var lineEnd: Int { text[cursor...].firstIndex(of: "\n") ?? text.count }

  private var wordStart: Int {
    let behindWord = text[..<cursor].lastIndex { !$0.isWhitespace }.map { $0 + 1 } ?? 0
    return text[..<behindWord].lastIndex { $0.isWhitespace }.map { $0 + 1 } ?? 0
  }

  private var wordEnd: Int {
    let word = text[cursor...].firstIndex { !$0.isWhitespace } ?? text.count
    return text[word...].firstIndex { $0.isWhitespace } ?? text.count
  }

  /// Up moves within a text of several lines, and into the history from the first of them.
  private mutating func moveUp() {
    let start = lineStart
    guard start == 0 else {
      let column = cursor - start
      let above = text[..<(start - 1)].lastIndex(of: "\n").map { $0 + 1 } ?? 0
      cursor = min(above + column, start - 1)
      return
    }
    let next = (shown ?? history.lines.count) - 1
    guard history.lines.indices.contains(next) else { return }
    if shown == nil { draft = text }
    show(next)
  }

  private mutating func moveDown() {
    let (start, end) = (lineStart, lineEnd)
    guard end == text.count else {
      let below = text[(end + 1)...].firstIndex(of: "\n") ?? text.count
      cursor = min(end + 1 + cursor - start, below)
      return
    }
    guard let shown else { return }
    if history.lines.indices.contains(shown + 1) { return show(shown + 1) }
    self.shown = nil
    replace(draft)
  }

  private mutating func show(_ index: Int) {
    shown = index
    replace(Array(history.lines[index]))
  }
}

/// Lines that were typed before, oldest first.
package struct InputHistory: Sendable {
  /// How many lines are kept.
  package static let limit = 1000

  /// The lines.
  package private(set) var lines: [String]

  /// The newest of `lines`.
  package init(_ lines: [String] = []) { self.lines = Array(lines.suffix(Self.limit)) }

  /// Adds a line, unless it is blank or was the last one too.
  package mutating func add(_ line: String) {
    guard line.contains(where: { !$0.isWhitespace }), line != lines.last else { return }
    lines.append(line)
    if lines.count > Self.limit { lines.removeFirst(lines.count - Self.limit) }
  }
}
