package import Completion
package import JSON

/// Reads the lists of models that servers give. Each vendor calls the same things by other names, so a property is
/// looked for under all names that are in use; `ModelList` says what no reader can know.
package struct ModelListReader: Sendable {
  /// One answer of a list.
  package struct Page: Sendable {
    package var models: [ModelInfo]
    /// What the query of the next page says, as `name=value`, not yet encoded; `nil` when this is the last.
    package var next: (name: String, value: String)?
  }

  private let list: ModelList

  /// A reader of `list`.
  package init(_ list: ModelList) { self.list = list }

  private static let collections = [
    "data", "modelSummaries", "inferenceProfileSummaries", "publisherModels", "endpoints", "models", "result.data",
    "result",
  ]
  private static let ids = ["id", "modelId", "inferenceProfileId", "model"]

  /// Reads an answer. Entries without an id, and those that `keep` and `drop` rule out, are left out.
  /// - Throws: `upstreamInvalid` when there is no list in it.
  package func page(_ value: JSONValue) throws(ProviderError) -> Page {
    let places = list.items.map { [$0] } ?? Self.collections
    guard let entries = value.array ?? value.first(places, { $0.array }) else {
      throw ProviderError(.upstreamInvalid, "the list of models has an unknown form")
    }
    let models = entries.compactMap { entry -> ModelInfo? in
      guard isWanted(entry), let id = entry.first(list.id.map { [$0] } ?? Self.ids, { $0.string }), !id.isEmpty
      else {
        return nil
      }
      return model(wireID(id), entry)
    }
    return Page(models: models, next: next(value))
  }

  private func wireID(_ id: String) -> String {
    var id = id
    if let drop = list.idDrop, id.hasPrefix(drop) { id.removeFirst(drop.count) }
    if let prefix = list.idPrefix, !id.hasPrefix(prefix) { id = prefix + id }
    return id
  }

  private func isWanted(_ entry: JSONValue) -> Bool {
    for (member, values) in list.keep {
      guard let found = entry.at(member), !found.isNull else { continue }
      guard (found.array ?? [found]).contains(where: values.contains) else { return false }
    }
    return !list.drop.contains { member, values in
      guard let found = entry.at(member) else { return false }
      return (found.array ?? [found]).contains(where: values.contains)
    }
  }

  private func next(_ value: JSONValue) -> (name: String, value: String)? {
    guard let paging = list.paging, let cursor = value.at(paging.cursor) else { return nil }
    if let last = paging.last {
      guard let page = cursor.int, let last = value.at(last)?.int, page < last else { return nil }
      return (paging.parameter, String(page + 1))
    }
    if let more = paging.more, value.at(more)?.bool != true { return nil }
    guard let mark = cursor.string, !mark.isEmpty else { return nil }
    return (paging.parameter, mark)
  }
}

// MARK: - One model

extension ModelListReader {
  private func model(_ id: String, _ entry: JSONValue) -> ModelInfo {
    var model = ModelInfo(
      id: id,
      name: entry.first(["display_name", "displayName", "modelName", "inferenceProfileName", "friendly_name"]) {
        $0.string.flatMap { $0.isEmpty ? nil : $0 }
      } ?? entry["name"]?.string.flatMap { entry["id"] == nil || $0.isEmpty ? nil : $0 })
    model.contextWindow = entry.first(Self.contextWindows, Self.positive)
    model.maxOutputTokens = entry.first(Self.outputLimits, Self.positive)
    model.input = Self.input(entry) ?? model.input
    model.tools = Self.flag(entry, Self.toolFlags, word: ["tools", "tool-use"]) ?? true
    model.efforts = Self.efforts(entry)
    model.thinkingBudget = Self.budget(entry)
    let reasons = Self.flag(entry, Self.reasoningFlags, word: ["reasoning"]) ?? false
    model.reasoning = reasons || model.efforts != nil || model.thinkingBudget != nil
    model.structured = Self.flag(entry, Self.structuredFlags, word: ["structured_outputs"])
    model.cost = cost(entry)
    let isOld = entry["deprecation"]?.string != nil || entry.at("modelLifecycle.status")?.string == "LEGACY"
    model.status = isOld ? "deprecated" : entry["preview"]?.bool == true ? "beta" : nil
    return model
  }

