package import Platform

/// Another program whose logins or settings can be taken over. Where each keeps them: the program's own documentation.
package enum Program: String, Sendable, Hashable, CaseIterable {
  case pi, atomic, codex, claude, opencode, altimate, gh, llm, aichat, atmos, omega

  /// Those that keep logins in a file.
  package static let withLogins: [Program] = [.pi, .atomic, .codex, .claude, .opencode, .altimate, .gh, .llm, .aichat]
  /// Those whose settings can be read.
  package static let withSettings: [Program] = [.atmos, .omega, .altimate, .opencode, .pi]

  /// The files that hold its logins, by absolute path; whether they exist is not looked at.
  package func loginFiles(in environment: Environment) -> [String] {
    let places = Places(environment)
    switch self {
    case .pi: return ["\(places.pi)/auth.json"]
    case .atomic:
      return ["\(places.folder("ATOMIC_CODING_AGENT_DIR") ?? "\(places.home)/.atomic/agent")/auth.json"]
    case .codex: return ["\(places.folder("CODEX_HOME") ?? "\(places.home)/.codex")/auth.json"]
    case .claude: return ["\(places.folder("CLAUDE_CONFIG_DIR") ?? "\(places.home)/.claude")/.credentials.json"]
    case .opencode: return ["\(places.data)/opencode/auth.json"]
    case .altimate: return ["\(places.data)/altimate-code/auth.json"]
    case .gh: return ["\(places.folder("GH_CONFIG_DIR") ?? "\(places.config)/gh")/hosts.yml"]
    case .llm: return ["\(places.folder("LLM_USER_PATH") ?? places.application("io.datasette.llm"))/keys.json"]
    case .aichat:
      let folder = places.folder("AICHAT_CONFIG_DIR") ?? places.application("aichat")
      return [places.folder("AICHAT_CONFIG_FILE") ?? "\(folder)/config.yaml"]
    case .atmos, .omega: return []
    }
  }

  /// The places where its settings may be, the first that exists counts; relative ones are below the current folder.
  package func settingsFiles(in environment: Environment) -> [String] {
    let places = Places(environment)
    switch self {
    case .atmos:
      let folders = [places.folder("ATMOS_CLI_CONFIG_PATH"), ".", "\(places.home)/.atmos"].compactMap { $0 }
      return folders.flatMap { ["\($0)/atmos.yaml", "\($0)/atmos.yml"] }
    case .omega: return ["config.toml", "\(places.home)/.omega/config.toml"]
    case .opencode:
      let folder = "\(places.config)/opencode"
      return [places.folder("OPENCODE_CONFIG")].compactMap { $0 }
        + ["opencode.jsonc", "opencode.json", "config.json"].map { "\(folder)/\($0)" }
    case .altimate:
      let names = ["altimate-code.jsonc", "altimate-code.json", "opencode.jsonc", "opencode.json", "config.json"]
      return names.map { "\(places.config)/altimate-code/\($0)" }
    case .pi: return ["\(places.pi)/models.json"]
    default: return []
    }
  }

  /// Whose settings a file of that name holds; `nil` when the name does not say.
  package init?(settingsFile path: String) {
    let name = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
    switch name {
    case "atmos.yaml", "atmos.yml": self = .atmos
    case "models.json": self = .pi
    case "opencode.json", "opencode.jsonc": self = .opencode
    case "altimate-code.json", "altimate-code.jsonc": self = .altimate
    case _ where name.hasSuffix(".toml"): self = .omega
    default: return nil
    }
  }
}

/// The folders that programs look into.
private struct Places {
  let environment: Environment
  let home: String

  init(_ environment: Environment) {
    self.environment = environment
    home = environment["HOME"] ?? "/"
  }

  var config: String { xdg("XDG_CONFIG_HOME") ?? "\(home)/.config" }
  var data: String { xdg("XDG_DATA_HOME") ?? "\(home)/.local/share" }
  var pi: String { folder("PI_CODING_AGENT_DIR") ?? "\(home)/.pi/agent" }

  /// Where programs go that ask the system for a folder of their own.
  func application(_ name: String) -> String {
    #if os(macOS)
    "\(home)/Library/Application Support/\(name)"
    #else
    "\(config)/\(name)"
    #endif
  }

  /// The path that a variable holds, with the home folder in it.
  func folder(_ variable: String) -> String? {
    guard let path = environment[variable] else { return nil }
    return path == "~" ? home : path.hasPrefix("~/") ? "\(home)/\(path.dropFirst(2))" : path
  }

  private func xdg(_ variable: String) -> String? { environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil } }
}
