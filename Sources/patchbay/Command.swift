internal import Completion
internal import Engine
internal import JSON
internal import Server

/// What the exit status tells a script.
enum ExitStatus {
  static let success: Int32 = 0
  static let failure: Int32 = 1
  static let usage: Int32 = 2
  static let credentials: Int32 = 3
  static let temporary: Int32 = 4
  static let interrupted: Int32 = 130

  /// The status for an error of the engine.
  static func of(_ kind: ErrorKind) -> Int32 {
    switch kind {
    case .invalidParams, .methodNotFound, .unsupported, .parse: usage
    case .authRequired, .authRejected, .loginFailed, .quotaExceeded: credentials
    case .rateLimited, .overloaded, .timeout, .network, .engineBusy, .busy: temporary
    case .cancelled: interrupted
    default: failure
    }
  }
}

/// One word behind `patchbay`.
struct Command: Sendable {
  let name: String
  /// The operands, as the help shows them.
  let operands: String
  /// One line.
  let summary: String
  /// What else a person should know; shown below the summary.
  var details = ""
  var options: [Arguments.Option] = []
  /// Examples, each a line of shell and what it does.
  var examples: [(line: String, effect: String)] = []
  let run: @Sendable (Arguments) async throws -> Int32

  /// Every command, in the order the help lists them.
  static let all: [Command] = [
    serve, complete, chat, call, login, logout, `import`, models, providers, catalog, sessions, usage, doctor, schema,
    completions,
  ]

  /// Options that every command takes.
  static let commonOptions = [Arguments.Option("--help", "-h", "Show this help")]
}

/// What the commands work with: an engine of their own in this process.
struct Workbench: Sendable {
  let engine: CompletionEngine
  let client: LocalClient

  init() {
    engine = CompletionEngine(userAgent: "patchbay/\(Version.current)")
    client = LocalClient(engine: engine, version: Version.current)
  }
}

/// The program's version.
enum Version {
  static let current = "0.1.0"
}

/// Says on standard error what went wrong and what can be done about it.
func report(_ error: ProviderError) {
  let out = Terminal.error
  out.line("\(out.styled("error:", .red)) \(visible(error.message))")
  if let hint = error.hint { out.line("\(out.styled("hint:", .cyan)) \(visible(hint))") }
}
