package import JSON

/// What is known of a model.
package struct ModelInfo: Sendable, Hashable {
  /// The id by which people and sessions name it.
  package var id: String
  /// The id on the wire, where the provider's route wants another one.
  package var upstreamID: String?
  package var name: String
  /// The API family it is reached by, where that is not the provider's own.
  package var api: String?
  /// In tokens; `nil` when unknown.
  package var contextWindow: Int?
  /// In tokens; `nil` when unknown.
  package var maxOutputTokens: Int?
  /// What it takes: "text", "image", "pdf", "audio", "video".
  package var input: [String] = ["text"]
  package var reasoning = false
  /// The provider's words for how hard it may think, least first ("none", "minimal", "low", …); `nil` when unknown.
  package var efforts: [String]?
  /// How many tokens it may be told to think; `nil` when it takes no such number.
  package var thinkingBudget: ThinkingBudget?
  /// Whether thinking can be switched off; `nil` when unknown.
  package var thinkingToggle: Bool?
  package var tools = true
  /// Whether the provider can hold it to a schema; `nil` when unknown.
  package var structured: Bool?
  /// Whether it takes a temperature; `nil` when unknown.
  package var temperature: Bool?
  /// Whether the provider offers it faster at a higher price.
  package var fastMode = false
  /// Prices in USD per million tokens; `nil` when unknown.
  package var cost: ModelCost?
  /// ISO date of its release.
  package var released: String?
  /// "beta", "deprecated", …
  package var status: String?
  /// Overrides of the provider's quirks for this model, as in `providers.json`.
  package var quirks = JSONObject()

  /// A model of which only the id is known.
  package init(id: String, name: String? = nil) {
    self.id = id
    self.name = name ?? id
  }

  /// The id that goes into requests.
  package var wireID: String { upstreamID ?? id }
}

/// The bounds of a thinking budget, in tokens.
package struct ThinkingBudget: Sendable, Hashable {
  package var min: Int?
  package var max: Int?

  /// Bounds; an absent one is unknown.
  package init(min: Int? = nil, max: Int? = nil) {
    self.min = min
    self.max = max
  }

  /// `tokens`, or the nearest bound.
  package func clamp(_ tokens: Int) -> Int { Swift.max(min ?? tokens, Swift.min(max ?? tokens, tokens)) }
}

/// Prices in USD per million tokens.
package struct ModelCost: Sendable, Hashable {
  package var input: Double
  package var output: Double
  package var cacheRead: Double?
  package var cacheWrite: Double?
  /// For tokens that are kept in the cache for an hour; `nil` for twice the price of input.
  package var cacheWriteLong: Double?
  /// What the prices are multiplied with in a tier of the provider, by the provider's word: `["priority": 2]`.
  package var tiers: [String: Double] = [:]
  /// What applies to the whole request once its input is long.
  package var longContext: LongContext?

  /// A surcharge for long inputs.
  package struct LongContext: Sendable, Hashable {
    /// The input, cached tokens included, above which it applies.
    package var above: Int
    /// What the price of the input, cached or not, is multiplied with.
    package var input: Double
    /// What the price of the output is multiplied with.
    package var output: Double

    /// A surcharge.
    package init(above: Int, input: Double, output: Double) {
      self.above = above
      self.input = input
      self.output = output
    }
  }

  /// Prices.
  package init(input: Double, output: Double, cacheRead: Double? = nil, cacheWrite: Double? = nil) {
    self.input = input
    self.output = output
    self.cacheRead = cacheRead
    self.cacheWrite = cacheWrite
  }
}
