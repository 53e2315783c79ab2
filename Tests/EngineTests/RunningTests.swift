import Completion
import JSON
import Platform
import TestSupport
import Testing
import Upstream

@testable import Engine

@Suite("Completions under way", .timeLimit(.minutes(1)))
struct RunningTests {
  /// A server that says "Half" and then nothing until its client has gone.
  private func endless(_ isGone: Gate) throws -> Upstream {
    try Upstream { _, exchange in
      try exchange.startEvents()
      try exchange.writeChatChunk(["content": "Half"])
      exchange.waitForDisconnect()
      isGone.open()
    }
  }

  private static let isText: @Sendable (StreamDelta) -> Bool = { if case .text = $0 { true } else { false } }

  @Test("Cancelling ends the request upstream and keeps what had arrived, marked as cancelled")
  func cancel() async throws {
    let isGone = Gate()
    let person = try Person(try endless(isGone))
    let sink = Sink(reached: Self.isText)
    let call = CompletionCall(input: [Message(.user, "one")], session: "s")
    let admission = try await person.engine.admit(call)
    async let result = person.outcome(admission, sink)
    try await sink.reached.opened()
    #expect(person.engine.cancel(admission.completionId))
    let error = await result.error
    #expect(error?.kind == .cancelled)
    #expect(error?.completionId == admission.completionId)
    try await isGone.opened()
    let messages = try await person.messages("s")
    #expect(messages.map(\.message.text) == ["one", "Half"])
    #expect(messages.last?.stopReason == .cancelled)
    #expect(messages.last?.completionId == admission.completionId)
    #expect(!person.engine.cancel(admission.completionId))
    #expect(!person.engine.cancel("cmp_nobody"))
  }

  @Test("Cancelling the task is cancelling the completion, and its thread is free again")
  func cancelTask() async throws {
    let isGone = Gate()
    let person = try Person(try endless(isGone))
    let sink = Sink(reached: Self.isText)
    let admission = try await person.engine.admit(CompletionCall(input: [Message(.user, "one")], session: "s"))
    let task = Task { await person.outcome(admission, sink) }
    try await sink.reached.opened()
    task.cancel()
    #expect(await task.value.error?.kind == .cancelled)
    try await isGone.opened()
    let next = try await person.engine.admit(CompletionCall(input: [Message(.user, "two")], session: "s"))
    person.engine.abandon(next)
  }

  @Test("One completion a thread: a second is busy, or waits its turn; another provider's thread is free")
  func busy() async throws {
    let mayEnd = Gate()
    let upstream = try Upstream { _, exchange in
      mayEnd.wait()
      try exchange.streamChat(["answer"])
    }
    defer { mayEnd.open() }
    let person = try Person(upstream)
    let first = try await person.engine.admit(CompletionCall(input: [Message(.user, "one")], session: "s"))
    let error = await person.failure("two", session: "s")
    #expect(error?.kind == .busy)
    #expect(error?.completionId == first.completionId)
    var waiting = CompletionCall(input: [Message(.user, "two")], session: "s")
    waiting.queue = true
    let second = try await person.engine.admit(waiting)
    #expect(try await person.complete("free", session: "s") { $0.model = "echo/echo" }.message.text == "free")
    async let later = person.outcome(second, Sink())
    async let earlier = person.outcome(first, Sink())
    mayEnd.open()
    #expect(await earlier.error == nil)
    #expect(await later.error == nil)
    #expect(upstream.lastMessages == ["user: one", "assistant: answer", "user: two"])
  }

  @Test("Who is cancelled while waiting asks nobody and stores nothing")
  func cancelWaiting() async throws {
    let upstream = try Upstream.chat(["answer"])
    let person = try Person(upstream)
    let first = try await person.engine.admit(CompletionCall(input: [Message(.user, "one")], session: "s"))
    let waiting = Task { await person.failure("two", session: "s") { $0.queue = true } }
    waiting.cancel()
    #expect(await waiting.value?.kind == .cancelled)
    #expect(await person.outcome(first, Sink()).error == nil)
    #expect(try await person.messages("s").map(\.message.text) == ["one", "answer"])
    #expect(upstream.requests.count == 1)
  }

