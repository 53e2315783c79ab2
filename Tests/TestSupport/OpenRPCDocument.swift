package import JSON
internal import Platform

/// `protocol/openrpc.json`, to check messages by.
package struct OpenRPCDocument: Sendable {
  /// A message that the document does not allow.
  package struct Mismatch: Error, Sendable, CustomStringConvertible {
    package let description: String
  }

  /// Who sends a message.
  package enum Direction: String, Sendable { case client, server, both }

  /// What the document says of one method or notification.
  package struct Method: Sendable {
    package let name: String
    /// Who calls it.
    package let direction: Direction
    package let isNotification: Bool
    /// The schema of its parameters, as one object that allows no others.
    package let params: JSONValue
    /// The schema of its result.
    package let result: JSONValue
    /// Example parameters, and the result that goes with each; `nil` for notifications.
    package let examples: [(params: JSONValue, result: JSONValue?)]
    /// The errors it may end with, by name and code.
    package let errors: [(kind: String, code: Int)]
  }

  /// The whole document.
  package let json: JSONValue
  /// Methods and notifications by name.
  package let methods: [String: Method]
  /// The codes of the errors, by kind.
  package let errorCodes: [String: Int]
  /// Checks values by the document's schemas.
  package let validator: SchemaValidator

  /// The document of this checkout.
  package static func load() throws -> OpenRPCDocument { try loaded.get() }

  private static let loaded = Result { try OpenRPCDocument(JSONValue(parsing: protocolFile("openrpc.json"))) }

  /// The bytes of a file in this checkout's `protocol` folder: `transcripts/hello.jsonl`.
  package static func protocolFile(_ name: String) throws -> [UInt8] {
    let checkout = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    let path = (checkout + ["protocol"]).joined(separator: "/") + "/" + name
    guard let bytes = try FileSystem.read(path) else { throw Mismatch(description: "there is no \(path)") }
    return bytes
  }

  /// Takes a document apart.
  package init(_ json: JSONValue) throws(Mismatch) {
    self.json = json
    validator = SchemaValidator(root: json)
    var methods: [String: Method] = [:]
    for entry in json["methods"]?.array ?? [] {
      let method = try Method(entry)
      guard methods.updateValue(method, forKey: method.name) == nil else {
        throw Mismatch(description: "\(method.name) is described twice")
      }
    }
    self.methods = methods
    var codes: [String: Int] = [:]
    for (kind, error) in json["components"]?["errors"]?.object ?? JSONObject() { codes[kind] = error["code"]?.int }
    errorCodes = codes
  }

  /// Checks the `params` of a request or notification of `direction`.
  package func validate(
    params: JSONValue?, of name: String, from direction: Direction = .client
  ) throws(Mismatch) {
    let method = try method(name)
    guard method.direction == direction || method.direction == .both else {
      throw Mismatch(description: "\(name) is not for the \(direction.rawValue) to send")
    }
    try check(params ?? [:], method.params, "the params of \(name)")
  }

  /// Checks the `result` of a request.
  package func validate(result: JSONValue, of name: String) throws(Mismatch) {
    let method = try method(name)
    guard !method.isNotification else { throw Mismatch(description: "\(name) is a notification and has no result") }
    try check(result, method.result, "the result of \(name)")
  }

  /// Checks a whole notification of the server.
  package func validate(notification message: JSONValue) throws(Mismatch) {
    let members = message.object ?? JSONObject()
    guard let name = members["method"]?.string, members["jsonrpc"] == "2.0",
      members.keys.allSatisfy({ ["jsonrpc", "method", "params"].contains($0) })
    else { throw Mismatch(description: "no notification: \(message.text)") }
    guard try method(name).isNotification else { throw Mismatch(description: "\(name) is no notification") }
    try validate(params: members["params"], of: name, from: .server)
  }

  /// Checks a whole request of the server.
  package func validate(request message: JSONValue) throws(Mismatch) {
    let members = message.object ?? JSONObject()
    guard let name = members["method"]?.string, members["jsonrpc"] == "2.0", members["id"]?.string != nil,
      members.keys.allSatisfy({ ["jsonrpc", "id", "method", "params"].contains($0) })
    else { throw Mismatch(description: "no request: \(message.text)") }
    guard try !method(name).isNotification else { throw Mismatch(description: "\(name) is a notification") }
    try validate(params: members["params"], of: name, from: .server)
  }

  /// Checks an `error` object: its shape, and that code and kind belong together. With `method`, also that the document
  /// says that this method may end so.
  package func validate(error: JSONValue, of name: String? = nil) throws(Mismatch) {
    try check(error, ["$ref": "#/components/schemas/Error"], "the error \(error.text)")
    guard let kind = error["data"]?["kind"]?.string, let code = error["code"]?.int, errorCodes[kind] == code else {
      throw Mismatch(description: "code and kind do not belong together: \(error.text)")
    }
    guard let name, let method = methods[name] else { return }
    guard method.errors.contains(where: { $0.kind == kind }) else {
      throw Mismatch(description: "\(name) is not documented to end with \(kind): \(error.text)")
    }
  }

  private func method(_ name: String) throws(Mismatch) -> Method {
    guard let method = methods[name] else { throw Mismatch(description: "\(name) is not documented") }
    return method
  }

  private func check(_ value: JSONValue, _ schema: JSONValue, _ what: String) throws(Mismatch) {
    do {
      try validator.validate(value, against: schema)
    } catch {
      throw Mismatch(description: "\(what): \(error)")
    }
  }
}

extension OpenRPCDocument.Method {
  fileprivate init(_ json: JSONValue) throws(OpenRPCDocument.Mismatch) {
    guard let name = json["name"]?.string, let direction = json["x-direction"]?.string,
      let direction = OpenRPCDocument.Direction(rawValue: direction), let isNotification = json["x-notification"]?.bool,
      let descriptors = json["params"]?.array, let result = json["result"]?["schema"]
    else { throw OpenRPCDocument.Mismatch(description: "no method: \(json.text.prefix(200))") }
    self.name = name
    self.direction = direction
    self.isNotification = isNotification
    self.result = result
    var properties = JSONObject()
    for descriptor in descriptors {
      if let key = descriptor["name"]?.string { properties[key] = descriptor["schema"] }
    }
    let required = descriptors.filter { $0["required"] == true }.compactMap { $0["name"]?.string }
    params = [
      "type": "object", "properties": .object(properties), "required": .strings(required),
      "additionalProperties": false,
    ]
    examples = (json["examples"]?.array ?? []).map { example in
      let pairs = (example["params"]?.array ?? []).compactMap { param in
        param["name"]?.string.flatMap { name in param["value"].map { (name, $0) } }
      }
      return (.object(JSONObject(pairs)), example["result"]?["value"])
    }
    errors = (json["errors"]?.array ?? []).compactMap { error in
      error["message"]?.string.flatMap { kind in error["code"]?.int.map { (kind, $0) } }
    }
  }
}
