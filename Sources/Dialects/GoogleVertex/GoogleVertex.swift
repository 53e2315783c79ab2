package import Completion
internal import HTTP
package import JSON

/// Gemini on Vertex AI: the same bodies at the address of a customer's project, or, with an API key instead of a
/// token ("express mode"), at an address without one. Reads `project` and `location` of `Endpoint.variables`.
package struct GoogleVertex: GeminiFamily {
  package let api: APIFamily = "google-vertex"
  /// The models that take more than one text at a time are old; for them a quirk can say so.
  package let defaults = GeminiQuirks(serviceTier: .header, embeddingBatch: 1)

  /// The family; it has no state.
  package init() {}

  package func url(_ method: String, at endpoint: Endpoint) throws(ProviderError) -> String {
    var endpoint = endpoint
    // A key belongs to one project already, and the express address takes no other.
    if !endpoint.usesBearer, endpoint.apiKey?.isEmpty == false { endpoint.variables["project"] = nil }
    let address = try VertexAddress(endpoint, allowsExpress: true)
    return address.url(publisher: "google", model: GeminiModel.bareID(endpoint.model.wireID), method: method)
  }

  /// The count is of these fields; others, as `toolConfig`, are refused.
  package func countBody(_ body: JSONObject, model: String) -> JSONObject {
    body.only(["contents", "systemInstruction", "tools", "generationConfig"])
  }

  package func embeddingMethod(of model: String) -> GeminiQuirks.EmbeddingMethod {
    model.hasPrefix("gemini-embedding-") && model != "gemini-embedding-001" ? .embedContent : .predict
  }
}
