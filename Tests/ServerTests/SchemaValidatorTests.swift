import JSON
import TestSupport
import Testing

@Suite("The schema validator of the tests")
struct SchemaValidatorTests {
  private static let root: JSONValue = [
    "components": [
      "schemas": [
        "Name": ["type": "string", "minLength": 1],
        "Tree": [
          "type": "object", "properties": ["kids": ["type": "array", "items": ["$ref": "#/components/schemas/Tree"]]],
          "additionalProperties": false,
        ],
      ]
    ]
  ]

  /// A schema, a value that fits and one that does not, and where and why not.
  static let rules: [(schema: String, good: String, bad: String, error: String)] = [
    (#"{"type":"null"}"#, "null", "0", "must be of type null, but is a number"),
    (#"{"type":"integer"}"#, "3.0", "3.5", "must be of type integer, but is a number"),
    (#"{"type":["string","null"]}"#, "null", "1", "must be of type string or null, but is a number"),
    (#"{"enum":["a",1]}"#, "1.0", #""b""#, #"must be "a" or 1, but is "b""#),
    (#"{"const":{"a":1}}"#, #"{"a":1}"#, #"{"a":2}"#, #"must be {"a":1}, but is {"a":2}"#),
    (#"{"minimum":2}"#, "2", "1.9", "must be at least 2, but is 1.9"),
    (#"{"maximum":2}"#, #""no number""#, "2.1", "must be at most 2, but is 2.1"),
    (#"{"minLength":2}"#, #""éa""#, #""é""#, "must have at least 2 characters"),
    (#"{"pattern":"^a+$"}"#, #""aa""#, #""ab""#, #"must match ^a+$, but is "ab""#),
    (#"{"required":["a"]}"#, #"{"a":null}"#, "{}", "a: is missing"),
    (
      #"{"properties":{"a":{"type":"string"}}}"#, #"{"b":1}"#, #"{"a":1}"#, "a: must be of type string, but is a number"
    ),
    (
      #"{"properties":{"a":true},"additionalProperties":false}"#, #"{"a":1}"#, #"{"a":1,"b":1}"#, "b: is not documented"
    ),
    (
      #"{"additionalProperties":{"type":"null"}}"#, #"{"x":null}"#, #"{"x":0}"#,
      "x: must be of type null, but is a number"
    ),
    (#"{"items":{"type":"null"}}"#, "[]", "[null,1]", "[1]: must be of type null, but is a number"),
    (#"{"prefixItems":[{"const":1}],"items":{"const":2}}"#, "[1,2,2]", "[1,1]", "[1]: must be 2, but is 1"),
    (#"{"prefixItems":[{"const":1}]}"#, "[1,0]", "[0]", "[0]: must be 1, but is 0"),
    (#"{"minItems":1}"#, "[0]", "[]", "must have at least 1 elements, but has 0"),
    (#"{"allOf":[{"minimum":1},{"maximum":2}]}"#, "2", "3", "must be at most 2, but is 3"),
    (#"{"anyOf":[{"type":"string"},{"type":"null"}]}"#, "null", "1", "must be of type null, but is a number"),
    (#"{"anyOf":[{"minimum":1},{"minimum":2}]}"#, "2", "0", "must be at least 2, but is 0"),
    (#"{"oneOf":[{"minimum":1},{"maximum":2}]}"#, "3", "2", "fits 2 of the alternatives, not one"),
    (
      #"{"oneOf":[{"type":"string"},{"properties":{"a":{"const":1}}}]}"#, #"{"a":1}"#, #"{"a":2}"#,
      "a: must be 1, but is 2"
    ),
    ("false", "", "1", "is not allowed"),
    (##"{"$ref":"#/components/schemas/Name"}"##, #""x""#, #""""#, "must have at least 1 characters"),
    (
      ##"{"$ref":"#/components/schemas/Tree"}"##, #"{"kids":[{"kids":[]}]}"#, #"{"kids":[{},{"kids":[{"kid":1}]}]}"#,
      "kids[1].kids[0].kid: is not documented"
    ),
    (##"{"$ref":"#/components/schemas/Name","const":"x"}"##, #""x""#, #""y""#, #"must be "x", but is "y""#),
    (
      #"{"type":"string","format":"uri","description":"","default":1,"x-y":0}"#, #""x""#, "1",
      "must be of type string, but is a number"
    ),
  ]

  @Test("Each rule accepts what fits and says what does not", arguments: rules)
  func rule(schema: String, good: String, bad: String, error: String) throws {
    let validator = SchemaValidator(root: Self.root)
    let schema = try JSONValue(parsing: schema)
    if !good.isEmpty { try validator.validate(JSONValue(parsing: good), against: schema) }
    guard !bad.isEmpty else { return }
    let value = try JSONValue(parsing: bad)
    #expect { try validator.validate(value, against: schema) } throws: { "\($0)" == error }
  }

  static let faultySchemas = [
    #"{"multipleOf":2}"#, #"{"oneOf":[{"multipleOf":2},true]}"#, #"{"$ref":"other.json"}"#,
    ##"{"$ref":"#/components/schemas/None"}"##, #"{"type":"text"}"#, #"{"pattern":"("}"#, "7",
  ]

  @Test("A schema it cannot judge by is a fault, not a violation, even in an alternative", arguments: faultySchemas)
  func fault(schema: String) throws {
    let validator = SchemaValidator(root: Self.root)
    let schema = try JSONValue(parsing: schema)
    #expect { try validator.validate("x", against: schema) } throws: { error in
      if case .fault? = error as? SchemaError { true } else { false }
    }
  }

  static let faultyDeepDown = [
    #"{"properties":{"a":{"items":{"multipleOf":2}}}}"#, ##"{"prefixItems":[{"$ref":"#/nowhere"}]}"##,
    #"{"additionalProperties":{"anyOf":[true,{"not":true}]}}"#,
  ]

  @Test("Checking a schema finds unknown keywords and lost references wherever they are", arguments: faultyDeepDown)
  func check(schema: String) throws {
    let validator = SchemaValidator(root: Self.root)
    let schema = try JSONValue(parsing: schema)
    #expect(throws: SchemaError.self) { try validator.check(schema: schema) }
    try validator.check(schema: Self.root["components"]?["schemas"]?["Tree"] ?? nil)
  }
}
