internal import Completion
internal import JSON

/// What is said about a limit.
package enum LimitPart: String, Sendable, Hashable, CaseIterable {
  case limit, remaining, reset, usedPercent, usedFraction, remainingPercent
}

/// Which response headers tell of limits, and what they say. Vendors name them after a few patterns, so that those of a
/// server that nobody knows are understood, too.
package struct LimitHeaders: Sendable {
  /// What one header says.
  package struct Statement: Sendable, Hashable {
    /// What is limited: `requests`, `tokens-minute`, `5h`.
    package var window: String
    package var part: LimitPart
    /// As it came.
    package var value: String
  }

  private struct Rule: Sendable {
    /// The name's text before and after what is limited; the whole name where it does not say that.
    var prefix: String
    var suffix: String
    var window: String?
    /// `nil` when the value has parts of its own: `ent=300&rem=95.5`.
    var part: LimitPart?

    /// What the header called `name` says something about; `nil` when it is not for this rule.
    func window(in name: String) -> String? {
      if let window { return name == prefix ? window : nil }
      guard name.hasPrefix(prefix), name.hasSuffix(suffix), name.utf8.count > prefix.utf8.count + suffix.utf8.count
      else { return nil }
      return String(name.dropFirst(prefix.count).dropLast(suffix.count))
    }
  }

  private var rules: [Rule] = []
  private let parts: [String: LimitPart]

  /// Reads the entry of `providers.json`; absent means that nothing is understood, an unknown key is an error.
  init(_ value: JSONValue?, path: [String]) throws(JSONFieldError) {
    var fields = try JSONFields(value, path: path)
    var parts: [String: LimitPart] = [:]
    for (word, meaning) in try ProviderEntry.texts(try fields.object("parts"), path + ["parts"]) {
      guard let part = LimitPart(rawValue: meaning) else { throw fields.error("parts", "\"\(meaning)\" is no part") }
      parts[word] = part
    }
    self.parts = parts
    let patterns = try fields.list("headers") { value, path throws(JSONFieldError) in
      var fields = try JSONFields(value, path: path)
      let pattern = (
        name: try fields.require("name", try fields.nonEmptyString("name")), window: try fields.string("window")
      )
      try fields.finish()
      return pattern
    }
    try fields.finish()
    for pattern in patterns ?? [] { add(pattern.name, window: pattern.window) }
  }

  private mutating func add(_ name: String, window: String?) {
    guard name.contains("{part}") else { return add(name, window, part: nil) }
    for (word, part) in parts.sorted(by: { $0.key < $1.key }) {
      add(name.replacing("{part}", with: word), window, part: part)
    }
  }

  private mutating func add(_ name: String, _ window: String?, part: LimitPart?) {
    let pieces = name.split(separator: "{window}", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    rules.append(Rule(prefix: pieces[0], suffix: pieces.count > 1 ? pieces[1] : "", window: window, part: part))
  }

  /// What `headers`, with names in lower case, say; the first pattern that fits a name decides.
  package func statements(in headers: [(String, String)]) -> [Statement] {
    headers.flatMap { name, value -> [Statement] in
      for rule in rules {
        guard let window = rule.window(in: name) else { continue }
        if let part = rule.part { return [Statement(window: window, part: part, value: value)] }
        return value.split(separator: "&").compactMap { member in
          let pair = member.split(separator: "=", maxSplits: 1).map(String.init)
          guard pair.count == 2, let part = parts[pair[0]] else { return nil }
          return Statement(window: window, part: part, value: pair[1])
        }
      }
      return []
    }
  }
}
