internal import Catalog
package import Completion
internal import JSON
package import Platform

/// Turns other programs' settings into ours. Formats: facts on providers §5, Atmos' and Omega's own documentation.
package struct ConfigImport: Sendable {
  let environment: Environment
  /// What ships, without the person's own config: names are translated by it alone.
  let catalog: ProviderCatalog

  static let noCounterpart = "has no counterpart here"

  /// Reads settings in the light of what ships.
  package init(environment: Environment) throws(ProviderError) {
    self.environment = environment
    catalog = try .withoutConfig(environment: environment)
  }

  /// The first file there is where `program` keeps its settings; `nil` when there is none.
  package func file(of program: Program) -> String? {
    program.settingsFiles(in: environment).first { access($0, F_OK) == 0 }
  }

  /// The settings that `program` has in the file at `path`. Blocks.
  /// - Throws: `invalidParams` when there is no such file; `storage` naming the line that is not understood, or that
  ///   our own config file would not take.
  package func read(_ path: String, of program: Program) throws(ProviderError) -> ConfigDraft {
    let format: FileFormat = program == .atmos ? .yaml : program == .omega ? .toml : .json
    guard let file = try ForeignFile.read(path, format) else {
      throw ProviderError(.invalidParams, "there is no file \(path)", hint: "Name a settings file of another program.")
    }
    guard file.value.object != nil else {
      throw ProviderError(.storage, "\(path):1: must be an object, but is \(file.value.kindName)")
    }
    var draft = ConfigDraft()
    switch program {
    case .atmos: readAtmos(file, &draft)
    case .omega: readOmega(file, &draft)
    case .opencode, .altimate: readOpencode(program, file, &draft)
    case .pi: readPi(file, &draft)
    default: throw ProviderError(.invalidParams, "settings of \(program.rawValue) cannot be read")
    }
    dropUnusable(&draft, file)
    return draft
  }

  /// Leaves out providers that our own reader would refuse, one by one, with its reason.
  private func dropUnusable(_ draft: inout ConfigDraft, _ file: ForeignFile) {
    for id in draft.unreachable.sorted() {
      drop(id, "has an address that cannot be taken, and its key must not go elsewhere", &draft, file)
    }
    for (id, section) in draft.config["providers"]?.object ?? [:] {
      let alone: JSONValue = ["providers": [id: section]]
      do throws(ProviderError) {
        _ = try ProviderCatalog.reading(alone.bytes, path: "config.json", environment: environment)
      } catch {
        drop(id, Self.refusal(error), &draft, file)
      }
    }
    for key in ["model", "defaultProvider", "roles"] {
      guard draft.config[key] != nil else { continue }
      do throws(ProviderError) {
        var names: JSONObject = ["providers": draft.config["providers"] ?? [:]]
        for other in ["defaultProvider", key] { names[other] = draft.config[other] }
        _ = try ProviderCatalog.reading(JSONValue.object(names).bytes, path: "config.json", environment: environment)
      } catch {
        draft.config[key] = nil
        draft.left.append(.init(setting: key, origin: file.place([]), reason: Self.refusal(error)))
      }
    }
  }

  private func drop(_ id: String, _ reason: String, _ draft: inout ConfigDraft, _ file: ForeignFile) {
    var providers = draft.config["providers"]?.object ?? [:]
    guard providers[id] != nil else { return }
    providers[id] = nil
    draft.config["providers"] = providers.isEmpty ? nil : .object(providers)
    draft.notes.removeAll { $0.hasPrefix("\(id) ") }
    draft.left.append(.init(setting: "provider \(id)", origin: file.place([]), reason: reason))
  }

  /// What our own reader says, without the line of a text that nobody has seen.
  private static func refusal(_ error: ProviderError) -> String {
    let reason = error.message.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? error.message
    return "would be refused here: \(reason)"
  }

  // MARK: - What all of them need

  /// The provider that ships under that id or alias.
  func provider(_ name: String) -> Provider? {
    catalog.allProviders.first { $0.id == name || $0.aliases.contains(name) }
  }

  /// `provider/model` with our own id of the provider.
  func modelName(_ name: String) -> String {
    guard let slash = name.firstIndex(of: "/"), let provider = provider(String(name[..<slash])) else { return name }
    return provider.id + name[slash...]
  }

  /// Takes the key that stands in the member `key`.
  func takeKey(
    _ key: String, _ reader: inout SettingsReader, to path: [String], _ dialect: KeyTranslation.Dialect,
    _ draft: inout ConfigDraft
  ) {
    guard let value = reader.value(key) else { return }
    if let name = value["!env"]?.string {
      let parts = name.split(whereSeparator: \.isWhitespace)
      guard parts.count == 1, KeyTranslation.isName(String(parts[0])) else {
        return reader.leave(key, "names a variable together with a default, which has no counterpart", in: &draft)
      }
      return draft.set(path, .string("$\(parts[0])"))
    }
    guard let text = value.string else { return reader.leave(key, "is not a plain text", in: &draft) }
    guard !text.isEmpty else { return }
    do throws(KeyTranslation.Refusal) {
      let key = try KeyTranslation.translate(text, dialect, from: reader.file, environment)
      draft.set(path, .string(key.text))
      for note in key.notes where !draft.notes.contains(note) { draft.notes.append(note) }
    } catch {
      reader.leave(key, "is not taken: \(error.reason)", in: &draft)
    }
  }

  /// Takes an object of headers.
  func takeHeaders(
    _ reader: inout SettingsReader, to path: [String], _ dialect: KeyTranslation.Dialect, _ draft: inout ConfigDraft
  ) {
    guard let value = reader.value("headers") else { return }
    var headers = SettingsReader(value, reader.path + ["headers"], in: reader.file)
    for (name, value) in headers.object {
      if value.isNull {
        draft.set(path + ["headers", name], .null)
      } else {
        takeKey(name, &headers, to: path + ["headers", name], dialect, &draft)
      }
    }
  }

  /// Takes an address; one that is the provider's own already says nothing new.
  func takeAddress(_ key: String, _ reader: inout SettingsReader, _ id: String, _ draft: inout ConfigDraft) {
    guard let text = reader.text(key, into: &draft) else { return }
    if let region = regionVariable(of: id), !ServerAddress.isUsable(text) {
      return draft.set(["providers", id, "variables", region], .string(text))
    }
    guard ServerAddress.isUsable(text), !text.contains("{env:"), !text.contains("${") else {
      draft.unreachable.insert(id)
      return reader.leave(key, "is no http:// or https:// URL, or holds a variable", in: &draft)
    }
    let url = ServerAddress.withoutTrailingSlashes(text)
    if let own = provider(id)?.baseURL, own == url || own + "/v1" == url || own == url + "/v1" {
      return reader.leave(key, "is what it is here anyway", in: &draft)
    }
    draft.set(["providers", id, "baseURL"], .string(url))
    if provider(id) != nil {
      draft.notes.append(
        "\(id) will be reached at \(ServerAddress.masked(url)), with whatever key is stored for it.")
    }
  }

  /// A provider whose requests are signed is reached by the name of a region.
  private func regionVariable(of id: String) -> String? {
    guard let provider = provider(id), provider.auth.scheme == .aws else { return nil }
    return provider.variables.first { $0.name == "region" }?.name
  }
}
