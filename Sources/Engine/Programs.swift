internal import CLIProviders
internal import Catalog
internal import Completion
internal import Credentials
internal import Dialects
internal import HTTP
internal import JSON
internal import Platform

/// A completion that a program is to answer.
struct ProgramCall: Sendable {
  let target: Target
  let call: CompletionCall
  /// Where the program works.
  let directory: String
}

extension CompletionEngine {
  /// Has a program go on with the conversation. Returns what it cannot be told.
  func run(
    _ family: any ProgramFamily, _ call: ProgramCall, _ request: CompletionRequest, _ answer: LiveAnswer
  ) async throws(ProviderError) -> [Dropped] {
    var secrets: [Secret] = []
    do throws(ProviderError) {
      let turn = try await turn(call, request, &secrets)
      let (conversation, dropped) = try family.conversation(for: turn)
      let runner = ProgramRunner(supervisor: [executablePath(), Supervisor.word], environment: environment.all)
      try await runner.run(conversation, Self.limits(call)) { await answer.take($0) == .content }
      return dropped + Self.losses(of: call.call)
    } catch {
      var error = error.redacting(secrets)
      if error.kind == .authRequired || error.kind == .authRejected, let hint = call.target.provider.loginHint {
        error.hint = "You can \(hint)."
      }
      throw error
    }
  }

  private func turn(
    _ call: ProgramCall, _ request: CompletionRequest, _ secrets: inout [Secret]
  ) async throws(ProviderError) -> ProgramTurn {
    let provider = call.target.provider
    guard let settings = provider.program else {
      throw ProviderError(.unsupported, "\(provider.id) is no program", path: "api")
    }
    let variables = try await programEnvironment(settings, &secrets)
    let program = try await find(provider, variables)
    let runs = "\(directories.state)/run"
    let origin = Origin(provider: provider.id, api: call.target.api, model: call.target.model.id)
    var turn = ProgramTurn(
      request, origin: origin, program: program, settings: settings, directory: call.directory,
      folder: "\(runs)/\(randomHex(8))", time: KeyResolver.systemTime() / 1000)
    turn.environment = variables
    if settings.takesServers {
      turn.servers = try await servers(path: variables["PATH"], &secrets)
      if let place = settings.systemSettings, !turn.servers.isEmpty {
        turn.systemSettings = try await systemSettings(place)
      }
    }
    await BlockingQueue.run { PrivateFolder.removeAbandoned(in: runs) }
    return turn
  }

  /// What the client has, without what would mislead the program, and with what the config file adds.
  private func programEnvironment(
    _ settings: ProgramSettings, _ secrets: inout [Secret]
  ) async throws(ProviderError) -> [String: String] {
    var variables = environment.all
    for name in settings.unset { variables[name] = nil }
    for (name, text) in settings.environment { variables[name] = try await resolved(text, &secrets) }
    if !settings.path.isEmpty {
      let folders = settings.path.map(expanded) + [variables["PATH"] ?? "/usr/bin:/bin"]
      variables["PATH"] = folders.joined(separator: ":")
    }
    return variables
  }

  /// The value of a text that may stand for a key.
  private func resolved(_ text: KeyText, _ secrets: inout [Secret]) async throws(ProviderError) -> String? {
    guard let secret = try await keys.resolve(text.text, origin: text.origin) else { return nil }
    // Short values are switches and names; to hide them would hide half of any text.
    if secret.reveal().utf8.count >= 8 { secrets.append(secret) }
    return secret.reveal()
  }

  private func expanded(_ path: String) -> String {
    path.hasPrefix("~/") ? (environment["HOME"] ?? "/") + path.dropFirst(1) : path
  }

  private static func limits(_ call: ProgramCall) -> ProgramLimits {
    var limits = ProgramLimits()
    let (asked, provider) = (call.call.timeout, call.target.provider)
    let seconds = provider.program?.timeoutSeconds.map { Int(($0 * 1000).rounded()) }
    let total = asked.totalMs ?? seconds ?? provider.timeouts.totalMs
    limits.deadline = total.map { .now + .milliseconds($0) }
    limits.firstContent = (asked.firstTokenMs ?? provider.timeouts.firstTokenMs).map { .milliseconds($0) }
    limits.idle = (asked.idleMs ?? provider.timeouts.idleMs).map { .milliseconds($0) }
    return limits
  }

