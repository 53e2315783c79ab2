/// The text of a JSON object whose members can be set and removed one by one. All others keep their bytes, and the
/// order stays: what a person or another program wrote there is left as it was.
package struct JSONObjectText: Sendable {
  /// The text: strict JSON, an object.
  package private(set) var bytes: [UInt8]

  private struct Member {
    var name: String?
    /// From the name's quote to the end of the value.
    var whole: Range<Int>
    var value: Range<Int>

    /// By the bytes: two spellings of "é" are one string to Swift and two keys to JSON.
    func isNamed(_ other: String) -> Bool { name?.utf8.elementsEqual(other.utf8) == true }
  }

  /// Takes `bytes`, which the strict parser has accepted as an object.
  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Sets the member `name`, at the end when there is none yet.
  package mutating func set(_ name: String, _ value: JSONValue) {
    let members = members()
    // The strings in it hold no line breaks, so each of these begins a line of the text.
    let text = Array(value.prettyText.split(separator: "\n").joined(separator: "\n  ").utf8)
    // Of members with the same name the last one counts.
    if let member = members.last(where: { $0.isNamed(name) }) {
      bytes.replaceSubrange(member.value, with: text)
      return
    }
    let member = Array("\n  \(JSONValue.string(name).text): ".utf8) + text
    if let last = members.last {
      bytes.replaceSubrange(last.whole.upperBound..<last.whole.upperBound, with: [UInt8(ascii: ",")] + member)
    } else {
      replaceAll(with: member + [UInt8(ascii: "\n")])
    }
  }

  /// Removes every member of that name.
  package mutating func remove(_ name: String) {
    while true {
      let members = members()
      guard let index = members.lastIndex(where: { $0.isNamed(name) }) else { return }
      if index > 0 {
        bytes.removeSubrange(members[index - 1].whole.upperBound..<members[index].whole.upperBound)
      } else if members.count > 1 {
        bytes.removeSubrange(members[0].whole.lowerBound..<members[1].whole.lowerBound)
      } else {
        replaceAll(with: [])
      }
    }
  }

  private mutating func replaceAll(with text: [UInt8]) {
    guard let open = bytes.firstIndex(of: UInt8(ascii: "{")), let close = bytes.lastIndex(of: UInt8(ascii: "}")) else {
      return
    }
    bytes.replaceSubrange(open + 1..<close, with: text)
  }

  private func members() -> [Member] {
    var members: [Member] = []
    guard var place = bytes.firstIndex(of: UInt8(ascii: "{")).map({ $0 + 1 }) else { return [] }
    while let start = bytes[place...].firstIndex(of: UInt8(ascii: "\"")) {
      let nameEnd = end(ofStringAt: start)
      guard let colon = bytes[nameEnd...].firstIndex(of: UInt8(ascii: ":")),
        let valueStart = bytes[(colon + 1)...].firstIndex(where: { !Self.isSpace($0) })
      else { return members }
      let valueEnd = end(ofValueAt: valueStart)
      let name = try? JSONValue(parsing: bytes[start..<nameEnd]).string
      members.append(Member(name: name, whole: start..<valueEnd, value: valueStart..<valueEnd))
      place = valueEnd
    }
    return members
  }

  private func end(ofStringAt start: Int) -> Int {
    var place = start + 1
    while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
      place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(place + 1, bytes.count)
  }

  private func end(ofValueAt start: Int) -> Int {
    var (place, depth) = (start, 0)
    while place < bytes.count {
      switch bytes[place] {
      case UInt8(ascii: "\""):
        place = end(ofStringAt: place)
        if depth == 0 { return place }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return place }
        depth -= 1
        if depth == 0 { return place + 1 }
      case UInt8(ascii: ","), 0x20, 0x09...0x0D:
        if depth == 0 { return place }
      default: break
      }
      place += 1
    }
    return place
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
