/// The members of a JSON object in the order they were written. A key set twice keeps its first place and its
/// last value.
package struct JSONObject: Sendable {
  /// Above this many members look-ups go through a hash table; below it a scan is faster.
  private static let scanLimit = 12

  private var members: [(key: String, value: JSONValue)] = []
  private var positions: [ExactKey: Int]?

  /// An object without members.
  package init() {}

  /// An object with the given members; of equal keys the last value wins.
  package init(_ members: some Sequence<(String, JSONValue)>) {
    for (key, value) in members { self[key] = value }
  }

  /// The keys in order.
  package var keys: some Sequence<String> { members.lazy.map(\.key) }
  /// How many members there are.
  package var count: Int { members.count }
  /// Whether there are none.
  package var isEmpty: Bool { members.isEmpty }

  /// The value of `key`. Setting `nil` removes the member; setting a new key appends it.
  package subscript(key: String) -> JSONValue? {
    get { position(of: key).map { members[$0].value } }
    set {
      guard let newValue else { return remove(key) }
      guard let position = position(of: key) else { return append(key, newValue) }
      members[position].value = newValue
    }
  }

  /// Sets `key` unless `value` is `nil`; then nothing happens.
  package mutating func set(_ key: String, _ value: JSONValue?) {
    if let value { self[key] = value }
  }

  /// Sets every member of `other` here, recursing where both sides hold objects.
  package mutating func merge(_ other: JSONObject) {
    for (key, value) in other.members {
      if case .object(let new) = value, case .object(var old) = self[key] {
        old.merge(new)
        self[key] = .object(old)
      } else {
        self[key] = value
      }
    }
  }

  private func position(of key: String) -> Int? {
    if let positions { return positions[ExactKey(text: key)] }
    let count = key.utf8.count
    return members.firstIndex { $0.key.utf8.count == count && $0.key.utf8.elementsEqual(key.utf8) }
  }

  /// As the subscript's setter, for a value that is never absent.
  mutating func setParsed(_ key: String, _ value: JSONValue) {
    if members.isEmpty {
      // Most objects of most messages have between two and four members.
      members.reserveCapacity(4)
    } else if let position = position(of: key) {
      members[position].value = value
      return
    }
    append(key, value)
  }

  private mutating func append(_ key: String, _ value: JSONValue) {
    members.append((key, value))
    if positions != nil {
      positions?[ExactKey(text: key)] = members.count - 1
    } else if members.count > Self.scanLimit {
      rebuildPositions()
    }
  }

  private mutating func remove(_ key: String) {
    guard let position = position(of: key) else { return }
    members.remove(at: position)
    if positions != nil { rebuildPositions() }
  }

  private mutating func rebuildPositions() {
    positions = Dictionary(uniqueKeysWithValues: members.enumerated().map { (ExactKey(text: $1.key), $0) })
  }
}

/// A key as its bytes: two spellings of "é" are one string to Swift and two keys to JSON.
private struct ExactKey: Hashable, Sendable {
  let text: String

  static func == (left: ExactKey, right: ExactKey) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }
  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

extension JSONObject: Sequence {
  package func makeIterator() -> IndexingIterator<[(key: String, value: JSONValue)]> { members.makeIterator() }
}

extension JSONObject: Hashable {
  /// Objects are equal when they hold the same members, in whatever order.
  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
  }
  package func hash(into hasher: inout Hasher) {
    var combined = 0
    for (key, value) in members {
      var member = Hasher()
      member.combine(key)
      member.combine(value)
      combined ^= member.finalize()
    }
    hasher.combine(combined)
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}
