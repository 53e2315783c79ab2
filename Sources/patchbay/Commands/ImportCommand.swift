internal import Catalog
internal import Completion
internal import Credentials
internal import Import
internal import JSON
internal import Platform

extension Command {
  static let `import` = Command(
    name: "import", operands: "[ENTRY…]", summary: "Take over logins and settings of other programs",
    details:
      "Without ENTRY it lists the logins it finds, and on a terminal asks which to take. An ENTRY is a name from "
      + "that list, or a provider. No key is ever printed.\n"
      + "Logins: \(list(Program.withLogins)).\nSettings: \(list(Program.withSettings)).",
    options: [
      .init("--from", nil, value: "PROGRAM", "Only this program's (may be repeated)"),
      .init("--all", nil, "Take every login that is found"),
      .init("--replace", nil, "Take the place of logins that are here already"),
      .init("--dry-run", nil, "Change nothing, say what would be done"),
      .init("--settings", nil, "Settings instead of logins, from the usual place of --from"),
      .init("--config", nil, value: "FILE", "Settings instead of logins, from this file"),
      .init("--write", nil, "Add the settings to the config file; without it they are only printed"),
      .init("--json", nil, "Print JSON"),
    ],
    examples: [
      ("patchbay import", "See what there is, and choose"),
      ("patchbay import --from pi --all", "Take all logins of pi"),
      ("patchbay import opencode/anthropic", "Take one"),
      ("patchbay import --from atmos", "Print what atmos.yaml means here"),
      ("patchbay import --config models.json --write", "Add a file's settings to your own"),
    ],
    run: { arguments in
      let programs = try arguments.all("--from").map(program)
      let isOfSettings = programs.contains { !Program.withLogins.contains($0) }
      if arguments["--config"] != nil || arguments.has("--settings") || isOfSettings {
        return try await SettingsImporting(arguments, programs).run()
      }
      if arguments.has("--write") {
        throw UsageError(message: "--write goes with --config or --settings", command: "import")
      }
      return try await LoginImporting(arguments, programs).run()
    })

  private static func list(_ programs: [Program]) -> String { programs.map(\.rawValue).joined(separator: ", ") }

  private static func program(_ name: String) throws -> Program {
    if let program = Program(rawValue: name) { return program }
    let near = nearest(to: name, among: Program.allCases.map(\.rawValue)).map { "did you mean \($0)?" }
    throw UsageError(
      message: "nothing is known of a program \(name); \(near ?? "there are \(list(Program.allCases))")",
      command: "import")
  }
}

/// One run of `patchbay import` for logins.
private struct LoginImporting {
  private let arguments: Arguments
  private let programs: [Program]
  private let directories = Directories(.process)

  init(_ arguments: Arguments, _ programs: [Program]) {
    self.arguments = arguments
    self.programs = programs.isEmpty ? Program.withLogins : programs
  }

  func run() async throws -> Int32 {
    let catalog = try ProviderCatalog.load(environment: .process, directories: directories)
    let search = LoginSearch(environment: .process, catalog: catalog)
    let findings = await BlockingQueue.run { [programs] in search.find(programs) }
    for problem in findings.problems { report(problem) }
    let chosen: [FoundLogin]?
    if !arguments.operands.isEmpty {
      chosen = try arguments.operands.map { try login(named: $0, in: findings.logins) }
    } else if arguments.has("--all") {
      chosen = findings.logins
    } else {
      if !arguments.has("--json") { show(findings) }
      chosen = findings.logins.isEmpty ? nil : ask(findings.logins)
    }
    let failure = findings.problems.isEmpty ? ExitStatus.success : ExitStatus.failure
    guard let chosen else {
      if arguments.has("--json") { printJSON(["logins": .array(findings.logins.map { Self.describe($0) })]) }
      return failure
    }
    return max(failure, try await take(chosen))
  }

