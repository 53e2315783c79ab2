internal import JSON

/// A schema that types cannot be made of.
package struct SchemaTypesError: Error, Sendable, CustomStringConvertible {
  /// What is wrong, and where.
  package let description: String
}

/// The values a schema allows, as far as the languages' types can tell.
indirect enum Shape: Hashable {
  case string, integer, number, boolean, null, any
  /// One of these strings or integers.
  case literals([JSONValue])
  case array(Shape)
  /// An object whose member names are free.
  case dictionary(Shape)
  /// A definition of the document.
  case named(String)
  case union([Shape])
}

/// A member of an object.
struct Field {
  let name: String
  let shape: Shape
  let isRequired: Bool
  let description: String
}

/// A type with a name.
struct Definition {
  enum Body {
    case record([Field])
    case alias(Shape)
  }

  let name: String
  let description: String
  let body: Body
}

/// A request or a notification.
struct Call {
  let name: String
  let description: String
  /// The name of the definition of its parameters; `nil` when it takes none.
  let params: String?
  /// Whether it may be called without parameters.
  let paramsAreOptional: Bool
  let result: Shape
  let isNotification: Bool
  let isFromClient: Bool
  let isFromServer: Bool
}

/// An OpenRPC document as the types of a language need it: everything that has members has a name.
struct TypeModel {
  let version: String
  private(set) var definitions: [Definition] = []
  private(set) var calls: [Call] = []
  private(set) var errors: [(kind: String, code: Int, description: String)] = []
  private var names: Set<String> = []

  init(_ document: JSONValue) throws(SchemaTypesError) {
    version = document["info"]?["version"]?.string ?? "?"
    let schemas = document["components"]?["schemas"]?.object ?? JSONObject()
    for (name, schema) in schemas { try define(name, schema) }
    for method in document["methods"]?.array ?? [] { try read(method) }
    for (kind, error) in document["components"]?["errors"]?.object ?? JSONObject() {
      errors.append((kind, error["code"]?.int ?? 0, error["message"]?.string ?? ""))
    }
  }

  /// The requests, or the notifications, that the client (or the server) sends.
  func calls(fromClient: Bool, notifications: Bool) -> [Call] {
    calls.filter { $0.isNotification == notifications && (fromClient ? $0.isFromClient : $0.isFromServer) }
  }

  private mutating func define(_ name: String, _ schema: JSONValue) throws(SchemaTypesError) {
    guard names.insert(name).inserted else { throw SchemaTypesError(description: "two types are called \(name)") }
    let position = definitions.count
    let body: Definition.Body
    if let properties = schema["properties"]?.object {
      let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
      var fields: [Field] = []
      for (field, property) in properties {
        fields.append(
          Field(
            name: field, shape: try shape(property, name + field.capitalizedFirst),
            isRequired: required.contains(field), description: property["description"]?.string ?? ""))
      }
      body = .record(fields)
    } else {
      body = .alias(try shape(schema, name))
    }
    // Before the types it consists of that have no name of their own in the document.
    definitions.insert(Definition(name: name, description: schema.description, body: body), at: position)
  }

  private mutating func read(_ method: JSONValue) throws(SchemaTypesError) {
    guard let name = method["name"]?.string, let direction = method["x-direction"]?.string else {
      throw SchemaTypesError(description: "a method without a name or without x-direction: \(method.text)")
    }
    let parameters = method["params"]?.array ?? []
    let typeName = name.split(separator: "/").last.map { String($0).capitalizedFirst + "Params" } ?? name
    if !parameters.isEmpty {
      var properties = JSONObject()
      for parameter in parameters {
        guard let field = parameter["name"]?.string, var schema = parameter["schema"]?.object else {
          throw SchemaTypesError(description: "a parameter of \(name) without a name or a schema")
        }
        schema.set("description", parameter["description"])
        properties[field] = .object(schema)
      }
      let required = parameters.filter { $0["required"]?.bool == true }.compactMap { $0["name"]?.string }
      try define(
        typeName,
        [
          "description": .string("The parameters of `\(name)`."), "properties": .object(properties),
          "required": .strings(required),
        ])
    }
    let result = try shape(method["result"]?["schema"] ?? [:], name.capitalizedFirst + "Result")
    calls.append(
      Call(
        name: name, description: method["summary"]?.string ?? "", params: parameters.isEmpty ? nil : typeName,
        paramsAreOptional: !parameters.contains { $0["required"]?.bool == true }, result: result,
        isNotification: method["x-notification"]?.bool ?? false, isFromClient: direction != "server",
        isFromServer: direction != "client"))
  }

  /// What `schema` allows. `name` is what an object in it is called that has no name in the document.
  private mutating func shape(_ schema: JSONValue, _ name: String) throws(SchemaTypesError) -> Shape {
    if let reference = schema["$ref"]?.string {
      guard let target = reference.split(separator: "/").last else {
        throw SchemaTypesError(description: "\(name) refers to \(reference)")
      }
      return .named(String(target))
    }
    if let constant = schema["const"] { return .literals([constant]) }
    if let choices = schema["enum"]?.array { return .literals(choices) }
    if schema["properties"] != nil {
      if !names.contains(name) { try define(name, schema) }
      return .named(name)
    }
    if let options = schema["oneOf"]?.array { return try union(options, name) }
    if let types = schema["type"]?.array { return try union(types.map { ["type": $0] }, name) }
    return try simpleShape(schema, name)
  }

  private mutating func union(_ options: [JSONValue], _ name: String) throws(SchemaTypesError) -> Shape {
    var shapes: [Shape] = []
    for option in options { shapes.append(try shape(option, name + (option["type"]?.string ?? "").capitalizedFirst)) }
    return .union(shapes)
  }

  private mutating func simpleShape(_ schema: JSONValue, _ name: String) throws(SchemaTypesError) -> Shape {
    switch schema["type"]?.string {
    case "string": return .string
    case "integer": return .integer
    case "number": return .number
    case "boolean": return .boolean
    case "null": return .null
    case "array": return .array(try shape(schema["items"] ?? [:], name + "Item"))
    case "object":
      guard let values = schema["additionalProperties"], values.object != nil else { return .dictionary(.any) }
      return .dictionary(try shape(values, name + "Value"))
    case nil: return .any
    case let type?: throw SchemaTypesError(description: "\(name) is of the unknown type \(type)")
    }
  }
}

extension JSONValue {
  fileprivate var description: String { self["description"]?.string ?? "" }
}
