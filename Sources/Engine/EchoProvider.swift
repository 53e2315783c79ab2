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

  /// An answer, step by step: each is made when it is asked for, so that a long answer costs no more than its text.
  struct Answer: Sendable, Sequence, IteratorProtocol {
    /// What comes before the words, last step first.
    private var opening: [Step]
    private var words: EchoWords
    private var wordsLeft: Int
    private let pause: Duration
    private var ending: Step?

    fileprivate init(
      _ opening: [Step], _ words: EchoWords, count: Int = 0, pause: Duration = .zero, _ ending: Step
    ) {
      self.opening = opening.reversed()
      self.words = words
      wordsLeft = count
      self.pause = pause
      self.ending = ending
    }

    mutating func next() -> Step? {
      if let step = opening.popLast() { return step }
      if wordsLeft > 0, let word = words.next() {
        wordsLeft -= 1
        return Step(pause: pause, events: [.text(word)])
      }
      defer { ending = nil }
      return ending
    }
  }

  /// The answer of `model` to `input`, the new messages at the end of `request`.
  /// - Throws: `modelNotFound` for a model it does not have; `unsupported` for the model `tool` without tools.
  static func answer(
    _ model: String, to input: [Message], _ request: CompletionRequest
  ) throws(ProviderError) -> Answer {
    let text = input.last { $0.role == .user || $0.role == .tool }.map(spokenText) ?? ""
    let words = EchoWords(text)
    let count = EchoWords.count(in: [text])
    let start = Step(events: [.started(id: nil, model: model)])
    func end(_ reason: StopReason, _ raw: String, said: Int) -> Step {
      Step(events: [.usage(Usage(input: tokens(in: request), output: said)), .stop(reason, raw: raw)])
    }
    switch model {
    case "echo", "slow":
      let said = min(count, request.options.maxTokens ?? .max)
      let pause = model == "slow" ? Duration.milliseconds(50) : .zero
      let ending = said == count ? end(.end, "stop", said: said) : end(.length, "length", said: said)
      return Answer([start], words, count: said, pause: pause, ending)
    case "think":
      let thought = ["You said ", "\(count) ", count == 1 ? "word." : "words."].map { Step(events: [.reasoning($0)]) }
      return Answer([start] + thought, words, count: count, end(.end, "stop", said: count))
    case "tool":
      let ending = end(.toolUse, "tool", said: count)
      return Answer([start] + (try toolSteps(text, request)), words, ending)
    default:
      guard model.hasPrefix("fail:"), let kind = ErrorKind(rawValue: String(model.dropFirst(5))) else {
        throw unknownModel(model)
      }
      return Answer([start], words, count: count / 2, Step(failure: failure(kind)))
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
    let pieces = spokenPieces(message)
    // One piece alone is not copied.
    return pieces.count == 1 ? pieces[0] : pieces.joined()
  }

  /// `spokenText` in pieces, none of them empty.
  private static func spokenPieces(_ message: Message) -> [String] {
    var pieces = textPieces(message.content)
    for part in message.content {
      guard case .toolResult(let result) = part else { continue }
      let spoken = textPieces(result.content)
      if !pieces.isEmpty, !spoken.isEmpty { pieces.append("\n") }
      pieces += spoken
    }
    return pieces
  }

  private static func textPieces(_ content: [Part]) -> [String] {
    content.compactMap { if case .text(let text) = $0, !text.isEmpty { text } else { nil } }
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
    let tokens = request.input.reduce(0) { $0 + EchoWords.count(in: [$1]) }
    return Embeddings(vectors: vectors, usage: Usage(input: tokens, output: 0))
  }

  /// A word is a token here, and so is each message.
  static func tokens(in request: CompletionRequest) -> Int {
    let system = EchoWords.count(in: [request.options.system ?? ""])
    return request.messages.reduce(system) { $0 + EchoWords.count(in: spokenPieces($1)) + 1 }
  }
}
