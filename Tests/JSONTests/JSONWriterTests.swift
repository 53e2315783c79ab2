import JSON
import Testing

/// Random numbers that are the same in every run (SplitMix64).
private struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

@Suite("Writing JSON")
struct JSONWriterTests {
  @Test(
    "Only what must be escaped is",
    arguments: [
      ("a\"b\\c/d", #""a\"b\\c/d""#), ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#),
      ("\u{0}\u{1F}\u{7F}", "\"\\u0000\\u001f\u{7F}\""),
      ("é中😀\u{2028}", "\"é中😀\u{2028}\""), ("", "\"\""),
    ])
  func escapes(text: String, expected: String) {
    #expect(JSONValue.string(text).text == expected)
  }

  @Test(
    "A Double is written so that it reads back as itself",
    arguments: [0, -0.0, 1, 0.1, 1e15, 1e16, 1e300, 5e-324, -2.5, 1.0 / 3, Double.greatestFiniteMagnitude])
  func doubles(value: Double) throws {
    let text = JSONValue.double(value).text
    #expect(try JSONValue(parsing: text).double == value)
  }

  @Test("What JSON cannot write becomes null", arguments: [Double.nan, .infinity, -.infinity])
  func notNumbers(value: Double) {
    #expect(JSONValue.double(value) == .null)
  }

  @Test("Values for people have a line for each member, and nothing between empty brackets")
  func pretty() {
    let value: JSONValue = ["a": [1, []], "b": [:], "c": ["d": nil]]
    #expect(
      value.prettyText == """
        {
          "a": [
            1,
            []
          ],
          "b": {},
          "c": {
            "d": null
          }
        }
        """)
  }

  @Test("Any value reads back as it was written, byte for byte", arguments: 0..<300 as Range<UInt64>)
  func roundTrip(seed: UInt64) throws {
    var generator = SeededGenerator(state: seed)
    let value = randomValue(&generator, depth: 3)
    let read = try JSONValue(parsing: value.bytes)
    #expect(read == value)
    #expect(read.bytes == value.bytes)
    #expect(try JSONValue(parsing: value.prettyText).bytes == value.bytes)
    #expect(read.hashValue == value.hashValue)
  }

  @Test(
    "A text that is cut or changed anywhere is read or refused, and never worse", arguments: 0..<40 as Range<UInt64>)
  func mutations(seed: UInt64) {
    var generator = SeededGenerator(state: seed)
    let bytes = randomValue(&generator, depth: 3).bytes
    var unsound: [[UInt8]] = []
    for _ in 0..<30 {
      var changed = bytes
      changed[Int.random(in: changed.indices, using: &generator)] = .random(in: .min ... .max, using: &generator)
      let cut = Array(bytes[..<Int.random(in: bytes.indices, using: &generator)])
      unsound += [changed, cut].filter { !isSound($0) }
    }
    #expect(unsound.isEmpty)
  }

  /// Whether the bytes are refused, or read the same again once written.
  private func isSound(_ bytes: [UInt8]) -> Bool {
    guard let value = try? JSONValue(parsing: bytes) else { return true }
    return (try? JSONValue(parsing: value.bytes)) == value
  }

  private func randomValue(_ generator: inout SeededGenerator, depth: Int) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator) {
    case 0: return .null
    case 1: return .bool(.random(using: &generator))
    case 2: return .int(.random(in: .min ... .max, using: &generator))
    case 3: return .double(Double(bitPattern: generator.next()))
    case 4, 5: return .string(randomText(&generator))
    case 6:
      return .array(
        (0..<Int.random(in: 0..<5, using: &generator)).map { _ in randomValue(&generator, depth: depth - 1) })
    default:
      // At one level more members than are found by a scan.
      return .object(
        JSONObject(
          (0..<Int.random(in: 0..<(depth == 2 ? 16 : 5), using: &generator)).map { _ in
            (randomText(&generator), randomValue(&generator, depth: depth - 1))
          }))
    }
  }

  private func randomText(_ generator: inout SeededGenerator) -> String {
    var text = ""
    for _ in 0..<Int.random(in: 0..<24, using: &generator) {
      let limit: UInt32 = [0x30, 0x80, 0x800, 0x11_0000].randomElement(using: &generator) ?? 0x80
      if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &generator)) {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
