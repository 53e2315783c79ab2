package import Completion
package import Dialects
internal import JSON

/// Codex: as a server that speaks JSON-RPC over its standard streams, or, where the program is too old for that, one
/// command for each turn.
struct CodexCLI: ProgramFamily {
  let api = "codex-cli"

  func conversation(for turn: ProgramTurn) throws(ProviderError) -> (any ProgramConversation, [Dropped]) {
    var carried: Set<String> = ["output"]
    if case .level? = turn.request.options.reasoning { carried.insert("reasoning") }
    var dropped = turn.losses(carrying: carried)
    let conversation = try CodexServerConversation(turn, &dropped)
    return (conversation, dropped)
  }
}

/// The errors Codex reports.
enum CodexError {
  private static let kinds: [String: ErrorKind] = [
    "contextWindowExceeded": .contextOverflow, "usageLimitExceeded": .quotaExceeded,
    "rateLimitExceeded": .rateLimited, "sessionBudgetExceeded": .budgetExceeded, "serverOverloaded": .overloaded,
    "unauthorized": .authRejected, "cyberPolicy": .contentFiltered,
  ]

  /// The error that `error`, of a turn or a notification, stands for.
  static func error(_ error: JSONValue?) -> ProviderError {
    let info = error?["codexErrorInfo"]
    let status = info?.object?.lazy.compactMap { $0.value["httpStatusCode"]?.int }.first
    var reported = message(error?["message"]?.string ?? "", status: status)
    if let code = info?.string {
      reported.upstreamCode = code
      if let kind = kinds[code] { reported.kind = kind }
    }
    return reported
  }

  /// The error of a text, which may be what the server answered.
  static func message(_ text: String, status: Int? = nil) -> ProviderError {
    if let body = try? JSONValue(parsing: text), body.object != nil {
      let inner = body["error"]
      return .reported(
        status: status, code: inner?["type"]?.string ?? inner?["code"]?.string, inner?["message"]?.string ?? text)
    }
    let words = text.split(separator: " ")
    // "unexpected status 401 Unauthorized: …", "exceeded retry limit, last status: 429 Too Many Requests".
    let said = words.indices.dropLast().lazy.filter { words[$0].hasPrefix("status") }.compactMap { Int(words[$0 + 1]) }
    return .reported(status: status ?? said.first, code: nil, text)
  }
}

extension Usage {
  /// Reads counts whose input includes what was cached; the keys differ between Codex's two protocols.
  init(
    codex counts: JSONValue?, _ keys: (input: String, cached: String, written: String, output: String, thought: String)
  ) {
    func count(_ key: String) -> Int { counts?[key]?.tokenCount ?? 0 }
    let cached = count(keys.cached)
    self.init(
      input: count(keys.input) - cached, output: count(keys.output), cacheRead: cached,
      cacheWrite: count(keys.written), reasoning: count(keys.thought))
  }
}
