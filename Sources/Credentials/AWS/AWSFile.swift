internal import Completion

/// A file of the AWS tools: sections of `name = value`. Names are in any case. A line that is indented below a setting
/// belongs to its value; one whose value begins on the next line holds settings of its own. The rules are those of
/// Python's `RawConfigParser`, which the AWS CLI reads these files with, so what it refuses is refused here.
struct AWSFile: Sendable, Hashable {
  /// A setting.
  struct Setting: Sendable, Hashable {
    /// Without the white space around it; lines are joined by line ends.
    var text: String
    /// The line it begins on, counted from 1.
    var line: Int
    /// The settings that stand indented below it, by name.
    var nested: [String: String] = [:]
  }
  /// The settings of a section, by their names in lower case.
  typealias Section = [String: Setting]

  /// By what stands between the brackets.
  private(set) var sections: [String: Section] = [:]

  /// A line that cannot be read.
  struct Mistake: Error, Hashable {
    let line: Int
    let message: String
  }

  /// The file that is not there.
  init() {}

  /// Takes a file's text apart.
  init(_ text: String) throws(Mistake) {
    var (section, name, indentation): (String?, String?, Int) = (nil, nil, 0)
    for (index, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let content = String(raw).trimmed
      if content.isEmpty || content.hasPrefix("#") || content.hasPrefix(";") { continue }
      let indented = raw.prefix(while: \.isWhitespace).count
      if let section, let name, indented > indentation {
        sections[section]?[name]?.text += "\n\(content)"
        continue
      }
      indentation = indented
      let line = index + 1
      if content.hasPrefix("["), let end = content.lastIndex(of: "]"), end > content.index(after: content.startIndex) {
        // botocore keeps white space within the brackets; the other SDKs do not, and nobody means it.
        let title = String(content[content.index(after: content.startIndex)..<end]).trimmed
        guard sections[title] == nil else {
          throw Mistake(line: line, message: "there is a section [\(title)] already")
        }
        sections[title] = [:]
        (section, name) = (title, nil)
        continue
      }
      guard let open = section else { throw Mistake(line: line, message: "a setting stands before the first section") }
      guard let border = content.firstIndex(where: { $0 == "=" || $0 == ":" }), border > content.startIndex else {
        throw Mistake(line: line, message: "is neither a section nor a setting of the form name = value")
      }
      let key = String(content[..<border]).trimmed.lowercased()
      guard sections[open]?[key] == nil else {
        throw Mistake(line: line, message: "[\(open)] has \(key) already")
      }
      sections[open]?[key] = Setting(text: String(content[content.index(after: border)...]).trimmed, line: line)
      name = key
    }
    try nest()
  }

  /// Takes the values apart that begin on the line after their name.
  private mutating func nest() throws(Mistake) {
    for (title, section) in sections {
      for (name, setting) in section where setting.text.hasPrefix("\n") {
        var nested: [String: String] = [:]
        for line in setting.text.split(separator: "\n") {
          guard let equals = line.firstIndex(of: "=") else {
            throw Mistake(
              line: setting.line, message: "what stands below \(name) is not all of the form name = value")
          }
          nested[String(line[..<equals]).trimmed.lowercased()] = String(line[line.index(after: equals)...]).trimmed
        }
        sections[title]?[name]?.nested = nested
        sections[title]?[name]?.text = ""
      }
    }
  }

  /// The sections that are titled `[kind name]`, by name.
  func sections(of kind: String) -> [String: Section] {
    var found: [String: Section] = [:]
    for (title, section) in sections where title.hasPrefix(kind) {
      guard let words = try? ShellWords.split(title), words.count == 2 else { continue }
      found[words[1], default: [:]].merge(section) { $1 }
    }
    return found
  }
}
