internal import Completion
package import JSON

/// How a server or model that speaks an API family differs from the next one; `quirks` of a provider or model in the
/// catalogue and the config file, under the names of these properties.
package protocol DialectQuirks: Sendable, Hashable {
  /// Overrides what the catalogue says of the model.
  var supportsTools: Bool? { get }
  /// Overrides what the catalogue says of the model.
  var supportsImages: Bool? { get }
  /// Fields that every request to this server has; `extra` of the call still wins.
  var body: JSONObject { get }

  /// Takes the members that it knows out of `fields`.
  /// - Throws: for wrong types and values outside a list, naming the quirk.
  mutating func read(_ fields: inout JSONFields) throws(JSONFieldError)
}

extension DialectQuirks {
  /// These quirks with those of the catalogue's or the config's object on top.
  /// - Throws: for unknown names, too, naming the quirk.
  package func with(_ quirks: JSONObject) throws(JSONFieldError) -> Self {
    var result = self
    var fields = try JSONFields(.object(quirks), path: ["quirks"])
    try result.read(&fields)
    try fields.finish()
    return result
  }
}

/// A family whose servers and models differ by `Quirks`.
package protocol QuirkyDialect: Dialect {
  associatedtype Quirks: DialectQuirks

  /// What holds in this family where neither the catalogue nor the config file says anything.
  var defaults: Quirks { get }

  /// The quirks of the model with the id `modelID` where catalogue and config file say `quirks`.
  /// - Throws: for unknown names, wrong types and values outside a list, naming the quirk.
  func read(_ quirks: JSONObject, modelID: String) throws(JSONFieldError) -> Quirks
}

extension QuirkyDialect {
  package func read(_ quirks: JSONObject, modelID: String) throws(JSONFieldError) -> Quirks {
    try defaults.with(quirks)
  }

  package func validate(quirks: JSONObject) throws(JSONFieldError) { _ = try read(quirks, modelID: "") }

  /// The quirks in effect at `endpoint`.
  /// - Throws: `invalidParams` naming the quirk that cannot be read.
  func quirks(of endpoint: Endpoint) throws(ProviderError) -> Quirks {
    do throws(JSONFieldError) {
      return try read(endpoint.mergedQuirks, modelID: endpoint.model.wireID)
    } catch {
      throw ProviderError(.invalidParams, "\(endpoint.provider): \(error.description)", path: error.pathText)
    }
  }

  /// The quirks for reading what `endpoint` answers: those that cannot be read have been reported by the request.
  func quirksOfAnswers(from endpoint: Endpoint) -> Quirks { (try? quirks(of: endpoint)) ?? defaults }

  /// What an encoder of this family is given to write `request` to `endpoint`.
  func task(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodingTask<Quirks> {
    EncodingTask(request, endpoint, try quirks(of: endpoint), api: api)
  }
}
