package import Completion
package import JSON

/// Something a model can do, as a filter of `listModels`.
package enum ModelCapability: String, Sendable, Hashable, CaseIterable {
  case tools, reasoning, images, pdf, structured, infill
}

/// The parameters of `listModels`.
package struct ListModelsParams: WireParams {
  /// The most entries one page may have, and how many it has when the client does not say.
  package static let limits = (maximum: 1000, standard: 100)

  /// Only this provider's models.
  package var provider: String?
  /// Only models whose id or name contains this, whatever the case.
  package var query: String?
  /// Only models of providers that can be used now (`true`) or cannot (`false`).
  package var available: Bool?
  /// Only models that can do all of this.
  package var capabilities: [ModelCapability]
  /// Whether to ask the providers' own lists.
  package var refresh: Bool
  /// How many entries to return at most.
  package var limit: Int
  /// Where to go on, from `nextCursor`.
  package var cursor: String?

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    provider = try fields.nonEmptyString("provider")
    query = try fields.string("query")
    available = try fields.bool("available")
    capabilities =
      try fields.list("capabilities") { json, path throws(JSONFieldError) in
        guard let capability = json.string.flatMap(ModelCapability.init(rawValue:)) else {
          let known = ModelCapability.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
          throw JSONFieldError(path: path, message: "must be one of \(known)")
        }
        return capability
      } ?? []
    refresh = try fields.bool("refresh") ?? false
    limit = try fields.int("limit", in: 1...Self.limits.maximum) ?? Self.limits.standard
    cursor = try fields.nonEmptyString("cursor")
    try fields.finish()
  }
}

/// The result of `listModels`.
package struct ListModelsResult: Sendable {
  package var models: [ModelEntry]
  /// Give it as `cursor` for the next page; `nil` on the last.
  package var nextCursor: String?
  /// The providers whose own list could not be had, when `refresh` asked for it.
  package var failures: [(provider: String, error: ProviderError)]

  /// A page.
  package init(
    models: [ModelEntry], nextCursor: String? = nil, failures: [(provider: String, error: ProviderError)] = []
  ) {
    self.models = models
    self.nextCursor = nextCursor
    self.failures = failures
  }

  /// The page as the client gets it; `failures` is left out when there are none.
  package var json: JSONValue {
    var members: JSONObject = ["models": .array(models.map(\.json))]
    members.set("nextCursor", nextCursor.map(JSONValue.string))
    if !failures.isEmpty {
      members["failures"] = .array(
        failures.map { ["provider": .string($0.provider), "error": WireError($0.error).json] })
    }
    return .object(members)
  }
}

/// A model as `listModels` shows it.
package struct ModelEntry: Sendable, Hashable {
  /// Where the knowledge of a model comes from.
  package enum Source: String, Sendable, Hashable, CaseIterable { case catalog, live, config }

  package var provider: String
  package var model: ModelInfo
  /// Whether its provider can be used now.
  package var available: Bool
  package var source: Source

  /// An entry.
  package init(provider: String, model: ModelInfo, available: Bool, source: Source) {
    self.provider = provider
    self.model = model
    self.available = available
    self.source = source
  }

  /// The model as the client gets it: `id` is `provider/model`, quirks are left out.
  package var json: JSONValue {
    var members: JSONObject = [
      "id": .string("\(provider)/\(model.id)"), "provider": .string(provider), "model": .string(model.id),
      "name": .string(model.name),
    ]
    members.set("contextWindow", model.contextWindow.map(JSONValue.int))
    members.set("maxOutputTokens", model.maxOutputTokens.map(JSONValue.int))
    members["input"] = .strings(model.input)
    members["reasoning"] = .bool(model.reasoning)
    members["tools"] = .bool(model.tools)
    members.set("cost", model.cost.map(Self.prices))
    members.set("released", model.released.map(JSONValue.string))
    members.set("status", model.status.map(JSONValue.string))
    members["available"] = .bool(available)
    members["source"] = .string(source.rawValue)
    return .object(members)
  }

  private static func prices(_ cost: ModelCost) -> JSONValue {
    var members: JSONObject = ["input": .double(cost.input), "output": .double(cost.output)]
    members.set("cacheRead", cost.cacheRead.map(JSONValue.double))
    members.set("cacheWrite", cost.cacheWrite.map(JSONValue.double))
    return .object(members)
  }
}
