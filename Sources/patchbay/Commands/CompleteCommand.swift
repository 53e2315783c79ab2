internal import Completion
internal import Engine
internal import JSON
internal import Platform
internal import Server
internal import WireProtocol

extension Command {
  static let complete = Command(
    name: "complete", operands: "[PROMPT…]", summary: "Ask a model and print its answer",
    details: """
      The prompt is made of the arguments and of what comes from standard input; with both, the arguments come first.
      On a terminal the answer streams, with the model's thoughts dimmed; into a pipe goes the answer alone.
      """,
    options: [
      .init("--provider", "-p", value: "NAME", "Who answers; patchbay providers lists them"),
      .init("--model", "-m", value: "MODEL", "A model, provider/model, or a role such as @small"),
      .init("--session", "-s", value: "NAME", "Go on with the session of this id or name; a new name begins one"),
      .init("--system", value: "TEXT", "The system prompt"),
      .init("--max-tokens", value: "N", "The longest answer, in tokens"),
      .init("--temperature", value: "X", "0 to 2"),
      .init("--budget", value: "USD", "Refuse or stop when it costs more than that"),
      .init("--reasoning", value: "LEVEL", "off, minimal, low, medium, high or max"),
      .init("--schema", value: "FILE", "Answer in JSON that fulfils this JSON Schema"),
      .init("--image", value: "FILE", "Send an image along; may be given several times"),
      .init("--api-key", value: "KEY", "Any key format; a literal key is visible to others in ps: prefer the next one"),
      .init("--api-key-file", value: "FILE", "Read the key from a file, or from standard input with -"),
      .init("--account", value: "NAME", "Use the login of this account at the provider"),
      .init("--base-url", value: "URL", "Ask another server"),
      .init("--json", nil, "Print the whole result as JSON"),
      .init("--no-stream", nil, "Ask the provider for the answer in one piece"),
      .init("--quiet", "-q", "Print nothing on standard error but errors"),
    ],
    examples: [
      (#"patchbay complete -p echo "hello there""#, "try it without network or key"),
      (#"git diff | patchbay complete "write a commit message for this diff""#, "ask about what comes from a pipe"),
      (#"patchbay complete -s trip "where shall we go?""#, "begin, or go on with, a conversation"),
    ],
    run: { arguments in try await CompleteRun(arguments).run() })
}

/// One run of `patchbay complete`.
private struct CompleteRun {
  private let arguments: Arguments
  private let bench = Workbench()

  init(_ arguments: Arguments) { self.arguments = arguments }

  func run() async throws -> Int32 {
    let params = try parameters()
    let isJSON = arguments.has("--json")
    let printer = AnswerPrinter(isSilent: isJSON)
    var listener = LocalListener()
    listener.delta = { printer.take($0) }
    let client = bench.client
    let task = Task { [listener] () -> Result<JSONValue, ProviderError> in
      do throws(ProviderError) {
        return .success(try await client.call(.complete, .object(params), listener))
      } catch {
        return .failure(error)
      }
    }
    onTermination { _ in task.cancel() }
    // An answer that nobody reads any more need not be paid for.
    printer.whenClosed { task.cancel() }
    let result = await task.value
    if printer.isClosed { return ExitStatus.success }
    // What did not stream is said now.
    if arguments.has("--no-stream"), case .success(let value) = result { printer.take(answer: value) }
    printer.finish()
    guard isJSON else {
      AnswerReport.show(try result.get(), isBrief: arguments.has("--quiet"))
      return ExitStatus.success
    }
    switch result {
    case .success(let value): return printJSON(value)
    case .failure(let error): throw error
    }
  }
}

// MARK: - From arguments to parameters

extension CompleteRun {
  private func parameters() throws -> JSONObject {
    var params = JSONObject()
    for (option, name) in [
      ("--provider", "provider"), ("--model", "model"), ("--session", "session"), ("--system", "system"),
      ("--reasoning", "reasoning"), ("--account", "account"), ("--base-url", "baseURL"),
    ] {
      params.set(name, arguments[option].map(JSONValue.string))
    }
    params.set("maxTokens", try number("--max-tokens"))
    params.set("temperature", try number("--temperature"))
    params.set("budgetUSD", try number("--budget"))
    params.set("apiKey", try key().map(JSONValue.string))
    if let file = arguments["--schema"] { params["output"] = ["schema": try schema(file)] }
    if arguments.has("--no-stream") { params["stream"] = false }
    params["input"] = try input()
    return params
  }

  private func number(_ option: String) throws -> JSONValue? {
    guard let text = arguments[option] else { return nil }
    guard let value = try? JSONValue(parsing: text), value.double != nil else {
      throw UsageError(message: "\(option) needs a number, not \(text)", command: "complete")
    }
    return value
  }

  private func key() throws -> String? {
    guard let file = arguments["--api-key-file"] else { return arguments["--api-key"] }
    guard arguments["--api-key"] == nil else {
      throw UsageError(message: "--api-key and --api-key-file exclude each other", command: "complete")
    }
    return try keyFromFile(file, "complete")
  }

  private func schema(_ file: String) throws -> JSONValue {
    do {
      return try JSONValue(parsing: try read(file, for: "--schema"))
    } catch let error as JSONError {
      throw UsageError(message: "\(file) is no JSON: \(error)", command: "complete")
    }
  }

  private func read(_ file: String, for option: String) throws -> [UInt8] {
    do {
      if file == "-" { return try FileSystem.read(STDIN_FILENO, path: "standard input") }
      guard let bytes = try FileSystem.read(file) else { throw SystemError("read", file, code: ENOENT) }
      return bytes
    } catch let error as SystemError {
      throw UsageError(message: "\(option): \(error)", command: "complete")
    }
  }

  private func input() throws -> JSONValue {
    var text = arguments.operands.joined(separator: " ")
    let takesInput = arguments["--api-key-file"] != "-" && arguments["--schema"] != "-"
    if takesInput, !Terminal(descriptor: STDIN_FILENO).isTerminal {
      let piped = String(decoding: try read("-", for: "PROMPT"), as: UTF8.self)
      if !piped.isEmpty { text += (text.isEmpty ? "" : "\n\n") + piped }
    }
    let images = try arguments.all("--image").map(image)
    guard !text.isEmpty || !images.isEmpty else {
      throw UsageError(
        message: "nothing to ask: give a prompt as arguments or on standard input", command: "complete")
    }
    guard !images.isEmpty else { return .string(text) }
    let words: [JSONValue] = text.isEmpty ? [] : [["type": "text", "text": .string(text)]]
    return ["role": "user", "content": .array(words + images)]
  }

  private func image(_ file: String) throws -> JSONValue {
    let types = [
      "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    ]
    let ending = file.split(separator: ".").last.map { $0.lowercased() } ?? ""
    guard let type = types[ending] else {
      let known = types.keys.sorted().joined(separator: ", ")
      throw UsageError(message: "--image takes \(known) files, not \(file)", command: "complete")
    }
    let path = file.hasPrefix("/") ? file : "\(workingDirectory())/\(file)"
    return ["type": "image", "mediaType": .string(type), "path": .string(path)]
  }
}
