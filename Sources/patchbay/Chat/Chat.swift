internal import Completion
internal import JSON
internal import LineEditing
internal import Platform
internal import Server
internal import Synchronization
internal import WireProtocol

/// One run of `patchbay chat`. Everything happens on one task, but for the answers.
final class Chat {
  static let prompt = "› "

  let bench = Workbench()
  let terminal = ChatTerminal()
  let files = ChatFiles()
  /// What ends the answer, the question or the command that is under way.
  let current = CurrentWork()
  /// The session's id; `nil` until the first message of a new one.
  var session: String?
  /// What a new session is to be called.
  var name: String?
  /// What each message is sent with.
  var settings = JSONObject()
  /// How the next session is to be made.
  var newSession = JSONObject()
  /// `provider/model`, as far as it is known.
  var writer = ""
  private let arguments: Arguments
  private var status = ExitStatus.success

  init(_ arguments: Arguments) {
    self.arguments = arguments
    for option in ["account", "reasoning"] { settings.set(option, arguments["--\(option)"].map(JSONValue.string)) }
  }

  func run() async throws -> Int32 {
    let (terminal, current) = (terminal, current)
    onTermination { signal in
      // A signal that was meant for what is under way leaves the program alone.
      if signal == SIGINT, current.end() { return }
      terminal.leave()
      _exit(signal == SIGINT ? ExitStatus.interrupted : 128 + signal)
    }
    try await begin(arguments)
    guard terminal.isRaw else { return await readLines() }
    terminal.enter()
    defer { terminal.leave() }
    await edit()
    return ExitStatus.success
  }

  // MARK: The two ways to read

  private func edit() async {
    var editor = LineEditor(history: files.history, completions: ChatWord.allCases.map { "/\($0.rawValue)" })
    terminal.paint(editor, prompt: Self.prompt)
    while let keys = await terminal.keys() {
      guard await take(keys, in: &editor) else { return }
      terminal.paint(editor, prompt: Self.prompt)
    }
  }

  /// Lets the keys do their work. Returns whether the chat goes on.
  private func take(_ keys: [Key], in editor: inout LineEditor) async -> Bool {
    for (index, key) in keys.enumerated() {
      let shown = editor
      switch editor.take(key) {
      case .editing: continue
      case .interrupted: Terminal.error.line("\r\nCtrl-D or /quit ends the chat.")
      case .clearScreen: terminal.clear()
      case .suspended:
        terminal.leaveLine(shown, prompt: Self.prompt)
        terminal.suspend()
      case .ended:
        terminal.leaveLine(shown, prompt: Self.prompt)
        return false
      case .submitted(let line):
        terminal.leaveLine(shown, prompt: Self.prompt)
        files.keep(editor.history)
        // What was typed ahead is for the next line.
        terminal.putBack(keys[(index + 1)...])
        return await take(line)
      }
    }
    return true
  }

  private func readLines() async -> Int32 {
    let asks = TerminalPrompt.isPossible
    while true {
      if asks { Terminal.error.write(Self.prompt) }
      guard let line = await terminal.line() else {
        if asks { Terminal.error.line() }
        return status
      }
      guard await take(line) else { return status }
    }
  }

  /// Sends a line or does what it says. Returns whether the chat goes on.
  private func take(_ line: String) async -> Bool {
    let text = trimmed(line)
    guard !text.isEmpty else { return true }
    if let (word, rest) = ChatWord.parse(text) {
      return await under { try await self.perform(word, rest) } ?? true
    }
    if let unknown = ChatWord.unknown(text) {
      Terminal.error.line(visible(unknown))
      return true
    }
    // A message that begins with a slash is written with two.
    await answer(text.hasPrefix("//") ? String(text.dropFirst()) : text)
    return true
  }

  /// Does `work`, which asks and prints as other commands do, and says what went wrong.
  private func under<Value>(_ work: () async throws -> Value) async -> Value? {
    terminal.leave()
    defer { terminal.enter() }
    do {
      return try await work()
    } catch let error as ProviderError {
      fail(error)
    } catch let error as UsageError {
      Terminal.error.line(visible(error.message))
    } catch {
      Terminal.error.line(visible("\(error)"))
    }
    return nil
  }

  func fail(_ error: ProviderError) {
    if error.kind == .cancelled { return Terminal.error.line(Terminal.error.styled("(stopped)", .dim)) }
    report(error)
    if status == ExitStatus.success { status = ExitStatus.of(error.kind) }
  }

  // MARK: Answers

  private func answer(_ text: String) async {
    let printer = AnswerPrinter(isSilent: false)
    var params = settings
    params["input"] = .string(text)
    do {
      params["session"] = .string(try await sessionForMessage(text))
    } catch {
      return fail(error)
    }
    let result = await result(of: params, printer)
    printer.finish()
    switch result {
    case .success(let value):
      writer = "\(value["provider"]?.string ?? "")/\(value["model"]?.string ?? "")"
      AnswerReport.show(value, isBrief: !terminal.isRaw)
    case .failure(let error): fail(error)
    }
  }

  private func result(of params: JSONObject, _ printer: AnswerPrinter) async -> Result<JSONValue, ProviderError> {
    let client = bench.client
    var listener = LocalListener()
    listener.delta = { printer.take($0) }
    let task = Task { [listener] () -> Result<JSONValue, ProviderError> in
      do throws(ProviderError) {
        return .success(try await client.call(.complete, .object(params), listener))
      } catch {
        return .failure(error)
      }
    }
    current.begin { task.cancel() }
    defer { current.finish() }
    let watch = Task { [terminal] in
      // Ctrl-C reaches a terminal in raw mode as a key; the others are for the next line.
      var others: [Key] = []
      while terminal.isRaw, let keys = await terminal.keys() {
        if keys.contains(.interrupt) { task.cancel() }
        others += keys.filter { $0 != .interrupt }
      }
      terminal.putBack(others)
    }
    let result = await task.value
    watch.cancel()
    await watch.value
    return result
  }
}

/// What a signal ends in place of the program.
final class CurrentWork: Sendable {
  private let work = Mutex<(@Sendable () -> Void)?>(nil)

  /// `end` ends what begins now.
  func begin(_ end: @escaping @Sendable () -> Void) { work.withLock { $0 = end } }

  /// Nothing is under way any more.
  func finish() { work.withLock { $0 = nil } }

  /// Ends what is under way; `false` when nothing is.
  func end() -> Bool {
    guard let end = work.withLock({ $0 }) else { return false }
    end()
    return true
  }
}
