package import Completion
package import JSON
package import Platform

/// The person's own list of models, `models.json` in the data folder: the same shape as the one that ships, and laid
/// over it. `patchbay catalog` writes it.
package struct ModelOverlay: Sendable {
  /// Where it is, or would be.
  package let path: String
  private let content: Result<[UInt8]?, SystemError>

  /// No list.
  init() { (path, content) = ("", .success(nil)) }

  /// The list in `directories`, its bytes read, not yet understood: most processes never need it. Blocks.
  package init(in directories: Directories) {
    let path = Self.path(in: directories)
    self.path = path
    content = Result { () throws(SystemError) in try FileSystem.read(path) }
  }

  /// Where the list of `directories` is.
  package static func path(in directories: Directories) -> String { "\(directories.data)/models.json" }

  /// Whether there is one.
  package var exists: Bool { if case .success(nil) = content { false } else { true } }

  /// Its sections by provider; none where there is no list.
  /// - Throws: `storage` for a file that cannot be read or is no JSON object; it names the file and the remedy.
  package func sections() throws(ProviderError) -> JSONObject { try read().get() }

  func read() -> Result<JSONObject, ProviderError> {
    switch content {
    case .failure(let error): return .failure(damaged("\(error)"))
    case .success(nil): return .success(JSONObject())
    case .success(let bytes?):
      do {
        guard let object = try JSONValue(parsing: bytes).object else { return .failure(damaged("is no JSON object")) }
        return .success(object)
      } catch {
        return .failure(damaged("\(error)"))
      }
    }
  }

  func damaged(_ what: String) -> ProviderError {
    ProviderError(
      .storage, "\(path): \(what)",
      hint: "Run: patchbay catalog reset, which removes the file, or patchbay catalog update, which writes it anew.")
  }

  /// Replaces the list in `directories`; every section and every model is one line that a person can find. Blocks.
  /// - Throws: `storage`.
  package static func write(_ sections: JSONObject, in directories: Directories) throws(ProviderError) {
    let path = path(in: directories)
    do {
      try FileSystem.makeDirectory(directories.data)
      try FileSystem.replace(path, with: Array(text(of: sections).utf8))
    } catch {
      throw ProviderError(.storage, "\(error)", hint: "Make \(directories.data) writable for yourself.")
    }
  }

  /// Removes the list in `directories`; whether there was one. Blocks.
  /// - Throws: `storage`.
  package static func remove(in directories: Directories) throws(ProviderError) -> Bool {
    let path = path(in: directories)
    guard access(path, F_OK) == 0 else { return false }
    do {
      try FileSystem.remove(path)
    } catch {
      throw ProviderError(.storage, "\(error)", hint: "Remove the file yourself.")
    }
    return true
  }

  /// The form of `models.json`.
  static func text(of sections: JSONObject) -> String {
    let blocks = sections.map { provider, models in
      let lines = (models.object ?? JSONObject()).map { "    \(JSONValue.string($0.key).text): \($0.value.text)" }
      return "  \(JSONValue.string(provider).text): {\n\(lines.joined(separator: ",\n"))\n  }"
    }
    return "{\n\(blocks.joined(separator: ",\n"))\n}\n"
  }
}
