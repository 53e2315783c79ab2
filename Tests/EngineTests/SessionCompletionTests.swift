import Completion
import JSON
import Platform
import TestSupport
import Testing
import Upstream

@testable import Engine

@Suite("Completions in sessions", .timeLimit(.minutes(1)))
struct SessionCompletionTests {
  /// Two providers, each with a server of its own.
  private struct Two {
    let acme: Upstream
    let other: Upstream
    let person: Person

    init() throws {
      acme = try Upstream.chat(["from acme"])
      other = try Upstream.chat(["from other"])
      let section: JSONValue = [
        "api": "openai", "baseURL": .string(other.url), "models": ["first": [:], "second": [:]],
      ]
      person = try Person(acme, more: ["providers": ["other": section]])
    }
  }

  @Test("A session is made by its name, remembers what was said, and stores it")
  func remembers() async throws {
    let upstream = try Upstream.chat(["answer"])
    let person = try Person(upstream)
    let first = try await person.complete("one", session: "work")
    let second = try await person.complete("two", session: "work")
    #expect(first.session == second.session)
    #expect(upstream.lastMessages == ["user: one", "assistant: answer", "user: two"])
    let messages = try await person.messages("work")
    #expect(messages.map(\.message.text) == ["one", "answer", "two", "answer"])
    #expect(messages.map(\.message.role) == [.user, .assistant, .user, .assistant])
    #expect(messages[1].stopReason == .end)
    #expect(messages[1].usage == Usage(input: 5, output: 1))
    #expect(messages[0].completionId == first.completionId && messages[3].completionId == second.completionId)
    #expect(Set(messages.map(\.id)).count == 4)
    // Another engine of the same person goes on where this one was.
    let later = CompletionEngine(environment: Environment(["PATCHBAY_HOME": person.folder.path]))
    let record = try await later.sessions.find("work")
    #expect(try await later.sessions.summary(of: record, messages: true).threads.first?.messages == messages)
  }

  @Test("An id that is not there is not made into a name")
  func missingID() async throws {
    let error = await (try Person(try Upstream.chat())).failure("Hi", session: SessionStore.newID())
    #expect(error?.kind == .sessionNotFound)
  }

  @Test("A provider sees its own messages and nobody else's")
  func isolation() async throws {
    let two = try Two()
    _ = try await two.person.complete("to acme", session: "s")
    _ = try await two.person.complete("to other", session: "s") { $0.provider = "other" }
    #expect(two.other.lastMessages == ["user: to other"])
    _ = try await two.person.complete("acme again", session: "s")
    #expect(two.acme.lastMessages == ["user: to acme", "assistant: from acme", "user: acme again"])
    #expect(try await two.person.messages("s", "other").map(\.message.text) == ["to other", "from other"])
    // Naming a provider in a call is no switch.
    #expect(try await two.person.engine.sessions.find("s").provider == "acme")
  }

  @Test("Coming back to a provider means the model that answered there last")
  func lastModel() async throws {
    let two = try Two()
    _ = try await two.person.complete("a", session: "s")
    _ = try await two.person.complete("b", session: "s") { $0.model = "other/second" }
    let back = try await two.person.complete("c", session: "s") { $0.provider = "other" }
    #expect(back.model == "second")
    #expect(two.other.lastMessages == ["user: b", "assistant: from other", "user: c"])
  }

  @Test("The system prompt is the session's, unless the call brings one")
  func system() async throws {
    let upstream = try Upstream.chat()
    let person = try Person(upstream)
    let session = try await person.engine.createSession(
      id: nil, name: "s", provider: nil, model: nil, connectionDefault: nil, system: "Be brief.", cwd: nil)
    _ = try await person.complete("Hi", session: session.id)
    #expect(upstream.lastMessages == ["system: Be brief.", "user: Hi"])
    _ = try await person.complete("Hi", session: "s") { $0.options.system = "Be long." }
    #expect(upstream.lastMessages.first == "system: Be long.")
    #expect(try await person.messages("s").count == 4)
  }

