/// What a server does with one request, step by step, as a value.
package struct Script: Sendable {
  /// One step.
  package enum Step: Sendable {
    /// The head; see `Exchange.send`.
    case head(status: Int = 200, [(String, String)])
    /// Part of the body, as one chunk where it is chunked.
    case body([UInt8])
    /// Part of the body, byte by byte.
    case drip([UInt8])
    /// These bytes until the client goes, whatever they break.
    case endless([UInt8])
    /// Bytes as they are, whatever they break.
    case raw([UInt8])
    /// The good end of the body.
    case finish
    /// Nothing more until the client has heard of all that came before: see `Listener`.
    case untilHeard
    /// Nothing more until the client has gone.
    case silence
    /// The end of the connection, in good order.
    case close
    /// The end of the connection by RST.
    case reset
  }

  /// The steps, in order. A script that runs out closes the connection unless the body has ended well.
  package var steps: [Step]

  /// A script.
  package init(_ steps: [Step]) { self.steps = steps }

  /// A good streamed response with this body.
  package static func stream(_ body: [[UInt8]], of family: any AnswerFamily) -> Script {
    Script([.head([("content-type", family.contentType)])] + body.map(Step.body) + [.finish])
  }

  /// A whole JSON document.
  package static func document(_ body: [UInt8], status: Int = 200, headers: [(String, String)] = []) -> Script {
    let type = [("content-type", "application/json"), ("content-length", "\(body.count)")]
    return Script([.head(status: status, headers + type), .body(body), .finish])
  }
}

/// How a server and a test put their steps in order without a clock.
package struct Listener: Sendable {
  /// Opened by the test when the client has heard what the server said before `untilHeard`.
  package let heard = Gate()
  /// Opened by the server when it has fallen silent.
  package let silent = Gate()

  /// Nothing has happened yet.
  package init() {}
}

extension Exchange {
  /// Does what the script says.
  package func play(_ script: Script, _ listener: Listener = Listener()) throws {
    for step in script.steps {
      switch step {
      case .head(let status, let headers): try send(status: status, headers: headers)
      case .body(let bytes): try write(bytes)
      case .drip(let bytes): for byte in bytes { try write([byte]) }
      case .endless(let bytes): while true { try writeRaw(bytes) }
      case .raw(let bytes): try writeRaw(bytes)
      case .finish: try finish()
      case .untilHeard: listener.heard.wait()
      case .silence:
        listener.silent.open()
        waitForDisconnect()
      case .close: close()
      case .reset: reset()
      }
    }
  }
}