  @Test("Deleting a session ends what runs in it")
  func delete() async throws {
    let isGone = Gate()
    let person = try Person(try endless(isGone))
    let sink = Sink(reached: Self.isText)
    let admission = try await person.engine.admit(CompletionCall(input: [Message(.user, "one")], session: "s"))
    async let result = person.outcome(admission, sink)
    try await sink.reached.opened()
    _ = try await person.engine.deleteSession("s")
    #expect(await result.error?.kind == .cancelled)
    try await isGone.opened()
    await #expect(throws: ProviderError.self) { try await person.engine.sessions.find("s") }
  }

  @Test("Beyond limits.maxCompletions the engine is busy, until one ends")
  func engineBusy() async throws {
    let person = try Person(try Upstream.chat(), more: ["limits": ["maxCompletions": 2]])
    let call = CompletionCall(input: [Message(.user, "Hi")])
    let admitted = [try await person.engine.admit(call), try await person.engine.admit(call)]
    let error = await person.failure("Hi")
    #expect(error?.kind == .engineBusy)
    #expect(error?.retryAfterMs != nil)
    #expect(error?.hint?.contains("limits.maxCompletions") == true)
    person.engine.abandon(admitted[0])
    #expect(await person.failure("Hi") == nil)
    // What is not admitted takes no place either.
    for _ in 0..<3 { #expect(await person.failure("Hi") { $0.provider = "nobody" }?.kind == .providerNotFound) }
    #expect(await person.failure("Hi") == nil)
    person.engine.abandon(admitted[1])
  }

  @Test("The same requestKey asks the provider once and gives everyone the first result")
  func requestKey() async throws {
    let upstream = try Upstream.chat(["answer"])
    let person = try Person(upstream)
    let outcomes = try await withThrowingTaskGroup(of: (id: String, isFirst: Bool).self) { group in
      for _ in 0..<8 {
        group.addTask {
          let (outcome, isFirst) = try await person.engine.once("key") { await person.result("Hi") }
          return (outcome.completionId, isFirst)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(outcomes.map(\.id)).count == 1)
    #expect(outcomes.count(where: \.isFirst) == 1)
    #expect(upstream.requests.count == 1)
    let other = try await person.engine.once("other key") { await person.result("Hi") }
    #expect(other.isFirst && upstream.requests.count == 2)
  }

  @Test("A failure leaves its requestKey free")
  func failedRequestKey() async throws {
    let person = try Person(try Upstream.chat(["answer"]))
    await #expect(throws: ProviderError.self) {
      try await person.engine.once("key") { .failure(ProviderError(.overloaded, "later")) }
    }
    #expect(try await person.engine.once("key") { await person.result("Hi") }.isFirst)
  }

  @Test("The last thousand results are kept under their keys, and no more")
  func manyRequestKeys() async throws {
    let person = try Person(try Upstream.chat(["answer"]))
    let result = await person.result("Hi")
    for number in 0...1000 { _ = try await person.engine.once("key \(number)") { result } }
    #expect(try await !person.engine.once("key 1") { result }.isFirst)
    #expect(try await person.engine.once("key 0") { result }.isFirst)
  }
}

extension CompletionCall {
  fileprivate init(input: [Message], session: String) {
    self.init(input: input)
    self.session = session
  }
}

extension Person {
  /// How an admitted completion ends.
  func outcome(
    _ admission: CompletionEngine.Admission, _ sink: Sink
  ) async -> Result<CompletionOutcome, ProviderError> {
    do throws(ProviderError) {
      return .success(try await engine.run(admission, into: sink))
    } catch {
      return .failure(error)
    }
  }

  /// How a completion ends.
  func result(_ input: String) async -> Result<CompletionOutcome, ProviderError> {
    do throws(ProviderError) {
      return .success(try await complete(input))
    } catch {
      return .failure(error)
    }
  }
}

extension Result {
  fileprivate var error: Failure? { if case .failure(let error) = self { error } else { nil } }
}
