internal import Completion
internal import JSON

/// Quirks are properties with a value of their own, which a member of the same name replaces when it is there.
extension JSONFields {
  /// Sets `flag` to the member `key`.
  mutating func set(_ flag: inout Bool, _ key: String) throws(JSONFieldError) { flag = try bool(key) ?? flag }

  /// Sets `flag` to the member `key`.
  mutating func set(_ flag: inout Bool?, _ key: String) throws(JSONFieldError) { flag = try bool(key) ?? flag }

  /// Sets `choice` to the raw value that the member `key` is.
  mutating func set<Choice: RawRepresentable<String> & CaseIterable>(
    _ choice: inout Choice, _ key: String
  ) throws(JSONFieldError) {
    choice = try self.choice(key, Choice.self) ?? choice
  }

  /// Sets `choice` to the raw value that the member `key` is.
  mutating func set<Choice: RawRepresentable<String> & CaseIterable>(
    _ choice: inout Choice?, _ key: String
  ) throws(JSONFieldError) {
    choice = try self.choice(key, Choice.self) ?? choice
  }

  /// Sets `choices` to the raw values in the array that the member `key` is.
  mutating func set<Choice: RawRepresentable<String> & CaseIterable & Hashable>(
    _ choices: inout Set<Choice>, _ key: String
  ) throws(JSONFieldError) {
    let names = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    choices =
      try optional(key, "an array of \(names)") { value in
        guard let array = value.array else { return nil }
        let choices = array.compactMap { $0.string.flatMap(Choice.init(rawValue:)) }
        return choices.count == array.count ? Set(choices) : nil
      } ?? choices
  }

  /// Sets `word` to the member `key`, which must not be empty.
  mutating func set(_ word: inout String, _ key: String) throws(JSONFieldError) {
    word = try nonEmptyString(key) ?? word
  }

  /// Sets `word` to the member `key`, which must not be empty.
  mutating func set(_ word: inout String?, _ key: String) throws(JSONFieldError) {
    word = try nonEmptyString(key) ?? word
  }

  /// Sets `words` to the array that the member `key` is.
  mutating func set(_ words: inout [String], _ key: String) throws(JSONFieldError) {
    words = try strings(key) ?? words
  }

  /// Sets `object` to the member `key`.
  mutating func set(_ object: inout JSONObject, _ key: String) throws(JSONFieldError) {
    object = try self.object(key) ?? object
  }

  /// Adds the member `reasoningEfforts`, a map from reasoning levels to the server's words, or to `null`.
  mutating func addReasoningEfforts(to efforts: inout [String: String?]) throws(JSONFieldError) {
    efforts.merge(try words("reasoningEfforts", for: ReasoningEfforts.levels, named: "level")) { $1 }
  }

  /// A map from some of `names` to the server's words for them, or to `null`; `kind` is what a person calls one.
  mutating func words(
    _ key: String, for names: [String], named kind: String
  ) throws(JSONFieldError) -> [String: String?] {
    guard let object = try object(key) else { return [:] }
    var words: [String: String?] = [:]
    for (name, word) in object {
      guard names.contains(name) else {
        throw error(key, "has no \(kind) \"\(name)\"; the \(kind)s are \(names.joined(separator: ", "))")
      }
      guard word.isNull || word.string != nil else { throw error(key, "must map \"\(name)\" to a string or null") }
      words.updateValue(word.string, forKey: name)
    }
    return words
  }
}
