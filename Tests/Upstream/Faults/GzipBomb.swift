/// Bytes that are small on the wire and endless behind it: one deflate block with fixed codes, a start and then
/// nothing but copies of it.
package struct GzipBomb: Sendable {
  /// The gzip header and the start of the text.
  package let head: [UInt8]
  /// What may follow, as often as wanted; each is `copied` bytes of text.
  package let repetition: [UInt8]
  /// How many bytes of text a `repetition` stands for.
  package let copied: Int

  /// A bomb of `text` first, then of its last `period` bytes (1...4, or 16) over and over.
  package init(_ text: [UInt8], period: Int) {
    var bits = Bits()
    bits.bytes = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]
    bits.append(0, count: 1)
    bits.append(1, count: 2)
    for byte in text { bits.appendCode(of: byte) }
    // Up to a byte's end: a copy takes 13 or 15 bits, so some number of them gets there.
    while bits.partialCount != 0 { bits.appendCopy(period) }
    head = bits.bytes
    var more = Bits()
    for _ in 0..<8 { more.appendCopy(period) }
    repetition = more.bytes
    copied = 8 * Bits.copyLength
  }
}

/// Bits as deflate packs them: the first in the lowest place; those of a code from its highest on.
private struct Bits {
  var bytes: [UInt8] = []
  var partialCount = 0

  mutating func append(_ value: Int, count: Int) {
    for place in 0..<count {
      if partialCount == 0 { bytes.append(0) }
      bytes[bytes.count - 1] |= UInt8((value >> place) & 1) << partialCount
      partialCount = (partialCount + 1) % 8
    }
  }

  mutating func appendCode(_ code: Int, count: Int) {
    for place in (0..<count).reversed() { append(code >> place & 1, count: 1) }
  }

  /// A literal: 8 bits below 144, else 9.
  mutating func appendCode(of byte: UInt8) {
    if byte < 144 {
      appendCode(0x30 + Int(byte), count: 8)
    } else {
      appendCode(0x190 + Int(byte) - 144, count: 9)
    }
  }

  /// The longest copy there is.
  static let copyLength = 258

  /// A copy of that length from `distance` back.
  mutating func appendCopy(_ distance: Int) {
    appendCode(0b1100_0101, count: 8)
    guard distance == 16 else { return appendCode(distance - 1, count: 5) }
    appendCode(7, count: 5)
    append(3, count: 2)
  }
}
