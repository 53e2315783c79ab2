internal import Completion
internal import JSON
internal import Platform

/// Keys as other programs write them, put into the formats that this program reads.
enum KeyTranslation {
  /// How a program means what stands where a key belongs.
  enum Dialect {
    /// The key itself.
    case literal
    /// `!command`, the bare name of a variable, `$NAME`, `${NAME}`, `$$`, `$!`: pi and Atomic.
    case pi
    /// `{env:NAME}` and `{file:path}`: opencode.
    case braces
    /// As opencode, and `${NAME}`, with `$${NAME}` for the text itself: Altimate.
    case bracesAndDollars
  }

  /// Why a key is not taken; never quotes it.
  struct Refusal: Error, Hashable { let reason: String }

  /// `text` in this program's format, and what the person should know of it.
  static func translate(
    _ text: String, _ dialect: Dialect, from file: ForeignFile, _ environment: Environment
  ) throws(Refusal) -> (text: String, notes: [String]) {
    let text = String(text[...].trimmed)
    guard !text.isEmpty else { throw Refusal(reason: "it is empty") }
    switch dialect {
    case .literal: return (try literal(text), [])
    case .pi: return try pi(text, file, environment)
    case .braces, .bracesAndDollars:
      return (try braces(text, takesDollars: dialect == .bracesAndDollars, file), [])
    }
  }

  /// The key text that stands for `text` itself.
  static func literal(_ text: String) throws(Refusal) -> String {
    guard !text.contains("{env:"), !text.contains("{file:") else {
      throw Refusal(reason: "it holds \"{env:\" or \"{file:\", which here refer to something else")
    }
    let escaped = text.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$")
    return escaped.hasPrefix("!") ? "$" + escaped : escaped
  }

  private static func pi(
    _ text: String, _ file: ForeignFile, _ environment: Environment
  ) throws(Refusal) -> (text: String, notes: [String]) {
    if text.hasPrefix("!") {
      guard file.isOwn else {
        throw Refusal(reason: "it is a command, and others may write to the file it stands in")
      }
      return (text, ["The key is what a command prints; the command was taken as it is and will be run here too."])
    }
    guard !text.contains("{env:"), !text.contains("{file:") else {
      throw Refusal(reason: "it holds \"{env:\" or \"{file:\", which here refer to something else")
    }
    // A bare name in capitals means the same here; others only there.
    if isName(text), text.contains(where: \.isLowercase), environment[text] != nil { return ("$\(text)", []) }
    return (text, [])
  }

  private static func braces(_ text: String, takesDollars: Bool, _ file: ForeignFile) throws(Refusal) -> String {
    var result = ""
    var rest = text[...]
    while let first = rest.first {
      if let (piece, after) = try reference(rest, takesDollars, file) {
        result += piece
        rest = after
      } else {
        result += first == "$" ? "$$" : String(first)
        rest.removeFirst()
      }
    }
    return result.hasPrefix("!") ? "$" + result : result
  }

  /// What the reference at the start of `text` is here, and what follows it.
  private static func reference(
    _ text: Substring, _ takesDollars: Bool, _ file: ForeignFile
  ) throws(Refusal) -> (String, Substring)? {
    let openings = ["{env:", "{file:"] + (takesDollars ? ["$${", "${"] : [])
    guard let opening = openings.first(where: text.hasPrefix) else { return nil }
    guard let end = text.firstIndex(of: "}") else { throw Refusal(reason: "\"\(opening)\" has no closing \"}\"") }
    let inside = String(text[..<end].dropFirst(opening.count))
    let after = text[text.index(after: end)...]
    switch opening {
    case "{file:": return ("{file:\(absolute(inside, file))}", after)
    case "$${": return ("$${\(inside)}", after)
    default:
      guard isName(inside) else {
        throw Refusal(reason: "\"\(opening)…}\" holds more than a variable's name, which has no counterpart here")
      }
      return ("${\(inside)}", after)
    }
  }

  /// Relative files count from the file they are named in, which is another one than ours.
  private static func absolute(_ path: String, _ file: ForeignFile) -> String {
    if path.hasPrefix("/") || path.hasPrefix("~/") { return path }
    let folder = file.path.lastIndex(of: "/").map { String(file.path[..<$0]) } ?? "."
    return "\(folder.hasPrefix("/") ? folder : "\(workingDirectory())/\(folder)")/\(path)"
  }

  /// Whether `text` can name a variable.
  static func isName(_ text: String) -> Bool {
    guard let first = text.first, !first.isNumber else { return false }
    return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
  }
}
