internal import JSON

/// Annotations for Lua, as the Lua language server reads them.
struct LuaTypes {
  private static let keywords: Set<String> = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
    "not",
    "or", "repeat", "return", "then", "true", "until", "while",
  ]

  private let model: TypeModel

  init(_ model: TypeModel) { self.model = model }

  var text: String {
    var source = SourceText()
    source.add(["---@meta patchbay.types", ""])
    source.add(TypeLanguage.notice(model, .lua).map { "-- " + $0 })
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
    return source.text
  }

  private func add(_ definition: Definition, to source: inout SourceText) {
    source.add(definition.description.sentence.lines(of: 115).map { "---" + $0 })
    switch definition.body {
    case .alias(let shape): source.add("---@alias patchbay.\(definition.name) \(name(shape))")
    case .record(let fields):
      source.add("---@class patchbay.\(definition.name)")
      for field in fields {
        let mark = field.isRequired ? "" : "?"
        source.add("---@field \(key(field.name))\(mark) \(name(field.shape)) \(field.description)".trimmedEnd)
      }
    }
  }

  private func add(_ title: String, _ description: String, _ calls: [Call], _ source: inout SourceText) {
    source.add(["", "---" + description, "---@class patchbay.\(title)"])
    for call in calls {
      let mark = call.paramsAreOptional ? "?" : ""
      let params = call.params.map { "params\(mark): patchbay.\($0)" } ?? ""
      let result = call.isNotification ? "" : ": \(name(call.result))"
      source.add("---@field \(key(call.name)) fun(\(params))\(result) \(call.description)".trimmedEnd)
    }
  }

  private func key(_ name: String) -> String {
    let isPlain = name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } && !Self.keywords.contains(name)
    return isPlain ? name : "[\"\(name)\"]"
  }

  private func name(_ shape: Shape) -> String {
    switch shape {
    case .string: "string"
    case .integer: "integer"
    case .number: "number"
    case .boolean: "boolean"
    case .null: "nil"
    case .any: "any"
    case .literals(let values): values.map(\.text).joined(separator: "|")
    case .array(let element): element.isUnion ? "(\(name(element)))[]" : "\(name(element))[]"
    case .dictionary(let value): "table<string, \(name(value))>"
    case .named(let name): "patchbay.\(name)"
    case .union(let shapes): shapes.map(name).joined(separator: "|")
    }
  }
}

extension String {
  fileprivate var trimmedEnd: String { hasSuffix(" ") ? String(dropLast()) : self }
}
