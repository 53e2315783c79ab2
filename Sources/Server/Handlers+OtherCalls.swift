internal import Completion
internal import Engine
internal import JSON
internal import Synchronization
internal import WireProtocol

extension DroppedItem {
  /// What the engine says was dropped.
  static func list(_ items: [(what: String, why: String)]) -> [DroppedItem] {
    items.map { DroppedItem(what: $0.what, why: $0.why) }
  }
}

extension ClientSession {
  static let otherCalls: [Handler] = [
    .free(.countTokens, CountTokensParams.self) { session, params, _ throws(ProviderError) in
      var call = session.call(params.provider, params.model)
      call.input = params.input
      call.options.system = params.system
      call.options.tools = params.tools
      let count = try await session.engine.countTokens(call)
      return CountTokensResult(
        tokens: count.tokens, exact: count.isExact, dropped: DroppedItem.list(count.dropped), warnings: count.warnings
      ).json
    },
    .free(.embed, EmbedParams.self) { session, params, _ throws(ProviderError) in
      let request = EmbeddingRequest(input: params.input, dimensions: params.dimensions)
      let outcome = try await session.engine.embed(request, session.call(params.provider, params.model))
      return EmbedResult(
        provider: outcome.provider, model: outcome.model, embeddings: outcome.vectors, usage: outcome.usage
      ).json
    },
    .free(.completeInline, CompleteInlineParams.self) { session, params, _ throws(ProviderError) in
      var call = InlineCall(params.hole, count: params.count)
      (call.provider, call.model) = (params.provider, params.model)
      call.connectionDefault = session.state.withLock { $0.choice }
      let outcome = try await session.engine.completeInline(call)
      return CompleteInlineResult(
        provider: outcome.provider, model: outcome.model, texts: outcome.texts, usage: outcome.usage,
        cost: outcome.cost, native: outcome.isNative, dropped: DroppedItem.list(outcome.dropped)
      ).json
    },
  ]

  /// A call that only says who is asked.
  private func call(_ provider: String?, _ model: String?) -> CompletionCall {
    var call = CompletionCall(input: [])
    (call.provider, call.model) = (provider, model)
    call.connectionDefault = state.withLock { $0.choice }
    return call
  }
}
