internal import LineEditing
internal import Testing

@Suite("Keys of a terminal")
struct KeyTests {
  private static let known: [(bytes: String, keys: [Key])] = [
    ("hello", [.text("hello")]),
    ("ä€😀", [.text("ä€😀")]),
    ("a\rb", [.text("a"), .enter, .text("b")]),
    ("\u{1B}[A\u{1B}[B\u{1B}[C\u{1B}[D", [.up, .down, .right, .left]),
    ("\u{1B}OA\u{1B}OH\u{1B}OF", [.up, .home, .end]),
    ("\u{1B}[1;5C\u{1B}[1;3D\u{1B}b\u{1B}f", [.wordRight, .wordLeft, .wordLeft, .wordRight]),
    ("\u{1B}[3~\u{1B}[1~\u{1B}[4~", [.delete, .home, .end]),
    ("\u{1B}\r", [.newline]),
    ("\u{3}\u{4}\u{1A}\u{C}", [.interrupt, .endOfInput, .suspend, .clearScreen]),
    ("\u{1}\u{5}\u{B}\u{15}\u{17}\u{19}", [.home, .end, .cutToEnd, .cutToStart, .cutWord, .putBack]),
    ("\u{1B}[200~one\r\ntwo\rthree\u{3}\u{1B}[A\u{1B}[201~x", [.paste("one\ntwo\nthree\u{3}\u{1B}[A"), .text("x")]),
    // What means nothing here must not become text.
    ("\u{1B}[15~\u{1B}[?1;2c\u{1B}xy", [.text("y")]),
  ]

  @Test("each sequence is its key, wherever it is cut", arguments: known.indices)
  func sequences(index: Int) {
    let (text, keys) = Self.known[index]
    let bytes = Array(text.utf8)
    for cut in 0...bytes.count {
      var decoder = KeyDecoder()
      let found = decoder.decode(bytes[..<cut]) + decoder.decode(bytes[cut...])
      #expect(merged(found) == keys, "cut at \(cut)")
    }
    var decoder = KeyDecoder()
    #expect(merged(bytes.flatMap { decoder.decode([$0]) }) == keys, "byte by byte")
  }

  @Test("a byte that is no text does not take its neighbours along")
  func broken() {
    var decoder = KeyDecoder()
    #expect(merged(decoder.decode([0x61, 0xFF, 0x62, 0xC3, 0x28, 0x63])) == [.text("ab(c")])
  }

  @Test("a sequence without an end does not swallow what is typed after it")
  func endless() {
    var decoder = KeyDecoder()
    let keys = decoder.decode(Array("\u{1B}[".utf8) + [UInt8](repeating: 0x31, count: 64) + [0x0D])
    #expect(keys.last == .enter)
  }

  private func merged(_ keys: [Key]) -> [Key] {
    keys.reduce(into: []) { merged, key in
      if case .text(let new) = key, case .text(let text)? = merged.last {
        merged[merged.count - 1] = .text(text + new)
      } else {
        merged.append(key)
      }
    }
  }
}
