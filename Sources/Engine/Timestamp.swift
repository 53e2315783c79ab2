internal import Credentials
internal import Platform

/// Points in time as the protocol and the session files write them: ISO 8601 in UTC with milliseconds.
enum Timestamp {
  /// The present.
  static func now() -> String { text(milliseconds: KeyResolver.systemTime()) }

  /// A point in time given in milliseconds since 1970.
  static func text(milliseconds: Int) -> String {
    text(seconds: milliseconds / 1000, milliseconds: milliseconds % 1000)
  }

  /// The moment that comes in so many milliseconds.
  static func text(inMs milliseconds: Int) -> String { text(milliseconds: KeyResolver.systemTime() + milliseconds) }

  /// Milliseconds since 1970 of a time of this kind; `nil` for what is none.
  static func milliseconds(_ text: String) -> Int? {
    guard let whole = AWSTime.milliseconds(text) else { return nil }
    let fraction = text.utf8.dropFirst(19).first == UInt8(ascii: ".") ? text.utf8.dropFirst(20).prefix(3) : ""[...].utf8
    return whole + (Int(String(decoding: fraction, as: UTF8.self)) ?? 0)
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
