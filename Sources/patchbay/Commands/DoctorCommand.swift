internal import Catalog
internal import Completion
internal import Credentials
internal import Engine
internal import JSON
internal import Platform
internal import Server
internal import WireProtocol

extension Command {
  static let doctor = Command(
    name: "doctor", operands: "", summary: "Say what is set up, what can be reached, and what to do next",
    details: "Exit status 0 means that a completion would find a provider; 1 that something needs doing.",
    options: [
      .init("--all", nil, "List the providers that nothing is set up for too, with what they need"),
      .init("--verify", nil, "Ask every provider with a key whether the key is good"),
      .init("--json", nil, "Print JSON"),
    ],
    run: { arguments in
      try refuseOperands(arguments, "doctor")
      let examination = Examination(verify: arguments.has("--verify"), showsAll: arguments.has("--all"))
      return try await examination.run(json: arguments.has("--json"))
    })
}

/// One run of `patchbay doctor`.
private struct Examination {
  private let bench = Workbench()
  private let verify: Bool
  private let showsAll: Bool

  init(verify: Bool, showsAll: Bool) { (self.verify, self.showsAll) = (verify, showsAll) }

  func run(json: Bool) async throws -> Int32 {
    var problems: [ProviderError] = []
    var facts: JSONObject = ["version": .string(Version.current)]
    do throws(ProviderError) {
      _ = try await bench.engine.catalog()
      _ = try ModelOverlay(in: Directories(.process)).sections()
      facts["config"] = try await bench.client.call(.getConfig)["files"]
    } catch {
      problems.append(error)
    }
    if problems.isEmpty {
      let reports = try await bench.engine.reports(verify: verify, versions: true)
      facts["providers"] = .array(reports.map(Self.describe))
      let choice = await bench.engine.defaultChoice()
      facts["default"] = choice?.json ?? .null
      if choice == nil { problems.append(Self.nothingToUse) }
      for report in reports where report.provider.isConfigured && report.status != .ready {
        if let problem = report.problem { problems.append(problem) }
      }
    }
    facts["problems"] = .array(problems.map(Self.describe))
    if json { _ = printJSON(.object(facts)) } else { show(facts, problems) }
    return problems.isEmpty ? ExitStatus.success : ExitStatus.failure
  }

  private func show(_ facts: JSONObject, _ problems: [ProviderError]) {
    let out = Terminal.output
    out.line(out.styled("patchbay \(Version.current)", .bold))
    for file in facts["config"]?.array ?? [] {
      let isThere = file["exists"]?.bool == true
      out.line("  \(isThere ? "reads" : "would read") \(file["path"]?.string ?? "")")
    }
    out.line()
    let providers = facts["providers"]?.array ?? []
    let (mine, others) = (providers.filter(Self.isSetUp), providers.filter { !Self.isSetUp($0) })
    for provider in mine + (showsAll ? others : []) { show(provider, out) }
    if !showsAll, !others.isEmpty {
      out.line("  \(others.count) more are not set up; patchbay doctor --all lists them with what they need.")
    }
    out.line()
    if let provider = facts["default"]?["provider"]?.string {
      let model = facts["default"]?["model"]?.string ?? ""
      out.line("A completion that names nothing goes to \(visible("\(provider)/\(model)")).")
    }
    for problem in problems {
      out.line("\(out.styled("to do:", .yellow)) \(visible(problem.message))")
      if let hint = problem.hint { out.line("       \(visible(hint))") }
    }
  }

  private func show(_ provider: JSONValue, _ out: Terminal) {
    let status = Command.word(for: provider, place: "key")
    let mark = status == "ready" ? out.styled("ok", .green) : out.styled("--", .yellow)
    var line = "  \(mark)  \(visible(provider["id"]?.string ?? "")): \(status)"
    if let detail = provider["key"]?.string { line += ", key from \(visible(detail))" }
    for fact in ["program", "version"] { if let text = provider[fact]?.string { line += ", \(visible(text))" } }
    out.line(line)
    if let warning = provider["warning"]?.string { out.line(out.styled("      \(visible(warning))", .yellow)) }
    guard status != "ready" else { return }
    // Where there is no key at all, the hint says it all.
    if let detail = provider["problem"]?.string, status != "missing" { out.line("      \(visible(detail))") }
    if let hint = provider["hint"]?.string { out.line(out.styled("      \(visible(hint))", .dim)) }
  }

  /// Whether somebody has done something to use a provider.
  private static func isSetUp(_ provider: JSONValue) -> Bool {
    provider["configured"] == true || provider["key"] != nil || provider["status"] == "ready"
  }

  private static let nothingToUse = ProviderError(
    .providerNotFound, "no provider can be used yet",
    hint:
      "Run patchbay login to give a provider's key or to log in, start a local server such as Ollama, or describe a "
      + "server in the config file; patchbay complete -p echo works without any.")

  private static func describe(_ report: ProviderReport) -> JSONValue {
    var facts: JSONObject = [
      "id": .string(report.provider.id), "kind": .string(report.provider.kind.rawValue),
      "status": .string(report.status.rawValue),
    ]
    facts.set("defaultModel", report.provider.defaultModel.map(JSONValue.string))
    facts.set("key", report.place.map { .string($0.detail) })
    facts.set("warning", report.place?.warning.map(JSONValue.string))
    facts.set("program", report.program.map { .string($0.path) })
    facts.set("version", report.program?.version.map(JSONValue.string))
    if report.provider.isConfigured { facts["configured"] = true }
    facts.set("problem", report.detail.map(JSONValue.string))
    facts.set("hint", hint(report).map(JSONValue.string))
    return .object(facts)
  }

  /// What to do, with the variable that a missing key would go into.
  private static func hint(_ report: ProviderReport) -> String? {
    guard let hint = report.provider.loginHint, report.place == nil, report.provider.program == nil else {
      return report.problem?.hint
    }
    let variables = report.provider.env
    let usual = variables.first { $0.hasSuffix("_API_KEY") } ?? variables.first
    guard report.status == .missing, let usual, !hint.contains(usual) else { return hint }
    return "\(hint) (\(usual))"
  }

  private static func describe(_ error: ProviderError) -> JSONValue {
    var facts: JSONObject = ["kind": .string(error.kind.rawValue), "message": .string(error.message)]
    facts.set("hint", error.hint.map(JSONValue.string))
    return .object(facts)
  }
}
