/// What a response's headers say about retrying and about the request; names are in lower case.
package struct UpstreamHeaders: Sendable {
  private let fields: [(String, String)]

  /// Reads `fields`, whose names are in lower case.
  package init(_ fields: [(String, String)]) { self.fields = fields }

  /// The first header called `name`.
  package subscript(name: String) -> String? { fields.first { $0.0 == name }?.1 }

  /// The provider's own id for the request, by whatever name; the most specific first, a CDN's last.
  package var requestId: String? {
    let names = [
      "x-request-id", "request-id", "x-amzn-requestid", "apim-request-id", "x-generation-id", "x-goog-request-id",
      "cf-aig-log-id", "cf-ray",
    ]
    return names.lazy.compactMap { self[$0] }.first { !$0.isEmpty }
  }

  /// How long the provider asks to wait: `retry-after-ms`, else `retry-after` in seconds or as a date, which is
  /// measured against the response's own `date` so that no clock is needed. A date in the past means no wait.
  package var retryAfterMs: Int? {
    if let text = self["retry-after-ms"], let ms = Double(text) { return Self.milliseconds(ms) }
    guard let text = self["retry-after"] else { return nil }
    if let seconds = Double(text) { return Self.milliseconds(seconds * 1000) }
    return HTTPDate.seconds(text).flatMap(milliseconds(until:))
  }

  /// How long it is until `time`, in seconds since 1970, by the response's own clock; `nil` when it shows none.
  package func milliseconds(until time: Int) -> Int? {
    guard let now = self["date"].flatMap({ HTTPDate.seconds($0) }), (0..<1_000_000_000_000).contains(time) else {
      return nil
    }
    return max(0, time - now) * 1000
  }

  /// What `x-should-retry` says, which OpenAI's and Anthropic's clients heed before the status.
  package var shouldRetry: Bool? {
    switch self["x-should-retry"]?.lowercased() {
    case "true": true
    case "false": false
    default: nil
    }
  }

  /// How long it is until a limit of which nothing is left is whole again, in milliseconds; the longest where there are
  /// several, `nil` where something is left of all. OpenAI, Anthropic and most others name each limit's members alike:
  /// `x-ratelimit-remaining-tokens` and `x-ratelimit-reset-tokens`.
  package var exhaustedMs: Int? {
    fields.compactMap { name, value -> Int? in
      guard name.contains("ratelimit"), name.contains("remaining"), Double(value) == 0 else { return nil }
      return self[name.replacing("remaining", with: "reset")].flatMap(resetMs)
    }.max()
  }

  /// A moment as these headers give it: in so many seconds, in `6m0s` or `20ms`, or as a date, in seconds since 1970 or
  /// as `2026-01-31T09:30:00Z`.
  private func resetMs(_ text: String) -> Int? {
    if let number = Double(text) {
      return number < 1e9 ? Self.milliseconds(number * 1000) : milliseconds(until: Int(min(number, 1e12)))
    }
    return Self.span(text) ?? HTTPDate.isoSeconds(text).flatMap(milliseconds(until:))
  }

  private static func span(_ text: String) -> Int? {
    let units: [String: Double] = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
    var rest = text[...]
    var sum = 0.0
    while !rest.isEmpty {
      let number = rest.prefix { $0.isNumber || $0 == "." }
      let unit = rest.dropFirst(number.count).prefix(while: \.isLetter)
      guard let count = Double(number), let size = units[String(unit)] else { return nil }
      sum += count * size
      rest = rest.dropFirst(number.count + unit.count)
    }
    return text.isEmpty ? nil : milliseconds(sum)
  }

  private static func milliseconds(_ value: Double) -> Int? {
    value.isFinite && value >= 0 && value < 1e12 ? Int(value.rounded(.up)) : nil
  }
}

/// Dates as HTTP writes them.
enum HTTPDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// The seconds since 1970 of an IMF-fixdate (`Sun, 06 Nov 1994 08:49:37 GMT`, RFC 9110 §5.6.7), the one form that
  /// may still be sent; `nil` for anything else.
  static func seconds(_ text: String) -> Int? {
    let words = text.split(separator: " ")
    guard words.count == 6, words[0].hasSuffix(","), words[5] == "GMT" else { return nil }
    let clock = words[4].split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard let day = Int(words[1]), let month = months.firstIndex(of: String(words[2])), let year = Int(words[3]),
      clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2],
      (1...31).contains(day), (1970...9999).contains(year), (0...23).contains(hour), (0...59).contains(minute),
      (0...60).contains(second)
    else { return nil }
    return ((days(year, month + 1, day) * 24 + hour) * 60 + minute) * 60 + second
  }

  /// The seconds since 1970 of a date in UTC as ISO 8601 has it; fractions of a second do not count.
  static func isoSeconds(_ text: String) -> Int? {
    guard text.last == "Z" || text.hasSuffix("+00:00") else { return nil }
    let parts = text.prefix(19).split { "-T:".contains($0) }.map { Int($0) }
    guard parts.count == 6, let year = parts[0], let month = parts[1], let day = parts[2], let hour = parts[3],
      let minute = parts[4], let second = parts[5], (1970...9999).contains(year), (1...12).contains(month),
      (1...31).contains(day), (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
    else { return nil }
    return ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
  }

  /// Days since 1970-01-01 in the Gregorian calendar; years are counted from March so that a leap day comes last.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let monthFromMarch = (month + 9) % 12
    let leapDays = year / 4 - year / 100 + year / 400
    return 365 * year + leapDays + (153 * monthFromMarch + 2) / 5 + day - 1 - 719_468
  }
}
