import JSON
import Testing

@Suite("Reading the members of an object")
struct JSONFieldsTests {
  enum Color: String, CaseIterable { case red, green }

  static let mistakes: [(text: String, message: String)] = [
    (#"{"s": 5}"#, "box.s: must be a string, but is 5"),
    (#"{"b": "yes"}"#, "box.b: must be true or false, but is \"yes\""),
    (#"{"i": 1.5}"#, "box.i: must be a whole number of at least 0, but is 1.5"),
    (#"{"i": -1}"#, "box.i: must be a whole number of at least 0, but is -1"),
    (#"{"r": 11}"#, "box.r: must be a whole number from 1 to 10, but is 11"),
    (#"{"d": 3}"#, "box.d: must be a number from 0.0 to 2.0, but is 3"),
    (#"{"a": {}}"#, "box.a: must be an array, but is an object"),
    (#"{"o": []}"#, "box.o: must be an object, but is an array"),
    (#"{"t": ["x", 1]}"#, "box.t: must be an array of strings, but is an array"),
    (#"{"c": "blue"}"#, #"box.c: must be one of "red", "green", but is "blue""#),
    (#"{"cc": "red"}"#, "box.cc: is not a known field; did you mean \"c\"?"),
    (#"{"something": 1}"#, "box.something: is not a known field"),
    ("[]", "box: must be an object, but is an array"),
  ]

  private func read(_ text: String) throws {
    var fields = try JSONFields(try JSONValue(parsing: text), path: ["box"])
    _ = try fields.string("s")
    _ = try fields.bool("b")
    _ = try fields.int("i")
    _ = try fields.int("r", in: 1...10)
    _ = try fields.double("d", in: 0...2)
    _ = try fields.array("a")
    _ = try fields.object("o")
    _ = try fields.strings("t")
    _ = try fields.choice("c", Color.self)
    try fields.finish()
  }

  @Test("A wrong member is named with what it must be", arguments: mistakes)
  func mistake(text: String, message: String) {
    let error = #expect(throws: JSONFieldError.self) { try read(text) }
    #expect(error?.description == message)
  }

  @Test("Members that are right, null or absent are no error")
  func sound() throws {
    try read("{}")
    try read(#"{"s": "x", "b": true, "i": 0, "r": 10, "d": 2, "a": [], "o": {}, "t": ["x"], "c": "green"}"#)
    try read(#"{"s": null, "c": null}"#)
    var absent = try JSONFields(nil)
    #expect(try absent.string("s") == nil)
  }

  @Test("A member that must be there is missed by name")
  func required() throws {
    var fields = try JSONFields(["name": nil], path: ["tools", "0"])
    let name = try fields.string("name")
    let error = #expect(throws: JSONFieldError.self) { try fields.require("name", name) }
    #expect(error?.path == ["tools", "0", "name"])
    #expect(error?.description == "tools[0].name: is required")
  }

  @Test(
    "The nearest name is found, and none when all are far",
    arguments: [
      ("modle", "model"), ("MODEL", "model"), ("provider", "providers"), ("baseurl", "baseURL"), ("xyz", nil),
      ("completelydifferent", nil), ("model", "model"),
    ] as [(String, String?)])
  func near(word: String, expected: String?) {
    #expect(nearest(to: word, among: ["model", "providers", "baseURL"]) == expected)
  }

  @Test("Among no names there is no nearest one")
  func nearestOfNone() {
    #expect(nearest(to: "x", among: []) == nil)
  }
}

@Suite("Objects")
struct JSONObjectTests {
  @Test("Merging sets members one by one and goes into objects")
  func merge() throws {
    var object: JSONObject = ["a": ["x": 1, "y": 2], "b": 1, "c": [1]]
    object.merge(["a": ["y": 3, "z": 4], "b": ["n": 1], "c": [2], "d": nil])
    #expect(object == ["a": ["x": 1, "y": 3, "z": 4], "b": ["n": 1], "c": [2], "d": nil])
    #expect(Array(object.keys) == ["a", "b", "c", "d"])
  }

  @Test("Equality asks for the members, not for their order")
  func equality() {
    let object: JSONObject = ["a": 1, "b": 2]
    #expect(object == ["b": 2, "a": 1])
    #expect(object.hashValue == (["b": 2, "a": 1] as JSONObject).hashValue)
    #expect(object != ["a": 1])
    #expect(object != ["a": 1, "b": 3])
    #expect(object != ["a": 1, "c": 2])
  }
}
