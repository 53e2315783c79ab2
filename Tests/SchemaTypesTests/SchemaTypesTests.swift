import JSON
import SchemaTypes
import Testing

/// A document with what makes the languages differ.
private let document: JSONValue = [
  "info": ["version": "1"],
  "components": [
    "schemas": [
      "Level": ["description": "How much.", "type": "string", "enum": ["low", "high"]],
      "Move": [
        "description": "A move", "type": "object",
        "properties": [
          "from": ["type": "string"],
          "level": ["description": "With `force`.", "$ref": "#/components/schemas/Level"],
          "openURL": ["type": ["integer", "null"]],
          "steps": [
            "type": "array", "items": ["oneOf": [["$ref": "#/components/schemas/Level"], ["type": "integer"]]],
          ],
          "inner": ["description": "Inside.", "type": "object", "properties": ["x": ["const": 1]]],
          "rest": ["type": "object", "additionalProperties": ["type": "number"]],
        ],
        "required": ["from", "level"],
      ],
    ],
    "errors": ["broken": ["code": -1, "message": "It broke."]],
  ],
  "methods": [
    [
      "name": "$/move", "summary": "Moves.", "x-direction": "client", "x-notification": false,
      "params": [["name": "move", "required": true, "schema": ["$ref": "#/components/schemas/Move"]]],
      "result": ["schema": ["$ref": "#/components/schemas/Level"]],
    ]
  ],
]

private func expect(_ language: TypeLanguage, has parts: [String], sourceLocation: SourceLocation = #_sourceLocation) {
  do throws(SchemaTypesError) {
    let text = try language.types(of: document)
    for part in parts { #expect(text.contains(part), "\(part)\nis not in\n\(text)", sourceLocation: sourceLocation) }
  } catch {
    Issue.record(error, sourceLocation: sourceLocation)
  }
}

@Suite("Types from the protocol's schema")
struct SchemaTypesTests {
  @Test("TypeScript gets interfaces, unions and tables of the calls")
  func typeScript() {
    expect(
      .typescript,
      has: [
        "/** How much. */\nexport type Level = \"low\" | \"high\";\n",
        "export interface Move {\n  from: string;\n  /** With `force`. */\n  level: Level;\n  openURL?: number | null;\n",
        "  steps?: (Level | number)[];\n  /** Inside. */\n  inner?: MoveInner;\n  rest?: Record<string, number>;\n}",
        "export interface MoveInner {\n  x?: 1;\n}",
        "export interface Methods {\n  /** Moves. */\n  \"$/move\": { params: MoveParams; result: Level };\n}",
        "  /** It broke. */\n  broken: -1;\n",
      ])
  }

  @Test("Python gets typed dictionaries, also where a member is called like a word of the language")
  func python() {
    expect(
      .python,
      has: [
        "Level = Literal[\"low\", \"high\"]\n\"\"\"How much.\"\"\"\n",
        "Move = TypedDict(\n    \"Move\",\n    {\n        \"from\": \"str\",\n        # With `force`.\n        \"level\": \"Level\",\n",
        "\"openURL\": \"NotRequired[Optional[int]]\",\n        \"steps\": \"NotRequired[List[Union[Level, int]]]\",\n",
        "class MoveInner(TypedDict):\n    \"\"\"Inside.\"\"\"\n\n    x: NotRequired[Literal[1]]\n",
        "        self, method: Literal[\"$/move\"], params: MoveParams\n    ) -> Level:\n        \"\"\"Moves.\"\"\"\n",
        "    \"broken\": -1,\n",
      ])
  }

  @Test("Lua gets annotations")
  func lua() {
    expect(
      .lua,
      has: [
        "---How much.\n---@alias patchbay.Level \"low\"|\"high\"\n",
        "---A move.\n---@class patchbay.Move\n---@field from string\n---@field level patchbay.Level With `force`.\n",
        "---@field steps? (patchbay.Level|integer)[]\n---@field inner? patchbay.MoveInner Inside.\n",
        "---@field rest? table<string, number>\n",
        "---@field [\"$/move\"] fun(params: patchbay.MoveParams): patchbay.Level Moves.\n",
      ])
  }

  @Test("Elisp gets accessors, lists of words and a table of the calls")
  func elisp() {
    expect(
      .elisp,
      has: [
        "(defconst patchbay-types-level\n  '(\"low\" \"high\")\n  \"The values of Level.\nHow much.\")\n",
        "(defsubst patchbay-types-move-level (object)\n  \"Return `level' of OBJECT, a Move: a Level.\n",
        "With `force'.\"\n  (plist-get object :level))\n",
        "(defsubst patchbay-types-move-open-url (object)\n", "It may be absent.\"\n  (plist-get object :openURL))\n",
        "    ($/move\n     :required (:move)\n     :optional ()))\n", "    (\"broken\" . -1))\n",
      ])
  }

  @Test("A document that types cannot be made of is an error that says where")
  func unsound() throws {
    let wrong: JSONValue = ["components": ["schemas": ["A": ["properties": ["b": ["type": "text"]]]]]]
    let message = #expect(throws: SchemaTypesError.self) { try TypeLanguage.lua.types(of: wrong) }
    #expect(message?.description == "AB is of the unknown type text")
    let twice: JSONValue = [
      "components": ["schemas": ["AParams": ["type": "string"]]],
      "methods": [["name": "a", "x-direction": "client", "params": [["name": "b", "schema": [:]]]]],
    ]
    let collision = #expect(throws: SchemaTypesError.self) { try TypeLanguage.lua.types(of: twice) }
    #expect(collision?.description == "two types are called AParams")
  }
}
