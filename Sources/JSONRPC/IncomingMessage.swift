internal import JSON

/// What one JSON value means as a message.
enum IncomingMessage {
  case call(id: RPCID, method: String, params: JSONValue?)
  case notification(method: String, params: JSONValue?)
  case response(id: RPCID, Result<JSONValue, RPCError>)
  /// Not a request, but to be answered.
  case invalid(id: RPCID?, RPCError)
  /// Wrong, but a notification or a response, which are never answered.
  case ignored

  /// Whether the client waits for a response to it.
  var isAnswered: Bool {
    switch self {
    case .call, .invalid: true
    case .notification, .response, .ignored: false
    }
  }

  init(_ value: JSONValue) {
    guard let object = value.object else {
      self = .invalid(id: nil, .invalidRequest("a message must be an object, but is \(value.kindName)"))
      return
    }
    if object["method"] == nil, object["result"] != nil || object["error"] != nil {
      self = Self.response(object)
    } else {
      self = Self.request(object)
    }
  }

  private static func request(_ object: JSONObject) -> IncomingMessage {
    let hasID = object["id"] != nil
    let id = RPCID(object["id"])
    func invalid(_ message: String) -> IncomingMessage { .invalid(id: id, .invalidRequest(message)) }

    guard !hasID || id != nil else { return invalid("id must be a string or an integer") }
    guard object["jsonrpc"]?.string == "2.0" else { return invalid("jsonrpc must be \"2.0\"") }
    guard let method = object["method"]?.string else { return invalid("method must be a string") }
    let params: JSONValue?
    switch object["params"] {
    case nil, .null: params = nil
    case .some(let value) where value.object != nil || value.array != nil: params = value
    default: return hasID ? invalid("params must be an object or an array") : .ignored
    }
    return id.map { .call(id: $0, method: method, params: params) } ?? .notification(method: method, params: params)
  }

  private static func response(_ object: JSONObject) -> IncomingMessage {
    guard let id = RPCID(object["id"]) else { return .ignored }
    guard let error = object["error"], !error.isNull else {
      return .response(id: id, .success(object["result"] ?? .null))
    }
    guard let code = error["code"]?.int, let message = error["message"]?.string else {
      return .response(id: id, .failure(.internalError("the client sent an error without code and message")))
    }
    return .response(id: id, .failure(RPCError(code: code, message: message, data: error["data"])))
  }
}
