package import Completion
package import JSON

/// Reads the lists of models.dev (`https://models.dev/api.json`, and files of that shape) and writes what they say in
/// the shape of `models.json`.
package struct ModelsDev: Sendable {
  /// Sections by the ids of our providers.
  package private(set) var sections = JSONObject()
  /// The ids of those providers in the list that are none of ours.
  package private(set) var unknown: [String] = []

  private static let families = [
    "@ai-sdk/anthropic": "anthropic-messages", "@ai-sdk/openai": "openai-responses",
    "@ai-sdk/openai-compatible": "openai-completions", "@ai-sdk/google": "google-generative-ai",
  ]
  private static let inputs = ["text", "image", "pdf", "audio", "video"]

  /// Takes what `list` says of the providers in `shipped`.
  /// - Throws: `invalidParams` when it is no such list, or none of its providers is known.
  package init(_ list: JSONValue, shipped: ShippedCatalog) throws(ProviderError) {
    guard let providers = list.object, providers.contains(where: { $0.value["models"]?.object != nil }) else {
      throw ProviderError(
        .invalidParams, "this is no list of models as models.dev has it",
        hint: "It should look like {\"anthropic\": {\"models\": {\"claude-…\": {…}}}}.")
    }
    let entries = Self.entries(shipped)
    for (id, value) in providers {
      guard let models = value["models"]?.object else { continue }
      guard let entry = entries[id] else {
        unknown.append(id)
        continue
      }
      var section = sections[entry.id]?.object ?? JSONObject()
      for (model, facts) in models {
        let (id, converted) = Self.model(model, facts, entry)
        section[id] = .object(converted)
      }
      sections[entry.id] = .object(section)
    }
    guard !sections.isEmpty else {
      throw ProviderError(
        .invalidParams, "none of the providers in this list is known here: \(unknown.joined(separator: ", "))")
    }
  }

  /// Our providers by what they are called there. One that names its id there is not meant by its own.
  private static func entries(_ shipped: ShippedCatalog) -> [String: ProviderEntry] {
    var entries: [String: ProviderEntry] = [:]
    for entry in shipped.providers where entry.kind != .builtin { entries[entry.modelsDev ?? entry.id] = entry }
    return entries
  }

  private static func model(_ id: String, _ facts: JSONValue, _ entry: ProviderEntry) -> (String, JSONObject) {
    var model = JSONObject()
    var id = id
    var natural = entry.api
    if let route = entry.routes.first(where: { $0.models.contains { Glob.matches(id, $0) } }) {
      natural = route.api
      if let prefix = route.stripPrefix, id.hasPrefix(prefix) {
        id.removeFirst(prefix.count)
        model["api"] = .string(route.api)
      }
    }
    let families = [entry.api] + entry.routes.map(\.api)
    if let family = facts["provider"]?["npm"]?.string.flatMap({ Self.families[$0] }), family != natural,
      families.contains(family)
    {
      model["api"] = .string(family)
    }
    model.set("name", facts["name"]?.string.map(JSONValue.string))
    model.set("contextWindow", positive(facts["limit"]?["context"]))
    model.set("maxOutputTokens", positive(facts["limit"]?["output"]))
    let input = (facts["modalities"]?["input"]?.array ?? []).compactMap(\.string).filter(inputs.contains)
    if !input.isEmpty { model["input"] = .strings(input) }
    model.set("reasoning", flag(facts["reasoning"]))
    model.set("tools", flag(facts["tool_call"]))
    model.set("structured", flag(facts["structured_output"]))
    if facts["temperature"]?.bool == false { model["temperature"] = false }
    model.set("cost", cost(facts["cost"]))
    model.set("released", facts["release_date"].flatMap(date))
    model.set("status", facts["status"]?.string.map(JSONValue.string))
    return (id, model)
  }

  private static func positive(_ value: JSONValue?) -> JSONValue? {
    guard let number = value?.int, number > 0 else { return nil }
    return .int(number)
  }

  private static func flag(_ value: JSONValue?) -> JSONValue? { value?.bool.map(JSONValue.bool) }

  private static func date(_ value: JSONValue) -> JSONValue? {
    guard let text = value.string, ModelEntry.isDate(text) else { return nil }
    return value
  }

  private static func cost(_ value: JSONValue?) -> JSONValue? {
    func price(_ key: String) -> JSONValue? {
      guard let price = value?[key], let number = price.double, (0...1e6).contains(number) else { return nil }
      return price
    }
    guard let input = price("input"), let output = price("output") else { return nil }
    var cost: JSONObject = ["input": input, "output": output]
    cost.set("cacheRead", price("cache_read"))
    cost.set("cacheWrite", price("cache_write"))
    cost.set("longContext", longContext(value?["context_over_200k"], input.double ?? 0, output.double ?? 0))
    return .object(cost)
  }

  /// The prices of long inputs, as factors.
  private static func longContext(_ value: JSONValue?, _ input: Double, _ output: Double) -> JSONValue? {
    guard let longInput = value?["input"]?.double, let longOutput = value?["output"]?.double, input > 0, output > 0
    else { return nil }
    let factors = [longInput / input, longOutput / output].map { ($0 * 1e6).rounded() / 1e6 }
    guard factors.allSatisfy({ (0...1000).contains($0) }) else { return nil }
    return ["above": 200_000, "input": .double(factors[0]), "output": .double(factors[1])]
  }
}
