internal import Completion
internal import JSON

/// The provider that needs no network: it streams back what it was told, so that a client can be written and tested
/// offline. Its models differ in manner, not in kind: `echo`, `slow`, `think`, `tool`, `fail:<kind>`.
enum EchoProvider {
  /// The API family's name in the catalogue.
  static let api = "echo"

  /// One step of an answer: what is said, and how long before it is said.
  struct Step: Sendable, Equatable {
    var pause: Duration = .zero
    var events: [StreamEvent] = []
    var failure: ProviderError?
  }

  /// The whole answer of `model` to `input`, the new messages at the end of `request`, in steps.
  /// - Throws: `modelNotFound` for a model it does not have; `unsupported` for the model `tool` without tools.
  static func answer(
    _ model: String, to input: [Message], _ request: CompletionRequest
  ) throws(ProviderError) -> [Step] {
    let text = input.last { $0.role == .user || $0.role == .tool }.map(spokenText) ?? ""
    let words = words(of: text)
    let usage = StreamEvent.usage(Usage(input: tokens(in: request), output: words.count))
    let end = Step(events: [usage, .stop(.end, raw: "stop")])
    let said = words.prefix(request.options.maxTokens ?? .max)
    let cut = Step(events: [
      .usage(Usage(input: tokens(in: request), output: said.count)), .stop(.length, raw: "length"),
    ])
    let saidEnd = said.count == words.count ? end : cut
    let start = Step(events: [.started(id: nil, model: model)])
    let kind = model.hasPrefix("fail:") ? ErrorKind(rawValue: String(model.dropFirst(5))) : nil
    switch model {
    case "echo": return [start] + said.map { Step(events: [.text($0)]) } + [saidEnd]
    case "slow":
      return [start] + said.map { Step(pause: .milliseconds(50), events: [.text($0)]) } + [saidEnd]
    case "think":
      let thought = ["You said ", "\(words.count) ", words.count == 1 ? "word." : "words."]
      return [start] + thought.map { Step(events: [.reasoning($0)]) } + words.map { Step(events: [.text($0)]) } + [end]
    case "tool":
      return [start] + (try toolSteps(text, request)) + [Step(events: [usage, .stop(.toolUse, raw: "tool")])]
    default:
      guard let kind else { throw unknownModel(model) }
      return [start] + words.prefix(words.count / 2).map { Step(events: [.text($0)]) } + [
        Step(failure: failure(kind))
      ]
    }
  }

  private static func unknownModel(_ model: String) -> ProviderError {
    let kinds = ErrorKind.allCases.map(\.rawValue).joined(separator: ", ")
    return ProviderError(
      .modelNotFound, "the provider echo has no model \"\(model)\"",
      hint: "Use echo, slow, think, tool or fail:KIND, where KIND is one of \(kinds).")
  }

  private static func failure(_ kind: ErrorKind) -> ProviderError {
    var error = ProviderError(kind, "the model fail:\(kind.rawValue) fails with this error on purpose")
    if kind == .timeout { error.phase = .idle }
    if kind == .rateLimited || kind == .overloaded { error.retryAfterMs = 1000 }
    return error
  }

  private static func toolSteps(_ text: String, _ request: CompletionRequest) throws(ProviderError) -> [Step] {
    guard let tool = request.options.tools.first else {
      throw ProviderError(
        .unsupported, "the model tool calls the first tool it is offered, and none was",
        hint: "Pass tools: [{name, inputSchema}].", path: "tools")
    }
    let arguments = ((try? JSONValue(parsing: text))?.object).map { JSONValue.object($0).text } ?? "{}"
    let id = "call_\(request.messages.count)"
    return [
      Step(events: [.toolCallStart(index: 0, id: id, name: tool.name)]),
      Step(events: [.toolArguments(index: 0, text: arguments)]),
      Step(events: [.toolCallEnd(index: 0)]),
    ]
  }

  /// Everything in a message that can be said back, tool results included.
  private static func spokenText(_ message: Message) -> String {
    let results = message.content.compactMap { part -> String? in
      guard case .toolResult(let result) = part else { return nil }
      return Message(role: .tool, content: result.content).text
    }
    return ([message.text] + results).filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// `text` cut behind each word, so that the pieces joined are the text again: "a b" is "a", " b".
  static func words(of text: String) -> [String] {
    var words: [String] = []
    var current = ""
    var wasInWord = false
    for scalar in text.unicodeScalars {
      let isSpace = scalar.properties.isWhitespace
      if isSpace, wasInWord {
        words.append(current)
        current = ""
      }
      wasInWord = !isSpace
      current.unicodeScalars.append(scalar)
    }
    guard !current.isEmpty else { return words }
    // Space after the last word belongs to it.
    if !wasInWord, let last = words.popLast() { return words + [last + current] }
    return words + [current]
  }

  /// A vector for each text, the same whenever it is asked for: how often each letter of the alphabet, folded into
  /// `dimensions` places, occurs in it, at length 1.
  static func embeddings(_ request: EmbeddingRequest) -> Embeddings {
    let vectors = request.input.map { text in
      var vector = [Double](repeating: 0, count: request.dimensions ?? 8)
      for byte in text.lowercased().utf8 { vector[Int(byte) % vector.count] += 1 }
      let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return length == 0 ? vector : vector.map { $0 / length }
    }
    let tokens = request.input.reduce(0) { $0 + words(of: $1).count }
    return Embeddings(vectors: vectors, usage: Usage(input: tokens, output: 0))
  }

  /// A word is a token here, and so is each message.
  static func tokens(in request: CompletionRequest) -> Int {
    request.messages.reduce(words(of: request.options.system ?? "").count) { $0 + words(of: spokenText($1)).count + 1 }
  }
}
