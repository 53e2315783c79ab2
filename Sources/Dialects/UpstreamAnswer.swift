internal import Completion
internal import JSON

extension JSONObject {
  /// The members called `names`, in their order: endpoints that count take less than those that answer.
  func only(_ names: [String]) -> JSONObject { JSONObject(names.compactMap { name in self[name].map { (name, $0) } }) }
}

/// What came with status 200, as JSON.
enum UpstreamAnswer {
  /// A body that is one document.
  /// - Throws: `upstreamInvalid` when it is none.
  static func document(_ body: some Sequence<UInt8>) throws(ProviderError) -> JSONValue {
    try value(body, "the provider's answer is no JSON")
  }

  /// The object in `body`.
  /// - Throws: the error that it holds instead of an answer; `upstreamInvalid` when it is no object.
  static func object(in body: some Sequence<UInt8>) throws(ProviderError) -> JSONObject {
    let value = try document(body)
    guard case .object(let object) = value else {
      if value[0]?["error"] != nil { throw ErrorClassification.error(inside: value) }
      throw notAnAnswer(value)
    }
    if let error = object["error"], !error.isNull { throw ErrorClassification.error(inside: value) }
    return object
  }

  /// The number of tokens that the member `name` of the object in `body` says.
  /// - Throws: the error that came instead; `upstreamInvalid` when there is no such number.
  static func count(_ name: String, in body: [UInt8]) throws(ProviderError) -> Int {
    guard let count = try object(in: body)[name]?.int, count >= 0 else {
      throw ProviderError(.upstreamInvalid, "the provider's answer holds no \(name)")
    }
    return count
  }

  /// A piece of a streamed answer.
  /// - Throws: `upstreamInvalid` when it is no JSON.
  static func piece(_ bytes: ArraySlice<UInt8>) throws(ProviderError) -> JSONValue {
    try value(bytes, "the provider sent a piece of its answer that is no JSON")
  }

  /// The data of an event whose `event` field is `type`.
  /// - Throws: `upstreamInvalid` when it is no JSON, or the error that it tells in words.
  static func event(_ data: ArraySlice<UInt8>, type: String?) throws(ProviderError) -> JSONValue {
    do throws(ProviderError) {
      return try piece(data)
    } catch {
      guard type == "error" else { throw error }
      throw ErrorClassification.error(inside: .string(String(decoding: data, as: UTF8.self)))
    }
  }

  /// What came is sound JSON, but neither an answer nor an error.
  static func notAnAnswer(_ value: JSONValue) -> ProviderError {
    ProviderError(.upstreamInvalid, "the provider sent \(value.kindName) instead of an answer")
  }

  /// The stream ended before the answer did; `missing` is what it lacks.
  static func cutOff(_ missing: String) -> ProviderError {
    ProviderError(
      .upstreamInvalid, "the provider's answer was cut off: it ended without \(missing)",
      hint: "Try again; if it happens often, a proxy in between may close streams too early.")
  }

  /// The answer is complete and holds nothing.
  static var empty: ProviderError {
    ProviderError(.upstreamInvalid, "the provider sent an empty answer", hint: "Try again, or use another model.")
  }

  private static func value(_ bytes: some Sequence<UInt8>, _ complaint: String) throws(ProviderError) -> JSONValue {
    do throws(JSONError) {
      return try JSONValue(parsing: bytes, options: .upstream)
    } catch {
      throw ProviderError(.upstreamInvalid, "\(complaint): \(error.description)")
    }
  }
}
