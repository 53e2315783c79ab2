package import JSON

/// One part of a message on the wire, as the protocol's description knows it.
package enum WirePart: Sendable {
  /// What a client asks or tells.
  case params(of: String, JSONValue?)
  /// A whole notification of the server.
  case notification(JSONValue)
  /// A whole request of the server.
  case request(JSONValue)
  /// What a request was answered with.
  case result(of: String, JSONValue)
  /// The error a request was answered with; the method is unknown when the request could not be read.
  case error(of: String?, JSONValue)
}

/// Says what is wrong with a part of a message; `nil` when nothing is.
package typealias MessageCheck = @Sendable (WirePart) -> String?

/// Checks by `protocol/openrpc.json`.
package let checkByDocument: MessageCheck = { part in
  do {
    let document = try OpenRPCDocument.load()
    switch part {
    case .params(let method, let params): try document.validate(params: params, of: method)
    case .notification(let message): try document.validate(notification: message)
    case .request(let message): try document.validate(request: message)
    case .result(let method, let result): try document.validate(result: result, of: method)
    case .error(let method, let error):
      let isAboutMessage = ["parse", "invalidRequest"].contains(error["data"]?["kind"]?.string)
      try document.validate(error: error, of: isAboutMessage ? nil : method)
    }
    return nil
  } catch {
    return "\(error)"
  }
}
