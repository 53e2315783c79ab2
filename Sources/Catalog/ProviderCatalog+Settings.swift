package import Completion
package import JSON

/// A setting in effect, for people.
package struct EffectiveSetting: Sendable, Hashable {
  /// The way to it in the config file: `providers.ollama.baseURL`.
  package let key: String
  /// The value; keys, the values of headers and what a base URL hides show dots.
  package let value: JSONValue
  /// Where it comes from.
  package let origin: ValueOrigin
}

extension ProviderCatalog {
  /// Every setting that is in effect, in the order of the config file's reference.
  package func settings() -> [EffectiveSetting] {
    var settings: [EffectiveSetting] = []
    func add(_ key: String, _ setting: Setting<String>?) {
      guard let setting else { return }
      settings.append(EffectiveSetting(key: key, value: .string(setting.value), origin: setting.origin))
    }
    add("defaultProvider", config.defaultProvider)
    add("model", config.model)
    for role in ModelRole.allCases { add("roles.\(role)", config.roles[role]) }
    let global: [(key: String, value: JSONValue)] = [
      ("limits.maxMessageBytes", .int(limits.maxMessageBytes)), ("limits.maxCompletions", .int(limits.maxCompletions)),
      ("cache.enabled", .bool(cacheSettings.enabled)), ("cache.systemPrompt", .bool(cacheSettings.systemPrompt)),
      ("cache.projectInstructions", .bool(cacheSettings.projectInstructions)),
      ("fastMode.chat", .bool(fastMode.chat)), ("fastMode.workflow", .bool(fastMode.workflow)),
    ]
    if let budget = limits.budgetUSDPerDay {
      let key = "limits.budgetUSDPerDay"
      settings.append(
        EffectiveSetting(key: key, value: .double(budget), origin: config.origins[key] ?? .builtin))
    }
    for (key, value) in global {
      settings.append(EffectiveSetting(key: key, value: value, origin: config.origins[key] ?? .builtin))
    }
    for (key, value, origin) in mcp.settings {
      let place = origin ?? config.origin(of: key.split(separator: ".").map(String.init))
      settings.append(EffectiveSetting(key: key, value: value, origin: place))
    }
    if let retry = config.retry {
      settings.append(EffectiveSetting(key: "retry", value: .object(retry.value.json), origin: retry.origin))
    }
    for (model, others) in config.fallbacks {
      settings.append(
        EffectiveSetting(key: "fallbacks.\(model)", value: .strings(others.value), origin: others.origin))
    }
    for provider in allProviders { settings += Self.settings(of: provider) }
    return settings
  }

  /// `value` with dots for every text under a name that speaks of a secret: what goes into a request body as it is
  /// may hold one.
  private static func masked(_ value: JSONValue, under name: String = "") -> JSONValue {
    switch value {
    case .object(let members): return .object(JSONObject(members.map { ($0.key, masked($0.value, under: $0.key)) }))
    case .array(let elements): return .array(elements.map { masked($0, under: name) })
    case .string:
      let isSecret = ["key", "token", "secret", "password", "credential", "auth"].contains { word in
        name.lowercased().contains(word)
      }
      return isSecret ? "•••" : value
    default: return value
    }
  }

  private static func settings(of provider: Provider) -> [EffectiveSetting] {
    let section = "providers.\(provider.id)"
    var settings: [EffectiveSetting] = []
    func add(_ key: String, _ value: JSONValue?) {
      guard let value else { return }
      settings.append(EffectiveSetting(key: "\(section).\(key)", value: value, origin: provider.origin(of: key)))
    }
    add("enabled", .bool(provider.enabled))
    add("name", .string(provider.name))
    add("api", .string(provider.api))
    add("baseURL", provider.baseURL.map { .string(ServerAddress.masked($0)) })
    add("apiKey", provider.apiKey.map { .string("\($0)") })
    for header in provider.headers {
      let key = "\(section).headers.\(header.name)"
      settings.append(EffectiveSetting(key: key, value: .string("\(header.value)"), origin: header.value.origin))
    }
    for variable in provider.variables {
      guard let value = provider.variableSettings[variable.name] else { continue }
      let key = "\(section).variables.\(variable.name)"
      settings.append(EffectiveSetting(key: key, value: .string("\(value)"), origin: value.origin))
    }
    add("model", provider.defaultModel.map(JSONValue.string))
    for (key, value) in provider.program?.settings ?? [] { add(key, value) }
    add("maxTokens", provider.maxTokens.map(JSONValue.int))
    add("timeout", provider.timeouts.json)
    add("retry", provider.origins["retry"] == nil ? nil : .object(provider.retry.json))
    add("fallbacks", provider.fallbacks.map { .strings($0) })
    add("maxConcurrent", provider.maxConcurrent.map(JSONValue.int))
    add("extra", provider.extra.isEmpty ? nil : masked(.object(provider.extra)))
    add("quirks", provider.quirks.isEmpty ? nil : .object(provider.quirks))
    add("login", provider.origins["login"] == nil ? nil : provider.login.map(JSONValue.object))
    add("roles", provider.roles.isEmpty ? nil : roles(provider.roles))
    add("models", provider.configuredModels.isEmpty ? nil : .strings(provider.configuredModels.map(\.id)))
    return settings
  }

  private static func roles(_ roles: [ModelRole: String]) -> JSONValue {
    .object(JSONObject(ModelRole.allCases.compactMap { role in roles[role].map { (role.rawValue, .string($0)) } }))
  }
}

extension PhaseTimeouts {
  /// The limits that are set; `nil` when none is.
  fileprivate var json: JSONValue? {
    var object = JSONObject()
    object.set("connectMs", connectMs.map(JSONValue.int))
    object.set("firstTokenMs", firstTokenMs.map(JSONValue.int))
    object.set("idleMs", idleMs.map(JSONValue.int))
    object.set("totalMs", totalMs.map(JSONValue.int))
    return object.isEmpty ? nil : .object(object)
  }
}
