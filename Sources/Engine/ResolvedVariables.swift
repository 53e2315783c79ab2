internal import Catalog
internal import Completion
internal import Credentials
internal import HTTP
internal import Platform

/// What a provider's address and requests need beside the key, looked up and checked.
struct ResolvedVariables: Sendable {
  /// A value, and where it was found, for complaints. The value is never shown: somebody may have put a key there.
  struct Value: Sendable {
    var text: String
    var place: String
  }

  let provider: Provider
  /// Where the config file is.
  let configPath: String
  /// By the names of the catalogue; those that nobody set are absent.
  private(set) var values: [String: Value] = [:]

  init(_ provider: Provider, configPath: String) {
    self.provider = provider
    self.configPath = configPath
  }

  /// The values alone.
  var texts: [String: String] { values.mapValues(\.text) }

  /// Takes a value in the form that requests want it in.
  /// - Throws: `invalidParams` for a host that the key must not go to.
  mutating func set(_ variable: ConnectionVariable, _ value: Value) throws(ProviderError) {
    var value = value
    if variable.hyphenated { value.text = String(value.text.map { $0 == "_" ? "-" : $0 }) }
    if !variable.endings.isEmpty {
      value.text = Self.bareHost(value.text)
      let isKnown = variable.endings.contains { value.text.lowercased().hasSuffix($0.lowercased()) }
      guard isKnown, Self.isPart(value.text, ofHost: true) else {
        throw wrong(variable.name, value, "must end in \(variable.endings.joined(separator: " or "))")
      }
    }
    values[variable.name] = value
  }

  /// Takes a value that no variable of the catalogue declares.
  mutating func set(_ name: String, _ value: Value) { values[name] = value }

  // MARK: Templates

  /// `template` with the values of variables in the place of `{name}`. At its beginning that may be a whole base URL.
  /// - Throws: `authRequired` for a variable that nobody set, `invalidParams` for one that would change the rest.
  func url(_ template: String) throws(ProviderError) -> String {
    var url = ""
    var rest = template[...]
    while let (before, name, after) = Self.nextName(in: rest) {
      url += before
      rest = after
      guard isVariable(name) else {
        url += "{\(name)}"
        continue
      }
      guard let value = values[name] else { throw missing(name) }
      url += try text(name, value, behind: url)
    }
    return url + rest
  }

  /// `text` with the values in the place of `{name}`; `nil` when one of them is not set.
  func header(_ text: String) -> String? {
    var header = ""
    var rest = text[...]
    while let (before, name, after) = Self.nextName(in: rest) {
      header += before
      rest = after
      guard isVariable(name) else {
        header += "{\(name)}"
        continue
      }
      guard let value = values[name] else { return nil }
      header += value.text
    }
    return header + rest
  }

  /// The error of a variable that is needed and that nobody set.
  func missing(_ name: String) -> ProviderError {
    let variable = provider.variables.first { $0.name == name }
    let ways = [
      variable?.environment.first.map { "set \($0)" },
      "put \"\(name)\" into \(configPath) under providers.\(provider.id).variables",
      provider.auth.keyParts.contains(name)
        ? "run patchbay login \(provider.id) and write the key as "
          + (provider.auth.keyParts + ["key"]).joined(separator: "::") : nil,
    ].compactMap { $0 }
    var hint = "You can " + ways.joined(separator: ", or ") + "."
    if let what = variable?.hint { hint += " It is \(what)." }
    var error = ProviderError(.authRequired, "\(provider.id) needs \"\(name)\", which is not set", hint: hint)
    error.provider = provider.id
    error.path = "providers.\(provider.id).variables.\(name)"
    return error
  }

  private func isVariable(_ name: String) -> Bool {
    values[name] != nil || provider.variables.contains { $0.name == name }
  }

  private func text(_ name: String, _ value: Value, behind url: String) throws(ProviderError) -> String {
    if url.isEmpty {
      guard ServerAddress.isUsable(value.text), !value.text.contains(where: { "?#@\\".contains($0) }) else {
        throw wrong(name, value, "must be a URL that begins with http:// or https:// and has no query")
      }
      return ServerAddress.withoutTrailingSlashes(value.text)
    }
    let scheme = url.firstRange(of: "://")
    let isHost = scheme.map { !url[$0.upperBound...].contains("/") } ?? true
    let text = isHost && url.hasSuffix("://") ? Self.bareHost(value.text) : value.text
    guard Self.isPart(text, ofHost: isHost) else {
      throw wrong(name, value, "holds characters that do not belong into \(isHost ? "a host's name" : "a path")")
    }
    return text
  }

  private func wrong(_ name: String, _ value: Value, _ why: String) -> ProviderError {
    var error = ProviderError(
      .invalidParams, "\"\(name)\" of \(provider.id), from \(value.place), \(why)",
      hint: provider.variables.first { $0.name == name }?.hint.map { "It is \($0)." })
    error.provider = provider.id
    return error
  }

  /// Whether `text` is at most a part of a host's name, or at most a segment of a path.
  private static func isPart(_ text: String, ofHost isHost: Bool) -> Bool {
    let allowed = isHost ? ".-_" : ".-_~:"
    let isSound = text.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        || allowed.utf8.contains(byte)
    }
    return isSound && !text.isEmpty && text != "." && text != ".."
  }

