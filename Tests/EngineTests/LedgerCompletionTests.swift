import Completion
import Credentials
import JSON
import Platform
import TestSupport
import Testing
import Upstream

@testable import Engine

@Suite("What calls leave in the ledger", .timeLimit(.minutes(1)))
struct LedgerCompletionTests {
  private func lines(_ person: Person) throws -> [LedgerLine] {
    var lines: [LedgerLine] = []
    _ = try person.engine.ledger.files.read { lines.append($0) }
    return lines
  }

  @Test("Each completion leaves one line before its result is there, and nothing of what was said")
  func completions() async throws {
    let person = try Person(
      try Upstream.chat(["Hello", "you"]), acme: ["models": ["small-model": ["cost": ["input": 2, "output": 10]]]])
    let outcome = try await person.complete("a secret question", session: "s")
    let line = try #require(try lines(person).first)
    #expect(line.completionId == outcome.completionId && line.session == outcome.session)
    #expect((line.provider, line.model, line.outcome, line.method) == ("acme", "small-model", "end", "complete"))
    #expect(line.usage == outcome.usage && line.cost == outcome.cost)
    #expect(line.attempts == 1 && !line.isElsewhere && line.account == nil)
    let text = String(
      decoding: try #require(try FileSystem.read(person.folder.file("state/usage.jsonl"))), as: UTF8.self)
    #expect(!text.contains("secret") && !text.contains("Hello") && text.utf8.count < 500)
  }

  @Test("Completions at once sum up to what the server counted")
  func sums() async throws {
    let upstream = try Upstream { request, exchange in
      let count = request.json?["messages"]?.array?.count ?? 0
      try exchange.streamChat(Array(repeating: "x", count: count + 1), promptTokens: 7)
    }
    let person = try Person(upstream)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<60 { group.addTask { _ = try? await person.complete("Hi") } }
    }
    let total = try await person.engine.usage(since: nil, until: nil, by: nil).total
    #expect((total.completions, total.failed, total.unpriced) == (60, 0, 60))
    #expect(total.usage == Usage(input: 60 * 7, output: 60 * 2))
    #expect(upstream.requests.count == 60)
  }

  @Test("A failure leaves its kind, and what is known of what it used")
  func failures() async throws {
    let upstream = try Upstream { request, exchange in
      if request.json?["messages"]?.text.contains("no") == true {
        return try exchange.respond(status: 400, json: ["error": ["message": "no"]])
      }
      try exchange.startEvents()
      try exchange.writeChatChunk(["content": "one two "])
      try exchange.writeEvent(#"{"error":{"message":"broken","code":500}}"#)
      try exchange.finish()
    }
    let person = try Person(upstream, more: ["providers": ["acme": ["models": ["small-model": [:]]]]])
    _ = await person.failure("no")
    _ = await person.failure("yes, tell me more") { $0.fallbacks = [] }
    let found = try lines(person)
    #expect(found.map(\.isAnswered) == [false, false])
    #expect(found[0].usage.total == 0 && found[0].cost == Cost())
    #expect(found[1].usage == .estimated(input: 4, output: 2) && found[1].cost == nil)
  }

  @Test("A ledger that cannot be written is a warning, no failure")
  func unwritable() async throws {
    let person = try Person(try Upstream.chat())
    try FileSystem.makeDirectory(person.folder.file("state/usage.jsonl"))
    let outcome = try await person.complete("Hi")
    #expect(outcome.message.text == "Hello there")
    #expect(outcome.warnings.count == 1 && outcome.warnings[0].hasPrefix("this completion is not in the ledger yet: "))
  }

  @Test("Embeddings and native holes leave lines of their own; counting leaves none")
  func others() async throws {
    let person = try Person(config: ["model": "echo/echo"])
    _ = try await person.engine.embed(EmbeddingRequest(input: ["a b"]), CompletionCall(input: []))
    _ = try await person.engine.countTokens(CompletionCall(input: [Message(.user, "a b")]))
    _ = try await person.engine.completeInline(InlineCall(InfillRequest(prefix: "one two")))
    #expect(try lines(person).map(\.method) == ["embed", "complete"])
    #expect(try lines(person)[0].usage == Usage(input: 2, output: 0))
  }
}
