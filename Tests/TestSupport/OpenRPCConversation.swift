package import JSON

/// Checks every message of one connection by the document: give it each message a client sends, then each one the
/// server sends.
package struct OpenRPCConversation: Sendable {
  private let document: OpenRPCDocument
  /// The requests in flight by id, oldest first: a reused id has several.
  private var inFlight: [JSONValue: [(method: String, params: JSONValue?)]] = [:]

  /// A connection on which nothing was said.
  package init(_ document: OpenRPCDocument) { self.document = document }

  /// Notes what the client sends: a message or a batch. Wrong ones are noted too: tests send them on purpose.
  package mutating func sent(_ message: JSONValue) {
    if let batch = message.array {
      for message in batch { sent(message) }
    } else if let id = message["id"], let method = message["method"]?.string {
      inFlight[id, default: []].append((method, message["params"]))
    }
  }

  /// Checks what the server sends: a message or a batch of responses.
  package mutating func received(_ message: JSONValue) throws(OpenRPCDocument.Mismatch) {
    if let batch = message.array {
      guard !batch.isEmpty else { throw OpenRPCDocument.Mismatch(description: "an empty batch of responses") }
      for message in batch { try received(message) }
    } else if message["method"] != nil {
      if message["id"] == nil {
        try document.validate(notification: message)
      } else {
        try document.validate(request: message)
      }
    } else {
      try checkResponse(message)
    }
  }

  private mutating func checkResponse(_ message: JSONValue) throws(OpenRPCDocument.Mismatch) {
    let members = message.object ?? JSONObject()
    let isComplete = members["jsonrpc"] == "2.0" && (members["result"] == nil) != (members["error"] == nil)
    guard isComplete, members.count == 3, let id = members["id"] else {
      throw OpenRPCDocument.Mismatch(description: "no response: \(message.text)")
    }
    if let error = members["error"] {
      let isAboutMessage = ["parse", "invalidRequest"].contains(error["data"]?["kind"]?.string)
      let request = isAboutMessage ? inFlight[id]?.popLast() : takeFirst(id)
      return try document.validate(error: error, of: isAboutMessage ? nil : request?.method)
    }
    guard let request = takeFirst(id), let result = members["result"] else {
      throw OpenRPCDocument.Mismatch(description: "an answer to nothing: \(message.text)")
    }
    try document.validate(params: request.params, of: request.method)
    try document.validate(result: result, of: request.method)
  }

  private mutating func takeFirst(_ id: JSONValue) -> (method: String, params: JSONValue?)? {
    guard let requests = inFlight[id], let first = requests.first else { return nil }
    inFlight[id] = Array(requests.dropFirst())
    return first
  }
}
