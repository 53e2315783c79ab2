import JSON
import Testing

@Suite("Reading JSON")
struct JSONParserTests {
  @Test(
    "A number keeps its text, and its value where that is exact",
    arguments: [
      ("0", 0), ("-0", 0), ("7", 7), ("-12", -12), ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
      ("9223372036854775808", nil), ("123456789012345678901234567890", nil), ("1.0", 1), ("3e2", 300), ("1.5", nil),
      ("1E+2", 100), ("1e400", nil), ("0.1", nil), ("-1.25e-3", nil), ("9007199254740993", 9_007_199_254_740_993),
    ] as [(String, Int?)])
  func numbers(text: String, int: Int?) throws {
    let value = try JSONValue(parsing: text)
    #expect(value.text == text)
    #expect(value.int == int)
    #expect(value.double == Double(text))
  }

  @Test("Numbers are equal by value, and integers of any size exactly")
  func numberEquality() throws {
    func number(_ text: String) throws -> JSONValue { try JSONValue(parsing: text) }
    #expect(try number("1.0") == number("1"))
    #expect(try number("-0") == number("0"))
    #expect(try number("1e2").hashValue == number("100").hashValue)
    #expect(try number("9007199254740993") != number("9007199254740992"))
    #expect(try number("100000000000000000000001") != number("100000000000000000000002"))
  }

