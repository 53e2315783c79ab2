package import Completion
internal import HTTP
internal import JSON

/// DeepSeek's endpoint for filling holes.
private enum DeepSeekBeta {
  /// It refuses more.
  static let maxTokens = 4096
}

extension CompletionsFamily {
  package func infillRequest(
    _ request: InfillRequest, for endpoint: Endpoint
  ) throws(ProviderError) -> EncodedRequest? {
    let quirks = try quirks(of: endpoint)
    let query = try endpoint.query(quirks.query)
    func post(_ path: String, at endpoint: Endpoint, _ body: JSONObject) -> EncodedRequest {
      EncodedRequest(endpoint.post(path + query, body, accept: "application/json"))
    }
    let body = completionBody(request, endpoint.model)
    switch quirks.infill {
    case .none: return nil
    case .completionsSuffix: return post("/completions", at: endpoint, body)
    case .deepseekBeta:
      var body = body
      let limit = DeepSeekBeta.maxTokens
      if let maxTokens = request.maxTokens { body["max_tokens"] = .int(min(maxTokens, limit)) }
      var encoded = post("/beta/completions", at: endpoint.without(["/v1", "/beta"]), body)
      if request.maxTokens ?? 0 > limit {
        encoded.dropped = [Dropped("maxTokens", "\(endpoint.provider) fills holes with at most \(limit) tokens")]
      }
      return encoded
    case .mistral: return post("/fim/completions", at: endpoint, body)
    case .llamacpp: return post("/infill", at: endpoint.without(["/v1"]), llamaBody(request, endpoint.model))
    }
  }

  private func completionBody(_ request: InfillRequest, _ model: ModelInfo) -> JSONObject {
    var body: JSONObject = ["model": .string(model.wireID), "prompt": .string(request.prefix)]
    if !request.suffix.isEmpty { body["suffix"] = .string(request.suffix) }
    body.set("max_tokens", request.maxTokens.map(JSONValue.int))
    if !request.stop.isEmpty { body["stop"] = .strings(request.stop) }
    return body
  }

  /// llama.cpp wraps the texts into the model's own tokens.
  private func llamaBody(_ request: InfillRequest, _ model: ModelInfo) -> JSONObject {
    var body: JSONObject = [
      "model": .string(model.wireID), "input_prefix": .string(request.prefix), "input_suffix": .string(request.suffix),
    ]
    body.set("n_predict", request.maxTokens.map(JSONValue.int))
    if !request.stop.isEmpty { body["stop"] = .strings(request.stop) }
    return body
  }

  package func infill(in body: [UInt8], at endpoint: Endpoint) throws(ProviderError) -> InfillAnswer {
    let answer = try UpstreamAnswer.object(in: body)
    let choice = answer["choices"]?[0]
    let content = choice?["message"]?["content"]
    let text = choice?["text"]?.string ?? answer["content"]?.string ?? content.map(CompletionsAnswer.joined)
    guard let text else { throw ProviderError(.upstreamInvalid, "the provider's answer holds no text for the hole") }
    var result = InfillAnswer(text: text, model: answer["model"]?.string)
    if let usage = answer["usage"]?.object {
      result.usage = CompletionsUsage.read(usage)
    } else if let output = answer["tokens_predicted"]?.int {
      result.usage = Usage(input: answer["tokens_evaluated"]?.int ?? 0, output: output)
    }
    return result
  }
}
