internal import Completion
internal import Engine
internal import JSON
internal import Platform
internal import Server
internal import WireProtocol

extension Command {
  static let login = Command(
    name: "login", operands: "[PROVIDER]", summary: "Log in at a provider, or give it a key",
    details: """
      Without PROVIDER you choose from a list. The provider's usual way is taken unless --method names another; a key is
      asked for without showing it. Addresses and codes are printed, and good in a browser on any machine: what it shows
      at the end can be pasted here. Nothing is stored before all of it is there. It is kept in auth.json, which nobody
      else can read.
      """,
    options: [
      .init("--method", value: "METHOD", "apiKey, oauth (in a browser) or device (by a code)"),
      .init("--device", nil, "The same as --method device"),
      .init("--account", value: "NAME", "Keep it under this name, beside other accounts"),
      .init("--api-key-file", value: "FILE", "Read the key from a file, or from standard input with -"),
      .init("--domain", value: "HOST", "An enterprise's own host"),
      .init("--open", nil, "Open the address in this machine's browser too"),
      .init("--status", nil, "Show what there is instead"),
      .init("--verify", nil, "--status: ask each provider whether its key is good"),
      .init("--json", nil, "Print JSON"),
    ],
    examples: [
      ("patchbay login openai", "asks for the key"),
      ("pass show openai | patchbay login openai --api-key-file -", "takes it from a password manager, once"),
      ("patchbay login --status --verify", "what is stored, and whether it works"),
    ],
    run: { arguments in
      guard arguments.operands.count <= 1 else {
        throw UsageError(message: "login takes one PROVIDER", command: "login")
      }
      if arguments.has("--status") { return try await showStatus(arguments) }
      guard !arguments.has("--verify") else {
        throw UsageError(message: "--verify goes with --status", command: "login")
      }
      return try await LoginRun(arguments).run()
    })

  static let logout = Command(
    name: "logout", operands: "PROVIDER", summary: "Forget a key or a login",
    details: "Tokens are made worthless at the provider too where it has a way. Keys in the environment or in "
      + "config.json stay; that there are any is said.",
    options: [
      .init("--account", value: "NAME", "The account of this name"),
      .init("--json", nil, "Print JSON"),
    ],
    run: { arguments in
      guard let provider = arguments.operands.first, arguments.operands.count == 1 else {
        throw UsageError(message: "logout needs one PROVIDER", command: "logout")
      }
      var params: JSONObject = ["provider": .string(provider)]
      params.set("account", arguments["--account"].map(JSONValue.string))
      let result = try await Workbench().client.call(.logout, .object(params))
      if arguments.has("--json") { return printJSON(result) }
      let out = Terminal.error
      for warning in result["warnings"]?.array ?? [] {
        out.line("\(out.styled("warning:", .yellow)) \(visible(warning.string ?? ""))")
      }
      let name = visible(arguments["--account"].map { "\(provider), account \($0)" } ?? provider)
      let isRemoved = result["removed"]?.bool == true
      Terminal.output.line(isRemoved ? "Logged out at \(name)." : "Nothing was stored for \(name).")
      return ExitStatus.success
    })

  /// A provider's status for a person; a key that was found and is of no use is not missing. `place` is the member
  /// that says where it was found.
  static func word(for entry: JSONValue, place: String) -> String {
    let status = entry["status"]?.string ?? ""
    return status == "missing" && entry[place] != nil ? "unusable" : status
  }

  private static func showStatus(_ arguments: Arguments) async throws -> Int32 {
    for option in ["--method", "--device", "--account", "--api-key-file", "--domain", "--open"]
    where arguments.has(option) {
      throw UsageError(message: "\(option) does not go with --status", command: "login")
    }
    var params = JSONObject()
    params.set("provider", arguments.operands.first.map(JSONValue.string))
    if arguments.has("--verify") { params["verify"] = true }
    let result = try await Workbench().client.call(.loginStatus, .object(params))
    if arguments.has("--json") { return printJSON(result) }
    var table = Table(["PROVIDER", "ACCOUNT", "STATUS", "FROM", "ENDS"])
    var details: [String] = []
    for entry in result["providers"]?.array ?? [] {
      guard entry["source"] != nil || !arguments.operands.isEmpty else { continue }
      let name = entry["provider"]?.string ?? ""
      if let detail = entry["detail"]?.string { details.append("\(name): \(detail)") }
      table.add([
        name, entry["account"]?.string ?? "-", Self.word(for: entry, place: "source"),
        entry["source"]?.string ?? "-", String((entry["expiresAt"]?.string ?? "-").prefix(16)),
      ])
    }
    table.print()
    for detail in details { Terminal.output.line(visible(detail)) }
    return ExitStatus.success
  }
}

/// One run of `patchbay login`.
private struct LoginRun {
  private let arguments: Arguments
  private let bench = Workbench()

  init(_ arguments: Arguments) { self.arguments = arguments }

  func run() async throws -> Int32 {
    let params = try parameters()
    let listener = LoginDialogue.listener(opensBrowser: arguments.has("--open"))
    let client = bench.client
    let (given, isPossible) = (arguments.operands.first, TerminalPrompt.isPossible)
    guard given != nil || isPossible else {
      throw UsageError(message: "login needs a PROVIDER where there is no terminal to choose on", command: "login")
    }
    let task = Task { [listener] () -> Result<JSONValue, ProviderError> in
      do throws(ProviderError) {
        var params = params
        let provider = if let given { given } else { try await LoginDialogue.chooseProvider(client) }
        params["provider"] = .string(provider)
        return .success(try await client.call(.login, .object(params), listener))
      } catch {
        return .failure(error)
      }
    }
    onTermination { _ in task.cancel() }
    let result = try await task.value.get()
    if arguments.has("--json") { return printJSON(result) }
    let name = [result["provider"]?.string, result["account"]?.string.map { "account \($0)" }].compactMap { $0 }
    Terminal.output.line(
      visible("Logged in at \(name.joined(separator: ", ")). It is kept in \(bench.engine.authPath)."))
    return ExitStatus.success
  }

  private func parameters() throws -> JSONObject {
    var params = JSONObject()
    if arguments.has("--device") {
      guard arguments["--method"] ?? "device" == "device" else {
        throw UsageError(message: "--device and --method exclude each other", command: "login")
      }
      params["method"] = "device"
    }
    for option in ["method", "account", "domain"] {
      if let value = arguments["--\(option)"] { params[option] = .string(value) }
    }
    if let file = arguments["--api-key-file"] {
      if file == "-", TerminalPrompt.isPossible {
        // A person is to type it: it must not be shown.
        params["method"] = params["method"] ?? "apiKey"
      } else {
        params["apiKey"] = .string(try keyFromFile(file, "login"))
      }
    }
    return params
  }
}
