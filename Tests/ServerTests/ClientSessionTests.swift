import Completion
import Engine
import JSON
import Platform
import Synchronization
import TestSupport
import Testing
import Upstream
import WireProtocol

@testable import Server

/// One client of an engine with a home of its own.
private final class Client: Sendable {
  let folder: TemporaryFolder
  let engine: CompletionEngine
  let session: ClientSession
  let peer = FakePeer()
  private let log = Exits()

  /// The statuses the program was told to end with.
  var exits: [Int32] { log.all }

  init(config: String = #"{"model": "echo/echo"}"#, initialized: Bool = true) throws {
    let folder = try TemporaryFolder()
    try folder.write("config/config.json", config)
    self.folder = folder
    engine = CompletionEngine(environment: Environment(["PATCHBAY_HOME": folder.path]))
    let log = log
    session = ClientSession(engine: engine, host: ServerHost(version: "1.2.3") { log.add($0) })
    if initialized { _ = try initialize() }
  }

  func initialize(_ params: JSONValue = [:]) throws(ProviderError) -> JSONValue {
    guard let answer = session.answerAtOnce("initialize", params) else { return .null }
    return try answer.get()
  }

  func prepare(_ method: String, _ params: JSONValue = [:]) -> ClientSession.Work {
    session.prepare(method, params, id: 1, from: peer)
  }

  func call(_ method: String, _ params: JSONValue = [:]) async throws(ProviderError) -> JSONValue {
    try await prepare(method, params)()
  }

  func failure(_ method: String, _ params: JSONValue = [:]) async -> ProviderError? {
    do throws(ProviderError) {
      _ = try await call(method, params)
      return nil
    } catch {
      return error
    }
  }
}

extension ErrorKind {
  /// How `work` fails; `nil` when it does not.
  fileprivate init?(of work: ClientSession.Work) async {
    do throws(ProviderError) {
      _ = try await work()
      return nil
    } catch {
      self = error.kind
    }
  }
}

/// The statuses a program was told to end with.
private final class Exits: Sendable {
  private let statuses = Mutex<[Int32]>([])

  var all: [Int32] { statuses.withLock { $0 } }

  func add(_ status: Int32) { statuses.withLock { $0.append(status) } }
}

@Suite("A client's session", .timeLimit(.minutes(1)))
struct ClientSessionTests {
  @Test("Nothing is served before initialize, and the remedy is named", arguments: ["ping", "complete", "shutdown"])
  func beforeInitialize(_ method: String) async throws {
    let client = try Client(initialized: false)
    let error = await client.failure(method, ["input": "Hi"])
    #expect(error?.kind == .notInitialized)
    #expect(error?.hint == "Send initialize first.")
  }

  @Test("initialize answers once; a second is refused and changes nothing")
  func twice() async throws {
    let client = try Client(initialized: false)
    let answer = try client.initialize(["trace": "messages"])
    #expect(answer["serverInfo"] == ["name": "patchbay", "version": "1.2.3"])
    #expect(answer["default"] == ["provider": "echo", "model": "echo"])
    #expect(answer["engine"] == ["pid": .int(Int(getpid())), "shared": false])
    let error = #expect(throws: ProviderError.self) { try client.initialize(["trace": "off"]) }
    #expect(error?.kind == .invalidRequest)
    #expect(try await client.call("ping") == [:])
    #expect(client.peer.notifications.count == 1)
  }

  @Test("A version that is not spoken, or a wrong parameter, leaves the client free to try again")
  func refusedInitialize() async throws {
    let client = try Client(initialized: false)
    let version = #expect(throws: ProviderError.self) { try client.initialize(["protocolVersion": 2]) }
    #expect(version?.kind == .invalidParams)
    #expect(version?.details["supported"] == [1])
    let field = #expect(throws: ProviderError.self) { try client.initialize(["trase": "off"]) }
    #expect(field?.path == "trase")
    #expect(await client.failure("ping")?.kind == .notInitialized)
    #expect(try client.initialize(["protocolVersion": 1])["protocolVersion"] == 1)
  }

  @Test("A config file that cannot be used does not keep a client from asking why")
  func badConfig() async throws {
    let client = try Client(config: "{")
    let error = await client.failure("getConfig")
    #expect(error?.kind == .storage)
    #expect(error?.message.contains(client.folder.file("config/config.json")) == true)
    #expect(try await client.call("ping") == [:])
  }

  @Test("After shutdown only exit follows, with status 0")
  func shutdown() async throws {
    let client = try Client()
    #expect(try await client.call("shutdown") == .null)
    for method in ["ping", "shutdown", "complete", "getConfig"] {
      #expect(await client.failure(method, ["input": "Hi"])?.kind == .invalidRequest)
    }
    #expect(throws: ProviderError.self) { try client.initialize() }
    client.session.notification("exit", nil, from: client.peer)
    #expect(client.exits == [0])
  }

