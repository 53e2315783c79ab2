internal import Catalog
package import Completion
package import JSON
package import Platform

/// Adding settings to the person's config file.
package struct ConfigMerge: Sendable {
  /// The text of the whole file as it would be.
  package let bytes: [UInt8]
  /// The settings that the file has already, and otherwise: `providers.openai.model`.
  package let kept: [String]
  private let path: String
  private let isChanged: Bool

  /// Adds `settings` to the text of the file at `path`, where it has none of its own yet. Blocks.
  /// - Throws: `storage` when the file cannot be read, or would not be sound.
  package init(_ settings: JSONObject, into path: String, environment: Environment) throws(ProviderError) {
    // A file that is a link elsewhere stays one.
    self.path = Self.target(of: path)
    let old: [UInt8]?
    do {
      old = try FileSystem.read(path)
    } catch {
      throw ProviderError(.storage, "\(error)", hint: "Make the file readable for yourself.")
    }
    let isEmpty = old?.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) } ?? true
    let before = isEmpty ? Array("{\n}\n".utf8) : old ?? []
    // A file that is not in effect as it is must be corrected first.
    let present = try ProviderCatalog.reading(before, path: path, environment: environment)
    var text = ConfigText(before)
    let (wanted, apart) = Self.settings(settings, as: before, known: present)
    text.add(wanted)
    kept = text.kept.map { $0.joined(separator: ".") } + apart
    bytes = text.bytes
    isChanged = text.bytes != before || old == nil
    _ = try ProviderCatalog.reading(bytes, path: path, environment: environment)
  }

  /// Writes the file in one step; its mode stays. Blocks.
  /// - Throws: `storage`.
  package func write() throws(ProviderError) {
    guard isChanged else { return }
    do {
      if let slash = path.lastIndex(of: "/") { try FileSystem.makeDirectory(String(path[..<slash])) }
      var status = stat()
      // It may hold keys, so a new one is for this user alone.
      let mode = stat(path, &status) == 0 ? status.st_mode & 0o777 : 0o600
      try FileSystem.replace(path, with: bytes, mode: mode)
    } catch {
      throw ProviderError(.storage, "\(error)", hint: "Add the settings by hand; they are printed without --write.")
    }
  }

  /// What says where a provider is and what it is given: a key must not meet another address than its own.
  private static let connection = ["api", "baseURL", "apiKey", "headers", "variables"]

  /// `settings` with the names that the file itself uses for its providers (an alias, where it has one), and without
  /// connections of those that have one there already: these are `apart`.
  private static func settings(
    _ settings: JSONObject, as bytes: [UInt8], known: ProviderCatalog
  ) -> (wanted: JSONObject, apart: [String]) {
    guard let new = settings["providers"]?.object,
      let old = (try? JSONValue(parsing: bytes, options: .config))?["providers"]?.object
    else { return (settings, []) }
    var apart: [String] = []
    var sections = JSONObject()
    for (id, section) in new {
      let provider = known.allProviders.first { $0.id == id }
      let used = old.keys.first { $0 == id || provider?.aliases.contains($0) == true } ?? id
      var members = section.object ?? JSONObject()
      if connection.contains(where: { old[used]?[$0] != nil }) {
        for key in connection {
          if let value = members[key], value != old[used]?[key] { apart.append("providers.\(used).\(key)") }
          members[key] = nil
        }
      }
      sections[used] = .object(members)
    }
    var wanted = settings
    wanted["providers"] = .object(sections)
    return (wanted, apart)
  }

  private static func target(of path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
