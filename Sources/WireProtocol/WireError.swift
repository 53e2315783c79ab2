package import Completion
package import JSON

/// An error object as JSON-RPC and the protocol's own `error` members carry it.
package struct WireError: Error, Sendable, Hashable {
  /// The JSON-RPC code, one for each kind.
  package var code: Int
  /// One sentence for a person.
  package var message: String
  /// `kind`, and whatever else is known.
  package var data: JSONObject

  /// The wire form of `error`.
  package init(_ error: ProviderError) {
    code = error.kind.code
    message = error.message
    data = ["kind": .string(error.kind.rawValue)]
    data.set("provider", error.provider.map(JSONValue.string))
    data.set("model", error.model.map(JSONValue.string))
    data.set("status", error.status.map(JSONValue.int))
    data.set("retryAfterMs", error.retryAfterMs.map(JSONValue.int))
    data.set("upstreamRequestId", error.upstreamRequestId.map(JSONValue.string))
    data.set("upstreamCode", error.upstreamCode.map(JSONValue.string))
    data.set("hint", error.hint.map(JSONValue.string))
    data.set("phase", error.phase.map { .string($0.rawValue) })
    data.set("path", error.path.map(JSONValue.string))
    data.set("completionId", error.completionId.map(JSONValue.string))
    if !error.attempts.isEmpty { data["attempts"] = .array(error.attempts.map(\.json)) }
    data.merge(error.details)
  }

  /// What a client makes of the `error` of a response.
  package init(json: JSONValue) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    code = try fields.require("code", fields.int("code", in: Int.min...Int.max))
    message = try fields.require("message", fields.string("message"))
    data = try fields.object("data") ?? JSONObject()
    try fields.finish()
  }

  /// What went wrong; `nil` for a kind this program does not know.
  package var kind: ErrorKind? { data["kind"]?.string.flatMap(ErrorKind.init(rawValue:)) }

  /// `{"code": …, "message": …, "data": {…}}`.
  package var json: JSONValue {
    ["code": .int(code), "message": .string(message), "data": .object(data)]
  }
}
