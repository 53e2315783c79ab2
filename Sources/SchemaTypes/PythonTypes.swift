internal import JSON

/// Typed dictionaries and literals for Python 3.9 and newer.
struct PythonTypes {
  private static let keywords: Set<String> = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif",
    "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or",
    "pass", "raise", "return", "try", "while", "with", "yield",
  ]

  private let model: TypeModel

  init(_ model: TypeModel) { self.model = model }

  var text: String {
    var source = SourceText()
    source.add(["\"\"\""] + TypeLanguage.notice(model, .python) + ["\"\"\""])
    source.add([
      "", "from __future__ import annotations", "",
      "from typing import TYPE_CHECKING, Any, Awaitable, Dict, List, Literal, Optional, Protocol, TypedDict, Union, overload",
      "", "if TYPE_CHECKING:", "    from typing_extensions import NotRequired",
    ])
    for definition in model.definitions {
      source.add(["", ""])
      add(definition, to: &source)
    }
    let requests = model.calls(fromClient: true, notifications: false)
    add("Call", "A function that sends a request and gives its result.", requests, { $0 }, &source)
    add("AsyncCall", "As `Call`, to be awaited.", requests, { "Awaitable[\($0)]" }, &source)
    source.add(["", "", "ERROR_CODES: Dict[ErrorKind, int] = {"])
    source.add(model.errors.map { "\"\($0.kind)\": \($0.code)," }, depth: 4)
    source.add(["}", "\"\"\"The JSON-RPC code of each kind of error.\"\"\""])
    return source.text
  }

  private func add(_ definition: Definition, to source: inout SourceText) {
    let name = definition.name
    switch definition.body {
    case .alias(let shape):
      source.add("\(name) = \(self.name(shape, quoted: true))")
      source.add(docstring(definition.description))
    case .record(let fields) where fields.contains(where: { Self.keywords.contains($0.name) }):
      source.add([name + " = TypedDict(", "    \"\(name)\",", "    {"])
      for field in fields {
        source.add(field.description.sentence.lines(of: 108).map { "# " + $0 }, depth: 8)
        let type = typeName(field).replacing("\"", with: "'")
        source.add("\"\(field.name)\": \"\(type)\",", depth: 8)
      }
      source.add(["    },", ")"] + docstring(definition.description))
    case .record(let fields):
      source.add("class \(name)(TypedDict):")
      source.add(docstring(definition.description), depth: 4)
      for field in fields {
        source.add("")
        source.add(["\(field.name): \(typeName(field))"] + docstring(field.description), depth: 4)
      }
    }
  }

  private func typeName(_ field: Field) -> String {
    field.isRequired ? name(field.shape) : "NotRequired[\(name(field.shape))]"
  }

  private func add(
    _ title: String, _ description: String, _ calls: [Call], _ wrap: (String) -> String, _ source: inout SourceText
  ) {
    source.add(["", "", "class \(title)(Protocol):", "    \"\"\"\(description)\"\"\""])
    for call in calls {
      let type = call.params ?? "Empty"
      let params = call.paramsAreOptional ? "params: Optional[\(type)] = ..." : "params: \(type)"
      source.add(["", "@overload"], depth: 4)
      source.add("def __call__(", depth: 4)
      source.add("self, method: Literal[\"\(call.name)\"], \(params)", depth: 8)
      source.add(") -> \(wrap(name(call.result))):", depth: 4)
      source.add(docstring(call.description), depth: 8)
      source.add("...", depth: 8)
    }
  }

  /// `quoted` is for what is evaluated when the module is loaded: a name may be defined further down.
  private func name(_ shape: Shape, quoted: Bool = false) -> String {
    switch shape {
    case .string: "str"
    case .integer: "int"
    case .number: "float"
    case .boolean: "bool"
    case .null: "None"
    case .any: "Any"
    case .literals(let values): "Literal[\(values.map(\.text).joined(separator: ", "))]"
    case .array(let element): "List[\(name(element, quoted: quoted))]"
    case .dictionary(let value): "Dict[str, \(name(value, quoted: quoted))]"
    case .named(let name): quoted ? "\"\(name)\"" : name
    case .union(let shapes): union(shapes, quoted)
    }
  }

  private func union(_ shapes: [Shape], _ quoted: Bool) -> String {
    let present = shapes.filter { $0 != .null }.map { name($0, quoted: quoted) }
    let union = present.count == 1 ? present[0] : "Union[\(present.joined(separator: ", "))]"
    return present.count < shapes.count ? "Optional[\(union)]" : union
  }

  private func docstring(_ text: String) -> [String] {
    let lines = text.sentence.replacing("\\", with: "\\\\").lines(of: 108)
    switch lines.count {
    case 0: return []
    case 1: return ["\"\"\"\(lines[0])\"\"\""]
    default: return ["\"\"\"" + lines[0]] + lines.dropFirst() + ["\"\"\""]
    }
  }
}
