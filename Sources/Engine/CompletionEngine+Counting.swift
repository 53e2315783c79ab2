internal import Catalog
package import Completion
internal import Dialects
internal import Platform

/// How many tokens a provider would count for a request.
package struct TokenCount: Sendable {
  package var tokens: Int
  /// Whether the provider itself counted.
  package var isExact: Bool
  /// What the provider did not count, because it could not be sent.
  package var dropped: [(what: String, why: String)] = []
  /// Why the provider did not count although it could.
  package var warnings: [String] = []
}

/// Texts as vectors, and who made them.
package struct EmbeddingOutcome: Sendable {
  package var provider: String
  package var model: String
  /// In the order of the texts.
  package var vectors: [[Double]]
  package var usage: Usage
}

extension CompletionEngine {
  /// How long, in milliseconds, a provider may take to count.
  private static let countingPatience = 15_000

  /// How many tokens `call` would send: as the provider's own endpoint counts, else estimated. A provider that cannot
  /// be asked is no error.
  /// - Throws: what finding the provider and the model throws, and `invalidParams` for media that cannot be read.
  package func countTokens(_ call: CompletionCall) async throws(ProviderError) -> TokenCount {
    let target = try await target(for: call)
    let messages = try await MediaReader(directory: workingDirectory()).read(call.input)
    let request = CompletionRequest(messages: messages, options: call.options, stream: false)
    if target.api == EchoProvider.api {
      return TokenCount(tokens: EchoProvider.tokens(in: request), isExact: true)
    }
    var estimate = TokenCount(tokens: TokenEstimate.tokens(in: request), isExact: false)
    guard let dialect = dialect(named: target.api) as? any CountsTokens else { return estimate }
    do throws(ProviderError) {
      var call = call
      call.timeout.totalMs = call.timeout.totalMs ?? Self.countingPatience
      return try await ExchangeScope.run(.count) { () throws(ProviderError) in
        try await self.withEndpoint(target.provider, target.model, call, messages: messages) {
          endpoint throws(ProviderError) in
          guard let counting = try dialect.countRequest(request, for: endpoint) else { return estimate }
          let body = try await self.inFlight { () throws(ProviderError) in
            try await self.fetch(counting.http, from: endpoint, dialect)
          }
          return TokenCount(
            tokens: try dialect.countedTokens(in: body), isExact: true,
            dropped: counting.dropped.map { ($0.what, $0.why) })
        }
      }
    } catch {
      if error.kind == .cancelled { throw error }
      estimate.warnings = ["\(target.provider.id) did not count, so this is an estimate: \(error.message)"]
      return estimate
    }
  }

  /// Turns texts into vectors; `call` names the provider and the model. Long lists are sent in several requests, one
  /// after the other.
  /// - Throws: `unsupported` when the provider has no such endpoint, and what a completion throws.
  package func embed(
    _ request: EmbeddingRequest, _ call: CompletionCall
  ) async throws(ProviderError) -> EmbeddingOutcome {
    let target = try await target(for: call)
    var outcome = EmbeddingOutcome(
      provider: target.provider.id, model: target.model.id, vectors: [], usage: Usage())
    do throws(ProviderError) {
      let estimate = TokenEstimate.tokens(of: request.input)
      (outcome.vectors, outcome.usage) = try await metered(
        "embed", target, account: call.account, inputEstimate: estimate
      ) { () throws(ProviderError) in
        let embeddings = try await ExchangeScope.run(.embedding) { () throws(ProviderError) in
          try await self.embeddings(request, target, call)
        }
        let usage = embeddings.usage ?? .estimated(input: estimate, output: 0)
        return ((embeddings.vectors, usage), usage)
      }
      return outcome
    } catch {
      var error = error
      error.provider = error.provider ?? target.provider.id
      error.model = error.model ?? target.model.id
      throw error
    }
  }

  private func embeddings(
    _ request: EmbeddingRequest, _ target: Target, _ call: CompletionCall
  ) async throws(ProviderError) -> Embeddings {
    if target.api == EchoProvider.api { return EchoProvider.embeddings(request) }
    guard let dialect = dialect(named: target.api) as? any Embeds else {
      throw ProviderError(
        .unsupported, "the API family \(target.api) of \(target.provider.id) makes no embeddings",
        hint: "Name a provider with an embeddings endpoint.", path: "provider")
    }
    return try await inFlight { () throws(ProviderError) in
      try await self.withEndpoint(target.provider, target.model, call) { endpoint throws(ProviderError) in
        try await self.embeddings(request, dialect, endpoint)
      }
    }
  }

  private func embeddings(
    _ request: EmbeddingRequest, _ dialect: any Embeds, _ endpoint: Endpoint
  ) async throws(ProviderError) -> Embeddings {
    let size = max(1, dialect.embeddingLimit(for: endpoint))
    var all = Embeddings(vectors: [], usage: Usage())
    for start in stride(from: 0, to: request.input.count, by: size) {
      var part = request
      part.input = Array(request.input[start..<min(start + size, request.input.count)])
      let http = try dialect.embedRequest(part, for: endpoint)
      let body = try await self.fetch(http, from: endpoint, dialect)
      let answer = try dialect.embeddings(in: body, for: part, at: endpoint)
      guard answer.vectors.count == part.input.count else {
        throw ProviderError(
          .upstreamInvalid, "\(answer.vectors.count) embeddings came for \(part.input.count) texts")
      }
      // Servers in half precision can overflow; JSON has no word for that.
      guard answer.vectors.joined().allSatisfy(\.isFinite) else {
        throw ProviderError(.upstreamInvalid, "a vector from the provider holds something that is no finite number")
      }
      all.vectors += answer.vectors
      let usage = answer.usage ?? .estimated(input: TokenEstimate.tokens(of: part.input), output: 0)
      all.usage = (all.usage ?? Usage()) + usage
    }
    return all
  }
}