  /// What a call says about requests over HTTP, which a program makes itself.
  private static func losses(of call: CompletionCall) -> [Dropped] {
    let set = [("apiKey", call.apiKey != nil), ("headers", !call.headers.isEmpty), ("baseURL", call.baseURL != nil)]
    return set.filter(\.1).map { Dropped($0.0, "the program logs in and reaches its server by itself") }
  }

  // MARK: MCP servers

  private func servers(path: String?, _ secrets: inout [Secret]) async throws(ProviderError) -> [MCPServer] {
    let settings = try await catalog().mcp
    var common: [String: String] = [:]
    common["PATH"] = path
    for (name, text) in settings.environment { common[name] = try await resolved(text, &secrets) }
    var servers: [MCPServer] = []
    for server in settings.servers {
      switch server.transport {
      case .http(let url, let headers):
        var texts: [String: String] = [:]
        for (name, text) in headers { texts[name] = try await resolved(text, &secrets) }
        servers.append(MCPServer(name: server.name, .http(url: url, headers: texts)))
      case .process(let command, let arguments, let environment, let directory):
        var variables = common
        for (name, text) in environment { variables[name] = try await resolved(text, &secrets) }
        let words = Self.wrapped([expanded(command)] + arguments, server.identity, settings.identityCommand)
        servers.append(
          MCPServer(
            name: server.name,
            .process(
              command: words[0], arguments: Array(words.dropFirst()), environment: variables,
              directory: directory.map(expanded))))
      }
    }
    return servers
  }

  /// A command behind the words that have it act for somebody.
  private static func wrapped(_ words: [String], _ identity: String?, _ command: [String]) -> [String] {
    guard let identity else { return words }
    return command.map { $0.replacing("{identity}", with: identity) } + words
  }

  /// What the machine's settings for a program say, which another file is to stand in for.
  private func systemSettings(_ place: ProgramSettings.SystemSettings) async throws(ProviderError) -> JSONObject {
    let path = environment[place.variable] ?? place.path
    do {
      let bytes = try await BlockingQueue.run { () throws(SystemError) in try FileSystem.read(path) }
      guard let bytes else { return JSONObject() }
      return try JSONSource(parsing: bytes, file: path).value.object ?? JSONObject()
    } catch {
      throw ProviderError(
        .storage, "the program's settings cannot be read: \(error)", hint: "Mend \(path), or set \"mcp\": false.")
    }
  }
}

// MARK: - Where programs are

/// A program that was found.
package struct FoundProgram: Sendable, Hashable {
  /// Where it is.
  package var path: String
  /// What it says its version is; `nil` when it was not asked, or does not say.
  package var version: String?
}

extension CompletionEngine {
  /// The path of a provider's program.
  /// - Throws: `unsupported` that says where it was looked for and how it is installed.
  private func find(_ provider: Provider, _ variables: [String: String]) async throws(ProviderError) -> String {
    guard let settings = provider.program else {
      throw ProviderError(.unsupported, "\(provider.id) is no program", path: "api")
    }
    let places = settings.places.map(expanded)
    let name = expanded(settings.binary)
    let isNamed = provider.origins["binary"] != nil
    let found = await BlockingQueue.run {
      programPath(name, in: variables)
        ?? (isNamed ? nil : places.first { programPath($0, in: variables) != nil })
    }
    if let found { return found }
    let looked = name.contains("/") ? name : (["PATH"] + (isNamed ? [] : places)).joined(separator: ", ")
    var error = ProviderError(
      .unsupported, "the program \(name) is not there: looked for it in \(looked)",
      hint: "You can "
        + [settings.install, "set providers.\(provider.id).binary to its path"].compactMap { $0 }
        .joined(separator: ", or ") + ".")
    error.provider = provider.id
    throw error
  }

  /// A provider's program, which is asked for its version once.
  /// - Throws: what a completion would, when it is not there.
  func program(of provider: Provider, askingVersion: Bool) async throws(ProviderError) -> FoundProgram {
    var secrets: [Secret] = []
    guard let settings = provider.program else {
      throw ProviderError(.unsupported, "\(provider.id) is no program", path: "api")
    }
    let variables = try await programEnvironment(settings, &secrets)
    var found = FoundProgram(path: try await find(provider, variables))
    if askingVersion {
      let runner = ProgramRunner(supervisor: [executablePath(), Supervisor.word], environment: environment.all)
      found.version = await versions.version(of: found.path, environment: variables, runner)
    }
    return found
  }
}
