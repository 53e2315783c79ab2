/// Puts a response's head together from the lines libcurl delivers, within limits.
struct ResponseHeadReader {
  /// More lines than any sound server sends.
  static let maximumLines = 256
  /// More bytes than any sound server sends.
  static let maximumBytes = 128 * 1024

  enum Progress {
    case more
    case complete(ResponseHead)
    case tooLarge
  }

  private(set) var isComplete = false
  private(set) var isTooLarge = false
  private var head = ResponseHead(status: 0, headers: [])
  private var lines = 0
  private var bytes = 0

  /// Takes one line with its line end. Lines after the head are trailers: they count, and are dropped.
  mutating func read(_ line: UnsafeRawBufferPointer) -> Progress {
    lines += 1
    bytes += line.count
    guard lines <= Self.maximumLines, bytes <= Self.maximumBytes else {
      isTooLarge = true
      return .tooLarge
    }
    if isComplete { return .more }
    let text = Self.trimmed(line[...])
    if text.isEmpty {
      // Below 200 the real head is still to come.
      guard head.status >= 200 else { return .more }
      isComplete = true
      return .complete(head)
    }
    if text.starts(with: "HTTP/".utf8) {
      head = ResponseHead(status: Self.status(text), headers: [])
    } else if line[0] == UInt8(ascii: " ") || line[0] == UInt8(ascii: "\t"), let last = head.headers.indices.last {
      // A folded line, which RFC 9112 still lets a client accept.
      head.headers[last].1 += " " + String(decoding: text, as: UTF8.self)
    } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
      let name = String(decoding: text[..<colon], as: UTF8.self).lowercased()
      let value = Self.trimmed(text[(colon + 1)...])
      head.headers.append((name, String(decoding: value, as: UTF8.self)))
    }
    return .more
  }

  private static func status(_ line: Slice<UnsafeRawBufferPointer>) -> Int {
    let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
    return fields.count > 1 ? Int(String(decoding: fields[1], as: UTF8.self)) ?? 0 : 0
  }

  private static func trimmed(_ text: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0d).contains($0) }
    guard let first = text.firstIndex(where: { !isSpace($0) }), let last = text.lastIndex(where: { !isSpace($0) })
    else {
      return text[text.endIndex...]
    }
    return text[first...last]
  }
}
