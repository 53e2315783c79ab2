import JSON
import Testing

@Suite("The text of an object, changed in place")
struct JSONObjectTextTests {
  static let odd = #"""
    {  "a" :1.0,
    	"b}": {"x": [1, {"\"": "]"}], "n": 1e3},"c": "q\"\\" , "\u00e9":null,
      "d": true }
    """#

  private func changed(_ text: String, _ change: (inout JSONObjectText) -> Void) -> String {
    var object = JSONObjectText(Array(text.utf8))
    change(&object)
    return String(decoding: object.bytes, as: UTF8.self)
  }

  @Test("A member that is set keeps its place, and every other byte stays")
  func replaced() {
    #expect(
      changed(Self.odd) { $0.set("b}", 5) } == Self.odd.replacing(##"{"x": [1, {"\"": "]"}], "n": 1e3}"##, with: "5"))
    #expect(changed(Self.odd) { $0.set("a", "z") } == Self.odd.replacing("1.0", with: "\"z\""))
    #expect(changed(Self.odd) { $0.set("é", 2) } == Self.odd.replacing("null", with: "2"))
    #expect(changed(Self.odd) { $0.set("d", 2) } == Self.odd.replacing("true", with: "2"))
  }

  @Test("A new member stands at the end, indented")
  func added() {
    #expect(changed("{}\n") { $0.set("a", ["b": [1]]) } == "{\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  }\n}\n")
    #expect(changed(Self.odd) { $0.set("e", 1) } == Self.odd.replacing("true }", with: "true,\n  \"e\": 1 }"))
  }

  @Test("A member that is removed takes its comma along", arguments: ["a", "b}", "c", "é", "d", "nobody"])
  func removed(name: String) throws {
    let text = changed(Self.odd) { $0.remove(name) }
    var expected = try #require(JSONValue(parsing: Self.odd).object)
    expected[name] = Optional<JSONValue>.none
    let value = try JSONValue(parsing: text)
    #expect(value.object.map { Array($0.keys) } == Array(expected.keys))
    #expect(value == .object(expected))
    #expect(changed("{ \"a\": 1 }") { $0.remove("a") } == "{}")
    #expect(changed(#"{"a": 1, "a": 2, "b": 3, "a": 4}"#) { $0.remove("a") } == #"{"b": 3}"#)
  }

  @Test("Any order of changes ends in an object that holds what was set last")
  func random() throws {
    var object = JSONObjectText(Array(Self.odd.utf8))
    var expected = try #require(JSONValue(parsing: Self.odd).object)
    var generator = SystemRandomNumberGenerator()
    for number in 0..<500 {
      let name = ["a", "b}", "c", "é", "d", "\"", "new\nline"].randomElement(using: &generator) ?? "a"
      if Bool.random(using: &generator) {
        let value: JSONValue = ["n": .int(number), "s": "}\",\n"]
        object.set(name, value)
        expected[name] = value
      } else {
        object.remove(name)
        expected[name] = Optional<JSONValue>.none
      }
      try #require(try JSONValue(parsing: object.bytes) == .object(expected))
    }
  }
}
