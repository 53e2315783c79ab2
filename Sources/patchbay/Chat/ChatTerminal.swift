internal import LineEditing
internal import Platform
internal import Synchronization

/// The terminal that a chat runs on: keys come in one at a time, and the line being typed is painted here.
final class ChatTerminal: Sendable {
  private struct State {
    var decoder = KeyDecoder()
    /// Keys that came while nobody asked for them.
    var waiting: [Key] = []
    /// Bytes of a line that has not ended, where the terminal edits lines itself.
    var line: [UInt8] = []
    /// The row of what is painted in which the cursor stands.
    var row = 0
    var isAtEnd = false
  }

  private let state = Mutex(State())
  private let original: Mutex<termios?>
  /// Whether lines are edited here: on a terminal that understands cursor movements.
  let isRaw: Bool

  init(environment: Environment = .process) {
    var settings = termios()
    let isTerminal = tcgetattr(STDIN_FILENO, &settings) == 0 && Terminal.output.isTerminal
    isRaw = isTerminal && !["dumb", ""].contains(environment["TERM"] ?? "")
    original = Mutex(isRaw ? settings : nil)
  }

  // MARK: Modes

  /// Has the terminal hand over every key at once, Ctrl-C too. Pastes are marked as such.
  func enter() {
    guard let settings = original.withLock({ $0 }) else { return }
    var raw = settings
    raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
    raw.c_iflag &= ~tcflag_t(IXON | ICRNL)
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)
    Terminal.output.write("\u{1B}[?2004h")
  }

  /// Gives the terminal back as it was. From any thread.
  func leave() {
    guard var settings = original.withLock({ $0 }) else { return }
    Terminal.output.write("\u{1B}[?2004l")
    tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
  }

  /// Stops the program, as Ctrl-Z does elsewhere, and goes on when it is continued.
  func suspend() {
    leave()
    kill(0, SIGTSTP)
    enter()
  }

  // MARK: Input

  /// The next keys, at least one; `nil` at the end of the input or when the task is cancelled.
  func keys() async -> [Key]? {
    while true {
      let ready = state.withLock { state in
        defer { state.waiting = [] }
        return state.waiting
      }
      if !ready.isEmpty { return ready }
      guard let bytes = await InputReader.read() else { return nil }
      let keys = state.withLock { $0.decoder.decode(bytes) }
      if !keys.isEmpty { return keys }
    }
  }

  /// Keeps keys for later.
  func putBack(_ keys: some Sequence<Key>) { state.withLock { $0.waiting += keys } }

  /// The next whole line, where the terminal edits lines itself or there is none; `nil` at the end of the input.
  func line() async -> String? {
    while true {
      let line: [UInt8]? = state.withLock { state in
        guard let end = state.line.firstIndex(of: UInt8(ascii: "\n")) else {
          guard state.isAtEnd, !state.line.isEmpty else { return nil }
          defer { state.line = [] }
          return state.line
        }
        defer { state.line.removeFirst(end + 1) }
        return Array(state.line[..<end])
      }
      if let line { return String(decoding: line, as: UTF8.self) }
      if state.withLock({ $0.isAtEnd }) { return nil }
      let bytes = await InputReader.read()
      if bytes == nil, Task.isCancelled { return nil }
      state.withLock { state in
        state.line += bytes ?? []
        state.isAtEnd = bytes == nil
      }
    }
  }

  // MARK: Painting

  /// Paints the line being typed over what was painted before.
  func paint(_ editor: LineEditor, prompt: String) {
    let layout = LineLayout(
      editor.text, cursor: editor.cursor, prompt: prompt, width: Terminal.output.width,
      height: max(2, Terminal.output.height - 1))
    let from = state.withLock { state in
      defer { state.row = layout.row }
      return state.row
    }
    Terminal.output.write(layout.paint(from: from))
  }

  /// The line stays as it is, and what follows begins below it.
  func leaveLine(_ editor: LineEditor, prompt: String) {
    let layout = LineLayout(
      editor.text, cursor: editor.text.count, prompt: prompt, width: Terminal.output.width, height: Int.max / 2)
    let from = state.withLock { state in
      defer { state.row = 0 }
      return state.row
    }
    Terminal.output.write(layout.paint(from: from) + "\r\n")
  }

  /// Empties the screen.
  func clear() {
    state.withLock { $0.row = 0 }
    Terminal.output.write("\u{1B}[H\u{1B}[2J")
  }
}

/// Reads standard input without keeping a thread that nobody can stop.
enum InputReader {
  /// What is there, at least one byte; `nil` at the end of the input or when the task is cancelled.
  static func read() async -> [UInt8]? {
    guard let wake = try? Pipe() else { return nil }
    defer { for end in [wake.reading, wake.writing] { close(end) } }
    return await withTaskCancellationHandler {
      await BlockingQueue.run { wait(until: wake.reading) ? take() : nil }
    } onCancel: {
      _ = write(wake.writing, "x", 1)
    }
  }

  /// Waits for input; `false` when `wake` becomes readable.
  static func wait(until wake: Int32) -> Bool {
    var set = [
      pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
      pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
    ]
    let count = retryingInterrupts { Int(poll(&set, nfds_t(set.count), -1)) }
    return count > 0 && set[1].revents == 0
  }

  /// What is there; `nil` at the end of the input.
  static func take() -> [UInt8]? {
    var chunk = [UInt8](repeating: 0, count: 4096)
    let count = retryingInterrupts {
      chunk.withUnsafeMutableBytes { Platform.read(STDIN_FILENO, $0.baseAddress, $0.count) }
    }
    return count > 0 ? Array(chunk[..<count]) : nil
  }
}
