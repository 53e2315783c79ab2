internal import Completion
internal import JSON
internal import Server
internal import WireProtocol

extension Command {
  static let models = Command(
    name: "models", operands: "[QUERY]", summary: "List the models there are",
    options: [
      .init("--provider", "-p", value: "NAME", "Only this provider's"),
      .init("--available", nil, "Only those that can be used now"),
      .init("--refresh", nil, "Ask every provider for its own list"),
      .init("--json", nil, "Print JSON"),
    ],
    run: { arguments in
      var params: JSONObject = ["limit": 1000]
      params.set("provider", arguments["--provider"].map(JSONValue.string))
      if !arguments.operands.isEmpty { params["query"] = .string(arguments.operands.joined(separator: " ")) }
      if arguments.has("--available") { params["available"] = true }
      if arguments.has("--refresh") { params["refresh"] = true }
      let result = try await pages(.listModels, params, "models")
      if arguments.has("--json") { return printJSON(result) }
      var table = Table(["MODEL", "CONTEXT", "INPUT", "PRICE IN/OUT", "STATUS"])
      for model in result["models"]?.array ?? [] {
        let prices = [model["cost"]?["input"], model["cost"]?["output"]].map { $0?.double.map(price) ?? "?" }
        table.add([
          model["id"]?.string ?? "", model["contextWindow"]?.int.map { "\($0)" } ?? "?",
          (model["input"]?.array ?? []).compactMap(\.string).joined(separator: ","),
          model["cost"] == nil ? "?" : prices.joined(separator: "/"),
          model["available"]?.bool == true ? "ready" : "not available",
        ])
      }
      table.print()
      for failure in result["failures"]?.array ?? [] {
        let reason = failure["error"]?["message"]?.string ?? ""
        Terminal.error.line(visible("\(failure["provider"]?.string ?? ""): \(reason)"))
      }
      return ExitStatus.success
    })

  static let providers = Command(
    name: "providers", operands: "", summary: "List the providers and how they stand",
    options: [
      .init("--details", nil, "Say where data goes and which rules the vendor says it follows"),
      .init("--json", nil, "Print JSON"),
    ],
    run: { arguments in
      try refuseOperands(arguments, "providers")
      let result = try await Workbench().client.call(.listProviders)
      if arguments.has("--json") { return printJSON(result) }
      let hasDetails = arguments.has("--details")
      let details = hasDetails ? ["DATA", "COMPLIANCE"] : []
      var table = Table(["PROVIDER", "KIND", "STATUS", "KEY FROM", "WHERE"] + details)
      for provider in result["providers"]?.array ?? [] {
        table.add(
          [
            provider["id"]?.string ?? "", provider["kind"]?.string ?? "", provider["status"]?.string ?? "",
            provider["credential"]?["detail"]?.string ?? "-", provider["baseURL"]?.string ?? "-",
          ] + (hasDetails ? policy(provider) : []))
      }
      table.print()
      return ExitStatus.success
    })

  static let sessions = Command(
    name: "sessions", operands: "[list|show SESSION|rename SESSION NAME|budget SESSION USD|delete SESSION]",
    summary: "List, show, rename or delete sessions, or say what one may cost",
    options: [
      .init("--query", nil, value: "TEXT", "list: only sessions whose id, name or provider contains this"),
      .init("--provider", "-p", value: "NAME", "show: this provider's thread instead of the current one"),
      .init("--json", nil, "Print JSON"),
    ],
    run: { arguments in
      var words = arguments.operands[...]
      let verb = words.popFirst() ?? "list"
      switch (verb, words.count) {
      case ("list", 0): return try await listSessions(arguments)
      case ("show", 1): return try await showSession(words[words.startIndex], arguments)
      case ("rename", 2):
        let params: JSONValue = ["session": .string(words[words.startIndex]), "name": .string(words.last ?? "")]
        return printJSON(try await Workbench().client.call(.renameSession, params))
      case ("budget", 2):
        let amount = words.last ?? ""
        guard let budget = amount == "none" ? .null : try? JSONValue(parsing: amount) else {
          throw UsageError(message: "sessions budget takes USD or none, not \(amount)", command: "sessions")
        }
        let params: JSONValue = ["session": .string(words[words.startIndex]), "budgetUSD": budget]
        return printJSON(try await Workbench().client.call(.setBudget, params))
      case ("delete", 1):
        _ = try await Workbench().client.call(.deleteSession, ["session": .string(words[words.startIndex])])
        return ExitStatus.success
      default:
        throw UsageError(
          message:
            "sessions \(arguments.operands.joined(separator: " ")) is not a command of sessions with all its arguments",
          command: "sessions")
      }
    })

