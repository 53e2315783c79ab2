internal import Catalog
internal import JSON

// pi's models.json: facts on providers §5.
extension ConfigImport {
  /// Flags of pi's `compat` that our own family of the same API has under the same name.
  private static let flags = [
    "supportsStore", "supportsDeveloperRole", "supportsReasoningEffort", "supportsUsageInStreaming",
    "supportsStrictMode", "requiresToolResultName", "requiresAssistantAfterToolResult", "requiresThinkingAsText",
  ]
  private static let flaggedFamily = "openai-completions"

  func readPi(_ file: ForeignFile, _ draft: inout ConfigDraft) {
    var root = SettingsReader(file.value, [], in: file)
    let providers = SettingsReader(root.value("providers"), ["providers"], in: file)
    for (name, value) in providers.object { readPi(name, value, file, &draft) }
    root.finish(Self.noCounterpart, in: &draft)
  }

  private func readPi(_ name: String, _ value: JSONValue, _ file: ForeignFile, _ draft: inout ConfigDraft) {
    var reader = SettingsReader(value, ["providers", name], in: file)
    let shipped = provider(name)
    let id = shipped?.id ?? name
    let section = ["providers", id]
    let family = reader.text("api", into: &draft)
    if let family, family != shipped?.api { draft.set(section + ["api"], .string(family)) }
    draft.set(section + ["name"], reader.text("name", into: &draft).map(JSONValue.string))
    takeAddress("baseUrl", &reader, id, &draft)
    takeKey("apiKey", &reader, to: section + ["apiKey"], .pi, &draft)
    takeHeaders(&reader, to: section, .pi, &draft)
    // A provider of the person's own gets its key as a bearer token here without being told.
    if shipped == nil, reader.object["authHeader"] == true { _ = reader.value("authHeader") }
    takeFlags(&reader, family ?? shipped?.api, to: section, &draft)
    let models = reader.take("models", "a list", into: &draft, \.array) ?? []
    for (index, model) in models.enumerated() {
      let path = reader.path + ["models", String(index)]
      guard let modelID = model["id"]?.string, !modelID.isEmpty else {
        var list = SettingsReader(nil, reader.path + ["models"], in: file)
        list.leave(String(index), "has no id", in: &draft)
        continue
      }
      readPi(model: modelID, SettingsReader(model, path, in: file), family ?? shipped?.api, section, &draft)
    }
    // In pi the first of a provider's own models is the one it begins with.
    if shipped == nil, let first = models.first?["id"]?.string { draft.set(section + ["model"], .string(first)) }
    let overrides = SettingsReader(reader.value("modelOverrides"), reader.path + ["modelOverrides"], in: file)
    for (model, value) in overrides.object {
      let inner = SettingsReader(value, overrides.path + [model], in: file)
      readPi(model: model, inner, family ?? shipped?.api, section, &draft)
    }
    if shipped == nil, family == nil, let api = models.lazy.compactMap({ $0["api"]?.string }).first {
      draft.set(section + ["api"], .string(api))
    }
    reader.finish(Self.noCounterpart, in: &draft)
  }

  private func readPi(
    model id: String, _ reader: SettingsReader, _ family: String?, _ section: [String], _ draft: inout ConfigDraft
  ) {
    var reader = reader
    let place = section + ["models", id]
    draft.set(place, [:])
    _ = reader.value("id")
    draft.set(place + ["name"], reader.text("name", into: &draft).map(JSONValue.string))
    let own = reader.text("api", into: &draft)
    if let own, own != family { draft.set(place + ["api"], .string(own)) }
    let reasons = reader.take("reasoning", "true or false", into: &draft) { $0.bool.map(JSONValue.bool) }
    draft.set(place + ["reasoning"], reasons)
    draft.set(place + ["input"], reader.take("input", "a list", into: &draft, Self.inputs))
    draft.set(place + ["contextWindow"], reader.count("contextWindow", into: &draft))
    draft.set(place + ["maxOutputTokens"], reader.count("maxTokens", into: &draft))
    takeCost(&reader, [("cacheRead", "cacheRead"), ("cacheWrite", "cacheWrite")], to: place, &draft)
    takeFlags(&reader, own ?? family, to: place, &draft)
    reader.finish(Self.noCounterpart, in: &draft)
  }

  /// Takes what `compat` says and our family knows.
  private func takeFlags(
    _ reader: inout SettingsReader, _ family: String?, to place: [String], _ draft: inout ConfigDraft
  ) {
    guard let value = reader.value("compat") else { return }
    guard family == Self.flaggedFamily else { return reader.leave("compat", Self.noCounterpart, in: &draft) }
    var compat = SettingsReader(value, reader.path + ["compat"], in: reader.file)
    for name in Self.flags {
      let flag = compat.take(name, "true or false", into: &draft) { $0.bool.map(JSONValue.bool) }
      draft.set(place + ["quirks", name], flag)
    }
    let field = compat.take("maxTokensField", "a name of that field", into: &draft) { value in
      ["max_tokens", "max_completion_tokens"].contains(value.string) ? value : nil
    }
    draft.set(place + ["quirks", "maxTokensField"], field)
    compat.finish(Self.noCounterpart, in: &draft)
  }
}
