internal import Completion
internal import JSON
internal import Platform
internal import Synchronization

/// The messages of one thread, as its file says.
struct ThreadContent: Sendable {
  /// The file these were read from, as it was then.
  var stamp: FileStamp
  /// What counts: messages of failed completions are not among them.
  var messages: [StoredMessage]
  /// Lines that could not be read; they stay in the file.
  var warnings: [String]

  /// What a thread without a file holds.
  static let none = ThreadContent(stamp: FileStamp(inode: 0, size: 0), messages: [], warnings: [])

  /// Reads a file. Two kinds of line: a message, and `{"void": completionId}`, which takes the messages of a failed
  /// completion back.
  init(_ file: LineFile) throws(SystemError) {
    // Taken before reading: what is appended meanwhile is then read again, never missed.
    stamp = try file.stamp()
    messages = []
    warnings = []
    for (number, line) in try file.lines().enumerated() where !line.isEmpty {
      do {
        let value = try JSONValue(parsing: line)
        if let completion = value["void"]?.string {
          messages.removeAll { $0.completionId == completion }
        } else {
          messages.append(try StoredMessage(json: value))
        }
      } catch {
        warnings.append("line \(number + 1) of \(file.path) is damaged and was left out: \(error)")
      }
    }
  }

  private init(stamp: FileStamp, messages: [StoredMessage], warnings: [String]) {
    self.stamp = stamp
    self.messages = messages
    self.warnings = warnings
  }

  /// The conversation as a provider gets to see it. Questions that were never answered (a process was killed, or a
  /// completion was cancelled before it said anything) stand directly before the next one; they are joined with it,
  /// because many models insist that the roles alternate.
  var history: [Message] {
    var history: [Message] = []
    for stored in messages where !stored.message.content.isEmpty {
      if let last = history.last, last.role == .user, stored.message.role == .user {
        history[history.count - 1] = Self.join(last, stored.message)
      } else {
        history.append(stored.message)
      }
    }
    return history
  }

  /// The model of `provider` that answered or was asked last. What was copied in, and what another provider wrote in
  /// its place, says nothing of it.
  func lastModel(of provider: String) -> String? {
    messages.last { !$0.copied && $0.provider == provider }?.model
  }

  /// Two messages of the same writer as one.
  static func join(_ left: Message, _ right: Message) -> Message {
    var joined = left
    if case .text(let first)? = left.content.last, case .text(let second)? = right.content.first {
      joined.content = left.content.dropLast() + [.text(first + "\n\n" + second)] + right.content.dropFirst()
    } else {
      joined.content += right.content
    }
    return joined
  }
}

/// A thread that a completion writes to; the file's lock is held until `close`. Every method blocks.
final class OpenThread: Sendable {
  private let file: LineFile
  private let content: Mutex<ThreadContent>

  /// Takes the file's lock and reads what is new in it; `cached` is what was read before. Fails with `nil` when another
  /// process holds the lock and `wait` is not set.
  init?(_ file: LineFile, cached: ThreadContent?, wait: Bool) throws(SystemError) {
    guard try file.lock(wait: wait) else { return nil }
    self.file = file
    let stamp = try file.stamp()
    if let cached, cached.stamp == stamp {
      content = Mutex(cached)
    } else {
      content = Mutex(try ThreadContent(file))
    }
  }

  /// What the thread holds now.
  var current: ThreadContent { content.withLock { $0 } }

  /// Adds messages. With `sync`, they are on the disk itself when this returns.
  func append(_ messages: [StoredMessage], sync: Bool) throws(SystemError) {
    var bytes: [UInt8] = []
    for message in messages {
      bytes.append(json: message.json)
      bytes.append(0x0A)
    }
    try file.append(bytes, sync: sync)
    let stamp = try file.stamp()
    content.withLock { content in
      content.messages += messages
      content.stamp = stamp
    }
  }

  /// Takes the messages of a failed completion back.
  func void(_ completionId: String) throws(SystemError) {
    try file.append(JSONValue.object(["void": .string(completionId)]).bytes + [0x0A], sync: false)
    let stamp = try file.stamp()
    content.withLock { content in
      content.messages.removeAll { $0.completionId == completionId }
      content.stamp = stamp
    }
  }

  /// Gives the lock back.
  func close() { file.unlock() }
}
