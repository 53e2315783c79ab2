internal import JSON

/// Faults of the body: it is cut, it makes no sense, or it says something odd.
extension Fault {
  /// Less than the head announced.
  package static let shortBody = Fault("shorter than its content-length") { family, answer in
    let bytes = answer.beginning(family).flatMap(\.self)
    let head = [("content-type", family.contentType), ("content-length", "\(bytes.count + 1000)")]
    return Script([.head(head), .body(bytes), .close])
  }
  /// Chunks without the last one, in the middle of the answer.
  package static let cutChunks = Fault("cut between two chunks") { family, answer in
    Script([.head([("content-type", family.contentType)])] + answer.beginning(family).map(Script.Step.body) + [.close])
  }
  /// Chunks without the last one, behind a whole answer.
  package static let noLastChunk = Fault("no last chunk") { family, answer in
    let pieces = family.pieces(of: answer).map { Script.Step.body($0.bytes) }
    return Script([.head([("content-type", family.contentType)])] + pieces + [.close])
  }
  /// A body that ends well before the answer does.
  package static let noEnd = stream("no terminal event") { family, answer in answer.beginning(family) }
  /// Byte by byte.
  package static let drip = Fault("slow drip") { family, answer in
    Script([.head([("content-type", family.contentType)]), .drip(family.bytes(of: answer)), .finish])
  }
  /// Bytes without any meaning.
  package static let garbage = stream("garbage") { _, _ in
    // A walk through all byte values, which begins with none that any framing expects.
    [(0..<4096).map { UInt8(truncatingIfNeeded: 0x80 &+ $0 &* 167) }]
  }
  /// Text that is no UTF-8.
  package static let invalidUTF8 = stream("invalid UTF-8") { family, answer in
    var answer = answer
    answer.texts = ["Hello", "\u{1}"]
    // In whatever framing, the escape of that character stands there: six bytes, as those that take its place.
    let invalid: [UInt8] = [0x20, 0x79, 0xFF, 0x6F, 0x75, 0x21]
    return family.pieces(of: answer).map { piece in
      let bytes = replacing(Array(#"\u0001"#.utf8), in: piece.bytes, with: invalid)
      return family.contentType == AmazonFrame.contentType ? AmazonFrame.resealed(bytes) : bytes
    }
  }
  /// An event whose JSON is cut off.
  package static let invalidJSON = stream("an event that is no JSON") { family, answer in
    answer.beginning(family) + [family.event(Array(#"{"type":"content_block_delta","delta":{"te"#.utf8), type: "")]
  }
  /// A whole answer where a stream was wanted.
  package static let document = Fault("a whole answer for a stream") { family, answer in
    .document(family.document(of: answer).bytes)
  }
  /// A stream where a whole answer was wanted.
  package static let unwantedStream = Fault("a stream for a whole answer", sound.makeScript).with {
    $0.wantsStream = false
  }
  /// An error in the place of a whole answer, with status 200.
  package static let errorDocument = Fault("an error with status 200") { family, _ in
    .document(family.refusal(.overloaded).body.bytes)
  }
  /// No byte.
  package static let emptyBody = Fault("empty body") { family, _ in
    Script([.head([("content-type", family.contentType), ("content-length", "0")]), .finish])
  }
  /// A sound stream that says nothing.
  package static let emptyAnswer = saying("empty answer") { $0 = ModelAnswer(texts: []) }
  /// The end, twice.
  package static let twoEnds = stream("two ends") { family, answer in
    let pieces = family.pieces(of: answer)
    return (pieces + pieces.filter { $0.kind == .ending }).map(\.bytes)
  }
  /// More text behind the end.
  package static let contentAfterEnd = stream("content after the end") { family, answer in
    let pieces = family.pieces(of: answer)
    return (pieces + pieces.filter { $0.kind == .text }).map(\.bytes)
  }
  /// An event of a kind that nobody knows.
  package static let unknownEvent = stream("unknown event type") { family, answer in
    var bytes = family.pieces(of: answer).map(\.bytes)
    bytes.insert(family.unknownEvent, at: 1)
    return bytes
  }
  /// A reason for the end that nobody knows.
  package static let unknownFinish = saying("unknown finish reason") { $0.finish = "mystery" }
  /// An answer that nobody counted.
  package static let noUsage = saying("no usage") { $0.usage = nil }
  /// Arguments of a tool call that stop in the middle.
  package static let cutArguments = saying("cut-off tool JSON") { $0.arguments = [#"{"city":"#, #""Par"#] }
  /// An error in the middle of the answer.
  package static let errorInTheMiddle = stream("error in the stream") { family, answer in
    answer.beginning(family) + [family.failure]
  }
  /// An error as the first event.
  package static let errorFirst = stream("error as the first event") { family, _ in [family.failure] }

  private static func stream(
    _ name: String, _ body: @escaping @Sendable (any AnswerFamily, ModelAnswer) -> [[UInt8]]
  ) -> Fault {
    Fault(name) { family, answer in .stream(body(family, answer), of: family) }
  }

  private static func saying(_ name: String, _ change: (inout ModelAnswer) -> Void) -> Fault {
    var answer = ModelAnswer()
    change(&answer)
    return Fault(name) { family, answer in sound.makeScript(family, answer) }.with { $0.answer = answer }
  }

  private static func replacing(_ old: [UInt8], in bytes: [UInt8], with new: [UInt8]) -> [UInt8] {
    guard bytes.count >= old.count else { return bytes }
    let start = (0...bytes.count - old.count).first { bytes[$0...].starts(with: old) }
    return start.map { Array(bytes[..<$0]) + new + bytes[($0 + old.count)...] } ?? bytes
  }
}

/// Bodies that want all the memory there is.
extension Fault {
  /// A line, or what stands in for one, without an end.
  package static let hugeLine = Fault("huge line") { family, _ in
    let start =
      family.contentType == AmazonFrame.contentType
      ? AmazonFrame.prelude(payload: 1 << 30, headers: 0) : lineStart(family)
    return Script([endless(family), .raw(start), .endless([UInt8](repeating: 0x61, count: 1 << 16))])
  }
  /// Little on the wire, and no end behind it.
  package static let gzipBomb = Fault("gzip bomb") { family, _ in
    let bomb = GzipBomb(lineStart(family) + [0x61], period: 1)
    let repetitions = [[UInt8]](repeating: bomb.repetition, count: 1000).flatMap(\.self)
    return Script([endless(family, [("content-encoding", "gzip")]), .raw(bomb.head), .endless(repetitions)])
  }
  /// Plain text that is said to be compressed.
  package static let notCompressed = Fault("not compressed as announced") { family, answer in
    Script([
      .head([("content-type", family.contentType), ("content-encoding", "gzip")]), .body(family.bytes(of: answer)),
      .finish,
    ])
  }

  private static func endless(_ family: any AnswerFamily, _ more: [(String, String)] = []) -> Script.Step {
    .head([("content-type", family.contentType), ("connection", "close")] + more)
  }

  private static func lineStart(_ family: any AnswerFamily) -> [UInt8] {
    family.contentType == "text/event-stream" ? Array("data: ".utf8) : Array("{".utf8)
  }
}
