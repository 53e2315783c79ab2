internal import Platform

extension Command {
  static let completions = Command(
    name: "completions", operands: "SHELL", summary: "Print a completion script for bash, zsh or fish",
    details: """
      The script is made from the commands and options of this very program. Names of providers, models and sessions are
      asked for when they are completed.
      """,
    examples: [
      (
        "patchbay completions bash > ~/.local/share/bash-completion/completions/patchbay",
        "bash, from the next shell on"
      ),
      (#"patchbay completions zsh > "${fpath[1]}/_patchbay""#, "zsh, from the next shell on"),
      ("patchbay completions fish > ~/.config/fish/completions/patchbay.fish", "fish, at once"),
    ],
    run: { arguments in
      let shells = ["bash": CompletionScript.bash, "zsh": CompletionScript.zsh, "fish": CompletionScript.fish]
      guard arguments.operands.count == 1, let script = shells[arguments.operands[0]] else {
        throw UsageError(message: "completions needs one SHELL: bash, zsh or fish", command: "completions")
      }
      Terminal.output.write(script)
      return ExitStatus.success
    })
}

/// Completion scripts, made from the commands themselves as the help is.
enum CompletionScript {
  /// What can stand for an option's value, by what stands for it in the help.
  private enum Source: String {
    case provider, model, session, file
    /// Nothing that could be offered.
    case free

    init(_ option: Arguments.Option) {
      switch option.name {
      case "--provider": self = .provider
      case "--model": self = .model
      case "--session": self = .session
      default: self = ["FILE", "FOLDER"].contains(option.value) ? .file : .free
      }
    }

    init(operandsOf command: Command) {
      switch command.name {
      case "login", "logout": self = .provider
      case "sessions": self = .session
      default: self = .free
      }
    }

    /// The command that lists what there is, a line each.
    var lister: String? {
      switch self {
      case .provider: "providers"
      case .model: "models"
      case .session: "sessions"
      case .file, .free: nil
      }
    }
  }

  /// A text of a shell that stands between single quotes.
  private static func quoted(_ text: String) -> String { "'\(text.replacing("'", with: #"'\''"#))'" }

  private static func options(_ command: Command) -> [Arguments.Option] { command.options + Command.commonOptions }

  private static func spellings(_ option: Arguments.Option) -> [String] {
    [option.name] + (option.short.map { [$0] } ?? [])
  }

  // MARK: bash

  static var bash: String {
    let names = Command.all.map(\.name).joined(separator: " ")
    var script = """
      # bash completion for patchbay; made by `patchbay completions bash`
      _patchbay_list() {
        local names
        names=$(patchbay "$1" 2>/dev/null </dev/null | cut -f 1)
        COMPREPLY=($(compgen -W "$names" -- "$2"))
      }
      _patchbay() {
        local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
        COMPREPLY=()
        if [ "$COMP_CWORD" = 1 ]; then
          COMPREPLY=($(compgen -W "\(names) --help --version" -- "$word"))
          return
        fi
        case $command in

      """
    for command in Command.all { script += bash(command) }
    return script + """
        esac
      }
      complete -F _patchbay patchbay

      """
  }

  private static func bash(_ command: Command) -> String {
    var script = "    \(command.name))\n      case $before in\n"
    for option in options(command) where option.value != nil {
      let action =
        switch Source(option) {
        case .file: "COMPREPLY=($(compgen -f -- \"$word\")); return"
        case .free: "return"
        case let source: "_patchbay_list \(source.lister ?? "") \"$word\"; return"
        }
      script += "        \(spellings(option).joined(separator: " | "))) \(action) ;;\n"
    }
    script += "      esac\n"
    let words = options(command).flatMap(spellings).joined(separator: " ")
    if let lister = Source(operandsOf: command).lister {
      script += "      case $word in -*) ;; *) _patchbay_list \(lister) \"$word\"; return ;; esac\n"
    }
    return script + "      COMPREPLY=($(compgen -W \"\(words)\" -- \"$word\")) ;;\n"
  }

  // MARK: zsh

  static var zsh: String {
    var script = """
      #compdef patchbay
      # zsh completion for patchbay; made by `patchbay completions zsh`
      _patchbay_list() {
        local -a names
        names=(${(f)"$(patchbay "$1" 2>/dev/null </dev/null | cut -f 1)"})
        compadd -a names
      }
      _patchbay() {
        if (( CURRENT == 2 )); then
          local -a commands=(

      """
    for command in Command.all { script += "      \(quoted("\(command.name):\(command.summary)"))\n" }
    script += "    )\n    _describe command commands\n    return\n  fi\n  local command=$words[2]\n"
    script += "  shift words\n  (( CURRENT-- ))\n  case $command in\n"
    for command in Command.all { script += zsh(command) }
    return script + """
        esac
      }
      if [ "$funcstack[1]" = _patchbay ]; then _patchbay "$@"; else compdef _patchbay patchbay; fi

      """
  }

  private static func zsh(_ command: Command) -> String {
    var script = "    \(command.name))\n      _arguments"
    for option in options(command) {
      let help = option.help.replacing("[", with: "(").replacing("]", with: ")").replacing(":", with: " -")
      for spelling in spellings(option) {
        script += " \\\n        \(quoted("*\(spelling)[\(help)]\(zshValue(option))"))"
      }
    }
    if let lister = Source(operandsOf: command).lister {
      script += " \\\n        \(quoted("*:name: _patchbay_list \(lister)"))"
    }
    return script + " ;;\n"
  }

  private static func zshValue(_ option: Arguments.Option) -> String {
    guard let value = option.value else { return "" }
    return switch Source(option) {
    case .file: ":\(value):_files"
    case .free: ":\(value):"
    case let source: ":\(value): _patchbay_list \(source.lister ?? "")"
    }
  }

  // MARK: fish

  static var fish: String {
    var script = """
      # fish completion for patchbay; made by `patchbay completions fish`
      function __patchbay_list
        patchbay $argv[1] 2>/dev/null </dev/null | cut -f 1
      end
      complete -c patchbay -f

      """
    for command in Command.all {
      script += "complete -c patchbay -n __fish_use_subcommand -a \(command.name) -d \(quoted(command.summary))\n"
      let condition = "-n '__fish_seen_subcommand_from \(command.name)'"
      for option in options(command) { script += "complete -c patchbay \(condition)\(fish(option))\n" }
      if let lister = Source(operandsOf: command).lister {
        script += "complete -c patchbay \(condition) -a '(__patchbay_list \(lister))'\n"
      }
    }
    return script
  }

  private static func fish(_ option: Arguments.Option) -> String {
    var script = " -l \(option.name.dropFirst(2))"
    if let short = option.short { script += " -s \(short.dropFirst())" }
    if option.value != nil {
      switch Source(option) {
      case .file: script += " -r -F"
      case .free: script += " -x"
      case let source: script += " -x -a '(__patchbay_list \(source.lister ?? ""))'"
      }
    }
    return script + " -d \(quoted(option.help))"
  }
}
