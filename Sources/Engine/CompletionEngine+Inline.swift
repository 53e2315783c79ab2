package import Catalog
package import Completion
internal import Dialects
internal import Platform

/// A wish to have a hole in a text filled.
package struct InlineCall: Sendable {
  package var hole: InfillRequest
  /// How many texts for it are wanted.
  package var count: Int
  package var provider: String?
  package var model: String?
  package var connectionDefault: ModelChoice?

  /// One text for `hole`, from whoever answers when nothing is said.
  package init(_ hole: InfillRequest, count: Int = 1) {
    self.hole = hole
    self.count = count
  }
}

/// Texts for a hole, and who wrote them.
package struct InlineOutcome: Sendable {
  package var provider: String
  package var model: String
  package var texts: [String]
  /// All texts together.
  package var usage: Usage
  /// USD; `nil` when a price is unknown.
  package var cost: Cost?
  /// Whether the provider's own endpoint for holes wrote them, and not a model that was asked in words.
  package var isNative: Bool
  /// What of the call the provider could not take.
  package var dropped: [(what: String, why: String)]
}

extension CompletionEngine {
  /// How long a text may get when the call does not say, in tokens.
  private static let inlineLimit = 256

  private struct Filling: Sendable {
    var text: String
    var usage: Usage
    var cost: Cost?
    var dropped: [(what: String, why: String)]
  }

  /// Fills a hole: at the provider's own endpoint for that, else by asking the model in words. Several texts are made
  /// at the same time, and each counts as a completion in flight; when one fails, all do.
  /// - Throws: what a completion throws.
  package func completeInline(_ call: InlineCall) async throws(ProviderError) -> InlineOutcome {
    var base = CompletionCall(input: [])
    (base.provider, base.model, base.connectionDefault) = (call.provider, call.model, call.connectionDefault)
    let target = try await target(for: base)
    var call = call
    call.hole.maxTokens = call.hole.maxTokens ?? Self.inlineLimit
    do throws(ProviderError) {
      let native = try await nativeFilling(call.hole, target)
      let hole = call.hole
      let fillings = try await several(call.count) { index throws(ProviderError) in
        if let native { return try await native() }
        return try await self.promptedFilling(hole, target, index)
      }
      return InlineOutcome(
        provider: target.provider.id, model: target.model.id, texts: fillings.map(\.text),
        usage: fillings.map(\.usage).reduce(Usage(), +), cost: Self.sum(fillings.map(\.cost)),
        isNative: native != nil || target.api == EchoProvider.api, dropped: fillings.first?.dropped ?? [])
    } catch {
      var error = error
      error.provider = error.provider ?? target.provider.id
      error.model = error.model ?? target.model.id
      throw error
    }
  }

  /// Whether `model` of `provider` can be reached at an endpoint of its own for holes.
  package func canInfill(_ model: ModelInfo, of provider: Provider) -> Bool {
    let (provider, model) = provider.routed(to: model)
    if provider.api == EchoProvider.api { return true }
    guard let dialect = dialect(named: provider.api) as? any Infills else { return false }
    let endpoint = Endpoint(
      provider: provider.id, baseURL: provider.baseURL ?? "", quirks: provider.quirks, model: model)
    return (try? dialect.infillRequest(InfillRequest(prefix: "a", suffix: "b"), for: endpoint)) ?? nil != nil
  }

  /// What asks the provider's own endpoint; `nil` when there is none for this model.
  private func nativeFilling(
    _ hole: InfillRequest, _ target: Target
  ) async throws(ProviderError) -> (@Sendable () async throws(ProviderError) -> Filling)? {
    guard let dialect = dialect(named: target.api) as? any Infills else { return nil }
    let endpoint = try await endpoint(target.provider, target.model)
    guard let request = try dialect.infillRequest(hole, for: endpoint) else { return nil }
    return { () throws(ProviderError) in
      try await self.inFlight { () throws(ProviderError) in
        let sent = TokenEstimate.tokens(of: [hole.prefix, hole.suffix])
        return try await self.metered("completeInline", target, inputEstimate: sent) { () throws(ProviderError) in
          let (answer, dropped) = try await ExchangeScope.run(.infill) { () throws(ProviderError) in
            try await self.withEndpoint(target.provider, target.model) { endpoint throws(ProviderError) in
              let request = try dialect.infillRequest(hole, for: endpoint) ?? request
              let body = try await self.fetch(request.http, from: endpoint, dialect)
              return (try dialect.infill(in: body, at: endpoint), request.dropped)
            }
          }
          let usage = answer.usage ?? .estimated(input: sent, output: TokenEstimate.tokens(of: [answer.text]))
          let filling = Filling(
            text: answer.text, usage: usage, cost: Cost(of: usage, target.model),
            dropped: dropped.map { ($0.what, $0.why) })
          return (filling, usage)
        }
      }
    }
  }

