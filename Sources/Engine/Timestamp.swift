internal import Platform

/// Points in time as the protocol and the session files write them: ISO 8601 in UTC with milliseconds.
enum Timestamp {
  /// The present.
  static func now() -> String { text(inMs: 0) }

  /// The moment that comes in so many milliseconds.
  static func text(inMs milliseconds: Int) -> String {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let sum = time.tv_sec * 1000 + time.tv_nsec / 1_000_000 + milliseconds
    return text(seconds: sum / 1000, milliseconds: sum % 1000)
  }

  /// A point in time given as the system counts it.
  static func text(seconds: Int, milliseconds: Int) -> String {
    var seconds: time_t = seconds
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let date = "\(Int(parts.tm_year) + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    let fraction = String(String(1000 + milliseconds).dropFirst())
    return "\(date)T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(fraction)Z"
  }
}