  @Test("exit without shutdown has status 1", arguments: [true, false])
  func exit(_ initialized: Bool) throws {
    let client = try Client(initialized: initialized)
    client.session.notification("exit", nil, from: client.peer)
    #expect(client.exits == [1])
  }

  @Test(
    "A method that does not exist is named, with the nearest one",
    arguments: [
      ("complet", "Did you mean \"complete\"?"), ("listmodels", "Did you mean \"listModels\"?"),
      ("textDocument/hover", "The answer to initialize lists the methods there are."),
    ])
  func unknown(_ method: String, _ hint: String) async throws {
    let error = await (try Client()).failure(method)
    #expect(error?.kind == .methodNotFound)
    #expect(error?.message.contains(method) == true)
    #expect(error?.hint == hint)
  }

  @Test("Every method of the protocol that is a request is served")
  func served() {
    for method in WireProtocol.Method.allCases where !method.isNotification && method != .initialize {
      #expect(ClientSession.handlers[method.rawValue]?.method == method, "\(method)")
    }
  }

  @Test("Notifications that nobody knows, or that are wrong, are let pass")
  func notifications() async throws {
    let client = try Client()
    client.session.notification("nothing", nil, from: client.peer)
    client.session.notification("$/setTrace", ["value": "loud"], from: client.peer)
    client.session.notification("initialized", nil, from: client.peer)
    #expect(try await client.call("ping") == [:])
    #expect(client.peer.notifications.isEmpty && client.exits.isEmpty)
  }

  @Test("What is traced is told by logMessage, for as long as it is wanted")
  func trace() async throws {
    let client = try Client()
    _ = try await client.call("ping")
    #expect(client.peer.notifications.isEmpty)
    for level in ["messages", "verbose"] {
      client.session.notification("$/setTrace", ["value": .string(level)], from: client.peer)
      _ = try await client.call("ping")
    }
    let entry: JSONValue = ["level": "info", "logger": "server", "message": "request ping"]
    #expect(client.peer.notifications == [entry, entry])
    client.session.notification("$/setTrace", ["value": "off"], from: client.peer)
    _ = try await client.call("ping")
    #expect(client.peer.notifications.count == 2)
  }

  @Test("Who opted out of logMessage gets none, whatever is traced")
  func optedOutOfLog() async throws {
    let client = try Client(initialized: false)
    _ = try client.initialize(["trace": "verbose", "capabilities": ["optOutNotifications": ["logMessage"]]])
    _ = try await client.call("ping")
    #expect(client.peer.notifications.isEmpty)
  }
}

@Suite("Order of requests", .timeLimit(.minutes(1)))
struct RequestOrderTests {
  @Test("Requests take effect in the order they came, in whatever order their work begins")
  func ordered() async throws {
    let client = try Client()
    let works = [
      client.prepare("createSession", ["name": "a", "provider": "echo"]),
      client.prepare("renameSession", ["session": "a", "name": "b"]),
      client.prepare("switchProvider", ["session": "b", "provider": "echo", "model": "think"]),
      client.prepare("getSession", ["session": "b"]),
      client.prepare("deleteSession", ["session": "b"]),
      client.prepare("listSessions"),
    ]
    let results = try await withThrowingTaskGroup(of: (Int, JSONValue).self) { group in
      for (number, work) in works.enumerated().reversed() { group.addTask { (number, try await work()) } }
      return try await group.reduce(into: [Int: JSONValue]()) { $0[$1.0] = $1.1 }
    }
    #expect(results[1]?["name"] == "b")
    #expect(results[2]?["previous"] == ["provider": "echo", "model": "echo"])
    #expect((results[3]?["session"] ?? results[3])?["model"] == "think")
    #expect(results[5]?["sessions"] == [])
  }

