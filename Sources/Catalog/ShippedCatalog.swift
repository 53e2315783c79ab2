package import Completion
internal import EmbeddedData
internal import JSON

/// What ships with the program: the API families, the providers, and what is known of their models.
package struct ShippedCatalog: Sendable {
  /// In the order of `providers.json`.
  package let apis: [APIEntry]
  /// In the order of `providers.json`, which is the order people see.
  package let providers: [ProviderEntry]
  /// What response headers say about limits.
  package let limitHeaders: LimitHeaders

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
      let limitHeaders = try LimitHeaders(fields.value("limitHeaders"), path: ["limitHeaders"])
      try fields.finish()
      self.limitHeaders = limitHeaders
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

  /// The headers that carry keys, by API family; families that are absent use `authorization`.
  var keyHeaders: [String: String] {
    Dictionary(apis.compactMap { api in api.keyHeader.map { (api.name, $0) } }) { $1 }
  }

  /// As `api(named:)`; a name that nobody knows is an error about the member `api` of the object at `path`.
  func family(_ name: String, _ path: [String]) throws(JSONFieldError) -> APIEntry {
    if let family = api(named: name) { return family }
    let hint = nearest(to: name, among: apis.flatMap { [$0.name] + $0.aliases }).map { "did you mean \"\($0)\"?" }
    throw JSONFieldError(
      path: path + ["api"],
      message: "\"\(name)\" is no API family; "
        + (hint ?? "there are \(apis.map(\.name).joined(separator: ", "))"))
  }

  /// The text of `protocol/openrpc.json`; empty in a build that had no such file.
  package static var schema: [UInt8] { Array(bytes(embedded_openrpc())) }

  private static let catalog = Result { () throws(ProviderError) in
    try ShippedCatalog(parsing: bytes(embedded_providers()))
  }

  /// The text of `models.json`.
  static var models: UnsafeBufferPointer<UInt8> { bytes(embedded_models()) }

  private static func bytes(_ file: EmbeddedFile) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: file.bytes, count: file.count)
  }

  static func damaged(_ file: String, _ error: any Error) -> ProviderError {
    ProviderError(.internal, "the catalogue in this program is damaged: \(file): \(error)")
  }
}
