package import Completion
package import HTTP
package import JSON

/// `POST {base}/model/{id}/converse-stream`: Amazon Bedrock's one API for the models of all its vendors.
package struct BedrockConverse: QuirkyDialect {
  package let api: APIFamily = "bedrock-converse-stream"
  package let defaults = BedrockConverseQuirks()

  /// The family; it has no state.
  package init() {}

  package func read(_ quirks: JSONObject, modelID: String) throws(JSONFieldError) -> BedrockConverseQuirks {
    try BedrockConverseQuirks(quirks, modelID: modelID)
  }

  package func encode(_ request: CompletionRequest, for endpoint: Endpoint) throws(ProviderError) -> EncodedRequest {
    var encoder = ConverseEncoder(task: try task(request, for: endpoint))
    let body = try encoder.encode()
    let accept = request.stream ? "application/vnd.amazon.eventstream" : "application/json"
    let action = request.stream ? "converse-stream" : "converse"
    return EncodedRequest(Self.post(body, to: action, at: endpoint, accept: accept), dropped: encoder.dropped)
  }

  /// A key has its header already; without one, the request is signed. `skipAuth` is for proxies that sign by
  /// themselves, and ignores both.
  package func authorize(
    _ request: HTTPRequest, at endpoint: Endpoint, time: Int
  ) throws(ProviderError) -> HTTPRequest {
    var request = request
    let key = endpoint.apiKey.flatMap { $0.isEmpty ? nil : $0 }
    if endpoint.variables["skipAuth"] == "1" {
      if let key {
        request.headers.removeAll { [key.reveal(), "Bearer \(key.reveal())"].contains($0.value.reveal()) }
      }
      return request
    }
    if key != nil || request.headers.contains(where: { $0.name.lowercased() == "authorization" }) { return request }
    guard let aws = endpoint.aws else {
      throw ProviderError(
        .authRequired, "\(endpoint.provider) has neither an API key nor AWS credentials",
        hint: """
          Set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.
          """)
    }
    let signature = AmazonSignature(
      accessKeyId: aws.accessKeyId, secretAccessKey: aws.secretAccessKey, sessionToken: aws.sessionToken,
      region: BedrockAddress(endpoint).region, service: "bedrock")
    return signature.sign(request, time: time)
  }

  package func streamDecoder(for request: CompletionRequest, at endpoint: Endpoint) -> any AnswerDecoder {
    let isTool = quirksOfAnswers(from: endpoint).outputMode(for: endpoint.model) == .tool
    return ConverseStreamDecoder(
      ConverseAnswer(
        answerTool: isTool ? request.options.answerToolName : nil, stopSequences: request.options.stop))
  }

  package func error(status: Int, headers: [(String, String)], body: [UInt8]) -> ProviderError {
    var error = ErrorClassification.error(status: status, headers: headers, body: body)
    let text = error.message.lowercased()
    if let hint = Self.hints.first(where: { $0.words.allSatisfy(text.contains) })?.hint { error.hint = hint }
    if Self.wantsProfile.allSatisfy(text.contains) { error.hint = Self.profileHint(error.message) }
    return error
  }

  /// What to do about errors whose words do not say it; the words in lower case. AWS writes apostrophes in more than
  /// one way, so there are none.
  private static let hints: [(words: [String], hint: String)] = [
    (["signature expired"], "Set the clock of this computer: it is too far from the time at AWS."),
    (["signature not yet current"], "Set the clock of this computer: it is too far from the time at AWS."),
    (["security token", "expired"], "The temporary AWS credentials have run out; get new ones."),
    (["access to the model"], "Ask for access to this model in the console of Amazon Bedrock, in this region."),
  ]

  private static let wantsProfile = ["on-demand throughput", "supported"]

  /// What to name in the place of a model that is to be had through an inference profile only. AWS says which model;
  /// which of the profiles there are depends on the region.
  private static func profileHint(_ message: String) -> String {
    let words = message.split(separator: " ")
    let id = words.firstIndex(of: "ID").flatMap { words.dropFirst($0 + 1).first }
    guard let id, !id.hasPrefix("arn:") else {
      return
        "Put the prefix of an inference profile before the model's id, such as us., eu. or global., or use its ARN."
    }
    return "Name an inference profile instead: us.\(id), eu.\(id) or apac.\(id), depending on the region, or "
      + "global.\(id); its ARN will do, too."
  }

  /// A POST to an action of `modelSegment`, the endpoint's own model unless told otherwise.
  static func post(
    _ body: JSONObject, to action: String, at endpoint: Endpoint, modelSegment: String? = nil,
    accept: String = "application/json"
  ) -> HTTPRequest {
    let address = BedrockAddress(endpoint)
    var endpoint = endpoint
    endpoint.baseURL = address.baseURL
    var request = endpoint.post("/model/\(modelSegment ?? address.modelSegment)/\(action)", body, accept: accept)
    request.http1Only = endpoint.variables["forceHTTP1"] == "1"
    return request
  }
}

extension BedrockConverseQuirks {
  /// How `model` is held to a schema.
  func outputMode(for model: ModelInfo) -> StructuredOutput {
    structuredOutput ?? (model.structured == true ? .native : .tool)
  }
}
