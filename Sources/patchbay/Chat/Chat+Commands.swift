internal import Completion
internal import Engine
internal import JSON
internal import Server
internal import WireProtocol

/// The commands of a chat.
enum ChatWord: String, CaseIterable {
  case `switch`, model, sessions, new, rename, login, logout, usage, reasoning, help, quit

  /// What stands behind the word, and what it does.
  var help: (operands: String, effect: String) {
    switch self {
    case .switch:
      ("[PROVIDER [none|last|all]]", "another provider answers; it is told nothing, the last exchange, or all")
    case .model: ("[MODEL]", "another model answers; alone, the models there are")
    case .sessions: ("[NAME|NUMBER]", "go to another conversation; alone, list them")
    case .new: ("[NAME]", "begin another conversation")
    case .rename: ("NAME", "call this conversation something else")
    case .login: ("[PROVIDER]", "log in at a provider, or give it a key")
    case .logout: ("PROVIDER", "forget a key or a login")
    case .usage: ("", "tokens and cost of this conversation")
    case .reasoning: ("LEVEL", "off, minimal, low, medium, high, max, or default")
    case .help: ("", "this list; a message that begins with a slash is written with two")
    case .quit: ("", "end the chat, as Ctrl-D does")
    }
  }

  /// The command that a line is, and what stands behind it.
  static func parse(_ line: String) -> (ChatWord, [String])? {
    guard line.hasPrefix("/") else { return nil }
    let words = line.dropFirst().split(whereSeparator: \.isWhitespace).map(String.init)
    guard let first = words.first, let word = ChatWord(rawValue: first == "exit" ? "quit" : first) else { return nil }
    return (word, Array(words.dropFirst()))
  }

  /// What to say of a line that looks like a command and is none; paths and the like are messages.
  static func unknown(_ line: String) -> String? {
    let first = line.split(whereSeparator: \.isWhitespace).first ?? ""
    guard first.hasPrefix("/"), first.count > 1, first.dropFirst().allSatisfy({ $0.isLetter && $0.isASCII }) else {
      return nil
    }
    let word = String(first.dropFirst())
    let hint = nearest(to: word, among: allCases.map(\.rawValue)).map { "; did you mean /\($0)?" } ?? "."
    return "there is no command \(first)\(hint) /help lists them; // begins a message with a slash."
  }
}

extension Chat {
  /// Does what a command says. Returns whether the chat goes on.
  func perform(_ word: ChatWord, _ operands: [String]) async throws -> Bool {
    switch word {
    case .switch: try await switchProvider(operands)
    case .model: try await switchModel(operands)
    case .sessions: try await showSessions(operands)
    case .new:
      leaveSession(for: operands.isEmpty ? nil : operands.joined(separator: " "))
      say("A new conversation begins with the next message.")
    case .rename: try await rename(operands)
    case .login: try await login(operands)
    case .logout:
      guard let provider = operands.first else { throw UsageError(message: "/logout needs a PROVIDER", command: nil) }
      let result = try await call(.logout, ["provider": .string(provider)])
      for warning in result["warnings"]?.array ?? [] { say("warning: \(warning.string ?? "")") }
      say(result["removed"]?.bool == true ? "Logged out at \(provider)." : "Nothing was stored for \(provider).")
    case .usage: try await showUsage()
    case .reasoning: try setReasoning(operands)
    case .help: showHelp()
    case .quit: return false
    }
    return true
  }

  private func say(_ text: String) { Terminal.error.line(visible(text)) }

  private func showHelp() {
    let width = ChatWord.allCases.map { "/\($0.rawValue) \($0.help.operands)".count }.max() ?? 0
    for word in ChatWord.allCases {
      let left = "/\(word.rawValue) \(word.help.operands)"
      say("  \(left)\(String(repeating: " ", count: width - left.count))  \(word.help.effect)")
    }
  }

  // MARK: Who answers

  private func switchProvider(_ operands: [String]) async throws {
    guard let wanted = operands.first else {
      let providers = try await call(.listProviders)["providers"]?.array ?? []
      for entry in providers where entry["status"]?.string == "ready" {
        say("  \(entry["id"]?.string ?? "")  \(entry["name"]?.string ?? "")")
      }
      return say("Also: patchbay providers lists all; /login sets one up.")
    }
    var params: JSONObject = ["provider": .string(wanted)]
    if let slash = wanted.firstIndex(of: "/") {
      params = [
        "provider": .string(String(wanted[..<slash])), "model": .string(String(wanted[wanted.index(after: slash)...])),
      ]
    }
    if operands.count > 1 { params["carry"] = .string(operands[1]) }
    try await choose(params)
    say("\(writer) answers from here on.")
  }

