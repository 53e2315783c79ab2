internal import Platform
internal import Synchronization

/// Standard output and standard error as a person or a pipe sees them.
struct Terminal: Sendable {
  /// Standard output.
  static let output = Terminal(descriptor: 1)
  /// Standard error.
  static let error = Terminal(descriptor: 2)

  private static let failure = Mutex<SystemError?>(nil)
  /// Why something that was to be on standard output is not there, if so. A reader that went away is no failure.
  static var outputFailure: SystemError? { failure.withLock { $0 } }

  private let descriptor: Int32
  /// Whether a person is looking.
  let isTerminal: Bool
  /// Whether colours may be used: on a terminal, and never with NO_COLOR (no-color.org) or TERM=dumb.
  let hasColor: Bool

  init(descriptor: Int32, environment: Environment = .process) {
    self.descriptor = descriptor
    isTerminal = isatty(descriptor) == 1
    hasColor = isTerminal && environment.all["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
  }

  /// Writes `text` as it is. Returns whether the reader still listens.
  @discardableResult
  func write(_ text: String) -> Bool {
    do throws(SystemError) {
      try FileSystem.write(Array(text.utf8), to: descriptor, path: "standard output")
      return true
    } catch {
      if descriptor == STDOUT_FILENO, error.code != EPIPE { Self.failure.withLock { $0 = $0 ?? error } }
      return false
    }
  }

  /// Writes one line.
  func line(_ text: String = "") { write(text + "\n") }

  /// Writes text that somebody else made: on a terminal, control characters are shown instead of obeyed. A pipe gets
  /// the bytes as they are.
  @discardableResult
  func write(foreign text: String) -> Bool { write(isTerminal ? visible(text) : text) }

  /// `text` in `style` where colours may be used.
  func styled(_ text: String, _ style: Style) -> String {
    hasColor ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// How many columns the terminal has; 80 when nobody knows.
  var width: Int { size.map { Int($0.ws_col) } ?? 80 }

  /// How many rows the terminal has; 24 when nobody knows.
  var height: Int { size.map { Int($0.ws_row) } ?? 24 }

  private var size: winsize? {
    var size = winsize()
    return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 && size.ws_row > 0 ? size : nil
  }

  /// The looks that output has.
  enum Style: Int, Sendable { case bold = 1, dim = 2, red = 31, green = 32, yellow = 33, cyan = 36 }
}

/// `text` with every control character but line feed and tab replaced by a visible stand-in, so that nothing a model
/// writes can move the cursor, retitle the window or fill the clipboard.
func visible(_ text: String) -> String {
  let isControl = { (scalar: Unicode.Scalar) in
    switch scalar.value {
    case 0x09, 0x0A: false
    case 0..<0x20, 0x7F..<0xA0: true
    // Marks that reorder what is around them: text could read other than it is.
    case 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
  guard text.unicodeScalars.contains(where: isControl) else { return text }
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    switch scalar.value {
    // A carriage return before a line feed is only a line end.
    case 0x0D: continue
    case _ where !isControl(scalar): result.append(scalar)
    // The Unicode pictures of the C0 controls, in the order of the controls.
    case 0..<0x20: result.append(Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}")
    case 0x7F: result.append("\u{2421}")
    default: result.append("\u{FFFD}")
    }
  }
  return String(result)
}
