internal import Catalog
internal import JSON

// Atmos (YAML) and Omega (TOML): a table of providers with the same few settings.
extension ConfigImport {
  /// Atmos: `ai`, or in newer files `settings.ai`.
  func readAtmos(_ file: ForeignFile, _ draft: inout ConfigDraft) {
    let path = file.value["ai"] != nil ? ["ai"] : ["settings", "ai"]
    let root = path.reduce(Optional(file.value)) { $0?[$1] }
    var reader = SettingsReader(root, path, in: file)
    let providers = SettingsReader(reader.value("providers"), path + ["providers"], in: file)
    let seconds = reader.take("timeout_seconds", "a number of seconds", into: &draft, Self.seconds)
    for (name, value) in providers.object {
      readTable(name, value, path + ["providers", name], file, &draft)
      let id = provider(name)?.id ?? name
      let isTaken = draft.config["providers"]?[id] != nil
      let key = provider(name)?.program == nil ? "timeout" : "timeoutSeconds"
      if isTaken, draft.config["providers"]?[id]?[key] == nil {
        draft.set(["providers", id, key], seconds)
      }
    }
    takeDefault("default_provider", &reader, &draft)
    reader.finish("concerns Atmos alone", in: &draft)
  }

  /// Omega: `[provider]` with a table for each; other sections are about something else.
  func readOmega(_ file: ForeignFile, _ draft: inout ConfigDraft) {
    var root = SettingsReader(file.value, [], in: file)
    var reader = SettingsReader(root.value("provider"), ["provider"], in: file)
    for (name, value) in reader.object where value.object != nil {
      _ = reader.value(name)
      if value["enabled"]?.bool == false {
        reader.leave(name, "is switched off there", in: &draft)
      } else {
        readTable(name, value, ["provider", name], file, &draft)
      }
    }
    takeDefault("default", &reader, &draft)
    reader.finish(Self.noCounterpart, in: &draft)
    root.finish("concerns Omega alone", in: &draft)
  }

  private static func seconds(_ value: JSONValue) -> JSONValue? {
    value.double.flatMap { (0.001...86_400).contains($0) ? value : nil }
  }

  private func takeDefault(_ key: String, _ reader: inout SettingsReader, _ draft: inout ConfigDraft) {
    guard let name = reader.text(key, into: &draft) else { return }
    guard let id = provider(name)?.id ?? (draft.config["providers"]?[name] != nil ? name : nil) else {
      return reader.leave(key, "names \"\(name)\", which is no provider here", in: &draft)
    }
    draft.set(["defaultProvider"], .string(id))
  }

  /// One provider.
  private func readTable(
    _ name: String, _ value: JSONValue, _ path: [String], _ file: ForeignFile, _ draft: inout ConfigDraft
  ) {
    var reader = SettingsReader(value, path, in: file)
    let shipped = provider(name)
    let id = shipped?.id ?? name
    let section = ["providers", id]
    if shipped == nil {
      guard value["base_url"]?.string != nil else {
        var parent = SettingsReader(nil, Array(path.dropLast()), in: file)
        return parent.leave(name, "is no provider here", in: &draft)
      }
      draft.set(section + ["api"], "openai-completions")
    }
    _ = reader.value("enabled")
    takeAddress("base_url", &reader, id, &draft)
    takeKey("api_key", &reader, to: section + ["apiKey"], .literal, &draft)
    draft.set(section + ["model"], reader.text("model", into: &draft).map(JSONValue.string))
    draft.set(section + ["roles", "complex"], reader.text("model_complex", into: &draft).map(JSONValue.string))
    draft.set(section + ["maxTokens"], reader.count("max_tokens", into: &draft))
    // What limits an exchange with a server says how long a program may take.
    let timeout = shipped?.program == nil ? "timeout" : "timeoutSeconds"
    for key in ["timeout_seconds", "timeout_secs"] {
      draft.set(section + [timeout], reader.take(key, "a number of seconds", into: &draft, Self.seconds))
    }
    if shipped?.program != nil { takeProgram(&reader, section, &draft) }
    if shipped?.variables.contains(where: { $0.name == "apiVersion" }) == true {
      let version = reader.text("api_version", into: &draft).map(JSONValue.string)
      draft.set(section + ["variables", "apiVersion"], version)
    }
    takeCache(&reader, &draft)
    reader.finish(Self.noCounterpart, in: &draft)
  }

  /// The settings of a program.
  private func takeProgram(_ reader: inout SettingsReader, _ section: [String], _ draft: inout ConfigDraft) {
    draft.set(section + ["binary"], reader.text("binary", into: &draft).map(JSONValue.string))
    draft.set(section + ["maxTurns"], reader.count("max_turns", into: &draft))
    draft.set(section + ["maxResumeAttempts"], reader.count("max_resume_attempts", into: &draft))
    let budget = reader.take("max_budget_usd", "a number of dollars", into: &draft) { value in
      value.double.flatMap { (0.000_001...1_000_000).contains($0) ? value : nil }
    }
    draft.set(section + ["maxBudgetUSD"], budget)
    let tools = reader.take("allowed_tools", "a list of names", into: &draft) { value in
      value.array.flatMap { names in names.allSatisfy { $0.string != nil } ? value : nil }
    }
    draft.set(section + ["allowedTools"], tools)
    draft.set(
      section + ["fullAuto"], reader.take("full_auto", "true or false", into: &draft) { $0.bool.map(JSONValue.bool) })
  }

  /// Atmos has these settings for one provider; here they hold for all.
  private func takeCache(_ reader: inout SettingsReader, _ draft: inout ConfigDraft) {
    var cache = SettingsReader(reader.value("cache"), reader.path + ["cache"], in: reader.file)
    let names = [
      ("enabled", "enabled"), ("cache_system_prompt", "systemPrompt"),
      ("cache_project_instructions", "projectInstructions"),
    ]
    for (theirs, ours) in names {
      let flag = cache.take(theirs, "true or false", into: &draft) { $0.bool.map(JSONValue.bool) }
      draft.set(["cache", ours], flag)
    }
    cache.finish(Self.noCounterpart, in: &draft)
  }
}
