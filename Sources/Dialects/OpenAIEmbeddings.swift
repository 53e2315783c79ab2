package import Completion
internal import JSON

/// A family whose embeddings are OpenAI's.
package protocol EmbedsAsOpenAI: Embeds {}

extension EmbedsAsOpenAI {
  package func embeddingLimit(for endpoint: Endpoint) -> Int { OpenAIEmbeddings.limit }

  package func embeddings(
    in body: [UInt8], for request: EmbeddingRequest, at endpoint: Endpoint
  ) throws(ProviderError) -> Embeddings { try OpenAIEmbeddings.vectors(in: body, for: request) }
}

extension Endpoint {
  /// The provider has no endpoint that makes vectors.
  var noEmbeddings: ProviderError {
    ProviderError(
      .unsupported, "\(provider) offers no embeddings", hint: "Use another provider for embeddings.", path: "provider")
  }
}

/// `POST {base}/embeddings` as OpenAI shaped it and most providers and local servers copied it.
struct OpenAIEmbeddings {
  /// How many texts OpenAI takes at once; nobody documents less for this route.
  static let limit = 2048

  /// The field for the length of the vectors: `dimensions`, or `output_dimension` at Mistral.
  var dimensionsField = "dimensions"

  /// The body for the vectors of `request.input`. `encoding_format` is left out: not every server knows it, and all
  /// send numbers without it.
  func body(_ request: EmbeddingRequest, _ model: ModelInfo) -> JSONObject {
    var body: JSONObject = ["model": .string(model.wireID), "input": .strings(request.input)]
    body.set(dimensionsField, request.dimensions.map(JSONValue.int))
    return body
  }

  /// The vectors of an answer, put in the order of the texts by their `index`; numbers, or 32-bit floats in base64.
  /// - Throws: `upstreamInvalid` when they are not all there, the upstream's own error where there is one.
  static func vectors(in body: [UInt8], for request: EmbeddingRequest) throws(ProviderError) -> Embeddings {
    let answer = try UpstreamAnswer.object(in: body)
    guard let data = answer["data"]?.array else { throw invalid("it holds no vectors") }
    var vectors = [[Double]?](repeating: nil, count: request.input.count)
    for (position, element) in data.enumerated() {
      let index = element["index"]?.int ?? position
      guard vectors.indices.contains(index), vectors[index] == nil else { throw invalid("it numbers them wrongly") }
      guard let vector = vector(element["embedding"]) else { throw invalid("vector \(index) cannot be read") }
      vectors[index] = vector
    }
    let complete = vectors.compactMap { $0 }
    guard complete.count == vectors.count else {
      throw invalid("it holds \(complete.count) vectors for \(vectors.count) texts")
    }
    return Embeddings(vectors: complete, usage: usage(answer["usage"]))
  }

  private static func invalid(_ what: String) -> ProviderError {
    ProviderError(.upstreamInvalid, "the provider's answer has not the vectors that were asked for: \(what)")
  }

  private static func vector(_ value: JSONValue?) -> [Double]? {
    switch value {
    case .array(let numbers)?:
      let vector = numbers.compactMap(\.double)
      return vector.count == numbers.count && !vector.isEmpty ? vector : nil
    case .string(let base64)?: return Base64.decode(base64).flatMap(floats)
    default: return nil
    }
  }

  /// Little-endian, as the machines that send them.
  private static func floats(_ bytes: [UInt8]) -> [Double]? {
    guard !bytes.isEmpty, bytes.count.isMultiple(of: 4) else { return nil }
    return stride(from: 0, to: bytes.count, by: 4).map { start in
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
      return Double(Float(bitPattern: bits))
    }
  }

  private static func usage(_ value: JSONValue?) -> Usage? {
    guard let tokens = value?["prompt_tokens"]?.tokenCount ?? value?["total_tokens"]?.tokenCount else { return nil }
    return Usage(input: tokens, output: 0)
  }
}
