internal import Completion
internal import Catalog
internal import JSON

/// What is left at a provider, in one form whoever says it.
package struct LimitReport: Sendable, Hashable {
  /// So many of something in some span of time.
  package struct Window: Sendable, Hashable {
    /// What is limited: `requests`, `tokens-minute`, `5h`.
    package var name: String
    package var limit: Double?
    package var remaining: Double?
    /// 0…100.
    package var usedPercent: Double?
    /// When it is full again, in milliseconds since 1970.
    package var resetsAt: Int?

    /// What is gone of it, 0…100, as far as that can be told.
    package var used: Double? {
      if let usedPercent { return usedPercent }
      guard let limit, let remaining, limit > 0 else { return nil }
      return Self.rounded(min(100, max(0, (1 - remaining / limit) * 100)))
    }

    /// Whether it says anything.
    var isKnown: Bool { remaining != nil || usedPercent != nil }

    private static func rounded(_ percent: Double) -> Double { (percent * 100).rounded() / 100 }

    fileprivate mutating func take(_ part: LimitPart, _ value: Double) {
      switch part {
      case .limit: limit = value
      case .remaining: remaining = value
      case .usedPercent: usedPercent = value
      case .usedFraction: usedPercent = Self.rounded(value * 100)
      case .remainingPercent: usedPercent = Self.rounded(100 - value)
      case .reset: break
      }
    }
  }

  /// What was paid for in advance.
  package struct Credits: Sendable, Hashable {
    package var remaining: Double?
    package var total: Double?
    package var used: Double?
    /// `USD`, `CNY`; `nil` for what the provider counts in units of its own.
    package var currency: String?
    package var isUnlimited = false
  }

  /// Where it was said.
  package enum Source: String, Sendable { case headers, endpoint }

  package var provider: String
  /// The account there; `nil` for the one that is used when none is named.
  package var account: String?
  /// In the order of their names.
  package var windows: [Window] = []
  package var credits: Credits?
  /// When it was said, in milliseconds since 1970.
  package var asOf: Int
  package var source: Source

  /// The window called `name`, which the protocol shows apart from the others.
  package func window(_ name: String) -> Window? { windows.first { $0.name == name } }
}

// MARK: - Reading

extension LimitReport {
  /// What response headers say; `nil` when they say nothing.
  init?(_ headers: [(String, String)], _ rules: LimitHeaders, provider: String, account: String?, now: Int) {
    self.init(provider: provider, account: account, asOf: now, source: .headers)
    var found: [String: Window] = [:]
    for statement in rules.statements(in: headers) {
      var window = found[statement.window] ?? Window(name: statement.window)
      if statement.part == .reset {
        window.resetsAt = LimitTime.moment(statement.value, now: now)
      } else if let value = Self.number(statement.value) {
        window.take(statement.part, value)
      }
      found[statement.window] = window
    }
    windows = found.values.filter(\.isKnown).sorted { $0.name < $1.name }
    if windows.isEmpty { return nil }
  }

  /// Adds what the answer of `endpoint` says.
  mutating func take(_ answer: JSONValue, of endpoint: LimitEndpoint) {
    for rule in endpoint.windows {
      if let each = rule.each {
        for (name, value) in answer.at(each)?.object ?? [:] { add(rule, name, value, answer) }
      } else if let name = rule.name, let value = rule.place.map(answer.at) ?? answer {
        add(rule, name, value, answer)
      }
    }
    windows.sort { $0.name < $1.name }
    if let rule = endpoint.credits { credits = Self.credits(rule, answer) ?? credits }
  }

  private mutating func add(_ rule: LimitEndpoint.Window, _ name: String, _ value: JSONValue, _ answer: JSONValue) {
    var window = Window(name: name)
    for (part, path) in rule.parts {
      guard let found = value.at(path) ?? answer.at(path) else { continue }
      if part == .reset {
        window.resetsAt = (found.string ?? found.int.map(String.init)).flatMap { LimitTime.moment($0, now: asOf) }
      } else if let number = Self.number(found) {
        window.take(part, number)
      }
    }
    if window.isKnown { windows.append(window) }
  }

  private static func credits(_ rule: LimitEndpoint.Credits, _ answer: JSONValue) -> Credits? {
    func figure(_ path: String?) -> Double? { path.flatMap { answer.at($0) }.flatMap { number($0) } }
    var credits = Credits(remaining: figure(rule.remaining), total: figure(rule.total), used: figure(rule.used))
    if credits.remaining == nil, let total = credits.total, let used = credits.used { credits.remaining = total - used }
    credits.currency = rule.currency.flatMap { answer.at($0)?.string ?? ($0.utf8.count == 3 ? $0 : nil) }
    credits.isUnlimited = rule.unlimited.flatMap { answer.at($0)?.bool } ?? false
    return credits.remaining == nil && !credits.isUnlimited ? nil : credits
  }

  /// A number, as such or in a string, with or without the sign of a currency in front.
  private static func number(_ value: JSONValue) -> Double? { value.double ?? value.string.flatMap { number($0) } }

  private static func number(_ text: String) -> Double? {
    let digits = text.drop { $0 == "$" || $0 == " " }
    return Double(digits).flatMap { $0.isFinite ? $0 : nil }
  }
}

/// Points in time as vendors write them.
enum LimitTime {
  private static let units: [(name: String, milliseconds: Double)] = [
    ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
  ]

  /// Milliseconds since 1970: of an ISO time or day, of seconds or milliseconds since 1970, or of a span from now such
  /// as `59.5` (seconds), `120ms` or `6m0s`; `nil` for anything else.
  static func moment(_ text: String, now: Int) -> Int? {
    if let number = Double(text) {
      guard number.isFinite, number >= 0, number < 1e15 else { return nil }
      if number >= 1e12 { return Int(number) }
      return number >= 1e9 ? Int(number * 1000) : now + Int(number * 1000)
    }
    if let span = span(text) { return now + Int(span) }
    return Timestamp.milliseconds(text) ?? Timestamp.milliseconds(text + "T00:00:00Z")
  }

  /// Milliseconds.
  private static func span(_ text: String) -> Double? {
    var rest = text[...]
    var sum = 0.0
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isNumber || $0 == "." }
      rest = rest.dropFirst(digits.count)
      guard let number = Double(digits), let unit = units.first(where: { rest.hasPrefix($0.name) }) else { return nil }
      sum += number * unit.milliseconds
      rest = rest.dropFirst(unit.name.count)
    }
    return text.isEmpty || sum >= 1e15 ? nil : sum
  }
}
