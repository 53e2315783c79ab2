internal import JSON
internal import Platform
internal import TestSupport

/// The doubles of the programs that answer by themselves (`Tests/Doubles/program.py`), and homes to run them in.
enum Doubles {
  /// The providers, and the names their programs go by.
  static let programs = [
    ("claude-code", "claude"), ("codex-cli", "codex"), ("gemini-cli", "gemini"), ("copilot-cli", "copilot"),
  ]
  static let providers = programs.map(\.0)

  /// A home with a double of each program, which the config file names, and with `more` in every provider's section.
  static func home(_ more: JSONObject = [:], mcp: JSONValue? = nil) throws -> TemporaryFolder {
    let home = try TemporaryFolder()
    let checkout = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    // Python itself: what stands for it in the PATH of some is a script that takes its time.
    let places = ["PATH": "/usr/bin:/usr/local/bin:/opt/homebrew/bin"]
    let python = programPath("python3", in: places) ?? "/usr/bin/env python3"
    let source = try FileSystem.read("\(checkout)/Tests/Doubles/program.py") ?? []
    let script = "#!\(python)\n" + String(decoding: source, as: UTF8.self)
    var sections = JSONObject()
    for (provider, name) in programs {
      try home.write("bin/\(name)", script)
      chmod("\(home.path)/bin/\(name)", 0o755)
      var section: JSONObject = ["binary": .string("\(home.path)/bin/\(name)")]
      section.merge(more)
      sections[provider] = .object(section)
    }
    var config: JSONObject = ["providers": .object(sections)]
    config.set("mcp", mcp)
    try home.write(config: .object(config))
    return home
  }
}

/// What a double says it was started with; the texts of the answer are one JSON object.
func account(of result: JSONValue) throws -> JSONValue {
  try JSONValue(parsing: Array(text(of: result["message"]).utf8))
}

/// The processes that have `marker` in their environment, and so descend from whoever was given it.
func processes(with marker: String) throws -> [pid_t] {
  try FileSystem.list("/proc").compactMap { name in
    guard let process = pid_t(name), let bytes = try? FileSystem.read("/proc/\(name)/environ") else { return nil }
    return String(decoding: bytes, as: UTF8.self).contains(marker) ? process : nil
  }
}

/// Waits until no process with `marker` is left.
func waitUntilGone(_ marker: String) async throws {
  while let process = try processes(with: marker).first {
    await BlockingQueue.run { waitForExit(of: process) }
  }
}
