import Completion
import Dialects
import HTTP
import JSON
import Platform
import Synchronization
import TestSupport
import Upstream

@testable import Engine

/// One API family and an engine that speaks it, with a home on disk and a clock that stands still: what the cells of
/// one column share.
final class FaultLab: Sendable {
  let family: any AnswerFamily
  let engine: CompletionEngine
  let time = ManualClock()
  private let folder: TemporaryFolder
  private let secure: SecureServers?
  private let turn = Mutex<Turn>(Turn())

  /// What the end of a turn of the HTTP thread means to the cell at hand: whoever read in it is waiting again.
  private struct Turn {
    var hasHeard: @Sendable () -> Bool = { false }
    var waits = Gate()
  }

  init(_ family: any AnswerFamily, _ secure: SecureServers?) throws {
    self.family = family
    self.secure = secure
    folder = try TemporaryFolder()
    var section: JSONObject = [
      "api": .string(family.api), "baseURL": "http://127.0.0.1:9", "apiKey": "sk-stored-S3CRET",
      "models": ["test-model": [:]],
    ]
    section.set("variables", family.settings["variables"])
    let config: JSONValue = ["defaultProvider": "acme", "providers": ["acme": .object(section)]]
    try folder.write("config/config.json", config.text)
    var environment = ["PATCHBAY_HOME": folder.path, "HOME": folder.path, "PATH": "/usr/bin:/bin"]
    environment["SSL_CERT_FILE"] = secure?.authorities
    // The dice always show the middle.
    engine = CompletionEngine(
      environment: Environment(environment), directories: nil, userAgent: "patchbay/test", dialects: Dialects.all,
      clock: time.clock, random: { 0.5 })
    engine.http.afterEachTurn { [weak self] in
      guard let turn = self?.turn.withLock({ $0 }), turn.hasHeard() else { return }
      turn.waits.open()
    }
  }

  /// What becomes of one completion; `nil` for a row that this machine cannot show.
  func fate(of row: FaultRow, session: String) async throws -> Observation? {
    let listener = Listener()
    let sink = CellSink(time)
    let waits = Gate()
    turn.withLock { $0 = Turn(hasHeard: { sink.hasBeginning }, waits: waits) }
    let (url, server) = try place(row, listener)
    guard let url else { return nil }
    let admission = try await engine.admit(call(row, url, session: session))
    let meanwhile = Task { [self] in
      try await steer(row, listener, waits, sink) { _ = self.engine.cancel(admission.completionId) }
    }
    let result: Result<CompletionOutcome, ProviderError>
    do throws(ProviderError) {
      result = .success(try await engine.run(admission, into: sink))
    } catch {
      result = .failure(error)
    }
    meanwhile.cancel()
    var observation = Observation(result, sink.deltas, attempts: admission.attempts.all.count)
    if let count = server?.upstream?.requests.count, count != observation.fate.attempts {
      observation.problems.append("the server was asked \(count) times")
    }
    try await look(at: session, &observation)
    return observation
  }

  private struct Server {
    var upstream: Upstream?
    var closed: ClosedPort?
  }

  private func place(_ row: FaultRow, _ listener: Listener) throws -> (url: String?, Server?) {
    switch row.place {
    case .server(let fault):
      let count = Atomic(0)
      let family = family
      let upstream = try Upstream { _, exchange in
        let number = count.add(1, ordering: .relaxed).newValue
        try exchange.play(fault.script(family, request: number), listener)
      }
      return (upstream.url, Server(upstream: upstream))
    case .nobody:
      let closed = try ClosedPort()
      return ("http://127.0.0.1:\(closed.port)", Server(closed: closed))
    case .secure(let role): return (secure?.url(role, family.api), nil)
    }
  }

  /// A call that brings its own address and key: what one cell does to a provider is nothing to the next.
  private func call(_ row: FaultRow, _ url: String, session: String) -> CompletionCall {
    var call = CompletionCall(input: [Message(.user, "What is the weather in Paris?")])
    call.session = session
    (call.baseURL, call.apiKey) = (url, "sk-call-key")
    for (name, value) in family.settings["headers"]?.object ?? [:] { call.headers.append((name, value.string)) }
    (call.timeout.firstTokenMs, call.timeout.idleMs) = (10_000, 8_000)
    if case .server(let fault) = row.place { call.stream = fault.wantsStream }
    return call
  }

  /// Lets happen what happens besides.
  private func steer(
    _ row: FaultRow, _ listener: Listener, _ waits: Gate, _ sink: CellSink, cancel: () -> Void
  ) async throws {
    if row.fate.heard != .nothing, row.fate.attempts == 1 {
      try await waits.opened()
      listener.heard.open()
    }
    if case .nothing = row.meanwhile { return }
    try await listener.silent.opened()
    switch row.meanwhile {
    case .nothing: break
    case .time(let milliseconds):
      // Time does not count while the reader has something to do, so some may have to pass again. The second visit to
      // the HTTP thread comes after it has looked at its deadlines.
      repeat {
        time.advance(milliseconds: milliseconds)
        _ = await engine.http.inFlightCount
      } while await engine.http.inFlightCount > 0 && !Task.isCancelled
    case .suspension(let milliseconds): time.suspend(milliseconds: milliseconds)
    case .cancellation: cancel()
    }
  }

  private func look(at session: String, _ observation: inout Observation) async throws {
    let record = try await engine.sessions.find(session)
    let thread = try await engine.sessions.summary(of: record, messages: true).threads.first
    let path = folder.file("state/sessions/\(record.id)/acme.jsonl")
    let last = try (FileSystem.read(path) ?? []).split(separator: 0x0A).last.map { try JSONValue(parsing: $0) }
    observation.take(thread?.messages ?? [], isVoid: last?["void"] != nil)
  }
}

/// Hears the deltas of a cell, and lets the pauses between its tries pass.
final class CellSink: CompletionSink {
  private let all = Mutex<[StreamDelta]>([])
  private let time: ManualClock

  init(_ time: ManualClock) { self.time = time }

  var deltas: [StreamDelta] { all.withLock { $0 } }

  /// Whether all of the text in front of the tool call has come.
  var hasBeginning: Bool { Observation.text(deltas) == ModelAnswer().text }

  func emit(_ deltas: [StreamDelta]) async {
    all.withLock { $0 += deltas }
    for case .retry(_, let delayMs, _) in deltas {
      Task { [time] in
        await time.sleepers(1)
        time.advance(milliseconds: delayMs)
      }
    }
  }
}
