import Completion
import Credentials
import HTTP
import Platform
import TestSupport

/// A user of their own: a home with a config file and, when `auth` is given, an `auth.json`.
struct User {
  let folder: TemporaryFolder
  let resolver: KeyResolver
  let configPath: String
  let authPath: String

  init(
    auth: String? = nil, authMode: mode_t = 0o600, environment: [String: String] = [:], config: String = "{}",
    configMode: mode_t = 0o600, commandLimit: Duration = .seconds(10), now: Int = 1_000
  ) throws {
    folder = try TemporaryFolder()
    authPath = folder.file("data/auth.json")
    configPath = try folder.write("config/config.json", config, mode: configMode)
    if let auth { try folder.write("data/auth.json", auth, mode: authMode) }
    let home = ["PATCHBAY_HOME": folder.path, "HOME": folder.path, "PATH": "/usr/bin:/bin"]
    let environment = Environment(environment.merging(home) { $1 })
    resolver = KeyResolver(
      environment: environment, directories: Directories(environment), commandLimit: commandLimit, now: { now })
  }

  /// What a key text on line 7 of the config file means.
  func resolve(_ text: String) async throws(ProviderError) -> String? {
    try await resolver.resolve(text, origin: .file(configPath, line: 7))?.reveal()
  }

  /// The places of the provider "acme".
  func query(call: String? = nil, variables: [String] = ["ACME_KEY", "ACME_TOKEN"], config: String? = nil) -> KeyQuery {
    KeyQuery(
      provider: "acme", call: call, variables: variables,
      config: config.map { KeyText($0, origin: .file(configPath, line: 7)) }, configPath: configPath)
  }

  /// The error of `body`, with this user's folder written as `HOME`.
  func error<Value>(_ body: () async throws(ProviderError) -> Value) async -> ProviderError? {
    do {
      _ = try await body()
      return nil
    } catch {
      var error = error
      error.message = error.message.replacing(folder.path, with: "HOME")
      error.hint = error.hint?.replacing(folder.path, with: "HOME")
      return error
    }
  }
}
