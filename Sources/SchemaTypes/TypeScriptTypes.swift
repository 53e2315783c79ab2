internal import JSON

/// Interfaces and unions for TypeScript.
struct TypeScriptTypes {
  private let model: TypeModel

  init(_ model: TypeModel) { self.model = model }

  var text: String {
    var source = SourceText()
    source.add(TypeLanguage.notice(model, .typescript).map { "// " + $0 })
    for definition in model.definitions {
      source.add("")
      add(definition, to: &source)
    }
    add(
      "Methods", "The requests a client sends, by name.", model.calls(fromClient: true, notifications: false), &source)
    add(
      "ClientNotifications", "The notifications a client sends, by name.",
      model.calls(fromClient: true, notifications: true), &source)
    add(
      "ServerRequests", "The requests the server sends, by name.",
      model.calls(fromClient: false, notifications: false), &source)
    add(
      "ServerNotifications", "The notifications the server sends, by name.",
      model.calls(fromClient: false, notifications: true), &source)
    source.add(["", "/** The JSON-RPC code of each kind of error. */", "export interface ErrorCodes {"])
    for error in model.errors {
      source.add(comment(error.description, 2) + ["\(error.kind): \(error.code);"], depth: 2)
    }
    source.add("}")
    return source.text
  }

  private func add(_ definition: Definition, to source: inout SourceText) {
    source.add(comment(definition.description, 0))
    switch definition.body {
    case .alias(let shape): source.add("export type \(definition.name) = \(name(shape));")
    case .record(let fields) where fields.isEmpty:
      source.add("export type \(definition.name) = Record<string, never>;")
    case .record(let fields):
      source.add("export interface \(definition.name) {")
      for field in fields {
        let mark = field.isRequired ? "" : "?"
        source.add(comment(field.description, 2) + ["\(field.name)\(mark): \(name(field.shape));"], depth: 2)
      }
      source.add("}")
    }
  }

  private func add(_ title: String, _ description: String, _ calls: [Call], _ source: inout SourceText) {
    source.add("")
    source.add(comment(description, 0) + ["export interface \(title) {"])
    for call in calls {
      let key = call.name.contains("/") ? "\"\(call.name)\"" : call.name
      let params = call.params.map { call.paramsAreOptional ? $0 + " | undefined" : $0 } ?? "undefined"
      let result = call.isNotification ? "" : "; result: \(name(call.result))"
      source.add(comment(call.description, 2) + ["\(key): { params: \(params)\(result) };"], depth: 2)
    }
    source.add("}")
  }

  private func name(_ shape: Shape) -> String {
    switch shape {
    case .string: "string"
    case .integer, .number: "number"
    case .boolean: "boolean"
    case .null: "null"
    case .any: "unknown"
    case .literals(let values): values.map(\.text).joined(separator: " | ")
    case .array(let element): element.isUnion ? "(\(name(element)))[]" : "\(name(element))[]"
    case .dictionary(let value): "Record<string, \(name(value))>"
    case .named(let name): name
    case .union(let shapes): shapes.map(name).joined(separator: " | ")
    }
  }

  private func comment(_ text: String, _ depth: Int) -> [String] {
    let lines = text.sentence.lines(of: 110 - depth)
    switch lines.count {
    case 0: return []
    case 1: return ["/** \(lines[0]) */"]
    default: return ["/**"] + lines.map { " * " + $0 } + [" */"]
    }
  }
}

extension Shape {
  /// Whether it is written as several types with a sign between them.
  var isUnion: Bool {
    switch self {
    case .union: true
    case .literals(let values): values.count > 1
    default: false
    }
  }
}
