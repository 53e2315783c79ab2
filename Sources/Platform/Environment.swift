/// The environment variables the process was started with, as a value that tests replace.
package struct Environment: Sendable {
  private let values: [String: String]

  /// An environment of exactly these variables.
  package init(_ values: [String: String]) { self.values = values }

  /// What this process was started with.
  package static let process: Environment = {
    var values: [String: String] = [:]
    var entry = environ
    while let pointer = entry.pointee {
      let text = String(cString: pointer)
      if let equals = text.firstIndex(of: "=") {
        values[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      entry += 1
    }
    return Environment(values)
  }()

  /// The value of `name`; `nil` when it is unset, empty or only white space.
  package subscript(name: String) -> String? {
    guard let value = values[name], value.contains(where: { !$0.isWhitespace }) else { return nil }
    return value
  }

  /// Every variable, for a child process.
  package var all: [String: String] { values }
}

/// The path of the program that runs here.
package func executablePath() -> String {
  #if canImport(Darwin)
  var size = UInt32(PATH_MAX)
  let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: Int(size))
  defer { bytes.deallocate() }
  return _NSGetExecutablePath(bytes, &size) == 0 ? String(cString: bytes) : CommandLine.arguments.first ?? ""
  #else
  let link = "/proc/self/exe"
  guard let resolved = realpath(link, nil) else { return link }
  defer { free(resolved) }
  let path = String(cString: resolved)
  // A program that was replaced since it was started still is what the link leads to.
  return access(path, X_OK) == 0 ? path : link
  #endif
}

/// Where patchbay keeps things: the XDG base directories, or all below `PATCHBAY_HOME` when that is set.
package struct Directories: Sendable {
  /// Holds `config.json`.
  package let config: String
  /// Holds `auth.json`, and `models.json` where a person has a list of their own.
  package let data: String
  /// Holds `sessions/` and `usage.jsonl`.
  package let state: String

  /// Looks the places up in `environment`.
  package init(_ environment: Environment) {
    if let home = environment["PATCHBAY_HOME"] {
      (config, data, state) = ("\(home)/config", "\(home)/data", "\(home)/state")
      return
    }
    let home = environment["HOME"] ?? "/"
    func place(_ variable: String, _ fallback: String) -> String {
      // The XDG specification: a relative path is invalid and must be ignored.
      let base = environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "\(home)/\(fallback)"
      return "\(base)/patchbay"
    }
    config = place("XDG_CONFIG_HOME", ".config")
    data = place("XDG_DATA_HOME", ".local/share")
    state = place("XDG_STATE_HOME", ".local/state")
  }
}