  @Test("Members keep their order; a key set twice keeps its first place and its last value")
  func order() throws {
    let value = try JSONValue(parsing: #"{"z":1,"a":2,"z":{"q":3},"m":4}"#)
    #expect(value.text == #"{"z":{"q":3},"a":2,"m":4}"#)
    #expect(value.object.map { Array($0.keys) } == ["z", "a", "m"])
  }

  @Test("Objects of any size find, replace and remove their members", arguments: [3, 12, 13, 14, 200])
  func largeObjects(count: Int) throws {
    let text = "{" + (0..<count).map { "\"key\($0)\":\($0)" }.joined(separator: ",") + ",\"key1\":-1}"
    var object = try #require(try JSONValue(parsing: text).object)
    #expect(object.count == count)
    #expect(object["key1"] == -1)
    #expect(object["key\(count - 1)"] == .int(count - 1))
    object["key0"] = nil
    #expect(object["key0"] == nil)
    #expect(object["key\(count - 1)"] == .int(count - 1))
    object["new"] = true
    #expect(object.keys.map(\.self).last == "new")
    #expect(object.count == count)
  }

  @Test("Keys are told apart by their bytes, however many there are", arguments: [0, 20])
  func canonicalEquivalents(others: Int) throws {
    let rest = (0..<others).map { ",\"k\($0)\":0" }.joined()
    let value = try JSONValue(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2\(rest)}")
    #expect(value.object?.count == 2 + others)
    #expect(value["\u{E9}"] == 1)
    #expect(value["e\u{301}"] == 2)
  }

  @Test(
    "Escapes are undone",
    arguments: [
      (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u4E2D""#, "Aé中"), (#""\ud83d\ude00""#, "😀"),
      (#""a\u0000b""#, "a\u{0}b"), (#""\u2028""#, "\u{2028}"), ("\"\u{7F}\u{2028}\"", "\u{7F}\u{2028}"),
      (
        "\"long plain text, then \\n and a long plain text after it\"",
        "long plain text, then \n and a long plain text after it"
      ),
      ("\"12345678\"", "12345678"), ("\"1234567\\\"\"", "1234567\""), ("\"éééééééé\"", "éééééééé"), ("\"\"", ""),
    ])
  func escapes(text: String, expected: String) throws {
    #expect(try JSONValue(parsing: text) == .string(expected))
  }

  @Test(
    "Half of a surrogate pair becomes a replacement character",
    arguments: [
      (#""\ud800""#, "\u{FFFD}"), (#""\udc00x""#, "\u{FFFD}x"), (#""\ud800\ud800\udc00""#, "\u{FFFD}\u{10000}"),
      (#""\ud800\u0041""#, "\u{FFFD}A"), (#""\ud800\n""#, "\u{FFFD}\n"),
    ])
  func surrogates(text: String, expected: String) throws {
    #expect(try JSONValue(parsing: text) == .string(expected))
  }

  static let notUTF8: [(bytes: [UInt8], column: Int)] = [
    ([0xFF], 2), ([0x61, 0x80], 3), ([0xC3], 2), ([0xC0, 0xAF], 2), ([0xE0, 0x80, 0x80], 2), ([0xED, 0xA0, 0x80], 2),
    ([0xF4, 0x90, 0x80, 0x80], 2), ([0xF5, 0x80, 0x80, 0x80], 2), ([0xE4, 0xB8], 2), ([0xF0, 0x9F, 0x98], 2),
    ([0xC3, 0xA9, 0x5C, 0x6E, 0xFF], 6), ([0x5C, 0x6E, 0xF0, 0x9F, 0x41, 0x41], 4),
  ]

  @Test("Bytes that are no UTF-8 are refused where they stand, or repaired", arguments: notUTF8)
  func invalidUTF8(bytes: [UInt8], column: Int) throws {
    let text = [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    #expect(error?.column == column)
    #expect(try JSONValue(parsing: text, options: .upstream).string?.contains("\u{FFFD}") == true)
  }

  @Test("Every scalar of every length is UTF-8")
  func validUTF8() throws {
    let scalars: [UInt32] = [
      0x7F, 0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xCFFF, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x3FFFF, 0x40000, 0xFFFFF,
      0x100000, 0x10FFFF,
    ]
    for scalar in scalars {
      let text = String(Character(try #require(Unicode.Scalar(scalar))))
      #expect(try JSONValue(parsing: "\"\(text)\"") == .string(text))
    }
  }

  @Test("Nesting has a limit, and far beyond it is an error like any other")
  func depth() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(try JSONValue(parsing: nested(512)).text == nested(512))
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: nested(513)) }
    #expect(error?.message == "nested deeper than 512 levels")
    #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "[", count: 100_000)) }
    #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "{\"a\":", count: 100_000)) }
  }

  static let errors: [(text: String, message: String)] = [
    ("", "unexpected end of text, expected a value at line 1, column 1"),
    ("nul", "unexpected end of text, expected null at line 1, column 1"),
    ("nulx", "expected null at line 1, column 1"),
    ("[1 2]", "unexpected '2', expected ',' or ']' at line 1, column 4"),
    ("[1,]", "unexpected ']', expected a value at line 1, column 4"),
    ("{\n  \"a\": 1,\n  b\n}", "unexpected 'b', expected a key in quotes at line 3, column 3"),
    ("{\"a\" 1}", "unexpected '1', expected ':' at line 1, column 6"),
    ("{\"a\":1", "unexpected end of text, expected ',' or '}' at line 1, column 7"),
    ("\"abc", "unexpected end of text in a string at line 1, column 5"),
    ("\"a\nb\"", "control character 0x0A in a string must be escaped at line 1, column 3"),
    ("\"12345678\u{1}\"", "control character 0x01 in a string must be escaped at line 1, column 10"),
    ("\"\\x\"", "unknown escape '\\' followed by 'x' at line 1, column 3"),
    ("\"\\", "unexpected end of text after '\\' at line 1, column 3"),
    ("\"\\u12G4\"", "unexpected 'G', expected four hexadecimal digits after '\\u' at line 1, column 6"),
    ("01", "unexpected '1' after the value at line 1, column 2"),
    ("-", "unexpected end of text in a number at line 1, column 2"),
    ("1.", "unexpected end of text, expected a digit after '.' at line 1, column 3"),
    ("1e+", "unexpected end of text, expected a digit in the exponent at line 1, column 4"),
    ("\u{FEFF}1", "unexpected byte 0xEF, expected a value at line 1, column 1"),
    ("// c\n1", "unexpected '/', expected a value at line 1, column 1"),
    ("1\r\n\r\nx", "unexpected 'x' after the value at line 3, column 1"),
  ]

  @Test("An error says what is wrong and where", arguments: errors)
  func error(text: String, message: String) {
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    #expect(error?.description == message)
  }

  @Test("A value reads the same from any sequence of bytes")
  func sequences() throws {
    let text = #"{"a":[1,"é"]}"#
    let value = try JSONValue(parsing: text)
    #expect(try JSONValue(parsing: Array(text.utf8)) == value)
    #expect(try JSONValue(parsing: Array("x\(text)x".utf8)[1...].dropLast()) == value)
    #expect(try JSONValue(parsing: AnySequence(Array(text.utf8))) == value)
  }
}

@Suite("Reading the config file's dialect")
struct RelaxedJSONTests {
  @Test("Comments and commas at the end are accepted")
  func relaxed() throws {
    let text = """
      // first
      { /* a */ "a" /* b */ : // c
        [1, 2, /* d */], "b": {"c": "// no comment",}, /**/
      } // last
      """
    #expect(try JSONValue(parsing: text, options: .config) == ["a": [1, 2], "b": ["c": "// no comment"]])
  }

  static let errors: [(text: String, message: String)] = [
    ("[,]", "unexpected ',', expected a value at line 1, column 2"),
    ("[1,,]", "unexpected ',', expected a value at line 1, column 4"),
    ("{,}", "unexpected ',', expected a key in quotes at line 1, column 2"),
    ("{\"a\":1,,}", "unexpected ',', expected a key in quotes at line 1, column 8"),
    ("1 /* never", "a comment that never ends at line 1, column 3"),
    ("1 /*/", "a comment that never ends at line 1, column 3"),
    ("1 / 2", "unexpected '/' at line 1, column 3"),
    ("// only", "unexpected end of text, expected a value at line 1, column 8"),
    ("{'a': 1}", "unexpected ''', expected a key in quotes at line 1, column 2"),
  ]

  @Test("Nothing else is", arguments: errors)
  func error(text: String, message: String) {
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text, options: .config) }
    #expect(error?.description == message)
  }

  @Test("A source knows the line of every key; of one set twice, the last")
  func lines() throws {
    let text = "{\n\"a\": {\"b\":\n{\"c\": 1}},\n\n/* \n */ \"d\": [{\n\"e\": 1}], \"a\\n\": 2,\n\"a\": 3}"
    let source = try JSONSource(parsing: Array(text.utf8), file: "f.json")
    #expect(source.file == "f.json")
    #expect(source.line(of: ["a", "b"]) == 2)
    #expect(source.line(of: ["a", "b", "c"]) == 3)
    #expect(source.line(of: ["d"]) == 6)
    #expect(source.line(of: ["a\n"]) == 7)
    #expect(source.line(of: ["a"]) == 8)
    #expect(source.line(of: ["none"]) == nil)
    #expect(source.value["a"] == 3)
  }
}
