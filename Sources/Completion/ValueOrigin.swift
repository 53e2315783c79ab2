/// Where a setting or a key comes from.
package enum ValueOrigin: Sendable, Hashable, CustomStringConvertible {
  /// What ships with the program.
  case builtin
  /// A parameter of the request at hand.
  case call
  /// An environment variable.
  case environment(String)
  /// A line of a file, counted from 1.
  case file(String, line: Int)

  /// As a person reads it: `default`, `param`, `env:OLLAMA_HOST`, `/home/me/config.json:12`.
  package var description: String {
    switch self {
    case .builtin: "default"
    case .call: "param"
    case .environment(let name): "env:\(name)"
    case .file(let path, let line): "\(path):\(line)"
    }
  }
}

/// A key as somebody wrote it, not yet looked up: it may be the key itself, so printing it shows dots.
package struct KeyText: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// What was written: a literal, `$NAME`, `{file:…}`, `!command`.
  package let text: String
  /// Where it was written: relative files count from there, and commands run only when that file is the user's own.
  package let origin: ValueOrigin

  /// A key text found at `origin`.
  package init(_ text: String, origin: ValueOrigin) {
    self.text = text
    self.origin = origin
  }

  package var description: String { "•••" }
  package var debugDescription: String { "•••" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
