internal import Completion
internal import HTTP
internal import Platform
internal import Synchronization

extension KeyResolver {
  /// The command's output, which is kept for as long as the process lives; a failure is not. Whoever asks for the
  /// same command meanwhile waits for the same run.
  func output(of command: String, origin: ValueOrigin) async throws(ProviderError) -> Secret {
    let task = commands.withLock { commands in
      if let task = commands[command] { return task }
      let (limit, variables) = (commandLimit, environment.all)
      // Not a child of the caller's task: others wait for it too, and it ends by itself.
      let task = Task {
        await BlockingQueue.run {
          Result { () throws(ProviderError) in
            try Self.run(command, variables, limit, origin)
          }
        }
      }
      commands[command] = task
      return task
    }
    let result = await task.value
    if case .failure = result { commands.withLock { if $0[command] == task { $0[command] = nil } } }
    return try result.get()
  }

  private static func run(
    _ command: String, _ environment: [String: String], _ limit: Duration, _ origin: ValueOrigin
  ) throws(ProviderError) -> Secret {
    func failed(_ what: String) -> ProviderError {
      ProviderError(
        .authRequired, "the command at \(origin) that gives the key \(what)",
        hint: "Run the command in a shell to see what it says.")
    }
    let output: [UInt8]
    do {
      output = try ShellCommand.output(of: command, environment: environment, limit: limit)
    } catch {
      switch error {
      case .cannotStart(let reason): throw failed("cannot be started: \(reason)")
      case .tooSlow: throw failed("took longer than \(limit.formattedSeconds)")
      case .tooMuch: throw failed("printed more than any key")
      case .status(let status): throw failed("ended with status \(status)")
      case .signal(let signal): throw failed("was ended by signal \(signal)")
      }
    }
    let text = String(decoding: output, as: UTF8.self).trimmed
    guard !text.isEmpty else { throw failed("printed nothing") }
    return Secret(text)
  }
}