  /// vLLM, Groq, Mistral, OpenRouter, Gemini, Anthropic, xAI, Copilot, llama.cpp, Hugging Face.
  private static let contextWindows = [
    "max_model_len", "context_window", "max_context_length", "context_length", "inputTokenLimit", "max_input_tokens",
    "max_prompt_length", "capabilities.limits.max_context_window_tokens", "limits.max_input_tokens", "meta.n_ctx",
    "providers.0.context_length",
  ]
  private static let outputLimits = [
    "max_completion_tokens", "max_output_tokens", "max_output_length", "outputTokenLimit",
    "top_provider.max_completion_tokens", "capabilities.limits.max_output_tokens", "limits.max_output_tokens",
    "max_tokens",
  ]
  private static let toolFlags = [
    "capabilities.supports.tool_calls", "capabilities.function_calling", "providers.0.supports_tools",
  ]
  private static let reasoningFlags = ["capabilities.reasoning", "capabilities.thinking.supported", "thinking"]
  private static let structuredFlags = [
    "capabilities.supports.structured_outputs", "capabilities.structured_outputs.supported",
    "providers.0.supports_structured_output",
  ]
  /// Lists of words for what a model can do.
  private static let features = ["supported_parameters", "supported_features", "tags"]

  private static func positive(_ value: JSONValue) -> Int? { value.int.flatMap { $0 > 0 ? $0 : nil } }

  /// The flag at the first of `places` that has one, else whether a list of the model's features has one of `word`.
  private static func flag(_ entry: JSONValue, _ places: [String], word: [String]) -> Bool? {
    if let flag = entry.first(places, { $0.bool }) { return flag }
    guard let list = entry.first(features, { $0.array }), !list.isEmpty else { return nil }
    return list.contains { $0.string.map(word.contains) ?? false }
  }

  /// The kinds of input, in our words.
  private static func input(_ entry: JSONValue) -> [String]? {
    let places = ["architecture.input_modalities", "input_modalities", "supported_input_modalities", "inputModalities"]
    if let words = entry.first(places, { $0.array }) {
      let known = words.compactMap { word -> String? in
        switch word.string?.lowercased() {
        case "file", "pdf": "pdf"
        case let kind? where ["text", "image", "audio", "video"].contains(kind): kind
        default: nil
        }
      }
      return known.isEmpty ? nil : known
    }
    let seesImages = ["capabilities.supports.vision", "capabilities.vision", "capabilities.image_input.supported"]
    let tags = entry["tags"]?.array?.compactMap(\.string) ?? []
    guard entry.first(seesImages, { $0.bool }) == true || tags.contains("vision") else { return nil }
    let readsFiles = entry.at("capabilities.pdf_input.supported")?.bool == true || tags.contains("file-input")
    return readsFiles ? ["text", "image", "pdf"] : ["text", "image"]
  }

  private static func efforts(_ entry: JSONValue) -> [String]? {
    let places = ["capabilities.supports.reasoning_effort", "reasoning.supported_efforts"]
    if let words = entry.first(places, { $0.array })?.compactMap(\.string), !words.isEmpty { return words }
    guard let effort = entry.at("capabilities.effort"), effort["supported"]?.bool == true else { return nil }
    let words = ["low", "medium", "high", "xhigh", "max"].filter { effort[$0]?["supported"]?.bool == true }
    return words.isEmpty ? nil : words
  }

  private static func budget(_ entry: JSONValue) -> ThinkingBudget? {
    let supports = entry.at("capabilities.supports")
    let budget = ThinkingBudget(min: supports?["min_thinking_budget"]?.int, max: supports?["max_thinking_budget"]?.int)
    return budget.min == nil && budget.max == nil ? nil : budget
  }

  private func cost(_ entry: JSONValue) -> ModelCost? {
    guard let factor = list.priceFactor else { return nil }
    // Where the price depends on what one asks for, vendors write -1.
    func price(_ places: [String]) -> Double? {
      entry.first(places) { value in
        guard let price = value.double ?? value.string.flatMap(Double.init), price >= 0, price.isFinite else {
          return nil
        }
        return (price * factor * 1e6).rounded() / 1e6
      }
    }
    guard let input = price(["pricing.prompt", "pricing.input", "prompt_text_token_price"]),
      let output = price(["pricing.completion", "pricing.output", "completion_text_token_price"])
    else { return nil }
    return ModelCost(
      input: input, output: output,
      cacheRead: price(["pricing.input_cache_read", "pricing.cached_input", "cached_prompt_text_token_price"]),
      cacheWrite: price(["pricing.input_cache_write"]))
  }
}

extension JSONValue {
  /// The value at a dotted path, in which numbers count through arrays; `nil` when there is none.
  package func at(_ path: String) -> JSONValue? {
    path.split(separator: ".").reduce(Optional(self)) { value, key in
      Int(key).flatMap { value?[$0] } ?? value?[String(key)]
    }
  }

  /// What `convert` makes of the first of `paths` from which it makes anything.
  fileprivate func first<Value>(_ paths: [String], _ convert: (JSONValue) -> Value?) -> Value? {
    for path in paths {
      if let value = at(path).flatMap(convert) { return value }
    }
    return nil
  }
}
