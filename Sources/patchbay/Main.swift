internal import CLIProviders
internal import Completion
internal import JSON
internal import Platform

@main
struct Main {
  static func main() async {
    signal(SIGPIPE, SIG_IGN)
    plugStandardDescriptors()
    // Each completion needs a socket, each session at work a file.
    raiseDescriptorLimit()
    // Keys live in this process: it must not leave them in a core file.
    forbidCoreFiles()
    var status = await run(CommandLine.arguments.dropFirst())
    if status == ExitStatus.success, let failure = Terminal.outputFailure {
      Terminal.error.line("\(Terminal.error.styled("error:", .red)) \(failure)")
      status = ExitStatus.failure
    }
    // Destructors of globals would race with threads that still run.
    _exit(status)
  }

  /// Puts something in the place of standard streams that were closed: the next file that is opened would take their
  /// number, and be read or written in their stead. Whoever writes to such an output is told that it is not open.
  private static func plugStandardDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest free number, which is this one.
      _ = open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  private static func run(_ words: ArraySlice<String>) async -> Int32 {
    do {
      guard let word = words.first else {
        guard Terminal(descriptor: STDIN_FILENO).isTerminal else {
          return try await Command.serve.run(try Arguments([], of: .serve))
        }
        Terminal.output.write(Help.overview)
        return ExitStatus.success
      }
      switch word {
      case Supervisor.word: return Supervisor.run()
      case "--help", "-h", "help":
        guard let name = words.dropFirst().first else {
          Terminal.output.write(Help.overview)
          return ExitStatus.success
        }
        Terminal.output.write(Help.text(of: try command(named: name)))
        return ExitStatus.success
      case "--version", "-V", "version":
        Terminal.output.line("patchbay \(Version.current)")
        return ExitStatus.success
      default: return try await run(try command(named: word), words.dropFirst())
      }
    } catch let error as UsageError {
      Terminal.error.line("\(Terminal.error.styled("error:", .red)) \(error.message)")
      let command = error.command.map { " \($0)" } ?? ""
      Terminal.error.line("\(Terminal.error.styled("hint:", .cyan)) patchbay\(command) --help shows how it is used")
      return ExitStatus.usage
    } catch let error as ProviderError {
      report(error)
      return ExitStatus.of(error.kind)
    } catch {
      Terminal.error.line("error: \(error)")
      return ExitStatus.failure
    }
  }

  private static func run(_ command: Command, _ words: ArraySlice<String>) async throws -> Int32 {
    let asksForHelp = words.prefix { $0 != "--" }.contains { $0 == "--help" || $0 == "-h" }
    if asksForHelp {
      Terminal.output.write(Help.text(of: command))
      return ExitStatus.success
    }
    return try await command.run(try Arguments(words, of: command))
  }

  private static func command(named name: String) throws -> Command {
    if let command = Command.all.first(where: { $0.name == name }) { return command }
    let hint = nearest(to: name, among: Command.all.map(\.name)).map { "; did you mean \($0)?" } ?? ""
    throw UsageError(message: "unknown command \(name)\(hint)", command: nil)
  }
}