  private func switchModel(_ operands: [String]) async throws {
    guard let wanted = operands.first else { return try await showModels() }
    try await choose(["model": .string(wanted)])
    say("\(writer) answers from here on.")
  }

  private func showModels() async throws {
    var params: JSONObject = ["available": true, "limit": 100]
    if !provider.isEmpty { params["provider"] = .string(provider) }
    let result = try await call(.listModels, params)
    for model in result["models"]?.array ?? [] { say("  \(model["id"]?.string ?? "")") }
    if result["nextCursor"] != nil { say("  … patchbay models lists all.") }
  }

  private func setReasoning(_ operands: [String]) throws {
    let levels = ["off", "minimal", "low", "medium", "high", "max"]
    guard let level = operands.first, levels.contains(level) || level == "default" else {
      throw UsageError(message: "/reasoning takes \(levels.joined(separator: ", ")) or default", command: nil)
    }
    settings.set("reasoning", level == "default" ? nil : .string(level))
    say("Reasoning: \(level).")
  }

  // MARK: Conversations

  private func showSessions(_ operands: [String]) async throws {
    let sessions = try await call(.listSessions, ["limit": 20])["sessions"]?.array ?? []
    let wanted = operands.joined(separator: " ")
    guard wanted.isEmpty else {
      let number = Int(wanted).flatMap { sessions.indices.contains($0 - 1) ? sessions[$0 - 1]["id"]?.string : nil }
      let before = session
      try await enter(number ?? wanted, mayBeNew: false)
      guard session != nil else {
        session = before
        throw UsageError(message: "there is no conversation \(wanted); /sessions lists them", command: nil)
      }
      return say("Going on with \(name ?? wanted) · \(writer)")
    }
    if sessions.isEmpty { say("There is none yet.") }
    for (index, entry) in sessions.enumerated() {
      let count = (entry["threads"]?.array ?? []).compactMap { $0["messageCount"]?.int }.reduce(0, +)
      let mark = entry["id"]?.string == session ? "*" : " "
      let changed = (entry["updatedAt"]?.string ?? "").prefix(16).replacing("T", with: " ")
      say(
        "\(mark)\(index + 1)  \(entry["name"]?.string ?? entry["id"]?.string ?? "") · "
          + "\(entry["provider"]?.string ?? "")/\(entry["model"]?.string ?? "") · \(count) messages · \(changed)")
    }
  }

  private func rename(_ operands: [String]) async throws {
    let wanted = operands.joined(separator: " ")
    guard !wanted.isEmpty else { throw UsageError(message: "/rename needs a NAME", command: nil) }
    name = wanted
    guard let session else { return say("The next conversation will be \(wanted).") }
    _ = try await call(.renameSession, ["session": .string(session), "name": .string(wanted)])
    say("This conversation is \(wanted).")
  }

  private func showUsage() async throws {
    guard let session else { return say("Nothing was said yet.") }
    for thread in try await call(.getSession, ["session": .string(session)])["threads"]?.array ?? [] {
      let usage = thread["usage"]
      let cost = thread["cost"]?["total"]?.double.map(AnswerReport.dollars) ?? "price unknown"
      say(
        "  \(thread["provider"]?.string ?? "")/\(thread["model"]?.string ?? "") · "
          + "\(thread["messageCount"]?.int ?? 0) messages · \(usage?["input"]?.int ?? 0) in, "
          + "\(usage?["output"]?.int ?? 0) out · \(cost)")
    }
  }

  // MARK: Logins

  private func login(_ operands: [String]) async throws {
    let client = bench.client
    let task = Task { () -> Result<JSONValue, ProviderError> in
      do throws(ProviderError) {
        let provider =
          if let given = operands.first { given } else { try await LoginDialogue.chooseProvider(client) }
        return .success(
          try await client.call(.login, ["provider": .string(provider)], LoginDialogue.listener()))
      } catch {
        return .failure(error)
      }
    }
    current.begin { task.cancel() }
    defer { current.finish() }
    let result = try await task.value.get()
    say("Logged in at \(result["provider"]?.string ?? ""). It is kept in \(bench.engine.authPath).")
  }
}
