internal import Completion
internal import Platform

/// Asks the person at the terminal. Questions go to standard error; answers come from standard input.
enum TerminalPrompt {
  /// Whether there is somebody to ask.
  static var isPossible: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

  /// The line that is typed, without white space at its ends. With `secret`, it is not shown.
  /// - Throws: `cancelled` when the task is cancelled or the input ends.
  static func line(_ question: String, secret: Bool = false) async throws(ProviderError) -> String {
    let wake: Pipe
    do {
      wake = try Pipe()
    } catch {
      throw ProviderError(.internal, "\(error)")
    }
    defer { for end in [wake.reading, wake.writing] { close(end) } }
    let text = await withTaskCancellationHandler {
      await BlockingQueue.run { read(question, secret: secret, until: wake.reading) }
    } onCancel: {
      _ = write(wake.writing, "x", 1)
    }
    guard let text else { throw ProviderError(.cancelled, "cancelled; nothing was stored") }
    return text
  }

  /// `nil` when `wake` becomes readable or the input ends. Whichever way it ends, the terminal is as it was before.
  private static func read(_ question: String, secret: Bool, until wake: Int32) -> String? {
    var settings = termios()
    let isChanged = secret && tcgetattr(STDIN_FILENO, &settings) == 0 && hideTyping(settings)
    defer { if isChanged { tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) } }
    Terminal.error.write("\(visible(question)): ")
    var bytes: [UInt8] = []
    while true {
      guard InputReader.wait(until: wake), let typed = InputReader.take() else {
        Terminal.error.line()
        return nil
      }
      bytes += typed
      guard bytes.last == UInt8(ascii: "\n") else { continue }
      if isChanged { Terminal.error.line() }
      return trimmed(String(decoding: bytes, as: UTF8.self))
    }
  }

  /// Turns the echo off, and with it the keys that stop or kill the program without its knowing: they would leave a
  /// terminal behind that shows nothing. What was typed before the question is not its answer.
  private static func hideTyping(_ settings: termios) -> Bool {
    #if canImport(Darwin)
    let disabled: cc_t = 0xFF
    #else
    let disabled: cc_t = 0
    #endif
    var quiet = settings
    quiet.c_lflag &= ~tcflag_t(ECHO)
    withUnsafeMutableBytes(of: &quiet.c_cc) { keys in
      keys[Int(VSUSP)] = disabled
      keys[Int(VQUIT)] = disabled
    }
    return tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0
  }
}
