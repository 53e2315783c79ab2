import Catalog
import Completion
import JSON
import Platform
import TestSupport
import Testing

/// A catalogue from a config file that holds `text`, and that file's path.
func makeCatalog(_ text: String?, environment: [String: String] = [:]) throws -> (
  catalog: ProviderCatalog, file: String
) {
  let folder = try TemporaryFolder()
  if let text { try folder.write("config/config.json", text) }
  let environment = Environment(environment.merging(["PATCHBAY_HOME": folder.path]) { $1 })
  let catalog = try ProviderCatalog.load(environment: environment, directories: Directories(environment))
  return (catalog, folder.file("config/config.json"))
}

/// The error of a config file that holds `text`, with the path of the file's folder cut off.
func configError(_ text: String) throws -> ProviderError? {
  let folder = try TemporaryFolder()
  try folder.write("config/config.json", text)
  let environment = Environment(["PATCHBAY_HOME": folder.path])
  do {
    _ = try ProviderCatalog.load(environment: environment, directories: Directories(environment))
    return nil
  } catch {
    var error = error
    let prefix = folder.file("config/")
    #expect(error.message.hasPrefix(prefix))
    error.message.removeFirst(min(prefix.count, error.message.count))
    return error
  }
}

/// The error that `body` throws.
func providerError<Value>(_ body: () throws(ProviderError) -> Value) -> ProviderError? {
  do {
    _ = try body()
    return nil
  } catch {
    return error
  }
}
