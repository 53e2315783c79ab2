internal import Catalog
internal import Engine
internal import JSONRPC
internal import Platform
internal import Server

extension Command {
  static let serve = Command(
    name: "serve", operands: "", summary: "Speak JSON-RPC over standard input and output",
    details: """
      Messages are one JSON text a line, or framed by Content-Length headers as editors do: the first byte decides.
      The end of standard input means that no more requests come; those in flight are finished and answered.
      The protocol is described by: patchbay schema
      The log is a JSON text a line, which only you can read: errors, or with info, the default, also every exchange
      with a provider and every completion, or with debug also what clients ask. What is said is not in it, unless you
      ask for bodies.
      """,
    options: [
      .init("--log", nil, value: "FILE", "Append what happens to this file"),
      .init("--log-level", nil, value: "LEVEL", "How much: error, info or debug (default: info)"),
      .init("--log-bodies", nil, "Write all that is said to providers into the log, too"),
    ],
    examples: [
      (
        #"printf '%s\n' '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}' | patchbay serve"#,
        "greet the engine and see what it offers"
      ),
      ("patchbay serve --log ~/patchbay.log --log-level error", "keep a record of what goes wrong"),
    ],
    run: { arguments in
      guard arguments.operands.isEmpty else {
        throw UsageError(message: "serve takes no arguments", command: "serve")
      }
      return try await Service(log: try openLog(arguments)).run()
    })

  /// The log that the options ask for.
  private static func openLog(_ arguments: Arguments) throws -> EngineLog {
    guard let path = arguments["--log"] else {
      for option in ["--log-level", "--log-bodies"] where arguments.has(option) {
        throw UsageError(message: "\(option) needs --log FILE", command: "serve")
      }
      return EngineLog()
    }
    let name = arguments["--log-level"] ?? EngineLog.Level.info.rawValue
    guard let level = EngineLog.Level(rawValue: name) else {
      let levels = EngineLog.Level.allCases.map(\.rawValue).joined(separator: ", ")
      throw UsageError(message: "--log-level takes one of \(levels), not \(name)", command: "serve")
    }
    let bodies = arguments.has("--log-bodies")
    let log = EngineLog(file: try LogFile(path), level: level, bodies: bodies)
    if bodies {
      let out = Terminal.error
      out.line(
        "\(out.styled("warning:", .yellow)) everything that is said to providers goes into \(path), answers included")
    }
    return log
  }
}

/// The engine behind standard input and output.
private struct Service {
  let log: EngineLog

  func run() async throws -> Int32 {
    // Protocol goes out by a descriptor of its own; whatever else is printed by mistake goes to standard error.
    let output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
    let isOpen = fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE != O_RDONLY
    guard isOpen, output >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else {
      Terminal.error.line("error: standard output is not open")
      return ExitStatus.failure
    }
    let engine = CompletionEngine(userAgent: "patchbay/\(Version.current)", log: log)
    log.note(event: "start", version: Version.current)
    let status = ExitRequest()
    let host = ServerHost(version: Version.current) { status.end($0) }
    var limits = RPCLimits()
    if let catalog = try? await engine.catalog() { limits.maxMessageBytes = catalog.limits.maxMessageBytes }
    let connection = try RPCConnection(
      input: STDIN_FILENO, output: output, service: ConnectionService(engine: engine, host: host), limits: limits)
    status.connection = connection
    onTermination { _ in status.end(ExitStatus.success) }
    connection.start()
    _ = await connection.finished()
    log.note(event: "stop", version: Version.current)
    await engine.settle()
    return status.code
  }
}
