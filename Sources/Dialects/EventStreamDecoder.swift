package import Completion
internal import HTTP

/// What a family makes of the pieces of an answer that `EventStreamDecoder` cuts out of the bytes.
protocol StreamedAnswer: AnswerTelling {
  /// Takes one event of a stream.
  mutating func takeEvent(_ event: ServerSentEvent, into events: inout [StreamEvent]) throws(ProviderError)
  /// Takes a body that is one JSON document: a whole answer, or an error.
  mutating func takeDocument(_ data: ArraySlice<UInt8>, into events: inout [StreamEvent]) throws(ProviderError)
  /// The body is over.
  mutating func finish(into events: inout [StreamEvent]) throws(ProviderError)
}

/// An answer in the manner of OpenAI: every event holds JSON, and `[DONE]` may end the stream.
protocol JSONAnswer: StreamedAnswer {
  /// Takes the data of one event; `type` is its `event` field.
  mutating func takeChunk(
    _ data: ArraySlice<UInt8>, type: String?, into events: inout [StreamEvent]
  ) throws(ProviderError)
  /// `[DONE]` came.
  mutating func takeDone(into events: inout [StreamEvent]) throws(ProviderError)
}

extension JSONAnswer {
  mutating func takeEvent(_ event: ServerSentEvent, into events: inout [StreamEvent]) throws(ProviderError) {
    if event.data.elementsEqual("[DONE]".utf8) { return try takeDone(into: &events) }
    guard !event.data.isEmpty else { return }
    try takeChunk(event.data, type: event.type, into: &events)
  }
}

/// Tells apart what a server sends after status 200: an event stream, or one JSON document, which is a whole answer or
/// an error, whatever was asked for and whatever the content type says.
struct EventStreamDecoder<Answer: StreamedAnswer>: AnswerDecoder {
  private enum Mode { case undecided, events, document }

  private var mode = Mode.undecided
  private var sse = ServerSentEventDecoder()
  private var document: [UInt8] = []
  private var answer: Answer

  init(_ answer: Answer) { self.answer = answer }

  mutating func decode(_ bytes: ArraySlice<UInt8>, into events: inout [StreamEvent]) throws(ProviderError) {
    if mode == .undecided {
      // No line of an event stream that any server sends begins with a brace; every JSON answer does.
      guard let first = bytes.first(where: { $0 > 0x20 }) else { return }
      mode = first == UInt8(ascii: "{") || first == UInt8(ascii: "[") ? .document : .events
    }
    guard mode == .events else {
      guard document.count + bytes.count <= 4 * LineDecoder.defaultLimit else {
        throw ProviderError(tooLarge: "an answer larger than any sound one")
      }
      document.append(contentsOf: bytes)
      return
    }
    var rest = bytes
    while let event = try upstream({ () throws(HTTPError) in try sse.next(in: &rest) }) {
      try answer.takeEvent(event, into: &events)
    }
  }

  mutating func finish(into events: inout [StreamEvent]) throws(ProviderError) {
    switch mode {
    case .undecided: throw ProviderError(.upstreamInvalid, "the provider sent an empty answer")
    case .document: try answer.takeDocument(document[...], into: &events)
    case .events:
      if let event = try upstream({ () throws(HTTPError) in try sse.finish() }) {
        try answer.takeEvent(event, into: &events)
      }
    }
    try answer.finish(into: &events)
  }
}

/// A framing error in what a provider sent, as the provider's error.
func upstream<Value>(_ read: () throws(HTTPError) -> Value) throws(ProviderError) -> Value {
  do throws(HTTPError) {
    return try read()
  } catch {
    switch error {
    case .tooLarge(let what): throw ProviderError(tooLarge: what)
    case .malformed(let what):
      throw ProviderError(.upstreamInvalid, "the provider's answer cannot be read: \(what)")
    default: throw ProviderError(.upstreamInvalid, "the provider's answer cannot be read: \(error)")
    }
  }
}

extension ProviderError {
  /// A provider sent more than there is any reason for; it would again.
  package init(tooLarge what: String) {
    self.init(.upstreamInvalid, "the provider sent \(what)")
    shouldRetry = false
  }
}
