internal import JSON

/// The text of a config file to which members are added. Whatever stands in it stays byte for byte: comments, order,
/// spacing.
struct ConfigText {
  /// The text: an object in the config file's dialect.
  private(set) var bytes: [UInt8]
  /// Members that are set already, and to something else; they were left as they are.
  private(set) var kept: [[String]] = []

  private struct Member {
    let name: String
    let value: Range<Int>
  }

  /// An object's members, and what the next one needs to know of its text.
  private struct Span {
    var members: [Member] = []
    /// Where the last member, or the comma behind it, ends; behind the brace when there is none.
    var end: Int
    var hasComma = false
    var close: Int
  }

  /// Takes `bytes`, which the config file's parser has accepted as an object.
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Adds each member of `object` that is missing below `path`.
  mutating func add(_ object: JSONObject, at path: [String] = []) {
    for (key, value) in object {
      guard let span = span(at: path) else { return }
      // Of members with one name the last one counts.
      guard let member = span.members.last(where: { $0.name == key }) else {
        insert(key, value, into: span, depth: path.count)
        continue
      }
      let existing = try? JSONValue(parsing: bytes[member.value], options: .config)
      if let inner = value.object, existing?.object != nil {
        add(inner, at: path + [key])
      } else if existing != value {
        kept.append(path + [key])
      }
    }
  }

  private mutating func insert(_ key: String, _ value: JSONValue, into span: Span, depth: Int) {
    let lineStart = bytes[..<span.close].lastIndex(of: 0x0A)
    let isAlone = lineStart.map { bytes[($0 + 1)..<span.close].allSatisfy { $0 == 0x20 || $0 == 0x09 } } ?? false
    let name = JSONValue.string(key).text
    if let lineStart, isAlone {
      let outer = Array(bytes[(lineStart + 1)..<span.close])
      let indent = String(decoding: outer, as: UTF8.self) + "  "
      let text = value.prettyText.split(separator: "\n").joined(separator: "\n\(indent)")
      let at = bytes[..<lineStart].last == 0x0D ? lineStart - 1 : lineStart
      bytes.insert(contentsOf: Array("\n\(indent)\(name): \(text)\(span.hasComma ? "," : "")".utf8), at: at)
    } else if span.members.isEmpty {
      let indent = String(repeating: "  ", count: depth)
      let text = value.prettyText.split(separator: "\n").joined(separator: "\n\(indent)  ")
      bytes.insert(contentsOf: Array("\n\(indent)  \(name): \(text)\n\(indent)".utf8), at: span.close)
    } else {
      var at = span.close
      while at > span.end, bytes[at - 1] == 0x20 || bytes[at - 1] == 0x09 { at -= 1 }
      bytes.insert(contentsOf: Array(" \(name): \(value.text)".utf8), at: at)
    }
    if !span.members.isEmpty, !span.hasComma { bytes.insert(UInt8(ascii: ","), at: span.end) }
  }

  // MARK: - Finding objects

  /// The object at `path`; `nil` when there is none.
  private func span(at path: [String]) -> Span? {
    guard var span = skipSpace(0).flatMap(object) else { return nil }
    for key in path {
      guard let member = span.members.last(where: { $0.name == key }), let inner = object(member.value.lowerBound)
      else { return nil }
      span = inner
    }
    return span
  }

  /// The object whose brace stands at `start`.
  private func object(_ start: Int) -> Span? {
    guard start < bytes.count, bytes[start] == UInt8(ascii: "{") else { return nil }
    var span = Span(end: start + 1, close: start)
    var place = start + 1
    while let next = skipSpace(place) {
      switch bytes[next] {
      case UInt8(ascii: "}"):
        span.close = next
        return span
      case UInt8(ascii: ","):
        place = next + 1
        span.end = place
        span.hasComma = true
      default:
        let nameEnd = end(ofStringAt: next)
        guard let name = try? JSONValue(parsing: bytes[next..<nameEnd]).string, let colon = skipSpace(nameEnd),
          let value = skipSpace(colon + 1)
        else { return nil }
        place = end(ofValueAt: value)
        span.members.append(Member(name: name, value: value..<place))
        span.end = place
        span.hasComma = false
      }
    }
    return nil
  }

  /// The first byte from `place` on that belongs to no white space and no comment.
  private func skipSpace(_ place: Int) -> Int? {
    var place = place
    while place < bytes.count {
      if bytes[place] == UInt8(ascii: "/"), place + 1 < bytes.count {
        place = end(ofCommentAt: place)
      } else if bytes[place] == 0x20 || (0x09...0x0D).contains(bytes[place]) || bytes[place] >= 0x80 {
        // Above ASCII, only a byte order mark can stand here.
        place += 1
      } else {
        return place
      }
    }
    return nil
  }

  private func end(ofCommentAt start: Int) -> Int {
    if bytes[start + 1] == UInt8(ascii: "/") { return bytes[start...].firstIndex(of: 0x0A) ?? bytes.count }
    var place = start + 2
    while place + 1 < bytes.count, !(bytes[place] == UInt8(ascii: "*") && bytes[place + 1] == UInt8(ascii: "/")) {
      place += 1
    }
    return place + 2
  }

  private func end(ofStringAt start: Int) -> Int {
    var place = start + 1
    while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
      place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(place + 1, bytes.count)
  }

  /// Where the value that begins at `start` ends.
  private func end(ofValueAt start: Int) -> Int {
    var (place, depth) = (start, 0)
    while place < bytes.count {
      switch bytes[place] {
      case UInt8(ascii: "\""):
        place = end(ofStringAt: place)
        if depth == 0 { return place }
      case UInt8(ascii: "/"):
        if depth == 0 { return place }
        place = end(ofCommentAt: place)
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        place += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return place }
        depth -= 1
        place += 1
        if depth == 0 { return place }
      case UInt8(ascii: ","), 0x20, 0x09...0x0D:
        if depth == 0 { return place }
        place += 1
      default: place += 1
      }
    }
    return place
  }
}
