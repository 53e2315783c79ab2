internal import Catalog
internal import JSON

// opencode and Altimate (JSON with comments), pi's models.json.
extension ConfigImport {
  /// Which API family an opencode provider speaks, by the package that it is reached with.
  private static let packages = [
    "@ai-sdk/openai-compatible": "openai-completions", "@ai-sdk/openai": "openai-responses",
    "@ai-sdk/anthropic": "anthropic-messages", "@ai-sdk/google": "google-generative-ai",
    "@ai-sdk/google-vertex": "google-vertex", "@ai-sdk/google-vertex/anthropic": "vertex-anthropic",
    "@ai-sdk/azure": "azure-openai-responses", "@ai-sdk/amazon-bedrock": "bedrock-converse-stream",
    "@ai-sdk/mistral": "mistral",
  ]

  /// opencode: `provider.<id>`, `model`, `small_model`, `disabled_providers`.
  func readOpencode(_ program: Program, _ file: ForeignFile, _ draft: inout ConfigDraft) {
    var root = SettingsReader(file.value, [], in: file)
    let dialect: KeyTranslation.Dialect = program == .altimate ? .bracesAndDollars : .braces
    let providers = SettingsReader(root.value("provider"), ["provider"], in: file)
    for (name, value) in providers.object { readOpencode(name, value, file, dialect, &draft) }
    _ = root.value("$schema")
    draft.set(["model"], root.text("model", into: &draft).map { .string(modelName($0)) })
    draft.set(["roles", "small"], root.text("small_model", into: &draft).map { .string(modelName($0)) })
    let disabled = root.take("disabled_providers", "a list", into: &draft, \.array) ?? []
    for name in disabled.compactMap(\.string) {
      guard let id = provider(name)?.id ?? (draft.config["providers"]?[name] != nil ? name : nil) else { continue }
      draft.set(["providers", id, "enabled"], false)
    }
    root.finish("concerns \(program.rawValue) alone", in: &draft)
  }

  private func readOpencode(
    _ name: String, _ value: JSONValue, _ file: ForeignFile, _ dialect: KeyTranslation.Dialect,
    _ draft: inout ConfigDraft
  ) {
    var reader = SettingsReader(value, ["provider", name], in: file)
    let shipped = provider(name)
    let id = shipped?.id ?? name
    let section = ["providers", id]
    draft.set(section + ["name"], reader.text("name", into: &draft).map(JSONValue.string))
    takeFamily(&reader, shipped, section, &draft)
    // Altimate takes the most common options beside `options` too, which go first.
    takeOptions(&reader, id, dialect, &draft)
    var options = SettingsReader(reader.value("options"), reader.path + ["options"], in: file)
    takeOptions(&options, id, dialect, &draft)
    takeTimeouts(&options, section, &draft)
    options.finish(Self.noCounterpart, in: &draft)
    if let names = reader.value("env")?.array, draft.config["providers"]?[id]?["apiKey"] == nil, shipped == nil {
      draft.set(section + ["apiKey"], names.first?.string.map { .string("$\($0)") })
    }
    let models = SettingsReader(reader.value("models"), reader.path + ["models"], in: file)
    for (model, value) in models.object { readOpencode(model: model, value, models, section, &draft) }
    reader.finish(Self.noCounterpart, in: &draft)
  }

  /// The family, from `npm` or `api`; the latter may be an address as well.
  private func takeFamily(
    _ reader: inout SettingsReader, _ shipped: Provider?, _ section: [String], _ draft: inout ConfigDraft
  ) {
    let package = reader.text("npm", into: &draft)
    let api = reader.text("api", into: &draft)
    if let api, ServerAddress.isUsable(api) { takeAddress("api", &reader, section[1], &draft) }
    let named = api.flatMap { ServerAddress.isUsable($0) ? nil : $0 }
    if let package, Self.packages[package] == nil, named == nil {
      return reader.leave("npm", "is a package that nothing here stands for", in: &draft)
    }
    guard let family = named ?? package.flatMap({ Self.packages[$0] }) ?? (shipped == nil ? "openai-completions" : nil)
    else { return }
    if family == shipped?.api { return }
    draft.set(section + ["api"], .string(family))
  }

