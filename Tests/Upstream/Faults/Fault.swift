internal import JSON

/// A way in which a server fails, as a value: what it does with a request instead of answering it well.
package struct Fault: Sendable {
  /// A short name for tables.
  package let name: String
  /// Whether only the first request suffers, and the next ones are answered well.
  package var isOnce = false
  /// Whether the client asks for a stream.
  package var wantsStream = true
  /// What is answered, where the fault leaves anything of it.
  package var answer = ModelAnswer()
  /// What the server does with a request that suffers.
  package let makeScript: @Sendable (any AnswerFamily, ModelAnswer) -> Script

  /// A fault of this name.
  package init(_ name: String, _ make: @escaping @Sendable (any AnswerFamily, ModelAnswer) -> Script) {
    self.name = name
    makeScript = make
  }

  /// What the server does with the request number `count`, from 1 on.
  package func script(_ family: any AnswerFamily, request count: Int) -> Script {
    isOnce && count > 1 ? .stream(family.pieces(of: answer).map(\.bytes), of: family) : makeScript(family, answer)
  }

  /// This fault with something changed.
  package func with(_ change: (inout Fault) -> Void) -> Fault {
    var fault = self
    change(&fault)
    return fault
  }

  /// This fault, the first time only.
  package func once() -> Fault {
    var fault = Fault(name + ", once", makeScript)
    (fault.isOnce, fault.wantsStream, fault.answer) = (true, wantsStream, answer)
    return fault
  }
}

extension ModelAnswer {
  /// The pieces in front of the tool call: thoughts and all of the text.
  package func beginning(_ family: any AnswerFamily) -> [[UInt8]] {
    family.pieces(of: self).prefix { $0.kind != .call && $0.kind != .ending }.map(\.bytes)
  }
}

// MARK: - Statuses

extension Fault {
  /// Nothing is wrong.
  package static let sound = Fault("none") { family, answer in
    .stream(family.pieces(of: answer).map(\.bytes), of: family)
  }

  /// A request that is refused, in the family's own words.
  package static func refusal(
    _ name: String, _ condition: UpstreamCondition, headers: [(String, String)] = []
  ) -> Fault {
    Fault(name) { family, _ in
      let refusal = family.refusal(condition)
      return .document(refusal.body.bytes, status: refusal.status, headers: refusal.headers + headers)
    }
  }

  /// A status with a page for people, as proxies send it.
  package static func page(_ status: Int, headers: [(String, String)] = []) -> Fault {
    Fault(status == 200 ? "HTML with status 200" : "\(status) from a proxy\(headers.isEmpty ? "" : ", with advice")") {
      _, _ in
      let page = Array("<html><head><title>\(status) Sorry</title></head><body>nginx</body></html>".utf8)
      let type = [("content-type", "text/html"), ("content-length", "\(page.count)")]
      return Script([.head(status: status, headers + type), .body(page), .finish])
    }
  }

  /// A redirect to `place`.
  package static func redirect(_ status: Int, to place: String) -> Fault {
    Fault("redirect \(status)") { _, _ in
      Script([.head(status: status, [("location", place), ("content-length", "0")]), .finish])
    }
  }
}

// MARK: - Connections

extension Fault {
  /// RST where the head should be.
  package static let resetBeforeHead = Fault("reset before the head") { _, _ in Script([.reset]) }
  /// The end where the head should be.
  package static let closedBeforeHead = Fault("closed before the head") { _, _ in Script([.close]) }
  /// The end inside the head.
  package static let closedInHead = Fault("closed inside the head") { _, _ in
    Script([.raw(Array("HTTP/1.1 200 OK\r\nserver: ".utf8)), .close])
  }
  /// RST behind the head.
  package static let resetAfterHead = Fault("reset after the head") { family, _ in
    Script([.head([("content-type", family.contentType)]), .reset])
  }
  /// RST when half of the answer has been heard.
  package static let resetInTheMiddle = Fault("reset in the middle") { family, answer in
    started(family, answer, then: [.untilHeard, .reset])
  }
  /// Silence where the head should be.
  package static let noHead = Fault("no head") { _, _ in Script([.silence]) }
  /// A head, and the beginning that holds no content yet, and silence.
  package static let noContent = Fault("no content") { family, answer in
    let start = family.pieces(of: answer).prefix { $0.kind == .start }.map { Script.Step.body($0.bytes) }
    return Script([.head([("content-type", family.contentType)])] + start + [.silence])
  }
  /// Nothing but signs of life.
  package static let onlyKeepAlives = Fault("only keep-alives") { family, _ in
    let life = [Script.Step](repeating: .body(family.keepAlive), count: 3)
    return Script([.head([("content-type", family.contentType)])] + life + [.silence])
  }
  /// Half of the answer, and silence.
  package static let stall = Fault("stall") { family, answer in started(family, answer, then: [.silence]) }
  /// Half of the answer, and nothing but signs of life.
  package static let keepAlivesInTheMiddle = Fault("keep-alives instead of the rest") { family, answer in
    let life = [Script.Step](repeating: .body(family.keepAlive), count: 3)
    return started(family, answer, then: [.untilHeard] + life + [.silence])
  }
  /// Interim heads in front of the real one.
  package static let interimHeads = Fault("100 and 103 before the head") { family, answer in
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n"
    return Script([.raw(Array(interim.utf8))] + sound.makeScript(family, answer).steps)
  }
  /// A head that never ends.
  package static let endlessHeaders = Fault("endless headers") { _, _ in
    Script([.raw(Array("HTTP/1.1 200 OK\r\n".utf8)), .endless(Array("x-header: value\r\n".utf8))])
  }

  private static func started(
    _ family: any AnswerFamily, _ answer: ModelAnswer, then steps: [Script.Step]
  ) -> Script {
    let beginning = answer.beginning(family).map { Script.Step.body($0) }
    return Script([.head([("content-type", family.contentType)])] + beginning + steps)
  }
}
