package import Completion
package import HTTP
package import JSON

/// The Responses API at a resource of Azure OpenAI. The variables `apiVersion` (default `v1`) and `deployments`
/// (`model-a=deployment-a,model-b=deployment-b`) belong to it.
package struct AzureOpenAIResponses: ResponsesFamily, EmbedsAsOpenAI {
  package let api: APIFamily = "azure-openai-responses"
  package let defaults = OpenAIResponsesQuirks.azure

  private static let usualVersion = "v1"

  /// The family; it has no state.
  package init() {}

  package func resolved(_ endpoint: Endpoint) throws(ProviderError) -> Endpoint {
    guard !endpoint.baseURL.contains("/openai/deployments/") else {
      throw ProviderError(
        .unsupported, "\(endpoint.provider): a base URL with /openai/deployments/ speaks chat completions only",
        hint: "Set api to \"openai-completions\", or the base URL to the resource's /openai/v1.", path: "baseURL")
    }
    var endpoint = endpoint
    endpoint.baseURL = Self.normal(endpoint.baseURL)
    let deployments = Self.deployments(endpoint.variables["deployments"] ?? "")
    endpoint.model.upstreamID =
      deployments[endpoint.model.id] ?? deployments[endpoint.model.wireID] ?? endpoint.model.upstreamID
    return endpoint
  }

  package func exchange(
    _ body: JSONObject, for request: CompletionRequest, at endpoint: Endpoint, _ quirks: OpenAIResponsesQuirks
  ) throws(ProviderError) -> HTTPRequest {
    endpoint.post(
      "/responses" + endpoint.apiVersionQuery(or: Self.usualVersion), body, accept: Self.accept(body),
      adding: request.sessionHeaders(quirks.sessionHeaders))
  }

  package func embedRequest(
    _ request: EmbeddingRequest, for endpoint: Endpoint
  ) throws(ProviderError) -> HTTPRequest {
    let endpoint = try resolved(endpoint)
    let embeddings = try embeddings(of: endpoint)
    return endpoint.post(
      "/embeddings" + endpoint.apiVersionQuery(or: Self.usualVersion), embeddings.body(request, endpoint.model),
      accept: "application/json")
  }

  // MARK: - Addresses

  private static let hosts = [".openai.azure.com", ".cognitiveservices.azure.com", ".ai.azure.com"]
  private static let paths = ["", "/", "/openai", "/openai/v1/responses"]

  /// At Azure's own hosts, the root of the API, whatever part of it was given; elsewhere the URL without its last
  /// slash.
  static func normal(_ baseURL: String) -> String {
    let trimmed = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
    guard let scheme = baseURL.firstRange(of: "://") else { return trimmed }
    let rest = baseURL[scheme.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let host = authority.split(separator: "@").last?.prefix { $0 != ":" } ?? ""
    guard hosts.contains(where: host.lowercased().hasSuffix) else { return trimmed }
    var path = String(rest[authority.endIndex...].prefix { $0 != "?" && $0 != "#" })
    if path.hasSuffix("/") { path.removeLast() }
    return baseURL[..<authority.endIndex] + (paths.contains(path) ? "/openai/v1" : path)
  }

  /// The pairs of a list such as `gpt-5.4=my-gpt, gpt-4o=old`.
  static func deployments(_ list: String) -> [String: String] {
    var deployments: [String: String] = [:]
    for pair in list.split(separator: ",") {
      guard let equals = pair.firstIndex(of: "=") else { continue }
      let model = pair[..<equals].trimmed
      let deployment = pair[pair.index(after: equals)...].trimmed
      if !model.isEmpty, !deployment.isEmpty { deployments[model] = deployment }
    }
    return deployments
  }
}