  private func takeOptions(
    _ reader: inout SettingsReader, _ id: String, _ dialect: KeyTranslation.Dialect, _ draft: inout ConfigDraft
  ) {
    let section = ["providers", id]
    takeAddress("baseURL", &reader, id, &draft)
    takeKey("apiKey", &reader, to: section + ["apiKey"], dialect, &draft)
    takeHeaders(&reader, to: section, dialect, &draft)
    let variables = [
      ("region", "region"), ("project", "project"), ("location", "location"), ("resourceName", "resource"),
      ("apiVersion", "apiVersion"),
    ]
    let known = provider(id)?.variables.map(\.name) ?? []
    for (theirs, ours) in variables where known.contains(ours) {
      takeKey(theirs, &reader, to: section + ["variables", ours], dialect, &draft)
    }
  }

  /// Milliseconds; `false` means none.
  private func takeTimeouts(_ reader: inout SettingsReader, _ section: [String], _ draft: inout ConfigDraft) {
    for (theirs, ours) in [("timeout", "totalMs"), ("headerTimeout", "firstTokenMs"), ("chunkTimeout", "idleMs")] {
      if reader.object[theirs] == false {
        reader.leave(theirs, "is switched off, which has no counterpart", in: &draft)
        continue
      }
      draft.set(section + ["timeout", ours], reader.count(theirs, into: &draft))
    }
  }

  private func readOpencode(
    model id: String, _ value: JSONValue, _ models: SettingsReader, _ section: [String], _ draft: inout ConfigDraft
  ) {
    var reader = SettingsReader(value, models.path + [id], in: models.file)
    let place = section + ["models", id]
    draft.set(place, [:])
    draft.set(place + ["name"], reader.text("name", into: &draft).map(JSONValue.string))
    if let other = reader.text("id", into: &draft), other != id { draft.set(place + ["upstreamID"], .string(other)) }
    for (theirs, ours) in [("tool_call", "tools"), ("reasoning", "reasoning"), ("temperature", "temperature")] {
      let flag = reader.take(theirs, "true or false", into: &draft) { $0.bool.map(JSONValue.bool) }
      draft.set(place + [ours], flag)
    }
    var limit = SettingsReader(reader.value("limit"), reader.path + ["limit"], in: models.file)
    draft.set(place + ["contextWindow"], limit.count("context", into: &draft))
    draft.set(place + ["maxOutputTokens"], limit.count("output", into: &draft))
    limit.finish(Self.noCounterpart, in: &draft)
    var modalities = SettingsReader(reader.value("modalities"), reader.path + ["modalities"], in: models.file)
    draft.set(place + ["input"], modalities.take("input", "a list", into: &draft, Self.inputs))
    modalities.finish(Self.noCounterpart, in: &draft)
    takeCost(
      &reader, [("cache_read", "cacheRead"), ("cache_write", "cacheWrite")], to: place, &draft)
    reader.finish(Self.noCounterpart, in: &draft)
  }

  static func inputs(_ value: JSONValue) -> JSONValue? {
    let known = ["text", "image", "pdf", "audio", "video"]
    guard let kinds = value.array?.compactMap(\.string), kinds.allSatisfy(known.contains), !kinds.isEmpty else {
      return nil
    }
    return .strings(kinds)
  }

  /// Prices for a million tokens; a model has both of `input` and `output` or none here.
  func takeCost(
    _ reader: inout SettingsReader, _ caches: [(String, String)], to place: [String], _ draft: inout ConfigDraft
  ) {
    guard let value = reader.value("cost") else { return }
    guard value["input"]?.double != nil, value["output"]?.double != nil else {
      return reader.leave("cost", "lacks \"input\" or \"output\"", in: &draft)
    }
    var cost = SettingsReader(value, reader.path + ["cost"], in: reader.file)
    for (theirs, ours) in [("input", "input"), ("output", "output")] + caches {
      let price = cost.take(theirs, "a price", into: &draft) { price in
        price.double.flatMap { (0...1e6).contains($0) ? price : nil }
      }
      draft.set(place + ["cost", ours], price)
    }
    cost.finish(Self.noCounterpart, in: &draft)
  }
}
