internal import Completion
internal import JSON

/// What an encoder is given, and what it could not write of it.
struct EncodingTask<Quirks: DialectQuirks> {
  var request: CompletionRequest
  let endpoint: Endpoint
  let quirks: Quirks
  let api: APIFamily
  fileprivate(set) var dropped: [Dropped] = []

  init(_ request: CompletionRequest, _ endpoint: Endpoint, _ quirks: Quirks, api: APIFamily) {
    self.request = request
    self.endpoint = endpoint
    self.quirks = quirks
    self.api = api
  }
}

/// Writes the body of one request.
protocol BodyEncoder {
  associatedtype Quirks: DialectQuirks
  var task: EncodingTask<Quirks> { get set }
}

extension BodyEncoder {
  var request: CompletionRequest { task.request }
  var options: CompletionOptions { task.request.options }
  var endpoint: Endpoint { task.endpoint }
  var model: ModelInfo { task.endpoint.model }
  var modelName: String { "\(endpoint.provider)/\(model.id)" }
  var quirks: Quirks { task.quirks }

  /// What did not fit into the body.
  var dropped: [Dropped] { task.dropped }
  mutating func drop(_ what: String, _ why: String) { task.dropped.append(Dropped(what, why)) }

  /// `body` with what the server wants in every request and what the caller adds, which wins.
  func finished(_ body: JSONObject) -> JSONObject {
    var body = body
    body.merge(quirks.body)
    body.merge(options.extra)
    return body
  }

  // MARK: - Conversation

  /// What the catalogue and the quirks say of any model; the families add what their APIs have beyond that.
  var usualRules: History.Rules {
    var rules = History.Rules(reader: endpoint.origin(task.api))
    rules.takesImages = quirks.supportsImages ?? model.input.contains("image")
    if quirks.supportsImages == nil {
      rules.imageSetting = "providers.\(endpoint.provider).models.\(model.id).input"
    }
    rules.takesTools = takesTools
    return rules
  }

  /// The conversation as the model can take it.
  mutating func history(_ rules: History.Rules) throws(ProviderError) -> History {
    let history = try History(request.messages, for: rules)
    task.dropped += history.dropped
    return history
  }

  /// Notes a wish to keep the prompt long that the server does not take.
  mutating func reportCaching(takesLong: Bool) {
    guard options.cache == .long, !takesLong else { return }
    drop("cache", "\(endpoint.provider) keeps prompts for its usual time only")
  }

  // MARK: - Thinking

  /// The wish to think; `nil` when there is none, or when nothing can be said of it, which is noted. `isSaid`: whether
  /// requests to this server say anything about thinking.
  mutating func thinkingWish(isSaid: Bool) -> ReasoningWish? {
    guard let wish = options.reasoning?.wish else { return nil }
    if model.reasoning, isSaid { return wish }
    if wish.level != .off {
      let why = model.reasoning ? "\(endpoint.provider) decides this by itself" : "\(modelName) is no reasoning model"
      drop("reasoning", why)
    }
    return nil
  }

  mutating func dropBudget() {
    drop("reasoning.budgetTokens", "\(modelName) takes levels only; the nearest level was used")
  }

  /// The budget of a model that counts thoughts as part of the answer; `nil`, which is noted, when it has no room for
  /// any. `usualLimit` is the limit where neither the caller nor the catalogue has one.
  mutating func allowance(for wish: ReasoningWish, usualLimit: Int = .max) -> ThinkingAllowance? {
    let wanted = wish.budget ?? ReasoningEfforts.budget(for: wish.level)
    let allowance = ThinkingAllowance(of: wanted, answer: options.maxTokens, for: model, usualLimit: usualLimit)
    guard let allowance else {
      drop("reasoning", "\(modelName) has no room to think in the tokens that it may write")
      return nil
    }
    if let budget = wish.budget, budget > allowance.budget {
      drop("reasoning.budgetTokens", "\(allowance.budget) tokens are what \(modelName) can think with here")
    }
    return allowance
  }

  // MARK: - Tools

  /// Whether the model can call tools.
  var takesTools: Bool { quirks.supportsTools ?? model.tools }

  /// - Throws: `unsupported` when there are tools for a model that cannot call them.
  func checkTools() throws(ProviderError) {
    guard takesTools || options.tools.isEmpty else {
      throw ProviderError(
        .unsupported, "\(modelName) cannot call tools", hint: "Use a model that can, or leave the tools out.",
        path: "tools")
    }
  }

  /// What the tool that stands in for a native structured output tells the model of itself.
  static var answerToolDescription: String { "Call this with the final answer. Its arguments are the answer." }

  /// A structured answer was asked for, and there is no way to it.
  var noStructuredOutput: ProviderError {
    ProviderError(
      .unsupported, "\(modelName) has no structured output",
      hint: "Use another model, or ask for JSON in the input and leave output out.", path: "output")
  }
}
