/// Which tool-call ids an API takes.
package struct ToolCallIDRule: Sendable, Hashable {
  /// How many characters an id may have.
  package var lengths: ClosedRange<Int>
  /// Whether `-` and `_` may stand beside letters and digits.
  package var allowsPunctuation: Bool
  /// Whether `_` may be the last character; ChatGPT's Codex refuses that.
  package var allowsTrailingUnderscore = true

  /// A rule.
  package init(lengths: ClosedRange<Int>, allowsPunctuation: Bool = true) {
    self.lengths = lengths
    self.allowsPunctuation = allowsPunctuation
  }

  /// Whether `id` can be sent as it is.
  package func accepts(_ id: String) -> Bool {
    lengths.contains(id.utf8.count) && id.utf8.allSatisfy(allows) && (allowsTrailingUnderscore || id.last != "_")
  }

  /// An id the API takes that stands for `id`: always the same one, and a different one for each `variant`.
  package func replacement(for id: String, variant: Int = 0) -> String {
    var state = hash(id.utf8)
    if variant > 0 { state = hash(String(variant).utf8, from: state) }
    let length = min(max(lengths.lowerBound, 16), lengths.upperBound)
    let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
    var bytes: [UInt8] = []
    while bytes.count < length {
      bytes.append(letters[Int(state >> 33) % letters.count])
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func allows(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    case UInt8(ascii: "_"), UInt8(ascii: "-"): allowsPunctuation
    default: false
    }
  }

  /// FNV-1a, 64 bits: Swift's own hash differs from run to run, and the id must not, for the prompt cache's sake.
  private func hash(_ bytes: some Sequence<UInt8>, from start: UInt64 = 0xCBF2_9CE4_8422_2325) -> UInt64 {
    bytes.reduce(start) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
