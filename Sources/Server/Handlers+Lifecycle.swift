internal import Catalog
internal import Completion
internal import Engine
internal import JSON
internal import Platform
internal import Synchronization
internal import WireProtocol

extension ClientSession {
  static let lifecycle: [Handler] = [
    .custom(.shutdown, EmptyParams.self) { session, _, _ in
      session.state.withLock { $0.phase = .shutDown }
      return { .null }
    },
    .free(.ping, EmptyParams.self) { _, _, _ in EmptyResult().json },
  ]

  /// The answer to `initialize`, given at once because nothing may come before it; `nil` for other methods. Blocks for
  /// as long as reading the config file takes.
  func answerAtOnce(_ method: String, _ params: JSONValue?) -> Result<JSONValue, ProviderError>? {
    guard method == WireProtocol.Method.initialize.rawValue else { return nil }
    return Result { () throws(ProviderError) in
      try check(.initialize)
      return try initialize(try InitializeParams.decode(params))
    }
  }

  private func initialize(_ params: InitializeParams) throws(ProviderError) -> JSONValue {
    if let version = params.protocolVersion, !ProtocolVersion.supported.contains(version) {
      throw ProtocolVersion.unsupported(version)
    }
    state.withLock { state in
      state.phase = .initialized
      state.optedOut = params.capabilities.optOutNotifications
      state.trace = params.trace
      state.canPrompt = params.capabilities.prompt
    }
    if let process = params.processId { endWith(process) }
    // A config file that cannot be used does not keep a client from asking what is wrong with it.
    let catalog = try? engine.catalogBlocking()
    return InitializeResult(
      serverVersion: host.version, apis: engine.apis, enginePid: Int(getpid()), isShared: host.isShared,
      defaultChoice: catalog.flatMap(engine.configuredChoice),
      maxMessageBytes: catalog?.limits.maxMessageBytes ?? 64 << 20
    ).json
  }

  private func endWith(_ process: Int) {
    let host = host
    startThread("process-watch") {
      waitForExit(of: pid_t(process))
      host.exit(0)
    }
  }
}
