@testable import Catalog
import Completion
import Dialects
import JSON
import Platform
import Synchronization
import TestSupport
import Upstream

@testable import Engine

/// A person with a home, a config file and providers that are test servers.
final class Person: Sendable {
  let folder: TemporaryFolder
  let engine: CompletionEngine
  /// Kept running for as long as the person may ask it.
  private let upstream: Upstream?

  /// `config` is the content of `config.json`; `auth` that of `auth.json`. By default pauses between tries have no
  /// length.
  init(
    config: JSONValue, auth: String? = nil, environment: [String: String] = [:], upstream: Upstream? = nil,
    dialects: [any Dialect] = Dialects.all, log: EngineLog = EngineLog(), clock: MonotonicClock = .system,
    random: @escaping @Sendable () -> Double = { 0 }
  ) throws {
    self.upstream = upstream
    folder = try TemporaryFolder()
    try folder.write("config/config.json", config.text)
    if let auth { try folder.write("data/auth.json", auth) }
    let home = ["PATCHBAY_HOME": folder.path, "HOME": folder.path, "PATH": "/usr/bin:/bin"]
    engine = CompletionEngine(
      environment: Environment(environment.merging(home) { $1 }), directories: nil, userAgent: "patchbay/test",
      dialects: dialects, log: log, clock: clock, random: random)
  }

  /// A person whose provider "acme" is `upstream`, with further settings of the provider and of the whole file.
  convenience init(
    _ upstream: Upstream, acme: JSONObject = [:], more: JSONObject = [:], auth: String? = nil,
    dialects: [any Dialect] = Dialects.all, log: EngineLog = EngineLog(), clock: MonotonicClock = .system,
    random: @escaping @Sendable () -> Double = { 0 }
  ) throws {
    var section: JSONObject = ["api": "openai", "baseURL": .string(upstream.url + "/v1"), "apiKey": "sk-stored-S3CRET"]
    section["models"] = ["small-model": [:]]
    section.merge(acme)
    var config: JSONObject = ["defaultProvider": "acme", "providers": ["acme": .object(section)]]
    config.merge(more)
    try self.init(
      config: .object(config), auth: auth, upstream: upstream, dialects: dialects, log: log, clock: clock,
      random: random)
  }

  /// Completes from beginning to end.
  func complete(
    _ input: String, session: String? = nil, into sink: any CompletionSink = Sink(),
    _ change: (inout CompletionCall) -> Void = { _ in }
  ) async throws(ProviderError) -> CompletionOutcome {
    var call = CompletionCall(input: [Message(.user, input)])
    call.session = session
    change(&call)
    return try await engine.run(try await engine.admit(call), into: sink)
  }

  /// The error of a completion that must fail.
  func failure(
    _ input: String, session: String? = nil, into sink: any CompletionSink = Sink(),
    _ change: (inout CompletionCall) -> Void = { _ in }
  ) async -> ProviderError? {
    do throws(ProviderError) {
      _ = try await complete(input, session: session, into: sink, change)
      return nil
    } catch {
      return error
    }
  }

  /// The messages of a provider's thread as the engine sees them.
  func messages(_ session: String, _ provider: String = "acme") async throws -> [StoredMessage] {
    let record = try await engine.sessions.find(session)
    return try await engine.sessions.summary(of: record, messages: true).threads.first { $0.provider == provider }?
      .messages ?? []
  }

  /// The lines of a thread's file.
  func lines(_ session: String, _ provider: String = "acme") async throws -> [JSONValue] {
    let record = try await engine.sessions.find(session)
    let path = folder.file("state/sessions/\(record.id)/\(provider).jsonl")
    return try (FileSystem.read(path) ?? []).split(separator: 0x0A).map { try JSONValue(parsing: $0) }
  }
}

/// Keeps what it is given, and opens `reached` when `isReached` says so of it.
final class Sink: CompletionSink {
  let reached = Gate()
  private let isReached: @Sendable (StreamDelta) -> Bool
  private let all = Mutex<[StreamDelta]>([])

  init(reached isReached: @escaping @Sendable (StreamDelta) -> Bool = { _ in false }) { self.isReached = isReached }

  var deltas: [StreamDelta] { all.withLock { $0 } }
  var text: String { deltas.map { if case .text(let text) = $0 { text } else { "" } }.joined() }

  func emit(_ deltas: [StreamDelta]) async {
    all.withLock { $0 += deltas }
    if deltas.contains(where: isReached) { reached.open() }
  }
}

extension Upstream {
  /// A server that answers each chat with `texts`.
  static func chat(_ texts: [String] = ["Hello", " there"]) throws -> Upstream {
    try Upstream { _, exchange in try exchange.streamChat(texts) }
  }

  /// A server that answers everything with one JSON document.
  static func json(_ value: JSONValue, status: Int = 200, headers: [(String, String)] = []) throws -> Upstream {
    try Upstream { _, exchange in try exchange.respond(status: status, headers: headers, json: value) }
  }

  /// The body of the last request.
  var lastBody: JSONValue? { requests.last?.json }

  /// What the last request said, as "role: text".
  var lastMessages: [String] {
    (lastBody?["messages"]?.array ?? []).map { "\($0["role"]?.string ?? "?"): \($0["content"]?.string ?? "?")" }
  }
}

/// A person whose provider "acme" a test may change before it is asked for.
struct Acme {
  let person: Person
  var provider: Provider

  init(
    baseURL: String? = nil, key: String? = "sk-config", auth: String? = nil, environment: [String: String] = [:]
  ) async throws {
    var section: JSONObject = ["api": "openai", "baseURL": "https://acme.example/v1"]
    section.set("apiKey", key.map(JSONValue.string))
    person = try Person(config: ["providers": ["acme": .object(section)]], auth: auth, environment: environment)
    provider = try await person.engine.catalog().provider(named: "acme")
    // As if it shipped with the program.
    provider.origins = [:]
    if let baseURL { provider.baseURL = baseURL }
    provider.auth.need = .required
  }

  mutating func variable(_ name: String, _ change: (inout ConnectionVariable) -> Void = { _ in }) {
    var variable = ConnectionVariable(name: name)
    change(&variable)
    provider.variables.append(variable)
  }

  func endpoint(
    _ messages: [Message] = [], _ change: (inout CompletionCall) -> Void = { _ in }
  ) async throws(ProviderError) -> Endpoint {
    var call = CompletionCall(input: [])
    change(&call)
    return try await person.engine.endpoint(provider, ModelInfo(id: "m"), call, messages: messages)
  }

  func failure(_ change: (inout CompletionCall) -> Void = { _ in }) async -> ProviderError? {
    do throws(ProviderError) {
      _ = try await endpoint([], change)
      return nil
    } catch {
      return error
    }
  }
}
