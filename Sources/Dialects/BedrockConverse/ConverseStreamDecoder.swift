internal import Completion
internal import HTTP
internal import JSON

/// Tells apart what comes after status 200: Amazon's event stream, or one JSON document, whatever was asked for.
struct ConverseStreamDecoder: AnswerDecoder {
  private enum Mode { case undecided, events, document }
  /// The longest answer that may come in one piece.
  private static let documentLimit = 64 << 20

  private var mode = Mode.undecided
  private var stream = AmazonEventStreamDecoder()
  private var document: [UInt8] = []
  private var answer: ConverseAnswer

  init(_ answer: ConverseAnswer) { self.answer = answer }

  mutating func decode(_ bytes: ArraySlice<UInt8>, into events: inout [StreamEvent]) throws(ProviderError) {
    if mode == .undecided, let first = bytes.first {
      // As the first byte of a message's length, anything that JSON begins with would mean more than 100 MB.
      mode = first < 0x09 ? .events : .document
    }
    guard mode != .document else {
      guard document.count + bytes.count <= Self.documentLimit else {
        throw ProviderError(tooLarge: "an answer larger than any sound one")
      }
      document.append(contentsOf: bytes)
      return
    }
    var rest = bytes
    while let message = try upstream({ () throws(HTTPError) in try stream.next(in: &rest) }) {
      try take(message, into: &events)
    }
  }

  mutating func finish(into events: inout [StreamEvent]) throws(ProviderError) {
    switch mode {
    case .undecided: throw ProviderError(.upstreamInvalid, "the provider sent an empty answer")
    case .document: try answer.takeDocument(document[...], into: &events)
    case .events:
      do throws(HTTPError) { try stream.finish() } catch {
        if !answer.isComplete { throw ConverseAnswer.cutOff }
      }
    }
    try answer.finish(into: &events)
  }

  private mutating func take(
    _ message: AmazonEventMessage, into events: inout [StreamEvent]
  ) throws(ProviderError) {
    switch message.string(":message-type") {
    case "exception": throw Self.exception(message.string(":exception-type") ?? "", message.payload)
    case "error":
      throw ErrorClassification.error(inside: [
        "code": .string(message.string(":error-code") ?? ""),
        "message": .string(message.string(":error-message") ?? ""),
      ])
    default:
      guard let type = message.string(":event-type") else { return }
      try answer.take(type, try UpstreamAnswer.piece(message.payload), into: &events)
    }
  }

  /// The statuses that the same exceptions have before the stream begins.
  private static let statuses = [
    "validationException": 400, "modelStreamErrorException": 424, "throttlingException": 429,
    "internalServerException": 500, "serviceUnavailableException": 503,
  ]

  private static func exception(_ type: String, _ payload: ArraySlice<UInt8>) -> ProviderError {
    let value = try? JSONValue(parsing: payload, options: .upstream)
    var text = value?["message"]?.string ?? value?["Message"]?.string ?? String(decoding: payload, as: UTF8.self)
    if let original = value?["originalMessage"]?.string, !original.isEmpty, !text.contains(original) {
      text += ": \(original)"
    }
    var object: JSONObject = ["__type": .string(type), "message": .string(text)]
    object.set("status", statuses[type].map(JSONValue.int))
    return ErrorClassification.error(inside: .object(object))
  }
}
