/// Texts to turn into vectors.
package struct EmbeddingRequest: Sendable, Hashable {
  /// At least one text.
  package var input: [String]
  /// How long the vectors shall be, where the model lets one choose.
  package var dimensions: Int?

  /// A request for the vectors of `input`.
  package init(input: [String], dimensions: Int? = nil) {
    self.input = input
    self.dimensions = dimensions
  }
}

/// Vectors, one for each text in its order.
package struct Embeddings: Sendable, Hashable {
  package var vectors: [[Double]]
  /// What the provider counted; `nil` when it did not.
  package var usage: Usage?

  /// Vectors.
  package init(vectors: [[Double]], usage: Usage? = nil) {
    self.vectors = vectors
    self.usage = usage
  }
}

/// A hole in a text, to be filled.
package struct InfillRequest: Sendable, Hashable {
  /// What stands before the hole.
  package var prefix: String
  /// What stands behind it; empty at the end of a text.
  package var suffix: String
  /// The file's path and language, as hints for models that are asked in words.
  package var path: String?
  package var language: String?
  package var maxTokens: Int?
  package var stop: [String]

  /// A hole between `prefix` and `suffix`.
  package init(
    prefix: String, suffix: String = "", path: String? = nil, language: String? = nil, maxTokens: Int? = nil,
    stop: [String] = []
  ) {
    self.prefix = prefix
    self.suffix = suffix
    self.path = path
    self.language = language
    self.maxTokens = maxTokens
    self.stop = stop
  }
}

/// What a model puts into a hole.
package struct InfillAnswer: Sendable, Hashable {
  package var text: String
  /// What the provider counted; `nil` when it did not.
  package var usage: Usage?
  /// The model the provider says it used.
  package var model: String?

  /// A text for the hole.
  package init(text: String, usage: Usage? = nil, model: String? = nil) {
    self.text = text
    self.usage = usage
    self.model = model
  }
}
