internal import Platform

/// The help texts, made from the commands themselves.
enum Help {
  /// What `patchbay --help` shows.
  static var overview: String {
    var text = """
      patchbay \(Version.current): one stdio backend for every AI provider

      Usage: patchbay COMMAND [OPTIONS] [ARGUMENTS]
             patchbay                       without a terminal: the same as patchbay serve

      Commands:

      """
    for command in Command.all { text += row("  \(command.name)", command.summary, 14) }
    text += """

      Try it:
        patchbay complete --provider echo "hello there"      no network, no key
        patchbay doctor                                      what is set up, and what to do next
        git diff | patchbay complete "write a commit message for this diff"

      Files:
        config       \(directories.config)/config.json
        credentials  \(directories.data)/auth.json
        sessions     \(directories.state)/sessions/
        usage        \(directories.state)/usage.jsonl

      Environment:
        PATCHBAY_HOME   keep all of the above below this folder instead
        NO_COLOR        never use colours

      Exit status: 0 success, 1 the request failed, 2 wrong usage, 3 no usable
      credential, 4 worth trying again (network, rate limit, overload, timeout), 130 interrupted.

      patchbay COMMAND --help tells more about a command.

      """
    return text
  }

  /// What `patchbay COMMAND --help` shows.
  static func text(of command: Command) -> String {
    var text = "\(command.summary)\n\nUsage: patchbay \(command.name) [OPTIONS] \(command.operands)"
    text = String(text.reversed().drop { $0 == " " }.reversed()) + "\n"
    if !command.details.isEmpty { text += "\n\(command.details)\n" }
    text += "\nOptions:\n"
    for option in command.options + Command.commonOptions {
      let short = option.short.map { "\($0), " } ?? "    "
      text += row("  \(short)\(option.name)\(option.value.map { " \($0)" } ?? "")", option.help, 28)
    }
    if !command.examples.isEmpty {
      text += "\nExamples:\n"
      for (line, effect) in command.examples { text += "  \(line)\n      \(effect)\n" }
    }
    return text
  }

  private static var directories: Directories { Directories(.process) }

  private static func row(_ left: String, _ right: String, _ column: Int) -> String {
    let gap = max(2, column - left.count)
    return left + String(repeating: " ", count: gap) + right + "\n"
  }
}
