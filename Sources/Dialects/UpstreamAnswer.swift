internal import Completion
internal import JSON

/// A body with status 200 that is one JSON object.
enum UpstreamAnswer {
  /// The object in `body`.
  /// - Throws: the error that it holds instead of an answer; `upstreamInvalid` when it is no object.
  static func object(in body: [UInt8]) throws(ProviderError) -> JSONObject {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: body, options: .upstream)
    } catch {
      throw ProviderError(.upstreamInvalid, "the provider's answer is no JSON: \(error.description)")
    }
    guard case .object(let object) = value else {
      if value[0]?["error"] != nil { throw ErrorClassification.error(inside: value) }
      throw ProviderError(.upstreamInvalid, "the provider sent \(value.kindName) instead of an answer")
    }
    if let error = object["error"], !error.isNull { throw ErrorClassification.error(inside: value) }
    return object
  }
}