  private static func listSessions(_ arguments: Arguments) async throws -> Int32 {
    var params: JSONObject = ["limit": 1000]
    params.set("query", arguments["--query"].map(JSONValue.string))
    let result = try await pages(.listSessions, params, "sessions")
    if arguments.has("--json") { return printJSON(result) }
    var table = Table(["SESSION", "NAME", "PROVIDER/MODEL", "MESSAGES", "CHANGED"])
    for session in result["sessions"]?.array ?? [] {
      let counts = (session["threads"]?.array ?? []).compactMap { $0["messageCount"]?.int }
      table.add([
        session["id"]?.string ?? "", session["name"]?.string ?? "-",
        "\(session["provider"]?.string ?? "")/\(session["model"]?.string ?? "")", "\(counts.reduce(0, +))",
        String((session["updatedAt"]?.string ?? "").prefix(19)),
      ])
    }
    table.print()
    return ExitStatus.success
  }

  private static func showSession(_ name: String, _ arguments: Arguments) async throws -> Int32 {
    var params: JSONObject = ["session": .string(name), "messages": true]
    params.set("provider", arguments["--provider"].map(JSONValue.string))
    let result = try await Workbench().client.call(.getSession, .object(params))
    if arguments.has("--json") { return printJSON(result) }
    let out = Terminal.output
    for message in result["messages"]?.array ?? [] {
      let role = message["role"]?.string ?? ""
      let writer = role == "assistant" ? "\(message["provider"]?.string ?? "")/\(message["model"]?.string ?? "")" : role
      out.line(out.styled("── \(visible(writer)) · \(String((message["at"]?.string ?? "").prefix(19)))", .cyan))
      for part in message["content"]?.array ?? [] {
        switch part["type"]?.string {
        case "text": out.write(foreign: part["text"]?.string ?? "")
        case "reasoning": out.write(out.styled(visible(part["text"]?.string ?? ""), .dim))
        default: out.write(foreign: part.text)
        }
        out.line()
      }
    }
    return ExitStatus.success
  }

  /// Every page of a list as one.
  private static func pages(_ method: WireProtocol.Method, _ params: JSONObject, _ key: String) async throws
    -> JSONValue
  {
    let client = Workbench().client
    var params = params
    var result = try await client.call(method, .object(params)).object ?? JSONObject()
    while let cursor = result["nextCursor"] {
      params["cursor"] = cursor
      let page = try await client.call(method, .object(params))
      result[key] = .array((result[key]?.array ?? []) + (page[key]?.array ?? []))
      result["nextCursor"] = page["nextCursor"]
    }
    return .object(result)
  }
}

/// Where a provider's data goes, and the rules its vendor says it follows.
private func policy(_ provider: JSONValue) -> [String] {
  let rules = (provider["compliance"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
  let place = provider["dataLocation"]?.string ?? (provider["offline"]?.bool == true ? "stays here" : "-")
  return [place, rules.isEmpty ? "-" : rules]
}

/// Refuses operands of a command that has none.
func refuseOperands(_ arguments: Arguments, _ command: String) throws {
  guard let first = arguments.operands.first else { return }
  throw UsageError(message: "\(command) takes no arguments, but got \(first)", command: command)
}

/// Prints JSON: on several lines for a person, on one for a program.
@discardableResult
func printJSON(_ value: JSONValue) -> Int32 {
  Terminal.output.write(foreign: (Terminal.output.isTerminal ? value.prettyText : value.text) + "\n")
  return ExitStatus.success
}

private func price(_ value: Double) -> String {
  let cents = Int((value * 100).rounded())
  return "$\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
}
