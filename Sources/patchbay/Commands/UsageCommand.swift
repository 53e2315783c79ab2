internal import JSON
internal import Server
internal import WireProtocol

extension Command {
  static let usage = Command(
    name: "usage", operands: "", summary: "Show what was used and what it cost",
    details: """
      Adds up the ledger, usage.jsonl in the state directory: a line for each completion of yours by any program.
      D is a day as 2026-01-31 by the local clock, all of which counts, or a time as 2026-01-31T09:30:00Z.
      Costs are those of the catalogue's prices. "?" stands for prices that are not known, "elsewhere" for what is paid
      for otherwise, if at all: subscriptions, and models that run on this machine.
      """,
    options: [
      .init("--since", nil, value: "D", "From then on"),
      .init("--until", nil, value: "D", "Until then"),
      .init("--by", nil, value: "WHAT", "provider, model, session or day (default: day)"),
      .init("--json", nil, "Print JSON"),
    ],
    examples: [
      ("patchbay usage --by model", "what each model cost"),
      ("patchbay usage --since 2026-01-01 --until 2026-01-31 --by session", "a month, session by session"),
    ],
    run: { arguments in
      try refuseOperands(arguments, "usage")
      let groupings = ["provider", "model", "session", "day"]
      let by = arguments["--by"] ?? "day"
      guard groupings.contains(by) else {
        throw UsageError(message: "--by takes one of \(groupings.joined(separator: ", ")), not \(by)", command: "usage")
      }
      var params: JSONObject = ["groupBy": .string(by)]
      params.set("since", arguments["--since"].map(JSONValue.string))
      params.set("until", arguments["--until"].map(JSONValue.string))
      let result = try await Workbench().client.call(.getUsage, .object(params))
      if arguments.has("--json") { return printJSON(result) }
      print(result, by)
      for warning in result["warnings"]?.array ?? [] {
        Terminal.error.line(visible("warning: \(warning.string ?? "")"))
      }
      return ExitStatus.success
    })

  private static func print(_ result: JSONValue, _ by: String) {
    let groups = result["groups"]?.array ?? []
    // A program adds up by itself.
    let rows = Terminal.output.isTerminal && groups.count > 1 ? groups + [result["total"] ?? .null] : groups
    var table = Table([by.uppercased(), "COMPLETIONS", "FAILED", "INPUT", "CACHED", "OUTPUT", "COST"])
    let shares = shares(of: groups)
    for (position, row) in rows.enumerated() {
      let isTotal = position == groups.count
      let usage = row["usage"]
      func count(_ key: String) -> Int { usage?[key]?.int ?? 0 }
      table.add([
        isTotal ? "total" : row["key"]?.string ?? "(no session)", "\(row["completions"]?.int ?? 0)",
        "\(row["failed"]?.int ?? 0)", "\(count("input") + count("cacheWrite"))", "\(count("cacheRead"))",
        "\(count("output"))", cost(row),
      ])
    }
    table.print(shares: shares)
  }

  /// Each group's share of the largest: of its cost where any is known, else of its tokens.
  private static func shares(of groups: [JSONValue]) -> [Double] {
    let costs = groups.map { $0["cost"]?["total"]?.double ?? 0 }
    let tokens = groups.map { Double($0["usage"]?["total"]?.int ?? 0) }
    let figures = costs.contains { $0 > 0 } ? costs : tokens
    let most = figures.max() ?? 0
    return figures.map { most > 0 ? $0 / most : 0 }
  }

  private static func cost(_ row: JSONValue) -> String {
    var words: [String] = []
    if let total = row["cost"]?["total"]?.double { words.append(dollars(total)) }
    if let unknown = row["unpriced"]?.int, unknown > 0 { words.append(words.isEmpty ? "?" : "+ \(unknown)×?") }
    if let others = row["billedElsewhere"]?.int, others > 0 {
      words.append(words.isEmpty ? "elsewhere" : "+ elsewhere")
    }
    return words.isEmpty ? "-" : words.joined(separator: " ")
  }

  private static func dollars(_ amount: Double) -> String {
    let digits = amount >= 1 || amount == 0 ? 2 : 4
    let scale = digits == 2 ? 100.0 : 10_000.0
    let whole = Int((amount * scale).rounded())
    return "$\(whole / Int(scale)).\(String(String(whole % Int(scale) + Int(scale)).dropFirst()))"
  }
}
