/// The hot part of reading: most bytes of most texts stand in strings.
extension JSONParser {
  /// Reads a string; `index` is at its opening quote.
  mutating func parseString() throws(JSONError) -> String {
    let start = index + 1
    let (end, isASCII) = endOfPlainText(from: start)
    guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else {
      return try parseEscapedString(start, firstStop: end)
    }
    if !isASCII { try checkUTF8(start..<end) }
    index = end + 1
    return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self)
  }

  /// Where the first quote, backslash or control character from `start` on stands, and whether all before it is
  /// ASCII. Looks at eight bytes at a time: a byte that is less than 0x20, or equal to one of the two characters once
  /// these are xor-ed away, borrows from its highest bit. A borrow can spill only into later bytes, so the first mark
  /// is always right.
  private func endOfPlainText(from start: Int) -> (end: Int, isASCII: Bool) {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs = ones << 7
    var index = start
    var seen: UInt64 = 0
    while index + 8 <= bytes.count {
      let word = UInt64(
        littleEndian: UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: index, as: UInt64.self))
      let quote = word ^ ones &* UInt64(UInt8(ascii: "\""))
      let backslash = word ^ ones &* UInt64(UInt8(ascii: "\\"))
      let controls = (word &- ones &* 0x20) & ~word
      let marks = (controls | ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)) & highs
      if marks != 0 {
        let count = marks.trailingZeroBitCount / 8
        seen |= count == 0 ? 0 : word << UInt64(64 - 8 * count)
        return (index + count, seen & highs == 0)
      }
      seen |= word
      index += 8
    }
    while index < bytes.count, !isStop(bytes[index]) {
      seen |= UInt64(bytes[index])
      index += 1
    }
    return (index, seen & highs == 0)
  }

  private func isStop(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private mutating func parseEscapedString(_ start: Int, firstStop: Int) throws(JSONError) -> String {
    var unescaped = Array(bytes[start..<firstStop])
    index = firstStop
    while true {
      guard index < bytes.count else { throw error("unexpected end of text in a string") }
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") {
        try checkUTF8(start..<index)
        index += 1
        return String(decoding: unescaped, as: UTF8.self)
      }
      guard byte >= 0x20 else { throw error("control character \(hex(byte)) in a string must be escaped") }
      if byte == UInt8(ascii: "\\") { try parseEscape(into: &unescaped) }
      let from = index
      index = endOfPlainText(from: from).end
      unescaped.append(contentsOf: bytes[from..<index])
    }
  }

  private mutating func parseEscape(into unescaped: inout [UInt8]) throws(JSONError) {
    index += 1
    guard index < bytes.count else { throw error("unexpected end of text after '\\'") }
    let byte = bytes[index]
    index += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(byte)
    case UInt8(ascii: "b"): unescaped.append(0x08)
    case UInt8(ascii: "f"): unescaped.append(0x0C)
    case UInt8(ascii: "n"): unescaped.append(0x0A)
    case UInt8(ascii: "r"): unescaped.append(0x0D)
    case UInt8(ascii: "t"): unescaped.append(0x09)
    case UInt8(ascii: "u"): unescaped.append(contentsOf: try parseUnicodeEscape())
    default:
      index -= 1
      throw error("unknown escape '\\' followed by \(describe(index))")
    }
  }

  /// Reads the four digits behind `\u`, and those of the low half that follows a high surrogate. A half without its partner
  /// becomes U+FFFD: Swift strings, like every UTF-8 API, cannot hold one.
  private mutating func parseUnicodeEscape() throws(JSONError) -> String.UTF8View {
    let first = try parseHexQuad()
    if (0xD800..<0xDC00).contains(first), index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"),
      bytes[index + 1] == UInt8(ascii: "u")
    {
      let resume = index
      index += 2
      let second = try parseHexQuad()
      if (0xDC00..<0xE000).contains(second) {
        let scalar = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
        return String(Unicode.Scalar(scalar).map(Character.init) ?? "\u{FFFD}").utf8
      }
      index = resume
    }
    return String(Unicode.Scalar(first).map(Character.init) ?? "\u{FFFD}").utf8
  }

  private mutating func parseHexQuad() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = hexDigit(byte) else {
        throw error("unexpected \(describe(index)), expected four hexadecimal digits after '\\u'")
      }
      value = value << 4 | digit
      index += 1
    }
    return value
  }

  private func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }

  /// Refuses bytes that are not UTF-8, unless they are to be repaired. Escapes are ASCII, so a string can be checked
  /// before they are undone.
  private func checkUTF8(_ range: Range<Int>) throws(JSONError) {
    guard !options.repairsUTF8 else { return }
    var offset = range.lowerBound
    while offset < range.upperBound {
      let length = lengthOfScalar(at: offset, end: range.upperBound)
      guard length > 0 else { throw error("byte \(hex(bytes[offset])) is not UTF-8 here", at: offset) }
      offset += length
    }
  }

  /// How many bytes the well-formed sequence at `offset` has (Unicode, table 3-7); 0 when it is none.
  private func lengthOfScalar(at offset: Int, end: Int) -> Int {
    let first = bytes[offset]
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch first {
    case 0...0x7F: return 1
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: length = 4
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: return 0
    }
    guard offset + length <= end, second.contains(bytes[offset + 1]) else { return 0 }
    for next in offset + 2..<max(offset + length, offset + 2) where bytes[next] & 0xC0 != 0x80 { return 0 }
    return length
  }
}
