package import Completion
internal import JSON

extension OllamaChat: Infills {
  /// `POST {root}/api/generate` with a suffix; models that cannot insert say so themselves.
  package func infillRequest(
    _ request: InfillRequest, for endpoint: Endpoint
  ) throws(ProviderError) -> EncodedRequest? {
    let quirks = try quirks(of: endpoint)
    var body: JSONObject = ["model": .string(endpoint.model.wireID), "prompt": .string(request.prefix)]
    if !request.suffix.isEmpty { body["suffix"] = .string(request.suffix) }
    body["stream"] = false
    var options = JSONObject()
    options.set("num_ctx", quirks.numCtx.map(JSONValue.int))
    options.set("num_predict", request.maxTokens.map(JSONValue.int))
    if !request.stop.isEmpty { options["stop"] = .strings(request.stop) }
    if !options.isEmpty { body["options"] = .object(options) }
    body.set("keep_alive", quirks.keepAlive)
    return EncodedRequest(Self.root(endpoint).post("/api/generate", body, accept: "application/json"))
  }

  package func infill(in body: [UInt8], at endpoint: Endpoint) throws(ProviderError) -> InfillAnswer {
    let answer = try UpstreamAnswer.object(in: body)
    guard let text = answer["response"]?.string else {
      throw ProviderError(.upstreamInvalid, "the provider's answer holds no text for the hole")
    }
    var result = InfillAnswer(text: text, model: answer["model"]?.string)
    if answer["prompt_eval_count"] != nil || answer["eval_count"] != nil {
      result.usage = Usage(input: answer["prompt_eval_count"]?.int ?? 0, output: answer["eval_count"]?.int ?? 0)
    }
    return result
  }
}