  private func take(_ logins: [FoundLogin]) async throws -> Int32 {
    let isDry = arguments.has("--dry-run")
    let store = AuthStore(path: "\(directories.data)/auth.json")
    let outcomes = try await LoginImport(into: store, replaces: arguments.has("--replace"), isDry: isDry).take(logins)
    if arguments.has("--json") {
      printJSON(["dryRun": .bool(isDry), "logins": .array(outcomes.map { Self.describe($0.login, $0.result) })])
    } else {
      for outcome in outcomes { show(outcome, isDry) }
    }
    let isShort = outcomes.contains { if case .left = $0.result { true } else { false } }
    // Whoever named a login wants exactly that one.
    return isShort && !arguments.operands.isEmpty ? ExitStatus.failure : ExitStatus.success
  }

  private func login(named name: String, in logins: [FoundLogin]) throws -> FoundLogin {
    if let login = logins.first(where: { $0.name == name }) { return login }
    let matches = logins.filter { $0.entry == name || $0.account?.provider == name }
    if matches.count == 1 { return matches[0] }
    if matches.count > 1 {
      let names = matches.map(\.name).joined(separator: ", ")
      throw UsageError(message: "\(visible(name)) could be \(visible(names))", command: "import")
    }
    let near = nearest(to: name, among: logins.map(\.name)).map { "; did you mean \(visible($0))?" } ?? ""
    throw UsageError(message: "no login \(visible(name)) was found\(near)", command: "import")
  }

  // MARK: - Showing and asking

  private func show(_ findings: LoginSearch.Findings) {
    guard !findings.logins.isEmpty else {
      Terminal.error.line("No logins of other programs were found. Looked at:")
      for path in findings.looked { Terminal.error.line(visible("  \(path)")) }
      return
    }
    var table = Table(["#", "ENTRY", "PROVIDER", "KIND", "FILE", "REMARK"])
    for (index, login) in findings.logins.enumerated() {
      let expiry = login.expiresAt.map { $0 <= Self.now ? "expired, is renewed when used" : "" } ?? ""
      table.add([
        "\(index + 1)", login.name, login.account?.provider ?? "-", login.kind.rawValue, login.path,
        login.refusal.map { "cannot be taken: \($0)" } ?? expiry,
      ])
    }
    table.print()
  }

  /// What the person chooses; `nil` when nobody can be asked, or nothing was chosen.
  private func ask(_ logins: [FoundLogin]) -> [FoundLogin]? {
    guard Terminal.output.isTerminal, Terminal(descriptor: STDIN_FILENO).isTerminal, !arguments.has("--dry-run"),
      !arguments.has("--json")
    else {
      Terminal.error.line("Name the entries to take, or give --all.")
      return nil
    }
    while true {
      Terminal.output.write("Take which? Numbers such as \"1 3\", \"all\", or nothing: ")
      guard let answer = readLine(), !answer.allSatisfy(\.isWhitespace) else { return nil }
      if answer.filter({ !$0.isWhitespace }) == "all" { return logins }
      let words = answer.split { $0.isWhitespace || $0 == "," }
      let numbers = words.compactMap { Int($0) }.filter { logins.indices.contains($0 - 1) }
      if numbers.count == words.count { return numbers.map { logins[$0 - 1] } }
      Terminal.output.line("There are 1 to \(logins.count).")
    }
  }

  private func show(_ outcome: ImportOutcome, _ isDry: Bool) {
    let out = Terminal.output
    let (name, place) = (visible(outcome.login.name), visible(outcome.login.account?.key ?? ""))
    let would = isDry ? "would be " : ""
    switch outcome.result {
    case .taken: out.line("\(out.styled("ok", .green))  \(name): \(would)taken for \(place)")
    case .replaced:
      out.line("\(out.styled("ok", .green))  \(name): \(would)taken for \(place), in place of the old one")
    case .left(let reason):
      out.line("\(out.styled("--", .yellow))  \(name): not taken: \(visible(reason))")
      return
    }
    for note in outcome.login.notes { out.line(out.styled("      \(visible(note))", .yellow)) }
  }

