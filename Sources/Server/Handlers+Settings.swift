internal import Catalog
internal import Completion
internal import Credentials
internal import Engine
internal import JSON
internal import Platform
internal import WireProtocol

extension ClientSession {
  static let settings: [Handler] = [
    .ordered(.getConfig, EmptyParams.self) { session, _, _ throws(ProviderError) in try await session.config().json },
    .ordered(.reloadConfig, EmptyParams.self) { session, _, _ throws(ProviderError) in
      try await session.engine.reloadConfig()
      return try await session.config().json
    },
  ]

  private func config() async throws(ProviderError) -> ConfigResult {
    let catalog = try await engine.catalog()
    let sources = try await engine.keySources()
    var settings = catalog.settings().map { setting in
      ConfigResult.Setting(key: setting.key, value: setting.value, source: setting.origin.description)
    }
    // Keys that win over the config file's, or that it has none of.
    for (provider, source) in sources.sorted(by: { $0.key < $1.key }) {
      let key = "providers.\(provider).apiKey"
      settings.removeAll { $0.key == key }
      settings.append(ConfigResult.Setting(key: key, value: "•••", source: source))
    }
    let files = [catalog.configPath, engine.authPath].map { path in
      ConfigResult.File(path: path, exists: access(path, F_OK) == 0)
    }
    return ConfigResult(files: files, settings: settings)
  }
}

extension ProviderStatus {
  /// The wire's word for how a provider stands.
  init(_ status: ProviderReport.Status) {
    self =
      switch status {
      case .ready: .ready
      case .missing: .missing
      case .expired: .expired
      case .unreachable: .unreachable
      case .unknown: .unknown
      }
  }
}
