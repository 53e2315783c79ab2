package import JSON

/// A provider and one of its models.
package struct ModelChoice: Sendable, Hashable {
  /// The provider's id.
  package var provider: String
  /// The model's id within the provider; `nil` for the provider's default.
  package var model: String?

  /// A choice.
  package init(provider: String, model: String?) {
    self.provider = provider
    self.model = model
  }

  /// `{"provider": …, "model": …}`; the model is `null` when only the provider knows it.
  package var json: JSONValue {
    ["provider": .string(provider), "model": model.map(JSONValue.string) ?? .null]
  }
}

/// Which messages of another thread come along when the provider is switched.
package enum Carry: String, Sendable, Hashable, CaseIterable {
  case none
  /// The last exchange.
  case last
  /// The whole thread.
  case all
}
