package import Completion
internal import EmbeddedData
internal import JSON

/// What ships with the program: the API families, the providers, and what is known of their models.
package struct ShippedCatalog: Sendable {
  /// In the order of `providers.json`.
  package let apis: [APIEntry]
  /// In the order of `providers.json`, which is the order people see.
  package let providers: [ProviderEntry]

  /// The catalogue inside the binary, read when it is first asked for.
  package static func load() throws(ProviderError) -> ShippedCatalog { try catalog.get() }

  /// Reads the text of a `providers.json`.
  package init(parsing bytes: some Sequence<UInt8>) throws(ProviderError) {
    do {
      var fields = try JSONFields(try JSONValue(parsing: bytes))
      var apis: [APIEntry] = []
      for (name, value) in try fields.object("apis") ?? JSONObject() {
        apis.append(try APIEntry(name: name, value, path: ["apis", name]))
      }
      var providers: [ProviderEntry] = []
      for (index, value) in (try fields.array("providers") ?? []).enumerated() {
        providers.append(try ProviderEntry(value, path: ["providers", String(index)]))
      }
      try fields.finish()
      self.apis = apis
      self.providers = providers
    } catch {
      throw Self.damaged("providers.json", error)
    }
  }

  /// The family that `name`, or one of its short forms, names.
  package func api(named name: String) -> APIEntry? {
    apis.first { $0.name == name } ?? apis.first { $0.aliases.contains(name) }
  }

  /// What is known of a provider's models, in the order of `models.json`.
  package static func models(of provider: String) throws(ProviderError) -> [ModelInfo] {
    guard let entries = try models.get()[provider]?.object else { return [] }
    var infos: [ModelInfo] = []
    for (id, value) in entries { infos.append(try model(id, value, provider)) }
    return infos
  }

  /// What is known of one model; `nil` when nothing is.
  package static func model(_ id: String, of provider: String) throws(ProviderError) -> ModelInfo? {
    guard let value = try models.get()[provider]?[id] else { return nil }
    return try model(id, value, provider)
  }

  private static func model(_ id: String, _ value: JSONValue, _ provider: String) throws(ProviderError) -> ModelInfo {
    do {
      return try ModelEntry(value, path: [provider, id]).applied(to: ModelInfo(id: id))
    } catch {
      throw damaged("models.json", error)
    }
  }

  /// The text of `protocol/openrpc.json`; empty in a build that had no such file.
  package static var schema: [UInt8] { Array(bytes(embedded_openrpc())) }

  private static let catalog = Result { () throws(ProviderError) in
    try ShippedCatalog(parsing: bytes(embedded_providers()))
  }

  /// Kept as plain JSON: of hundreds of models a process looks at a handful.
  private static let models = Result { () throws(ProviderError) in
    do {
      return try JSONValue(parsing: bytes(embedded_models())).object ?? JSONObject()
    } catch {
      throw damaged("models.json", error)
    }
  }

  private static func bytes(_ file: EmbeddedFile) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: file.bytes, count: file.count)
  }

  private static func damaged(_ file: String, _ error: any Error) -> ProviderError {
    ProviderError(.internal, "the catalogue in this program is damaged: \(file): \(error)")
  }
}
