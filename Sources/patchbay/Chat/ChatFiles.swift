internal import Completion
internal import JSON
internal import LineEditing
internal import Platform

/// What a chat remembers from one run to the next: the conversation it was in, and what was typed. Both are
/// conveniences: where they cannot be kept, the chat goes on without.
struct ChatFiles: Sendable {
  private let folder: String

  init(_ directories: Directories = Directories(.process)) { folder = "\(directories.state)/chat" }

  /// The id of the session that a chat was in last.
  var lastSession: String? {
    (try? FileSystem.read("\(folder)/last")).flatMap { $0 }.map { trimmed(String(decoding: $0, as: UTF8.self)) }
  }

  /// Notes the session that the chat is in.
  func note(session: String) { write("last", Array(session.utf8)) }

  /// What was typed before.
  var history: InputHistory {
    let bytes = (try? FileSystem.read("\(folder)/history")).flatMap { $0 } ?? []
    let lines = bytes.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONValue(parsing: Array($0)).string }
    return InputHistory(lines)
  }

  /// Keeps what was typed, a JSON string a line, since a message may have several lines.
  func keep(_ history: InputHistory) {
    write("history", history.lines.flatMap { JSONValue.string($0).bytes + [UInt8(ascii: "\n")] })
  }

  private func write(_ name: String, _ bytes: [UInt8]) {
    try? FileSystem.makeDirectory(folder)
    try? FileSystem.replace("\(folder)/\(name)", with: bytes)
  }
}