  /// A host as people copy it from the address line of a browser.
  private static func bareHost(_ text: String) -> String {
    let host = text.lowercased().hasPrefix("https://") ? String(text.dropFirst(8)) : text
    return ServerAddress.withoutTrailingSlashes(host)
  }

  /// The next `{name}` in `text`, with what stands before and behind it.
  private static func nextName(in text: Substring) -> (before: Substring, name: String, after: Substring)? {
    guard let opening = text.firstIndex(of: "{"), let closing = text[opening...].firstIndex(of: "}") else { return nil }
    let name = text[text.index(after: opening)..<closing]
    return (text[..<opening], String(name), text[text.index(after: closing)...])
  }
}

extension CompletionEngine {
  /// Looks the variables of `provider` up: in the parts of its key, the config file, its entry in `auth.json`, the
  /// environment, another program's file, and else takes what they are when nothing is said. What is stored with a
  /// key does not go where the key does not go. With `usesCloud` a cloud's credentials say what nothing else does.
  /// - Throws: `authRequired` for a required one that nobody set.
  func variables(
    of provider: Provider, _ catalog: ProviderCatalog, parts: [String: String], account: String? = nil,
    isForeign: Bool = false, usesCloud: Bool = false
  ) async throws(ProviderError) -> ResolvedVariables {
    var variables = ResolvedVariables(provider, configPath: catalog.configPath)
    let query = keyQuery(provider, catalog, account: account)
    let beside = isForeign ? KeySurroundings() : try await keys.surroundings(of: query)
    var parts = parts.mapValues { ResolvedVariables.Value(text: $0, place: "the key") }
    if let account = beside.account, let first = provider.auth.keyParts.first, parts[first] == nil {
      parts[first] = .init(text: account, place: authPath)
    }
    for variable in provider.variables {
      var found = parts[variable.name]
      if found == nil, let setting = provider.variableSettings[variable.name] {
        found = try await keys.resolve(setting.text, origin: setting.origin).map { secret in
          .init(text: secret.reveal(), place: setting.origin.description)
        }
      }
      found = found ?? self.value(of: variable, query, beside)
      if found == nil, query.usesAWS, variable.name == "region", !isForeign {
        found = try await keys.awsRegion(for: query).map { .init(text: $0, place: "the AWS profile") }
      }
      if found == nil, usesCloud, variable.name == "project" {
        found = try await cloudProject(query).map { .init(text: $0, place: "the Google credentials") }
      }
      guard let value = found ?? variable.fallback.map({ .init(text: $0, place: "the default") }) else { continue }
      try variables.set(variable, value)
    }
    for (name, value) in parts where variables.values[name] == nil { variables.set(name, value) }
    if query.usesAWS, keys.skipsAWS { variables.set("skipAuth", .init(text: "1", place: "AWS_BEDROCK_SKIP_AUTH")) }
    // Whoever sets another address need not say what the usual one is made of.
    if !isForeign, provider.origin(of: "baseURL") == .builtin {
      for variable in provider.variables where variable.isRequired && variables.values[variable.name] == nil {
        throw variables.missing(variable.name)
      }
    }
    return variables
  }

  private func value(
    of variable: ConnectionVariable, _ query: KeyQuery, _ beside: KeySurroundings
  ) -> ResolvedVariables.Value? {
    for name in variable.environment {
      guard let text = beside.environment[name], text.contains(where: { !$0.isWhitespace }) else { continue }
      return .init(text: text.trimmedSpace, place: authPath)
    }
    for name in variable.environment {
      if let text = environment[name] { return .init(text: text.trimmedSpace, place: name) }
    }
    return beside.file[variable.name].map { .init(text: $0, place: query.file?.path ?? "a file") }
  }
}

extension String {
  /// Without white space at either end.
  fileprivate var trimmedSpace: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else {
      return ""
    }
    return String(self[first...last])
  }
}
