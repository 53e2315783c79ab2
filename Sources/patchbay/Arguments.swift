internal import JSON

/// A command line that cannot be understood: what is wrong, and the command whose help says more.
struct UsageError: Error {
  let message: String
  let command: String?
}

/// The words behind a command, split into options and operands.
struct Arguments {
  /// An option a command knows.
  struct Option {
    /// With its dashes: `--model`.
    let name: String
    /// One letter, with its dash.
    let short: String?
    /// What stands for the value in the help, or `nil` for a switch.
    let value: String?
    let help: String

    init(_ name: String, _ short: String? = nil, value: String? = nil, _ help: String) {
      self.name = name
      self.short = short
      self.value = value
      self.help = help
    }
  }

  private(set) var operands: [String] = []
  private var values: [String: [String]] = [:]

  /// Splits `words` by the options that `command` knows. `--` ends the options; `--name=value` and `--name value` are
  /// the same.
  init(_ words: some Sequence<String>, of command: Command) throws {
    var words = Array(words)[...]
    while let word = words.popFirst() {
      if word == "--" {
        operands += words
        break
      }
      guard word.hasPrefix("-"), word != "-" else {
        operands.append(word)
        continue
      }
      let pieces =
        word.hasPrefix("--")
        ? word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init) : [word]
      guard let option = command.options.first(where: { $0.name == pieces[0] || $0.short == pieces[0] }) else {
        let hint = nearest(to: pieces[0], among: command.options.map(\.name)).map { "; did you mean \($0)?" } ?? ""
        throw UsageError(message: "unknown option \(pieces[0])\(hint)", command: command.name)
      }
      try take(option, inline: pieces.count > 1 ? pieces[1] : nil, from: &words, of: command)
    }
  }

  private mutating func take(
    _ option: Option, inline: String?, from words: inout ArraySlice<String>, of command: Command
  ) throws {
    guard let valueName = option.value else {
      guard inline == nil else {
        throw UsageError(message: "\(option.name) takes no value", command: command.name)
      }
      values[option.name, default: []].append("")
      return
    }
    guard let value = inline ?? words.popFirst() else {
      throw UsageError(message: "\(option.name) needs a value: \(option.name) \(valueName)", command: command.name)
    }
    values[option.name, default: []].append(value)
  }

  /// Whether a switch was given.
  func has(_ name: String) -> Bool { values[name] != nil }
  /// The last value given for an option.
  subscript(_ name: String) -> String? { values[name]?.last }
  /// Every value given for an option.
  func all(_ name: String) -> [String] { values[name] ?? [] }
}
