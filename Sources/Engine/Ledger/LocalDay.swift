internal import Platform

/// A day by the clock on the wall, as the C library knows it from `TZ` or `/etc/localtime`.
struct LocalDay: Sendable, Hashable, Comparable, CustomStringConvertible {
  let year: Int
  let month: Int
  let day: Int

  /// The day of a point in time, given in milliseconds since 1970.
  init(of milliseconds: Int) {
    var seconds: time_t = milliseconds / 1000
    var parts = tm()
    localtime_r(&seconds, &parts)
    year = Int(parts.tm_year) + 1900
    month = Int(parts.tm_mon) + 1
    day = Int(parts.tm_mday)
  }

  /// A day written as `2026-01-31`; `nil` for what is none.
  init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard text.utf8.count == 10, parts.count == 3, let year = Int(parts[0]), let month = Int(parts[1]),
      let day = Int(parts[2]), (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    (self.year, self.month, self.day) = (year, month, day)
    // The 30th of February is another day.
    guard LocalDay(of: start).description == text else { return nil }
  }

  /// Its first moment, in milliseconds since 1970.
  var start: Int { Self.midnight(year, month, day) }
  /// The first moment of the next day.
  var end: Int { Self.midnight(year, month, day + 1) }

  private static func midnight(_ year: Int, _ month: Int, _ day: Int) -> Int {
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (Int32(year - 1900), Int32(month - 1), Int32(day))
    // The library finds out about summer time.
    parts.tm_isdst = -1
    return Int(mktime(&parts)) * 1000
  }

  /// `2026-01-31`.
  var description: String {
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(year)-\(two(month))-\(two(day))"
  }

  static func < (left: LocalDay, right: LocalDay) -> Bool {
    (left.year, left.month, left.day) < (right.year, right.month, right.day)
  }
}