  @Test("A failed completion leaves the thread as it was")
  func failed() async throws {
    let upstream = try Upstream { request, exchange in
      guard request.json?["messages"]?.array?.last?["content"]?.string == "fail" else {
        return try exchange.streamChat(["answer"])
      }
      try exchange.startEvents()
      try exchange.writeChatChunk(["content": "some of it"])
      try exchange.writeEvent(#"{"error":{"message":"overloaded","code":"overloaded_error"}}"#)
      try exchange.finish()
    }
    let person = try Person(upstream)
    _ = try await person.complete("one", session: "s")
    let before = try await person.messages("s")
    let error = try #require(await person.failure("fail", session: "s"))
    #expect(error.kind == .overloaded)
    #expect(try await person.messages("s") == before)
    let lines = try await person.lines("s")
    #expect(lines.last == ["void": .string(try #require(error.completionId))])
    _ = try await person.complete("two", session: "s")
    #expect(upstream.lastMessages == ["user: one", "assistant: answer", "user: two"])
  }

  @Test("A question whose process was killed is asked again together with the next")
  func unanswered() async throws {
    let upstream = try Upstream.chat(["answer"])
    let person = try Person(upstream)
    let session = try await person.complete("one", session: "s").session ?? ""
    let key = ThreadLanes.Key(session: session, provider: "acme")
    let thread = try await person.engine.sessions.open(key, wait: false)
    try await BlockingQueue.run { () throws(SystemError) in
      try thread.append([stored(.user, "lost", completion: "cmp_lost")], sync: false)
    }
    person.engine.sessions.close(thread, key)
    _ = try await person.complete("two", session: "s")
    #expect(upstream.lastMessages == ["user: one", "assistant: answer", "user: lost\n\ntwo"])
  }

  @Test("A damaged line is a warning of the result, not the end of the session")
  func damagedLine() async throws {
    let person = try Person(try Upstream.chat(["answer"]))
    let id = try await person.complete("one", session: "s").session ?? ""
    let path = person.folder.file("state/sessions/\(id)/acme.jsonl")
    let bytes = try #require(try FileSystem.read(path))
    try FileSystem.replace(path, with: Array("nonsense\n".utf8) + bytes)
    let outcome = try await person.complete("two", session: "s")
    #expect(outcome.warnings.count == 1)
    #expect(outcome.warnings.first?.hasPrefix("line 1 of \(path) is damaged") == true)
    #expect(try await person.messages("s").count == 4)
  }

  @Test("A path in the input is read from the session's folder before anything is sent or stored")
  func media() async throws {
    let upstream = try Upstream.chat()
    let person = try Person(upstream, acme: ["models": ["small-model": ["input": ["text", "image"]]]])
    try person.folder.write("pictures/p.png", "pixels")
    _ = try await person.engine.createSession(
      id: nil, name: "s", provider: nil, model: nil, connectionDefault: nil, system: nil,
      cwd: person.folder.file("pictures"))
    func ask(_ path: String) async -> ProviderError? {
      await person.failure("", session: "s") {
        $0.input = [Message(role: .user, content: [.image(Media(mediaType: "image/png", source: .path(path)))])]
      }
    }
    #expect(await ask("../config/config.json")?.kind == .invalidParams)
    #expect(upstream.requests.isEmpty)
    #expect(try await person.messages("s").isEmpty)
    #expect(await ask("p.png") == nil)
    #expect(upstream.lastBody?.text.contains("cGl4ZWxz") == true)
  }
}

@Suite("Switching the provider", .timeLimit(.minutes(1)))
struct SwitchingTests {
  let acme: Upstream
  let other: Upstream
  let person: Person

  init() throws {
    acme = try Upstream.chat(["from acme"])
    other = try Upstream.chat(["from other"])
    let sound: JSONObject = ["api": "openai", "baseURL": .string(other.url), "models": ["first": [:]]]
    var keyless = sound
    keyless["apiKey"] = "$NO_SUCH_VARIABLE"
    person = try Person(acme, more: ["providers": ["other": .object(sound), "keyless": .object(keyless)]])
  }

  @Test(
    "What is carried along is what was asked for",
    arguments: [
      (Carry.none, ["user: new"]), (.last, ["user: two", "assistant: from acme", "user: new"]),
      (.all, ["user: one", "assistant: from acme", "user: two", "assistant: from acme", "user: new"]),
    ])
  func carry(_ carry: Carry, _ expected: [String]) async throws {
    _ = try await person.complete("one", session: "s")
    _ = try await person.complete("two", session: "s")
    let original = try await person.messages("s")
    let switched = try await person.engine.switchProvider(of: "s", to: "other", model: nil, carry: carry)
    #expect((switched.session.provider, switched.session.model) == ("other", "first"))
    #expect(switched.previous == ModelChoice(provider: "acme", model: "small-model"))
    #expect(switched.messageCount == expected.count - 1)
    let copies = try await person.messages("s", "other")
    #expect(copies.allSatisfy { $0.copied && $0.usage == nil && $0.completionId == nil })
    #expect(Set(copies.map(\.id)).isDisjoint(with: original.map(\.id)))
    _ = try await person.complete("new", session: "s")
    #expect(other.lastMessages == expected)
    #expect(try await person.messages("s") == original)
    // Back, and everything is as it was left.
    let back = try await person.engine.switchProvider(of: "s", to: "acme", model: nil, carry: .none)
    #expect(back.messageCount == 4)
    _ = try await person.complete("three", session: "s")
    #expect(acme.lastMessages.count == 5)
  }

  @Test(
    "A provider that is unknown or without its key changes nothing",
    arguments: [("keyless", ErrorKind.authRequired), ("nobody", .providerNotFound)])
  func refused(_ provider: String, _ kind: ErrorKind) async throws {
    _ = try await person.complete("one", session: "s")
    let before = try await person.engine.sessions.find("s")
    let error = await #expect(throws: ProviderError.self) {
      try await person.engine.switchProvider(of: "s", to: provider, model: nil, carry: .all)
    }
    #expect(error?.kind == kind)
    #expect(try await person.engine.sessions.find("s") == before)
    #expect(try await person.messages("s", provider).isEmpty)
    await #expect(throws: ProviderError.self) {
      try await person.engine.usableChoice(provider: provider, model: nil)
    }
  }
}
