package import JSON

/// One part of a message on the wire, as the protocol's description knows it.
package enum WirePart: Sendable {
  /// What a client asks.
  case request(method: String, params: JSONValue?)
  /// What either side tells.
  case notification(method: String, params: JSONValue?)
  /// What a request was answered with.
  case result(of: String, JSONValue)
  /// The error a request was answered with.
  case error(JSONValue)
}

/// Says what is wrong with a part of a message; empty when nothing is.
package typealias MessageCheck = @Sendable (WirePart) -> [String]
