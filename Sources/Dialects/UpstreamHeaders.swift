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
    guard let now = self["date"].flatMap(HTTPDate.seconds), (0..<1_000_000_000_000).contains(time) else { return nil }
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

  /// Days since 1970-01-01 in the Gregorian calendar; years are counted from March so that a leap day comes last.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let monthFromMarch = (month + 9) % 12
    let leapDays = year / 4 - year / 100 + year / 400
    return 365 * year + leapDays + (153 * monthFromMarch + 2) / 5 + day - 1 - 719_468
  }
}
