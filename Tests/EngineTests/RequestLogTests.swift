import Catalog
import Completion
import JSON
import Platform
import Synchronization
import TestSupport
import Testing
import Upstream

@testable import Engine

@Suite("The request log", .timeLimit(.minutes(1)))
struct RequestLogTests {
  @Test("An exchange is there with whom it was, what became of it, how long it took and how large it was")
  func entry() async throws {
    let upstream = try Upstream.chat(["Hello"])
    let person = try Person(upstream)
    let outcome = try await person.complete("Hi", session: "s")
    let entries = person.engine.log.latest(10)
    let entry = try #require(entries.first)
    #expect(entries.count == 1)
    #expect((entry.purpose, entry.method) == ("completion", "POST"))
    #expect(entry.url == upstream.url + "/v1/chat/completions")
    #expect((entry.provider, entry.model, entry.account) == ("acme", "small-model", nil))
    #expect(entry.completionId == outcome.completionId && entry.attempt == 1)
    #expect((entry.status, entry.error) == (200, nil))
    #expect(entry.requestBytes == upstream.requests[0].body.count)
    #expect(entry.responseBytes > 100)
    let (connect, head) = (try #require(entry.connectMs), try #require(entry.headMs))
    let content = try #require(entry.contentMs)
    #expect(connect <= head && head <= content && content <= entry.totalMs)
    #expect(!entry.summary.contains("\n") && entry.summary.hasPrefix("POST http://127.0.0.1"))
  }

  @Test("Failures have a kind, and what never came is absent")
  func failures() async throws {
    let port = try ClosedPort()
    let url = JSONValue.string("http://127.0.0.1:\(port.port)/v1")
    let person = try Person(config: ["providers": ["acme": ["api": "openai", "baseURL": url, "models": ["m": [:]]]]])
    _ = await person.failure("Hi") {
      ($0.provider, $0.model) = ("acme", "m")
      $0.retry.attempts = 1
    }
    let entry = try #require(person.engine.log.latest(1).first)
    #expect(entry.error == .network)
    #expect(entry.status == nil && entry.headMs == nil && entry.contentMs == nil && entry.responseBytes == 0)
    let refusing = try Person(try Upstream.json(["error": ["message": "no"]], status: 403))
    _ = await refusing.failure("Hi")
    let refusal = try #require(refusing.engine.log.latest(1).first)
    #expect((refusal.status, refusal.error) == (403, .authRejected))
  }

  @Test("Lists of models are in it, and no secret that stands in an address")
  func others() async throws {
    let upstream = try Upstream.json(["data": [["id": "m"]]])
    let person = try Person(upstream, acme: ["baseURL": .string(upstream.url + "/sk-stored-S3CRET/v1?key=sk-other")])
    let provider = try await person.engine.catalog().provider(named: "acme")
    _ = await person.engine.liveModels(of: provider, patience: .refresh)
    let entry = try #require(person.engine.log.latest(1).first)
    #expect((entry.purpose, entry.method, entry.provider) == ("models", "GET", "acme"))
    #expect(entry.completionId == nil && entry.model == nil)
    #expect(!JSONValue.object(entry.json).text.contains("sk-"))
  }

  @Test("Two hundred are remembered, the newest first")
  func ring() async throws {
    let person = try Person(try Upstream.json(OneOffTests.whole))
    for number in 1...205 { _ = try await person.complete("\(number)", into: Sink()) }
    let entries = person.engine.log.latest(500)
    #expect(entries.count == 200)
    #expect(entries.map(\.time) == entries.map(\.time).sorted(by: >))
    #expect(person.engine.log.latest(3) == Array(entries.prefix(3)))
    #expect(Set(entries.compactMap(\.completionId)).count == 200)
  }
}

@Suite("The log file", .timeLimit(.minutes(1)))
struct LogFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var path: String { folder.file("patchbay.log") }

  private func lines() throws -> [JSONValue] {
    try (FileSystem.read(path) ?? []).split(separator: 0x0A).map { try JSONValue(parsing: $0) }
  }

  /// What a person's completions leave in a log of this kind: one that is answered, and one that is refused.
  private func events(_ level: EngineLog.Level, bodies: Bool = false) async throws -> [JSONValue] {
    let upstream = try Upstream { request, exchange in
      if request.json?["messages"]?.text.contains("fail") == true {
        return try exchange.respond(status: 400, json: ["error": ["message": "no: sk-stored-S3CRET"]])
      }
      try exchange.streamChat(["an answer with sk-stored-S3CRET"])
    }
    let log = EngineLog(file: try LogFile(path), level: level, bodies: bodies)
    let person = try Person(upstream, log: log)
    _ = try await person.complete("a question with sk-stored-S3CRET")
    _ = await person.failure("fail")
    log.note(request: "complete", nil, took: .milliseconds(5))
    await log.settle()
    return try lines()
  }

  private func summary(_ line: JSONValue) -> String {
    [line["level"], line["event"], line["outcome"] ?? line["status"] ?? line["method"]].compactMap { $0 }
      .map { $0.string ?? $0.text }.joined(separator: " ")
  }

  @Test("Each level holds what the one before it holds, and more", arguments: EngineLog.Level.allCases)
  func levels(level: EngineLog.Level) async throws {
    let failures = ["error exchange 400", "error completion upstreamError"]
    let all = ["info exchange 200", "info completion end"] + failures
    let expected: [EngineLog.Level: [String]] = [
      .error: failures, .info: all, .debug: all + ["debug request complete"],
    ]
    let found = try await events(level)
    #expect(found.map(summary) == expected[level])
    #expect(found.allSatisfy { $0["time"]?.string.flatMap(Timestamp.milliseconds) != nil })
    let text = found.map(\.text).joined()
    #expect(!text.contains("sk-stored-S3CRET") && !text.contains("question") && !text.contains("answer"))
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
  }

  @Test("Bodies are written when that is wanted, without the key")
  func bodies() async throws {
    let found = try await events(.info, bodies: true).filter { $0["event"] == "exchange" }
    #expect(found[0]["requestBody"]?.string?.contains("a question with •••") == true)
    #expect(found[0]["responseBody"]?.string?.contains("an answer with •••") == true)
    #expect(found[1]["responseBody"]?.string?.contains("no: •••") == true)
    #expect(!found.map(\.text).joined().contains("sk-stored-S3CRET"))
  }

  @Test("Lines are appended to what is there")
  func appending() async throws {
    for number in 1...2 {
      let log = EngineLog(file: try LogFile(path))
      log.note(event: "start", version: "\(number)")
      await log.settle()
    }
    #expect(try lines().map { $0["version"] } == ["1", "2"])
    #expect(throws: SystemError.self) { try LogFile(folder.file("no/such/folder.log")) }
  }
}
