package import Completion
internal import HTTP
package import JSON

/// `POST {base}/models/{model}:generateContent`: the Gemini API of Google AI Studio, and of gateways that pass it on.
/// Where they differ is data, see `GeminiQuirks`.
package struct GoogleGenerativeAI: GeminiFamily {
  package let api: APIFamily = "google-generative-ai"
  package let defaults = GeminiQuirks()

  /// The family; it has no state.
  package init() {}

  package func url(_ method: String, at endpoint: Endpoint) throws(ProviderError) -> String {
    "\(endpoint.baseURL)/models/\(GeminiModel.bareID(endpoint.model.wireID).percentEncoded(keeping: "@:")):\(method)"
  }

  package func countBody(_ body: JSONObject, model: String) -> JSONObject {
    var request: JSONObject = ["model": .string("models/" + model)]
    request.merge(body)
    return ["generateContentRequest": .object(request)]
  }

  package func embeddingMethod(of model: String) -> GeminiQuirks.EmbeddingMethod { .batchEmbedContents }
}
