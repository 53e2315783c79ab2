package import Completion

/// How a key is written: the grammar alone, nothing is looked up.
enum KeyFormat: Hashable {
  /// `!command`: what the command prints.
  case command(String)
  /// A bare name: the variable's value when there is such a variable, else the word itself.
  case word(String)
  /// Pieces to be joined.
  case pieces([Piece])

  enum Piece: Hashable {
    case literal(String)
    /// `$NAME`, `${NAME}` or `{env:NAME}`.
    case variable(String)
    /// `{file:path}`.
    case file(String)
  }

  /// Something that begins like a reference and is none.
  struct Mistake: Error, Hashable { let message: String }

  /// Takes `text` apart. `$$` stands for `$`, and `$!` for `!`.
  init(_ text: String) throws(Mistake) {
    if text.hasPrefix("!") {
      self = .command(String(text.dropFirst()))
    } else if Self.isConstantName(text) {
      self = .word(text)
    } else {
      self = .pieces(try Self.pieces(text))
    }
  }

  private static func pieces(_ text: String) throws(Mistake) -> [Piece] {
    var pieces: [Piece] = []
    var literal = ""
    var rest = text[...]
    while let first = rest.first {
      guard let (piece, after) = try reference(rest) else {
        literal.append(first)
        rest.removeFirst()
        continue
      }
      rest = after
      if case .literal(let text) = piece {
        literal += text
        continue
      }
      if !literal.isEmpty { pieces.append(.literal(literal)) }
      literal = ""
      pieces.append(piece)
    }
    if !literal.isEmpty { pieces.append(.literal(literal)) }
    return pieces
  }

  /// The reference that `text` begins with and what follows it; `nil` when it begins with none.
  private static func reference(_ text: Substring) throws(Mistake) -> (Piece, Substring)? {
    if text.hasPrefix("$$") { return (.literal("$"), text.dropFirst(2)) }
    if text.hasPrefix("$!") { return (.literal("!"), text.dropFirst(2)) }
    for opening in ["${", "{env:", "{file:"] where text.hasPrefix(opening) {
      guard let end = text.firstIndex(of: "}") else { throw Mistake(message: "\"\(opening)\" has no closing \"}\"") }
      let inside = String(text.dropFirst(opening.count).prefix(upTo: end))
      let after = text[text.index(after: end)...]
      if opening == "{file:" {
        guard !inside.isEmpty else { throw Mistake(message: "\"{file:}\" names no file") }
        return (.file(inside), after)
      }
      guard isName(inside) else {
        throw Mistake(message: "\"\(opening)…}\" must hold the name of a variable: letters, digits and '_' only")
      }
      return (.variable(inside), after)
    }
    guard text.hasPrefix("$") else { return nil }
    let name = text.dropFirst().prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    guard isName(String(name)) else { return nil }
    return (.variable(String(name)), text.dropFirst(1 + name.count))
  }

  /// Whether `text` can name a variable.
  private static func isName(_ text: String) -> Bool {
    guard let first = text.first, !first.isNumber else { return false }
    return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
  }

  /// Whether `text` looks like `OPENAI_API_KEY`.
  private static func isConstantName(_ text: String) -> Bool { isName(text) && !text.contains(where: \.isLowercase) }

  /// The variables it refers to, a bare word not among them.
  var variables: [String] {
    guard case .pieces(let pieces) = self else { return [] }
    return pieces.compactMap { if case .variable(let name) = $0 { name } else { nil } }
  }
}

extension KeyText {
  /// What is wrong with `text` as a key, whatever it refers to; `nil` when nothing is. Never holds any of it.
  package static func mistake(in text: String) -> String? {
    do {
      _ = try KeyFormat(text)
      return nil
    } catch {
      return error.message
    }
  }

  /// `text` without white space at either end.
  package static func trimmed(_ text: String) -> String { text.trimmed }
}
