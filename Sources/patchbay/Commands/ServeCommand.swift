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
      """,
    examples: [
      (
        #"printf '%s\n' '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}' | patchbay serve"#,
        "greet the engine and see what it offers"
      )
    ],
    run: { arguments in
      guard arguments.operands.isEmpty else {
        throw UsageError(message: "serve takes no arguments", command: "serve")
      }
      return try await Service().run()
    })
}

/// The engine behind standard input and output.
private struct Service {
  func run() async throws -> Int32 {
    // Protocol goes out by a descriptor of its own; whatever else is printed by mistake goes to standard error.
    let output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
    let isOpen = fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE != O_RDONLY
    guard isOpen, output >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else {
      Terminal.error.line("error: standard output is not open")
      return ExitStatus.failure
    }
    let engine = CompletionEngine(userAgent: "patchbay/\(Version.current)")
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
    await engine.settle()
    return status.code
  }
}
