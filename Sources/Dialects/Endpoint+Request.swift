package import Completion
package import HTTP
package import JSON

extension Endpoint {
  /// The provider's quirks with the model's own on top.
  package var mergedQuirks: JSONObject {
    var quirks = quirks
    quirks.merge(model.quirks)
    return quirks
  }

  /// Who writes the answers that come from here in the API family `api`.
  package func origin(_ api: APIFamily) -> Origin { Origin(provider: provider, api: api, model: model.id) }

  /// A POST of `body` to `path` below the base URL, with the key and this endpoint's own headers. Of equal names the
  /// last one wins: `added` over the defaults, the endpoint's own over all. An empty value takes the header away.
  package func post(_ path: String, _ body: JSONObject, accept: String, adding added: [HTTPHeader] = []) -> HTTPRequest
  {
    var headers = [HTTPHeader("content-type", "application/json"), HTTPHeader("accept", accept)]
    if let apiKey, !apiKey.isEmpty { headers.append(authorization(apiKey)) }
    headers += added + self.headers
    return HTTPRequest(
      url: baseURL + path, headers: Self.lastOfEachName(headers), body: JSONValue.object(body).bytes, timeouts: timeouts
    )
  }

  /// `?api-version=…` as Azure wants it, from the variable `apiVersion` or else `usual`.
  package func apiVersionQuery(or usual: String) -> String {
    "?api-version=" + (variables["apiVersion"].flatMap { $0.isEmpty ? nil : $0 } ?? usual)
  }

  /// A GET of `url`, which is absolute, with the key and this endpoint's own headers.
  package func get(_ url: String) -> HTTPRequest {
    var headers = [HTTPHeader("accept", "application/json")]
    if let apiKey, !apiKey.isEmpty { headers.append(authorization(apiKey)) }
    return HTTPRequest(url: url, headers: Self.lastOfEachName(headers + self.headers), timeouts: timeouts)
  }

  /// This endpoint at the base URL without the first of `suffixes` that it ends in.
  package func without(_ suffixes: [String]) -> Endpoint {
    var endpoint = self
    if let suffix = suffixes.first(where: baseURL.hasSuffix) { endpoint.baseURL.removeLast(suffix.count) }
    return endpoint
  }

  /// `parameters` as they stand behind a path, with the `?`; empty when there are none. A value `$name` is the
  /// provider's variable of that name, and `$name|usual` is `usual` when nobody set it.
  /// - Throws: `invalidParams` when a variable has no value.
  package func query(_ parameters: JSONObject) throws(ProviderError) -> String {
    var pairs: [String] = []
    for (name, value) in parameters {
      var text = value.string ?? value.text
      if text.hasPrefix("$") {
        let parts = text.dropFirst().split(separator: "|", maxSplits: 1).map(String.init)
        let variable = parts.first ?? ""
        guard let found = variables[variable].flatMap({ $0.isEmpty ? nil : $0 }) ?? parts.dropFirst().first else {
          throw ProviderError(
            .invalidParams, "\(provider) needs a value for \(variable)",
            hint: "Set \(variable) for \(provider) in the config file.", path: "quirks.query.\(name)")
        }
        text = found
      }
      pairs.append("\(name.percentEncoded())=\(text.percentEncoded())")
    }
    return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
  }

  /// Whether the key goes into `Authorization: Bearer`.
  package var usesBearer: Bool { authHeader.lowercased() == "authorization" }

  /// `authorization`, and its kin such as `cf-aig-authorization`, name the scheme; other headers hold the bare key.
  private func authorization(_ key: Secret) -> HTTPHeader {
    authHeader.lowercased().hasSuffix("authorization")
      ? HTTPHeader(authHeader, Secret("Bearer " + key.reveal())) : HTTPHeader(authHeader, key)
  }

  private static func lastOfEachName(_ headers: [HTTPHeader]) -> [HTTPHeader] {
    var result: [HTTPHeader] = []
    for header in headers {
      result.removeAll { $0.name.lowercased() == header.name.lowercased() }
      if !header.value.isEmpty { result.append(header) }
    }
    return result
  }
}

extension CompletionRequest {
  /// The session's id in each of the headers `names`, for servers that send a session to the machine that still has
  /// its prompt; none when caching is off.
  package func sessionHeaders(_ names: [String]) -> [HTTPHeader] {
    guard let sessionId, options.cache != .off else { return [] }
    return names.map { HTTPHeader($0, sessionId) }
  }
}
