internal import Catalog
internal import Completion
internal import Engine
internal import JSON
internal import Platform
internal import Synchronization
internal import WireProtocol

extension ClientSession {
  static let lifecycle: [Handler] = [
    .custom(.initialize, InitializeParams.self) { session, params, request throws(ProviderError) in
      try session.initialize(params)
    },
    .custom(.shutdown, EmptyParams.self) { session, _, _ in
      session.state.withLock { $0.phase = .shutDown }
      return { .null }
    },
    .free(.ping, EmptyParams.self) { _, _, _ in EmptyResult().json },
  ]

  /// Takes effect at once, so that requests behind it in the same packet find the session initialized.
  private func initialize(_ params: InitializeParams) throws(ProviderError) -> Work {
    if let version = params.protocolVersion, !ProtocolVersion.supported.contains(version) {
      throw ProtocolVersion.unsupported(version)
    }
    state.withLock { state in
      state.phase = .initialized
      state.optedOut = params.capabilities.optOutNotifications
      state.trace = params.trace
    }
    if let process = params.processId { endWith(process) }
    return { [self] () throws(ProviderError) in
      // A config file that cannot be used does not keep a client from asking what is wrong with it.
      let catalog = try? await engine.catalog()
      let choice: ModelChoice? = if let catalog { await engine.configuredChoice(catalog) } else { nil }
      return InitializeResult(
        serverVersion: host.version, apis: engine.apis, enginePid: Int(getpid()), isShared: host.isShared,
        defaultChoice: choice, maxMessageBytes: catalog?.limits.maxMessageBytes ?? 64 << 20
      ).json
    }
  }

  private func endWith(_ process: Int) {
    let host = host
    startThread("process-watch") {
      waitForExit(of: pid_t(process))
      host.exit(0)
    }
  }
}
