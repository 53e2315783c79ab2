import Completion
import JSON
import TestSupport
import Testing
import WireProtocol

@Suite("The protocol document")
struct OpenRPCDocumentTests {
  private let document: OpenRPCDocument

  init() throws { document = try OpenRPCDocument.load() }

  @Test("It lists the methods and notifications the program has, and no others")
  func methods() {
    let served = document.methods.values.filter { $0.direction != .server }
    #expect(Set(served.map(\.name)) == Set(WireProtocol.Method.allCases.map(\.rawValue)))
    for method in WireProtocol.Method.allCases {
      #expect(document.methods[method.rawValue]?.isNotification == method.isNotification, "\(method.rawValue)")
    }
    let sent = document.methods.values.filter { $0.direction == .server }
    #expect(Set(sent.filter(\.isNotification).map(\.name)) == Set(ServerNotification.allCases.map(\.rawValue)))
    #expect(Set(sent.filter { !$0.isNotification }.map(\.name)) == Set(ServerRequest.allCases.map(\.rawValue)))
  }

  @Test("It lists the errors the program has, with the same codes")
  func errors() {
    let codes = Dictionary(uniqueKeysWithValues: ErrorKind.allCases.map { ($0.rawValue, $0.code) })
    #expect(document.errorCodes == codes)
    #expect(Set(codes.values).count == codes.count)
    for method in document.methods.values {
      for error in method.errors { #expect(codes[error.kind] == error.code, "\(method.name): \(error.kind)") }
    }
  }

  @Test(
    "The choices a schema lists are those of the program",
    arguments: [
      ("ErrorKind", ErrorKind.allCases.map(\.rawValue)), ("StopReason", StopReason.allCases.map(\.rawValue)),
      ("Role", Role.allCases.map(\.rawValue)), ("TraceLevel", TraceLevel.allCases.map(\.rawValue)),
      ("ProviderStatus", ProviderStatus.allCases.map(\.rawValue)),
      ("CredentialSource", CredentialSource.allCases.map(\.rawValue)),
      ("LoginMethod", WireProtocol.LoginMethod.allCases.map(\.rawValue)),
      ("ModelCapability", ModelCapability.allCases.map(\.rawValue)),
    ])
  func choices(schema: String, values: [String]) {
    #expect(document.json["components"]?["schemas"]?[schema]?["enum"] == .strings(values))
  }

  @Test("Every schema uses known keywords, and every reference leads somewhere")
  func schemas() throws {
    for (name, schema) in try #require(document.json["components"]?["schemas"]?.object) {
      try document.validator.check(schema: schema, path: [name])
    }
    for method in document.methods.values {
      try document.validator.check(schema: method.params, path: [method.name, "params"])
      try document.validator.check(schema: method.result, path: [method.name, "result"])
    }
  }

  @Test("Every object it describes in full allows no other members, and every field is described")
  func closedAndDescribed() throws {
    func walk(_ schema: JSONValue, _ path: String) {
      if let properties = schema["properties"]?.object {
        #expect(schema["additionalProperties"] == false, "\(path) is open")
        for (name, inner) in properties {
          let isDescribed = inner["description"] != nil || inner["$ref"] != nil
          #expect(isDescribed, "\(path).\(name) has no description")
        }
      }
      for (key, inner) in schema.object ?? JSONObject() where key != "examples" { walk(inner, "\(path).\(key)") }
      for (index, inner) in (schema.array ?? []).enumerated() { walk(inner, "\(path)[\(index)]") }
    }
    walk(try #require(document.json["components"]?["schemas"]), "schemas")
    for method in try #require(document.json["methods"]?.array) {
      for param in try #require(method["params"]?.array) {
        #expect(param["description"]?.string?.isEmpty == false, "\(param.text)")
        walk(param["schema"] ?? nil, method["name"]?.string ?? "")
      }
    }
  }

  @Test("Every method has examples, and every example is right")
  func examples() throws {
    for method in document.methods.values {
      #expect(!method.examples.isEmpty, "\(method.name)")
      for example in method.examples {
        try document.validate(params: example.params, of: method.name, from: method.direction)
        if method.isNotification {
          #expect(example.result == nil, "\(method.name)")
        } else {
          try document.validate(result: #require(example.result), of: method.name)
        }
      }
    }
  }
}

@Suite("Checking a conversation by the document")
struct OpenRPCConversationTests {
  private static let request: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": "ping"]

  private func conversation(_ sent: JSONValue...) throws -> OpenRPCConversation {
    var conversation = OpenRPCConversation(try OpenRPCDocument.load())
    for message in sent { conversation.sent(message) }
    return conversation
  }

  @Test("Sound answers, errors, notifications and batches pass")
  func sound() throws {
    var talk = try conversation(Self.request, [["jsonrpc": "2.0", "id": "a", "method": "shutdown"]], ["no": "method"])
    try talk.received(["jsonrpc": "2.0", "id": 1, "result": [:]])
    try talk.received([["jsonrpc": "2.0", "id": "a", "result": nil]])
    try talk.received(["jsonrpc": "2.0", "id": nil, "error": WireError(ProviderError(.parse, "bad")).json])
    let log = LogMessageParams(level: .info, logger: "rpc", message: "x")
    try talk.received(["jsonrpc": "2.0", "method": "logMessage", "params": log.json])
  }

  @Test("A reused id is refused, and the first request is still answered")
  func reusedId() throws {
    var talk = try conversation(Self.request, ["jsonrpc": "2.0", "id": 1, "method": "shutdown"])
    try talk.received(["jsonrpc": "2.0", "id": 1, "error": WireError(ProviderError(.invalidRequest, "in use")).json])
    try talk.received(["jsonrpc": "2.0", "id": 1, "result": [:]])
  }

  static let wrong: [JSONValue] = [
    ["jsonrpc": "2.0", "id": 2, "result": [:]],
    ["jsonrpc": "2.0", "id": 1, "result": ["extra": 1]],
    ["jsonrpc": "2.0", "id": 1, "result": [:], "more": 1],
    ["jsonrpc": "2.0", "id": 1, "result": [:], "error": [:]],
    ["jsonrpc": "2.0", "id": 1],
    ["id": 1, "result": [:]],
    ["jsonrpc": "2.0", "id": 1, "error": ["code": -32603, "message": "x"]],
    ["jsonrpc": "2.0", "id": 1, "error": ["code": -32603, "message": "x", "data": ["kind": "parse"]]],
    ["jsonrpc": "2.0", "id": 1, "error": ["code": -32016, "message": "x", "data": ["kind": "busy"]]],
    ["jsonrpc": "2.0", "method": "ping"],
    ["jsonrpc": "2.0", "method": "gossip"],
    ["jsonrpc": "2.0", "method": "logMessage", "params": ["level": "loud", "logger": "l", "message": "m"]],
    ["jsonrpc": "2.0", "method": "logMessage", "params": ["level": "info", "logger": "l", "message": "m"], "id": 3],
    [], "hello", nil,
  ]

  @Test("A message the document does not allow is found", arguments: wrong)
  func mismatch(message: JSONValue) throws {
    var talk = try conversation(Self.request)
    #expect(throws: OpenRPCDocument.Mismatch.self) { try talk.received(message) }
  }

  @Test("A good answer to parameters that are not documented is found")
  func undocumentedParams() throws {
    var talk = try conversation(["jsonrpc": "2.0", "id": 1, "method": "ping", "params": ["loud": true]])
    #expect(throws: OpenRPCDocument.Mismatch.self) { try talk.received(["jsonrpc": "2.0", "id": 1, "result": [:]]) }
  }
}
