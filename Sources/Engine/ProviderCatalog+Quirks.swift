internal import Catalog
internal import Completion
internal import Dialects
internal import JSON
internal import Platform

extension ProviderCatalog {
  /// The settings in effect, with the quirks checked by the API families they are for: only those know them. Blocks.
  /// - Throws: what `load` does, and `storage` for a quirk that its family does not know or takes otherwise.
  static func checked(environment: Environment, directories: Directories) throws(ProviderError) -> ProviderCatalog {
    let catalog = try load(environment: environment, directories: directories)
    for provider in catalog.allProviders {
      guard let dialect = Dialects.named(provider.api) else { continue }
      do throws(JSONFieldError) {
        try dialect.validate(quirks: provider.quirks)
      } catch {
        throw catalog.mistake(error, of: provider, in: [], set: "quirks")
      }
      for (id, entry) in provider.configuredModels {
        do throws(JSONFieldError) {
          try dialect.validate(quirks: entry.quirks ?? JSONObject())
        } catch {
          throw catalog.mistake(error, of: provider, in: ["models", id], set: "models")
        }
      }
    }
    return catalog
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
