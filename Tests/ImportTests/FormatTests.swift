@testable import Import
import JSON
import Testing

@Suite("Reading YAML and TOML")
struct FormatTests {
  private func yaml(_ text: String) throws(FormatError) -> JSONValue {
    var places: [[String]: Int] = [:]
    return try YAMLReader.read(text, &places)
  }
  private func toml(_ text: String) throws(FormatError) -> JSONValue {
    var places: [[String]: Int] = [:]
    return try TOMLReader.read(text, &places)
  }

  @Test(
    "YAML means what the core schema says",
    arguments: [
      ("a: 1\nb: x y # c\nc: 'it''s'\nd: \"\\u00e9\\n\"\n", #"{"a":1,"b":"x y","c":"it's","d":"é\n"}"#),
      ("---\na:\n  - 1\n  - b: 2\n    c: 3\n  -\n    d: 4\n", #"{"a":[1,{"b":2,"c":3},{"d":4}]}"#),
      ("a:\n- x\n- - y\n  - z\nb: true\n", #"{"a":["x",["y","z"]],"b":true}"#),
      ("a: [1, 'b,]', {c: d}]\nb: {}\n", #"{"a":[1,"b,]",{"c":"d"}],"b":{}}"#),
      ("a: [\n  1, # one\n  2\n]\n", #"{"a":[1,2]}"#),
      ("a: |\n  x\n   y\n\n  z\nb: >-\n  p\n  q\n", #"{"a":"x\n y\n\nz\n","b":"p q"}"#),
      ("k: !env \"NAME\"\nl: !store x\n", #"{"k":{"!env":"NAME"},"l":{"!store":"x"}}"#),
      ("u: http://h:80/x#y\nv: no\nw: ~\nx: 012\n", ##"{"u":"http://h:80/x#y","v":"no","w":null,"x":"012"}"##),
      ("a: 1\r\nb:\r\n  c: 2\r\n", #"{"a":1,"b":{"c":2}}"#), ("# nothing\n", "null"),
      ("\"a b\": 1\n'c': 2\n", #"{"a b":1,"c":2}"#),
    ])
  func yamlValues(text: String, json: String) throws {
    #expect(try yaml(text) == JSONValue(parsing: json))
  }

  @Test(
    "what YAML has beside that is an error with its line",
    arguments: [
      ("a: 1\nb: &x 2\n", 2), ("a: *x\n", 1), ("a: 1\n  b: 2\n", 2), ("a: x\n  y\n", 2), ("a: 1\na: 2\n", 2),
      ("a:\n\tb: 1\n", 2), ("a: 1\n---\nb: 2\n", 2), ("a:\n  <<: x\n", 2), ("? a\n: b\n", 1), ("a: \"x\n  y\"\n", 1),
      ("a: \"x\" y\n", 1), ("a: [1, 2\n", 1), ("a: b: c\n", 1), ("a:\n    b: 1\n  c: 2\n", 3), ("a: @x\n", 1),
      ("just text\nmore\n", 2), ("a: >\n  x\n\n  y\n", 1), ("a: {{ .x }}\n", 1),
    ])
  func yamlErrors(text: String, line: Int) {
    #expect(throws: FormatError.self) { try yaml(text) }
    do { _ = try yaml(text) } catch { #expect(error.line == line, "\(error)") }
  }

  @Test(
    "TOML means what TOML 1.0 says",
    arguments: [
      ("a = 1_000\n[b.\"c d\"]\ne = 'x\\y' # z\n[b.f]\n", #"{"a":1000,"b":{"c d":{"e":"x\\y"},"f":{}}}"#),
      ("[[p]]\nn = 1\n[p.q]\nr = true\n[[p]]\nn = 2\n", #"{"p":[{"n":1,"q":{"r":true}},{"n":2}]}"#),
      (
        "a.b = \"\\u00e9\"\nc = [1,\n  2, # two\n]\nd = {e = 1, f = \"g\"}\n",
        #"{"a":{"b":"é"},"c":[1,2],"d":{"e":1,"f":"g"}}"#
      ),
      ("a = \"\"\"\nx\ny\"\"\"\r\nb = -1.5\r\n", #"{"a":"x\ny","b":-1.5}"#),
      ("[a.0]\nb = 1\n", #"{"a":{"0":{"b":1}}}"#),
    ])
  func tomlValues(text: String, json: String) throws {
    #expect(try toml(text) == JSONValue(parsing: json))
  }

  @Test(
    "what is no TOML, or too rare, is an error with its line",
    arguments: [
      ("a = 1\na = 2\n", 2), ("a = 2020-01-01\n", 1), ("[a]\n[a]\n", 2), ("a = x\n", 1), ("a = 1 b = 2\n", 1),
      ("a\n", 1), ("a = \"x\n", 1), ("a = '''x\n", 1), ("a = 1\n[a]\n", 2), ("a = [1\n", 2), ("\n[a\n", 2),
    ])
  func tomlErrors(text: String, line: Int) {
    #expect(throws: FormatError.self) { try toml(text) }
    do { _ = try toml(text) } catch { #expect(error.line == line, "\(error)") }
  }
}
