internal import Completion
internal import Engine
internal import JSON
internal import Platform
internal import Server

extension Command {
  static let status = Command(
    name: "status", operands: "", summary: "Show who answers, what today cost, and what runs",
    details: """
      For status lines and scripts: it asks nobody and starts no server. Who answers is who does in the conversation of
      the last chat; without one, who answers when nothing is named. Today is the day by the local clock. What runs is
      counted in all programs of yours that use patchbay.
      """,
    options: [
      .init("--short", nil, "One line, without what is zero; nothing at all before the first question"),
      .init("--json", nil, "Print JSON"),
    ],
    examples: [
      ("patchbay status --short", "anthropic/claude-sonnet-4-5 $0.42 ⟳2"),
      ("patchbay status --json | jq .today.cost", "USD"),
    ],
    run: { arguments in
      try refuseOperands(arguments, "status")
      let status = try await Status.now(Workbench().engine, isBrief: arguments.has("--short"))
      if arguments.has("--json") { return printJSON(status.json) }
      if arguments.has("--short") {
        if !status.line.isEmpty { Terminal.output.line(visible(status.line)) }
      } else {
        status.print()
      }
      return ExitStatus.success
    })
}

/// How things stand.
private struct Status {
  var session: SessionRecord?
  /// `nil` when nobody can answer, and before the first question when that is not to be found out.
  var choice: ModelChoice?
  var today: UsageReport.Sum
  var running: Int

  /// Looks. With `isBrief`, the settings are not read for somebody who has never asked anything.
  static func now(_ engine: CompletionEngine, isBrief: Bool) async throws(ProviderError) -> Status {
    let files = ChatFiles()
    var status = Status(
      session: try await lastSession(files, engine), today: try await engine.usageToday(),
      running: try await engine.runningEverywhere())
    if let session = status.session {
      status.choice = ModelChoice(provider: session.provider, model: session.model)
    } else if let next = files.nextChoice {
      status.choice = next
    } else if !isBrief || status.running > 0 || engine.hasLedger {
      let catalog = try await engine.catalog()
      status.choice = await BlockingQueue.run { engine.configuredChoice(catalog) }
    }
    return status
  }

  private static func lastSession(
    _ files: ChatFiles, _ engine: CompletionEngine
  ) async throws(ProviderError) -> SessionRecord? {
    guard let last = files.lastSession else { return nil }
    do throws(ProviderError) {
      return try await engine.sessions.find(last)
    } catch {
      if error.kind == .sessionNotFound { return nil }
      throw error
    }
  }

  private var writer: String { choice.map { "\($0.provider)/\($0.model ?? "")" } ?? "" }

  /// For a status line.
  var line: String {
    var parts = [writer]
    if let cost = today.cost?.total, cost > 0 { parts.append(cost < 0.005 ? "<$0.01" : price(cost)) }
    if running > 0 { parts.append("⟳\(running)") }
    return parts.filter { !$0.isEmpty }.joined(separator: " ")
  }

  var json: JSONValue {
    var members = JSONObject()
    members.set(
      "session",
      session.map { session in
        var members: JSONObject = ["id": .string(session.id)]
        members.set("name", session.name.map(JSONValue.string))
        return .object(members)
      })
    members.set("provider", choice.map { .string($0.provider) })
    members.set("model", choice?.model.map(JSONValue.string))
    var sum: JSONObject = ["completions": .int(today.completions), "failed": .int(today.failed)]
    sum["cost"] = .double(today.cost?.total ?? 0)
    sum["unpriced"] = .int(today.unpriced)
    sum["billedElsewhere"] = .int(today.billedElsewhere)
    members["today"] = .object(sum)
    members["running"] = .int(running)
    return .object(members)
  }

  func print() {
    let conversation = session.map { session in session.name.map { "\($0) (\(session.id))" } ?? session.id }
    let rows = [
      ("conversation", conversation ?? "none yet"), ("answers", writer.isEmpty ? "nobody yet" : writer),
      ("today", today.inWords), ("running", "\(running)"),
    ]
    for (name, value) in rows {
      Terminal.output.line("\(name)\(String(repeating: " ", count: 14 - name.count))\(visible(value))")
    }
  }
}

extension UsageReport.Sum {
  /// How many completions, and what they cost.
  var inWords: String {
    var words = "\(completions) completion\(completions == 1 ? "" : "s")"
    if failed > 0 { words += ", \(failed) failed" }
    words += " · \(AnswerReport.dollars(cost?.total ?? 0))"
    if unpriced > 0 { words += ", \(unpriced) at unknown prices" }
    if billedElsewhere > 0 { words += ", \(billedElsewhere) paid for elsewhere" }
    return words
  }
}