  @Test("A completion holds the others up until it has its place, not until it ends")
  func completion() async throws {
    let client = try Client()
    // It would take a minute and more, were it not cancelled.
    let input = JSONValue.string(String(repeating: "word ", count: 2000))
    let complete = client.prepare("complete", ["input": input, "session": "s", "model": "echo/slow"])
    let get = client.prepare("getSession", ["session": "s"])
    let second = client.prepare("complete", ["input": "again", "session": "s"])
    let running = Task { await ErrorKind(of: complete) }
    let session = try await get()
    let active = session["session"]?["activeCompletion"] ?? session["activeCompletion"]
    let busy = await #expect(throws: ProviderError.self) { try await second() }
    #expect(busy?.kind == .busy)
    let id = JSONValue.string(try #require(busy?.completionId))
    #expect(active == id)
    #expect(try await client.call("cancel", ["completionId": id]) == ["cancelled": true])
    #expect(await running.value == .cancelled)
  }

  @Test("What need not wait does not")
  func free() async throws {
    let client = try Client()
    let held = client.prepare("createSession", ["name": "a"])
    #expect(try await client.call("ping") == [:])
    #expect(try await client.call("cancel", ["completionId": "cmp_nobody"]) == ["cancelled": false])
    #expect(try await held()["name"] == "a")
  }

  @Test("A request that is cancelled while it waits, or refused for its parameters, holds nobody up")
  func cancelled() async throws {
    let client = try Client()
    let first = client.prepare("createSession", ["name": "a"])
    let second = client.prepare("createSession", ["name": "b"])
    let refused = client.prepare("createSession", ["nam": "c"])
    let third = client.prepare("listSessions")
    let waiting = Task { await ErrorKind(of: second) }
    waiting.cancel()
    #expect(await waiting.value == .cancelled)
    _ = try await first()
    await #expect(throws: ProviderError.self) { try await refused() }
    #expect(try await third()["sessions"]?.array?.map { $0["name"] } == ["a"])
  }
}

@Suite("Completions of a client", .timeLimit(.minutes(1)))
struct ClientCompletionTests {
  @Test("Deltas come before the result, unless they are not wanted")
  func deltas() async throws {
    let client = try Client()
    _ = try await client.call("complete", ["input": "Hi"])
    #expect(client.peer.deltas.last == .end(.end))
    let count = client.peer.deltas.count
    _ = try await client.call("complete", ["input": "Hi", "stream": false])
    #expect(client.peer.deltas.count == count)
    let silent = try Client(initialized: false)
    _ = try silent.initialize(["capabilities": ["optOutNotifications": ["streamDelta"]]])
    let result = try await silent.call("complete", ["input": "Hi"])
    #expect(result["message"]?["content"] == [["type": "text", "text": "Hi"]])
    #expect(silent.peer.deltas.isEmpty)
  }

  @Test("A client that lags gets every delta before the result, too")
  func laggingClient() async throws {
    let client = try Client()
    client.peer.lag()
    let task = Task { try await client.call("complete", ["input": "one two three"]) }
    try await client.peer.isWaitedFor.opened()
    #expect(client.peer.deltas.isEmpty)
    client.peer.catchUp()
    _ = try await task.value
    #expect(client.peer.text == "one two three")
    #expect(client.peer.deltas.last == .end(.end))
    #expect(client.peer.numbers == Array(0..<client.peer.deltas.count))
  }

  @Test("The same requestKey gives the first result, with its completion's id")
  func requestKey() async throws {
    let client = try Client()
    let first = try await client.call("complete", ["input": "Hi", "requestKey": "k"])
    let second = try await client.call("complete", ["input": "Hi", "requestKey": "k"])
    #expect(first["completionId"] == second["completionId"])
    #expect(client.peer.deltas.count(where: { $0 == .end(.end) }) == 1)
    #expect(try await client.call("complete", ["input": "Hi"])["completionId"] != first["completionId"])
  }

  @Test("switchProvider without a session decides for this connection alone")
  func connectionDefault() async throws {
    let client = try Client()
    let switched = try await client.call("switchProvider", ["provider": "echo", "model": "think"])
    #expect(switched["model"] == "think")
    #expect(try await client.call("complete", ["input": "Hi"])["model"] == "think")
    #expect(try await client.call("complete", ["input": "Hi", "session": "s"])["model"] == "think")
    let error = await client.failure("switchProvider", ["provider": "nobody"])
    #expect(error?.kind == .providerNotFound)
    #expect(try await client.call("complete", ["input": "Hi"])["model"] == "think")
    let other = ClientSession(engine: client.engine, host: ServerHost(version: "1") { _ in })
    _ = other.answerAtOnce("initialize", [:])
    let result = try await other.prepare("complete", ["input": "Hi"], id: 1, from: client.peer)()
    #expect(result["model"] == "echo")
  }

  @Test("A parameter that is unknown or wrong is named")
  func parameters() async throws {
    let client = try Client()
    #expect(await client.failure("complete", ["input": "Hi", "temprature": 1])?.path == "temprature")
    #expect(await client.failure("complete")?.path == "input")
    let odd = await client.failure("complete", ["input": "Hi", "budgetUSD": -1])
    #expect((odd?.kind, odd?.path) == (.invalidParams, "budgetUSD"))
    #expect(await client.failure("listModels", ["cursor": "no/such"])?.path == "cursor")
  }
}