  /// Asks the model in words, as a completion of its own. `index` counts the texts for the same hole.
  private func promptedFilling(
    _ hole: InfillRequest, _ target: Target, _ index: Int
  ) async throws(ProviderError) -> Filling {
    let isEcho = target.api == EchoProvider.api
    var call = CompletionCall(input: [Message(.user, isEcho ? hole.prefix : InlinePrompt.question(hole))])
    (call.provider, call.model) = (target.provider.id, target.model.id)
    call.options.maxTokens = hole.maxTokens
    call.options.stop = hole.stop
    if !isEcho {
      call.options.system = InlinePrompt.system
      call.options.reasoning = .level(.off)
      // The first text is the likeliest one; the same question again would bring the same answer.
      call.options.temperature = index == 0 ? 0 : 0.6
      // A model that thinks in any case would use up the limit before it writes.
      if target.model.reasoning, target.model.thinkingToggle == false {
        call.options.maxTokens = hole.maxTokens.map { max($0, $0 &+ 2048) }
      }
    }
    let outcome = try await run(try await admit(call), into: NoSink())
    let text = outcome.message.text
    // The other options are ours, and no loss to the caller.
    let dropped = outcome.dropped.filter { $0.what == "maxTokens" || $0.what.hasPrefix("stop") }
    return Filling(
      text: isEcho ? text : InlinePrompt.clean(text, for: hole), usage: outcome.usage, cost: outcome.cost,
      dropped: dropped)
  }

  /// `count` results of `work` in the order of their numbers, made at the same time. The first failure ends the rest.
  private func several(
    _ count: Int, _ work: @escaping @Sendable (Int) async throws(ProviderError) -> Filling
  ) async throws(ProviderError) -> [Filling] {
    let result = await withTaskGroup(of: (Int, Result<Filling, ProviderError>).self) { group in
      for index in 0..<count {
        group.addTask {
          do throws(ProviderError) {
            return (index, .success(try await work(index)))
          } catch {
            return (index, .failure(error))
          }
        }
      }
      var fillings: [(index: Int, filling: Filling)] = []
      for await (index, result) in group {
        switch result {
        case .success(let filling): fillings.append((index, filling))
        case .failure(let error):
          group.cancelAll()
          return Result<[Filling], ProviderError>.failure(error)
        }
      }
      return .success(fillings.sorted { $0.index < $1.index }.map(\.filling))
    }
    return try result.get()
  }

  private static func sum(_ costs: [Cost?]) -> Cost? {
    costs.reduce(Cost()) { sum, cost in sum.flatMap { sum in cost.map { sum + $0 } } }
  }
}

/// For completions that nobody watches.
private struct NoSink: CompletionSink {
  func emit(_ deltas: [StreamDelta]) async {}
}

/// How a model that has no endpoint for holes is asked to fill one.
enum InlinePrompt {
  static let system = """
    You complete text at the cursor of an editor. You are given what stands before the cursor and what stands after \
    it. Reply with the text to insert at the cursor, and with nothing else: no explanation, no code fence, nothing of \
    what stands before or after the cursor. Keep to the language, style and indentation of what is there. Stop where \
    the thought is complete, after a few lines at most. If nothing is missing, reply with nothing.
    """

  /// The question for a hole.
  static func question(_ hole: InfillRequest) -> String {
    var lines: [String] = []
    if let path = hole.path { lines.append("File: \(path)") }
    if let language = hole.language { lines.append("Language: \(language)") }
    lines.append("<before_cursor>\(hole.prefix)</before_cursor>")
    lines.append("<after_cursor>\(hole.suffix)</after_cursor>")
    return lines.joined(separator: "\n")
  }

  /// The text for the hole in a model's answer: without the fence that it may stand in, and without the line it
  /// continues, which many models say again.
  static func clean(_ answer: String, for hole: InfillRequest) -> String {
    var text = unfenced(answer)
    let line = hole.prefix.split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
    for start in [line, line.drop(while: \.isWhitespace)] where start.count >= 4 && text.hasPrefix(start) {
      text.removeFirst(start.count)
      break
    }
    return text
  }

  private static func unfenced(_ text: String) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    while lines.first?.allSatisfy(\.isWhitespace) == true { lines.removeFirst() }
    while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
    guard lines.count > 1, lines[0].hasPrefix("```"), lines[lines.count - 1].hasPrefix("```") else { return text }
    return lines.dropFirst().dropLast().joined(separator: "\n")
  }
}
