internal import JSON

/// Accessors and tables for Emacs, where messages are property lists. An accessor says what a member means, and a
/// misspelt one does not compile without a warning, which a misspelt keyword does.
struct ElispTypes {
  private static let prefix = "patchbay-types-"

  private let model: TypeModel

  init(_ model: TypeModel) { self.model = model }

  var text: String {
    var source = SourceText()
    source.add([
      ";;; patchbay-types.el --- The types of patchbay's protocol  -*- lexical-binding: t; -*-", "",
      ";; SPDX-License-Identifier: Apache-2.0", "", ";;; Commentary:", "",
    ])
    source.add(TypeLanguage.notice(model, .elisp).map { ";; " + $0 })
    source.add([
      ";;", ";; An object of the protocol is a property list, an array a vector.  For each member of an",
      ";; object there is a function that gets it, and for each choice of words a list of them.", "", ";;; Code:",
    ])
    let unread = Set(model.calls.filter { !$0.isFromServer }.compactMap(\.params))
    for definition in model.definitions where !unread.contains(definition.name) { add(definition, to: &source) }
    addMethods(to: &source)
    addErrors(to: &source)
    source.add(["", "(provide 'patchbay-types)", ";;; patchbay-types.el ends here"])
    return source.text
  }

  private func add(_ definition: Definition, to source: inout SourceText) {
    switch definition.body {
    case .record(let fields):
      if !fields.isEmpty { source.add(["", ";; \(definition.name)"] + comment(definition.description)) }
      for field in fields { add(field, of: definition, to: &source) }
    case .alias(.literals(let values)):
      let name = Self.prefix + definition.name.dashed
      source.add(["", "(defconst \(name)", "  '(\(values.map(\.text).joined(separator: " ")))"].flatMap { wrap($0) })
      source.add(docstring("The values of \(definition.name).", definition.description, closing: ")"))
    case .alias: return
    }
  }

  private func add(_ field: Field, of definition: Definition, to source: inout SourceText) {
    let more = (field.isRequired ? [] : ["It may be absent."]) + [field.description].filter { !$0.isEmpty }
    let start = "Return `\(field.name)' of OBJECT, \(Self.withArticle(definition.name))"
    let whole = "\(start): \(name(field.shape))."
    source.add(["", "(defsubst \(Self.prefix)\(definition.name.dashed)-\(field.name.dashed) (object)"])
    if whole.count <= 74 {
      source.add(docstring(whole, more.joined(separator: " ")))
    } else {
      source.add(docstring(start + ".", (["It is \(name(field.shape))."] + more).joined(separator: " ")))
    }
    source.add("(plist-get object :\(field.name)))", depth: 2)
  }

  private func addMethods(to source: inout SourceText) {
    source.add(["", "(defconst \(Self.prefix)methods", "  '("])
    let calls = model.calls.filter(\.isFromClient)
    for (index, call) in calls.enumerated() {
      let end = index == calls.count - 1 ? ")))" : "))"
      let fields = model.definitions.first { $0.name == call.params }.map(\.fields) ?? []
      source.add("(\(call.name)", depth: 4)
      source.add(wrap(":required (\(keywords(fields.filter(\.isRequired))))", 70), depth: 5)
      source.add(wrap(":optional (\(keywords(fields.filter { !$0.isRequired }))\(end)", 70), depth: 5)
    }
    let form = "Each is (METHOD :required KEYS :optional KEYS)."
    source.add(docstring("The methods a client calls, and their parameters.", form, closing: ")"))
  }

  private func addErrors(to source: inout SourceText) {
    source.add(["", "(defconst \(Self.prefix)error-codes", "  '("])
    var pairs = model.errors.map { "(\"\($0.kind)\" . \($0.code))" }
    pairs[pairs.count - 1] += ")"
    source.add(pairs, depth: 4)
    source.add(docstring("The JSON-RPC code of each kind of error.", "", closing: ")"))
  }

  private func keywords(_ fields: [Field]) -> String { fields.map { ":" + $0.name }.joined(separator: " ") }

  /// A type in words.
  private func name(_ shape: Shape) -> String {
    switch shape {
    case .string: "a string"
    case .integer: "an integer"
    case .number: "a number"
    case .boolean: "t or :json-false"
    case .null: "nil"
    case .any: "any value"
    case .literals(let values): values.map(\.text).joined(separator: ", ")
    case .array(.named(let name)): "a vector of \(name)"
    case .array(let element): "a vector, each \(name(element))"
    case .dictionary: "a property list"
    case .named(let name): Self.withArticle(name)
    case .union(let shapes): shapes.map(name).joined(separator: ", or ")
    }
  }

  /// The lines of a documentation string. Only the first is indented: the others would keep the spaces in their text.
  private func docstring(_ first: String, _ rest: String, closing: String = "") -> [String] {
    let lines = [first] + Self.quoted(rest.sentence).lines(of: 70).map { $0.replacing(". ", with: ".  ") }
    let text = lines.joined(separator: "\n").replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    // A parenthesis at the start of a line is a definition's to Emacs.
    return "  \"\(text)\"\(closing)".replacing("\n(", with: "\n\\(").split(separator: "\n").map(String.init)
  }

  private func comment(_ text: String) -> [String] { text.sentence.lines(of: 74).map { ";; " + $0 } }

  private func wrap(_ text: String, _ width: Int = 76) -> [String] {
    guard text.count > width else { return [text] }
    let indent = text.prefix { $0 == " " }
    let lines = text.lines(of: width)
    return lines.enumerated().map { $0 == 0 ? indent + $1 : indent + "   " + $1 }
  }

  private static func withArticle(_ name: String) -> String {
    (name.first.map { "AEIOU".contains($0) } == true ? "an " : "a ") + name
  }

  /// Markdown's quotes as Emacs writes them: `name` becomes `name'.
  private static func quoted(_ text: String) -> String {
    var isOpen = false
    return String(
      text.map { character in
        guard character == "`" else { return character }
        isOpen.toggle()
        return isOpen ? "`" : "'"
      })
  }
}

extension Definition {
  /// The members of an object; none for another type.
  var fields: [Field] { if case .record(let fields) = body { fields } else { [] } }
}
