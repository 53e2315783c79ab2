/// Something a person did on the keyboard.
package enum Key: Sendable, Hashable {
  /// Characters to insert.
  case text(String)
  /// Text that was pasted in one piece; its line ends are `\n` and belong to it.
  case paste(String)
  /// The line is to be taken.
  case enter
  /// A line end within the text: Alt-Enter.
  case newline
  case backspace, delete
  case left, right, wordLeft, wordRight, home, end, up, down
  /// Ctrl-K, Ctrl-U, Ctrl-W and Ctrl-Y: cut behind the cursor, before it, the word before it, and put back.
  case cutToEnd, cutToStart, cutWord, putBack
  /// Tab.
  case complete
  /// Ctrl-L.
  case clearScreen
  /// Ctrl-C.
  case interrupt
  /// Ctrl-D.
  case endOfInput
  /// Ctrl-Z.
  case suspend
}

/// Turns the bytes of a terminal in raw mode into keys. Pieces may be cut anywhere, inside characters and sequences too.
///
/// The sequences are those of xterm, which every terminal of today speaks (ECMA-48 CSI, SS3, bracketed paste).
package struct KeyDecoder {
  private static let escape: UInt8 = 0x1B
  private static let pasteEnd: [UInt8] = Array("\u{1B}[201~".utf8)
  /// The longest control sequence that is waited for; what is longer is none.
  private static let longestSequence = 32

  /// What has come and is not whole.
  private var pending: [UInt8] = []
  private var pasted: [UInt8]?

  /// Has seen nothing.
  package init() {}

  /// The keys that `bytes` complete.
  package mutating func decode(_ bytes: some Sequence<UInt8>) -> [Key] {
    var keys: [Key] = []
    pending += bytes
    while let key = next() {
      guard let key else { continue }
      if case .text(let new) = key, case .text(let text)? = keys.last {
        keys[keys.count - 1] = .text(text + new)
      } else {
        keys.append(key)
      }
    }
    return keys
  }

  /// The next key; an inner `nil` for bytes that mean nothing, an outer one when there is no whole one left.
  private mutating func next() -> Key?? {
    if pasted != nil { return paste() }
    guard let first = pending.first else { return nil }
    if first == Self.escape { return sequence() }
    if first < 0x20 || first == 0x7F {
      pending.removeFirst()
      return .some(Self.control(first))
    }
    return character(first)
  }

  private mutating func character(_ first: UInt8) -> Key?? {
    let length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1
    guard pending.count >= length else { return nil }
    let text = String(decoding: pending[..<length], as: UTF8.self)
    // A byte that belongs to no character must not take its neighbours along.
    let isBroken = text.unicodeScalars.contains("\u{FFFD}")
    pending.removeFirst(isBroken ? 1 : length)
    return .some(isBroken ? nil : .text(text))
  }

  private static func control(_ byte: UInt8) -> Key? {
    switch byte {
    case 0x01: .home
    case 0x02: .left
    case 0x03: .interrupt
    case 0x04: .endOfInput
    case 0x05: .end
    case 0x06: .right
    case 0x08, 0x7F: .backspace
    case 0x09: .complete
    // Before raw mode the terminal itself has made a line feed of what was typed as a return.
    case 0x0A, 0x0D: .enter
    case 0x0B: .cutToEnd
    case 0x0C: .clearScreen
    case 0x0E: .down
    case 0x10: .up
    case 0x15: .cutToStart
    case 0x17: .cutWord
    case 0x19: .putBack
    case 0x1A: .suspend
    default: nil
    }
  }

  // MARK: Sequences

  private mutating func sequence() -> Key?? {
    guard pending.count >= 2 else { return nil }
    switch pending[1] {
    case UInt8(ascii: "["), UInt8(ascii: "O"): return controlSequence()
    case Self.escape:
      pending.removeFirst()
      return .some(nil)
    default:
      let meaning = Self.withAlt(pending[1])
      pending.removeFirst(2)
      return .some(meaning)
    }
  }

  private static func withAlt(_ byte: UInt8) -> Key? {
    switch byte {
    case 0x0A, 0x0D: .newline
    case UInt8(ascii: "b"): .wordLeft
    case UInt8(ascii: "f"): .wordRight
    case 0x08, 0x7F: .cutWord
    default: nil
    }
  }

  private mutating func controlSequence() -> Key?? {
    guard let end = pending.dropFirst(2).firstIndex(where: { 0x40...0x7E ~= $0 }) else {
      guard pending.count > Self.longestSequence else { return nil }
      pending.removeFirst()
      return .some(nil)
    }
    let parameters = String(decoding: pending[2..<end], as: UTF8.self)
    let final = pending[end]
    pending.removeFirst(end + 1)
    guard parameters != "200" || final != UInt8(ascii: "~") else {
      pasted = []
      return .some(nil)
    }
    return .some(Self.meaning(parameters, Character(Unicode.Scalar(final))))
  }

  private static func meaning(_ parameters: String, _ final: Character) -> Key? {
    // 3 is Alt, 5 is Ctrl.
    let isByWord = parameters.hasSuffix(";5") || parameters.hasSuffix(";3")
    switch final {
    case "A": return .up
    case "B": return .down
    case "C": return isByWord ? .wordRight : .right
    case "D": return isByWord ? .wordLeft : .left
    case "H": return .home
    case "F": return .end
    case "~":
      switch parameters {
      case "1", "7": return .home
      case "4", "8": return .end
      case "3": return .delete
      default: return nil
      }
    default: return nil
    }
  }

  private mutating func paste() -> Key?? {
    guard let end = pending.firstRange(of: Self.pasteEnd) else {
      // The end may have been cut: its first bytes wait.
      let kept = pending.lastIndex(of: Self.escape).map { pending.count - $0 } ?? 0
      let isStart = kept < Self.pasteEnd.count && Self.pasteEnd.starts(with: pending.suffix(kept))
      let ready = pending.count - (isStart ? kept : 0)
      pasted?.append(contentsOf: pending[..<ready])
      pending.removeFirst(ready)
      return nil
    }
    let text = (pasted ?? []) + pending[..<end.lowerBound]
    pasted = nil
    pending.removeFirst(end.upperBound)
    let lines = String(decoding: text, as: UTF8.self).replacing("\r\n", with: "\n").replacing("\r", with: "\n")
    return .some(.paste(lines))
  }
}
