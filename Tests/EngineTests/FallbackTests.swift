import Completion
import JSON
import Platform
import TestSupport
import Testing
import Upstream

@testable import Engine

@Suite("Another model in its place", .timeLimit(.minutes(1)))
struct FallbackTests {
  /// A person with `acme`, which `upstream` is, and `beta`, which `other` is.
  private func person(
    _ upstream: Upstream, _ other: Upstream, acme: JSONObject = [:], beta: JSONObject = [:], more: JSONObject = [:]
  ) throws -> Person {
    var first: JSONObject = ["api": "openai", "baseURL": .string(upstream.url + "/v1"), "apiKey": "sk-acme-key"]
    first["models"] = ["small-model": ["contextWindow": 100]]
    first.merge(acme)
    var second: JSONObject = ["api": "openai", "baseURL": .string(other.url + "/v1"), "apiKey": "sk-beta-key"]
    second["models"] = ["large": ["contextWindow": 200], "tiny": ["contextWindow": 50]]
    second.merge(beta)
    var config: JSONObject = [
      "defaultProvider": "acme", "retry": ["attempts": 2],
      "providers": ["acme": .object(first), "beta": .object(second)],
    ]
    config.merge(more)
    return try Person(config: .object(config))
  }

  @Test("The next one answers when the first is down for good; deltas, result and thread say who did")
  func answers() async throws {
    let (upstream, other) = (try Upstream.sequence([Upstream.fails(503)]), try Upstream.chat(["from beta"]))
    let person = try person(upstream, other)
    let sink = Sink()
    let outcome = try await person.complete("Hi", session: "s", into: sink) { $0.fallbacks = ["beta/large"] }
    #expect(
      sink.story == [
        "start 1 small-model", "retry 2 after 0: overloaded", "start 2 small-model",
        "acme/small-model to beta/large: overloaded", "start 3 large", "text from beta", "end",
      ])
    #expect((outcome.provider, outcome.model) == ("beta", "large"))
    #expect(
      outcome.attempts.map { "\($0.provider)/\($0.model) \($0.error?.kind.rawValue ?? "")" } == [
        "acme/small-model overloaded", "acme/small-model overloaded", "beta/large ",
      ])
    #expect(outcome.message.origin?.provider == "beta")
    #expect(other.requests.last?.header("authorization") == "Bearer sk-beta-key")
    // It stands in the thread that was asked, marked with who wrote it; the other one's thread does not exist.
    let stored = try await person.messages("s")
    #expect(
      stored.map { "\($0.provider)/\($0.model) \($0.message.text)" } == [
        "acme/small-model Hi", "beta/large from beta",
      ])
    #expect(try await person.messages("s", "beta").isEmpty)
  }

  @Test("The thread goes on with its own provider and model, which is told what the other wrote")
  func goesOn() async throws {
    let upstream = try Upstream.sequence([Upstream.fails(500), Upstream.fails(500), Upstream.isFine])
    let other = try Upstream.chat(["from beta"])
    let person = try person(upstream, other)
    _ = try await person.complete("one", session: "s") { $0.fallbacks = ["beta/large"] }
    let outcome = try await person.complete("two", session: "s")
    #expect((outcome.provider, outcome.model) == ("acme", "small-model"))
    #expect(upstream.lastMessages == ["user: one", "assistant: from beta", "user: two"])
    #expect(other.requests.count == 1)
    let record = try await person.engine.sessions.find("s")
    let summary = try await person.engine.sessions.summary(of: record)
    #expect(summary.threads.map { "\($0.provider)/\($0.model)" } == ["acme/small-model"])
  }

  @Test("A call's list, else the session's, else the settings' for the model, else for the provider")
  func lists() async throws {
    let (upstream, other) = (try Upstream.sequence([Upstream.fails(402)]), try Upstream.chat(["from beta"]))
    let person = try person(
      upstream, other, acme: ["fallbacks": ["beta/by-provider"]],
      more: [
        "fallbacks": ["acme/small-model": ["beta/by-model"]]
      ])
    _ = try await person.engine.createSession(
      id: "with", name: nil, provider: nil, model: nil, connectionDefault: nil, system: nil, cwd: nil,
      fallbacks: ["beta/by-session"])
    #expect(try await person.complete("Hi", session: "with") { $0.fallbacks = ["beta/by-call"] }.model == "by-call")
    #expect(try await person.complete("Hi", session: "with").model == "by-session")
    #expect(try await person.complete("Hi").model == "by-model")
    #expect(try await person.complete("Hi") { $0.model = "other" }.model == "by-provider")
    #expect(await person.failure("Hi") { $0.fallbacks = [] }?.kind == .quotaExceeded)
  }

  @Test("An overlong input goes to a larger model only, a bad request to none")
  func kinds() async throws {
    let upstream = try Upstream.sequence([Upstream.fails(400, code: "context_length_exceeded")])
    let other = try Upstream.chat(["from beta"])
    let person = try person(upstream, other)
    #expect(await person.failure("Hi") { $0.fallbacks = ["beta/tiny", "beta/unknown"] }?.kind == .contextOverflow)
    #expect(other.requests.isEmpty)
    #expect(try await person.complete("Hi") { $0.fallbacks = ["beta/tiny", "beta/large"] }.model == "large")
    let strict = try Upstream.sequence([Upstream.fails(400)])
    let bad = try self.person(strict, other)
    #expect(await bad.failure("Hi") { $0.fallbacks = ["beta/large"] }?.status == 400)
    #expect(strict.requests.count == 1)
    #expect(other.requests.count == 1)
  }

  @Test("Nobody takes over once something was said")
  func output() async throws {
    let (upstream, other) = (try Upstream.sequence([Upstream.breaksOff]), try Upstream.chat(["from beta"]))
    let person = try person(upstream, other)
    #expect(await person.failure("Hi") { $0.fallbacks = ["beta/large"] }?.kind == .network)
    #expect(other.requests.isEmpty)
  }

  @Test("What is meant for the first alone does not go to the next: key, headers, extra, account")
  func options() async throws {
    let (upstream, other) = (try Upstream.sequence([Upstream.fails(401)]), try Upstream.chat(["from beta"]))
    let person = try person(upstream, other, beta: ["maxTokens": 77, "extra": ["theirs": 1]])
    let outcome = try await person.complete("Hi") {
      $0.fallbacks = ["acme/small-model", "beta/large"]
      $0.apiKey = "sk-of-the-call"
      $0.headers = [("x-mine", "1")]
      $0.options.extra = ["mine": 1]
      $0.options.temperature = 0.5
    }
    #expect(upstream.requests.last?.header("authorization") == "Bearer sk-of-the-call")
    let request = try #require(other.requests.last)
    #expect(request.header("authorization") == "Bearer sk-beta-key")
    #expect(request.header("x-mine") == nil)
    #expect(other.lastBody?["mine"] == nil && other.lastBody?["theirs"] == 1)
    #expect(other.lastBody?["max_tokens"] == 77 && other.lastBody?["temperature"] == 0.5)
    #expect(outcome.dropped.map(\.what) == ["headers", "extra"])
    #expect(upstream.requests.count == 1)
  }

  @Test("When nobody can answer, the first one's error lists every try")
  func nobody() async throws {
    let (upstream, other) = (try Upstream.sequence([Upstream.fails(500)]), try Upstream.sequence([Upstream.fails(403)]))
    let person = try person(upstream, other)
    let sink = Sink()
    let error = try #require(
      await person.failure("Hi", into: sink) { $0.fallbacks = ["beta/large", "echo/fail:network"] })
    #expect((error.kind, error.status, error.provider, error.model) == (.upstreamError, 500, "acme", "small-model"))
    #expect(
      error.attempts.map { "\($0.provider) \($0.error?.kind.rawValue ?? "")" } == [
        "acme upstreamError", "acme upstreamError", "beta authRejected", "echo network", "echo network",
      ])
    #expect(error.message.contains("beta/large: no 403"))
    #expect(error.message.contains("echo/fail:network: "))
    #expect((upstream.requests.count, other.requests.count) == (2, 1))
  }

  @Test("A name that means nothing is found before anyone is asked")
  func names() async throws {
    let upstream = try Upstream.chat(["fine"])
    let person = try Person(upstream)
    let error = try #require(await person.failure("Hi") { $0.fallbacks = ["echo/echo", "nobody/model"] })
    #expect((error.kind, error.path) == (.providerNotFound, "fallbacks[1]"))
    #expect(await person.failure("Hi") { $0.fallbacks = ["echo/eco"] }?.kind == .modelNotFound)
    #expect(upstream.requests.isEmpty)
  }
}
