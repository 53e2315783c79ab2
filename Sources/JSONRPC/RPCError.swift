package import JSON

/// An error response. `data.kind` repeats in a word what `code` says in a number.
package struct RPCError: Error, Sendable, Hashable, CustomStringConvertible {
  /// One of JSON-RPC's, LSP's or the protocol's own codes.
  package var code: Int
  /// One sentence for a person.
  package var message: String
  /// What a program may want to know beyond the code.
  package var data: JSONValue?

  /// An error with exactly these members.
  package init(code: Int, message: String, data: JSONValue? = nil) {
    self.code = code
    self.message = message
    self.data = data
  }

  package var description: String { "\(message) (\(code))" }
}

extension RPCError {
  /// The codes that JSON-RPC 2.0 and LSP define.
  package enum Code {
    package static let parse = -32700
    package static let invalidRequest = -32600
    package static let methodNotFound = -32601
    package static let invalidParams = -32602
    package static let internalError = -32603
    package static let cancelled = -32800
  }

  /// A text that is not JSON, or bytes that are no message.
  package static func parse(_ message: String) -> RPCError {
    RPCError(code: Code.parse, message: message, data: ["kind": "parse"])
  }
  /// JSON that is no JSON-RPC request, or a request that must not come now.
  package static func invalidRequest(_ message: String) -> RPCError {
    RPCError(code: Code.invalidRequest, message: message, data: ["kind": "invalidRequest"])
  }
  /// A method nobody serves. `hint` says what to call instead.
  package static func methodNotFound(_ method: String, hint: String? = nil) -> RPCError {
    var data: JSONObject = ["kind": "methodNotFound"]
    data.set("hint", hint.map(JSONValue.string))
    return RPCError(code: Code.methodNotFound, message: "unknown method \"\(method)\"", data: .object(data))
  }
  /// Params of the wrong shape; `path` names the field, as `JSONFieldError.pathText` writes it.
  package static func invalidParams(_ message: String, path: String? = nil) -> RPCError {
    var data: JSONObject = ["kind": "invalidParams"]
    data.set("path", path.map(JSONValue.string))
    return RPCError(code: Code.invalidParams, message: message, data: .object(data))
  }
  /// A fault of this program.
  package static func internalError(_ message: String) -> RPCError {
    RPCError(code: Code.internalError, message: message, data: ["kind": "internal"])
  }
  /// The answer to a request that was cancelled.
  package static let cancelled = cancelled("request cancelled")
  /// The same, with the reason.
  package static func cancelled(_ message: String) -> RPCError {
    RPCError(code: Code.cancelled, message: message, data: ["kind": "cancelled"])
  }
}
