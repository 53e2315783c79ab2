package import JSON

/// Messages that leave in one write, each framed the way the client speaks.
package struct OutgoingBatch {
  private let framing: Framing
  /// All messages so far, framed.
  package private(set) var bytes: [UInt8] = []

  /// A batch without messages.
  package init(framing: Framing) {
    self.framing = framing
    bytes.reserveCapacity(512)
  }

  /// Adds one message. `body` appends its JSON text, which holds no raw line end.
  package mutating func appendMessage(_ body: (_ bytes: inout [UInt8]) -> Void) {
    let start = bytes.count
    body(&bytes)
    switch framing {
    case .lines: bytes.append(0x0A)
    case .headers: bytes.insert(contentsOf: "Content-Length: \(bytes.count - start)\r\n\r\n".utf8, at: start)
    }
  }

  /// Adds one notification.
  package mutating func appendNotification(_ method: String, _ params: JSONValue?) {
    appendMessage { $0.append(request: method, params, id: nil) }
  }
}

extension [UInt8] {
  /// A request, or a notification when there is no `id`.
  mutating func append(request method: String, _ params: JSONValue?, id: String?) {
    append(ascii: #"{"jsonrpc":"2.0","#)
    if let id {
      append(ascii: #""id":"#)
      append(jsonString: id)
      append(ascii: ",")
    }
    append(ascii: #""method":"#)
    append(jsonString: method)
    if let params {
      append(ascii: #","params":"#)
      append(json: params)
    }
    append(ascii: "}")
  }

  /// A response; without an `id` the error is about something that had none.
  mutating func append(responseTo id: RPCID?, _ result: Result<JSONValue, RPCError>) {
    append(ascii: #"{"jsonrpc":"2.0","id":"#)
    append(json: id?.json ?? .null)
    switch result {
    case .success(let value):
      append(ascii: #","result":"#)
      append(json: value)
    case .failure(let error):
      append(ascii: #","error":{"code":"#)
      append(json: .int(error.code))
      append(ascii: #","message":"#)
      append(jsonString: error.message)
      if let data = error.data {
        append(ascii: #","data":"#)
        append(json: data)
      }
      append(ascii: "}")
    }
    append(ascii: "}")
  }
}
