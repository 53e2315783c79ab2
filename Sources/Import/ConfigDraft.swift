internal import Catalog
package import Completion
package import JSON
internal import Platform

/// Another program's settings in the shape of our config file, and what has no place in it.
package struct ConfigDraft: Sendable {
  /// A setting that was not taken.
  package struct Left: Sendable, Hashable {
    /// The way to it in that program's file: `provider.openai.options.setCacheKey`.
    package let setting: String
    /// Where it stands.
    package let origin: ValueOrigin
    /// Why, as the rest of a sentence that begins with it.
    package let reason: String
  }

  /// Members for `config.json`.
  package internal(set) var config = JSONObject()
  package internal(set) var left: [Left] = []
  /// What the person should know; whole sentences.
  package internal(set) var notes: [String] = []

  /// The providers whose address could not be taken.
  var unreachable: Set<String> = []

  /// `config` for people: keys and headers that are written out show dots.
  package var shown: JSONValue { Self.masked(.object(config), under: []) }

  private static func masked(_ value: JSONValue, under path: [String]) -> JSONValue {
    switch value {
    case .object(let members):
      return .object(JSONObject(members.map { ($0.key, masked($0.value, under: path + [$0.key])) }))
    case .string(let text):
      let isKey = path.last == "apiKey" || path.dropLast().last == "headers"
      if isKey { return .string(refersElsewhere(text) ? text : "•••") }
      return .string(path.last == "baseURL" ? ServerAddress.masked(text) : text)
    default: return value
    }
  }

  /// Whether `text` is nothing but a reference: a variable or a file.
  private static func refersElsewhere(_ text: String) -> Bool {
    guard let opening = ["${", "{env:", "{file:"].first(where: text.hasPrefix) else {
      return text.first == "$" && KeyTranslation.isName(String(text.dropFirst()))
    }
    return text.last == "}" && text.dropFirst(opening.count).dropLast().allSatisfy { !"{}$".contains($0) }
  }

  /// Sets the member at `path`; objects on the way are made as needed.
  mutating func set(_ path: [String], _ value: JSONValue?) {
    guard let value else { return }
    var member = value
    for key in path.reversed() { member = .object([key: member]) }
    if let object = member.object { config.merge(object) }
  }
}

/// Reads an object of another program's file member by member; what nobody asked for is left, with a reason.
struct SettingsReader {
  let file: ForeignFile
  let path: [String]
  let object: JSONObject
  private var known: Set<String> = []

  /// Reads the members of `value`, which stands at `path`; of anything but an object there are none.
  init(_ value: JSONValue?, _ path: [String], in file: ForeignFile) {
    (self.file, self.path) = (file, path)
    object = value?.object ?? JSONObject()
  }

  /// The member `key`, from now on known; `nil` when it is absent or `null`.
  mutating func value(_ key: String) -> JSONValue? {
    known.insert(key)
    return object[key].flatMap { $0.isNull ? nil : $0 }
  }

  /// What `convert` makes of the member `key`. A value from which it makes nothing is left.
  mutating func take<Value>(
    _ key: String, _ expected: String, into draft: inout ConfigDraft, _ convert: (JSONValue) -> Value?
  ) -> Value? {
    guard let value = value(key) else { return nil }
    if let converted = convert(value) { return converted }
    leave(key, "is not \(expected)", in: &draft)
    return nil
  }

  /// The text of the member `key`, unless it is empty.
  mutating func text(_ key: String, into draft: inout ConfigDraft) -> String? {
    guard let text = take(key, "a plain text", into: &draft, \.string), !text.isEmpty else { return nil }
    return text
  }

  /// A whole number above zero.
  mutating func count(_ key: String, into draft: inout ConfigDraft) -> JSONValue? {
    take(key, "a whole number above zero", into: &draft) { $0.int.flatMap { $0 > 0 ? .int($0) : nil } }
  }

  /// Lists the member `key` as not taken.
  mutating func leave(_ key: String, _ reason: String, in draft: inout ConfigDraft) {
    known.insert(key)
    let place = path + [key]
    draft.left.append(
      .init(setting: place.joined(separator: "."), origin: file.place(place), reason: reason))
  }

  /// Lists every member that nobody asked for.
  mutating func finish(_ reason: String, in draft: inout ConfigDraft) {
    for key in object.keys where !known.contains(key) { leave(key, reason, in: &draft) }
  }
}