  private static func describe(_ login: FoundLogin, _ result: ImportOutcome.Result? = nil) -> JSONValue {
    var facts: JSONObject = [
      "name": .string(login.name), "program": .string(login.program.rawValue), "kind": .string(login.kind.rawValue),
      "path": .string(login.path),
    ]
    facts.set("provider", login.account.map { .string($0.provider) })
    facts.set("expiresAt", login.expiresAt.map(JSONValue.int))
    if !login.notes.isEmpty { facts["notes"] = .strings(login.notes) }
    switch result {
    case .taken: facts["result"] = "taken"
    case .replaced: facts["result"] = "replaced"
    case .left(let reason):
      facts["result"] = "left"
      facts["reason"] = .string(reason)
    case nil: facts.set("reason", login.refusal.map(JSONValue.string))
    }
    return .object(facts)
  }

  private static var now: Int {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int(time.tv_sec) * 1000
  }
}

/// One run of `patchbay import` for settings.
private struct SettingsImporting {
  private let arguments: Arguments
  private let programs: [Program]

  init(_ arguments: Arguments, _ programs: [Program]) throws {
    self.arguments = arguments
    self.programs = programs
    guard arguments.operands.isEmpty, !arguments.has("--all"), !arguments.has("--replace") else {
      throw UsageError(message: "settings are taken as a whole: no ENTRY, --all or --replace", command: "import")
    }
  }

  func run() async throws -> Int32 {
    let reader = try ConfigImport(environment: .process)
    let (path, program) = try source(reader)
    let target = "\(Directories(.process).config)/config.json"
    let draft = try await BlockingQueue.run { () throws(ProviderError) in try reader.read(path, of: program) }
    let isWriting = arguments.has("--write") && !arguments.has("--dry-run")
    if !arguments.has("--json") { show(draft, path) }
    do throws(ProviderError) {
      let merge = try await BlockingQueue.run { () throws(ProviderError) in
        let merge = try ConfigMerge(draft.config, into: target, environment: .process)
        if isWriting { try merge.write() }
        return merge
      }
      finish(draft, merge.kept, isWriting, target)
      return ExitStatus.success
    } catch {
      // What to add was printed; that it cannot be added is a failure only to who asked for it.
      guard arguments.has("--write") else {
        finish(draft, [], false, target)
        return ExitStatus.success
      }
      throw error
    }
  }

  private func source(_ reader: ConfigImport) throws -> (path: String, program: Program) {
    guard programs.count <= 1 else {
      throw UsageError(message: "settings come from one program at a time", command: "import")
    }
    let names = Program.withSettings.map(\.rawValue).joined(separator: ", ")
    let program = programs.first ?? arguments["--config"].flatMap { Program(settingsFile: $0) }
    guard let program, Program.withSettings.contains(program) else {
      throw UsageError(message: "say whose settings they are: --from \(names)", command: "import")
    }
    if let path = arguments["--config"] { return (path, program) }
    if let path = reader.file(of: program) { return (path, program) }
    let places = program.settingsFiles(in: .process).joined(separator: ", ")
    throw ProviderError(
      .invalidParams, "no settings of \(program.rawValue) were found",
      hint: "Name the file with --config. Looked at: \(places).")
  }

  private func show(_ draft: ConfigDraft, _ path: String) {
    Terminal.output.write(foreign: draft.shown.prettyText + "\n")
    for left in draft.left {
      Terminal.error.line(visible("not taken: \(left.setting) (\(left.origin)) \(left.reason)"))
    }
    for note in draft.notes { Terminal.error.line(visible("note: \(note)")) }
  }

  private func finish(_ draft: ConfigDraft, _ kept: [String], _ isWritten: Bool, _ path: String) {
    if arguments.has("--json") {
      let left = draft.left.map { left -> JSONValue in
        ["setting": .string(left.setting), "origin": .string("\(left.origin)"), "reason": .string(left.reason)]
      }
      printJSON([
        "config": draft.shown, "notTaken": .array(left), "notes": .strings(draft.notes), "kept": .strings(kept),
        "written": .bool(isWritten), "path": .string(path),
      ])
      return
    }
    for setting in kept { Terminal.error.line(visible("kept: \(setting) is set in \(path) already")) }
    Terminal.error.line(
      visible(isWritten ? "Written to \(path)." : "Nothing was changed; --write adds this to \(path)."))
  }
}
