internal import Completion
internal import JSON

extension Command {
  static let chat = Command(
    name: "chat", operands: "", summary: "Talk to a model, line by line",
    details: """
      Goes on with the conversation that was had last, or with the one that --session names. Enter sends; Alt-Enter, or a
      backslash at the end of a line, begins another line; what is pasted may have many. Ctrl-C ends the answer, not the
      program; Ctrl-D ends the program. The arrow keys bring back what was typed before. /help lists the commands.
      Without a terminal every line of standard input is a message.
      """,
    options: [
      .init("--session", "-s", value: "NAME", "Go on with the session of this id or name; a new name begins one"),
      .init("--new", "-n", "Begin a new conversation"),
      .init("--provider", "-p", value: "NAME", "Who answers; patchbay providers lists them"),
      .init("--model", "-m", value: "MODEL", "A model, provider/model, or a role such as @small"),
      .init("--system", value: "TEXT", "The system prompt of a new conversation"),
      .init("--reasoning", value: "LEVEL", "off, minimal, low, medium, high or max"),
      .init("--account", value: "NAME", "Use the login of this account at the provider"),
    ],
    examples: [
      ("patchbay chat", "go on where you were"),
      ("patchbay chat --new -m anthropic/claude-sonnet-4-5", "begin a conversation with a model"),
      ("patchbay chat -s trip -p echo", "go on with, or begin, the one called trip"),
    ],
    run: { arguments in
      try refuseOperands(arguments, "chat")
      guard !arguments.has("--new") || arguments["--session"] == nil else {
        throw UsageError(message: "--new and --session exclude each other", command: "chat")
      }
      return try await Chat(arguments).run()
    })
}
