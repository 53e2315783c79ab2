internal import Catalog
internal import Completion
internal import Dialects
internal import JSON
internal import Platform

extension ProviderCatalog {
  /// The settings in effect, with the quirks of the config file checked by the API families they are for: only those
  /// know them. Blocks.
  /// - Throws: what `load` does, and `storage` for a quirk that its family does not know or takes otherwise.
  static func checked(environment: Environment, directories: Directories) throws(ProviderError) -> ProviderCatalog {
    let catalog = try load(environment: environment, directories: directories)
    // What ships is checked by the tests, so that a start need not read the quirks of fifty providers.
    for provider in catalog.allProviders where provider.origins["provider"] != nil {
      if provider.origins["quirks"] != nil {
        try catalog.check(provider.quirks, by: provider.api, of: provider, in: [], set: "quirks")
      }
      for (id, entry) in provider.configuredModels {
        guard let quirks = entry.quirks else { continue }
        let api = provider.routed(to: try catalog.model(id, of: provider)).provider.api
        try catalog.check(quirks, by: api, of: provider, in: ["models", id], set: "models")
      }
    }
    return catalog
  }

  private func check(
    _ quirks: JSONObject, by api: String, of provider: Provider, in path: [String], set setting: String
  ) throws(ProviderError) {
    do throws(JSONFieldError) {
      try Dialects.named(api)?.validate(quirks: quirks)
    } catch {
      throw mistake(error, of: provider, in: path, set: setting)
    }
  }

  /// A dialect's complaint, whose path begins with `quirks`, with the place of the quirk in the config file.
  private func mistake(
    _ error: JSONFieldError, of provider: Provider, in path: [String], set setting: String
  ) -> ProviderError {
    let field = JSONFieldError(path: ["providers", provider.id] + path + error.path, message: error.message)
    return ProviderError(
      .storage, "\(provider.origin(of: setting)): \(field)",
      hint: "Correct \(configPath); until then nothing of it is in effect.")
  }
}
