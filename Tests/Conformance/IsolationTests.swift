internal import JSON
internal import Synchronization
internal import TestSupport
internal import Testing
internal import Upstream

@Suite("Threads and switching (protocol §5)", .timeLimit(.minutes(1)))
struct IsolationTests {
  @Test("a provider sees the messages of its own thread and nothing else")
  func isolation() async throws {
    try await withTwoProviders { patchbay, upstream in
      try await patchbay.complete("first to left", "left")
      try await patchbay.complete("first to right", "right")
      try await patchbay.complete("second to left", "left")
      #expect(
        upstream.seen(by: "left") == [
          ["first to left"], ["first to left", "left answers 1", "second to left"],
        ])
      #expect(upstream.seen(by: "right") == [["first to right"]])
    }
  }

  @Test("switching back continues where that thread stopped")
  func switchBack() async throws {
    try await withTwoProviders { patchbay, upstream in
      try await patchbay.complete("first to left", "left")
      let away = try await patchbay.call("switchProvider", ["session": "work", "provider": "right"])
      #expect(away["provider"] == "right")
      #expect(away["previous"]?["provider"] == "left")
      #expect(away["thread"]?["messageCount"] == 0)
      try await patchbay.complete("to right")
      let back = try await patchbay.call("switchProvider", ["session": "work", "provider": "left"])
      #expect(back["thread"]?["messageCount"] == 2)
      try await patchbay.complete("second to left")
      #expect(upstream.seen(by: "left").last == ["first to left", "left answers 1", "second to left"])
      #expect(upstream.seen(by: "right") == [["to right"]])
    }
  }

  @Test(
    "carry copies the last exchange, or the whole thread, when it is asked to",
    arguments: [
      ("none", ["now"]), ("last", ["two", "left answers 2", "now"]),
      ("all", ["one", "left answers 1", "two", "left answers 2", "now"]),
    ])
  func carry(how: String, seen: [String]) async throws {
    try await withTwoProviders { patchbay, upstream in
      try await patchbay.complete("one", "left")
      try await patchbay.complete("two", "left")
      let params: JSONValue = ["session": "work", "provider": "right", "carry": .string(how)]
      let switched = try await patchbay.call("switchProvider", params)
      #expect(switched["thread"]?["messageCount"]?.int == seen.count - 1)
      try await patchbay.complete("now")
      #expect(upstream.seen(by: "right") == [seen])
      let thread = try await patchbay.thread("work", provider: "right")
      #expect(thread.dropLast(2).allSatisfy { $0["copied"] == true })
    }
  }

  @Test("two sessions on one provider know nothing of each other")
  func sessions() async throws {
    try await withTwoProviders { patchbay, upstream in
      try await patchbay.complete("in one", "left", session: "one")
      try await patchbay.complete("in two", "left", session: "two")
      try await patchbay.complete("more in one", "left", session: "one")
      #expect(upstream.seen(by: "left") == [["in one"], ["in two"], ["in one", "left answers 1", "more in one"]])
    }
  }

  @Test("without a session the connection's default is switched")
  func connectionDefault() async throws {
    try await withTwoProviders { patchbay, upstream in
      let switched = try await patchbay.call("switchProvider", ["provider": "right"])
      #expect(switched["session"] == nil)
      try await patchbay.call("complete", ["input": "one-off"])
      #expect(upstream.seen(by: "right") == [["one-off"]])
    }
  }

  @Test("switching to an unknown provider changes nothing", arguments: [nil, "work"])
  func unknown(session: String?) async throws {
    try await withTwoProviders { patchbay, upstream in
      try await patchbay.complete("one", "left")
      var params: JSONObject = ["provider": "nowhere"]
      params.set("session", session.map(JSONValue.string))
      let error = try await patchbay.callForError("switchProvider", .object(params))
      #expect(error.code == -32009)
      try await patchbay.complete("two")
      #expect(upstream.seen(by: "left").count == 2)
    }
  }

  @Test("a switch during a completion holds for the next one")
  func duringCompletion() async throws {
    try await withTwoProviders { patchbay, upstream in
      let id = await patchbay.request("complete", echo(endless, model: "slow", ["session": "work"]))
      try await patchbay.firstText(of: id)
      try await patchbay.call("switchProvider", ["session": "work", "provider": "right"])
      let completion = try await patchbay.call("getSession", ["session": "work"])["activeCompletion"]
      #expect(completion != nil)
      await patchbay.notify("$/cancelRequest", ["id": id])
      _ = try await patchbay.error(of: id)
      try await patchbay.complete("to right")
      #expect(upstream.seen(by: "right") == [["to right"]])
    }
  }

  @Test("the session lists a thread for each provider")
  func threads() async throws {
    try await withTwoProviders { patchbay, _ in
      try await patchbay.complete("one", "left")
      try await patchbay.complete("two", "right")
      let session = try await patchbay.call("getSession", ["session": "work"])
      let threads = session["threads"]?.array ?? []
      #expect(threads.map { $0["provider"] ?? .null }.sorted { $0.text < $1.text } == ["left", "right"])
      #expect(threads.allSatisfy { $0["messageCount"] == 2 })
      // Naming a provider is for one completion; only switchProvider changes who answers next.
      #expect(session["provider"] == "left")
    }
  }
}

/// Runs `body` with two configured providers, `left` and `right`, that one server answers.
private func withTwoProviders(_ body: (PatchbayProcess, TwoProviders) async throws -> Void) async throws {
  let upstream = try TwoProviders()
  try await withPatchbay(config: upstream.config) { patchbay in try await body(patchbay, upstream) }
}

/// A server that plays both providers, numbers their answers and keeps what each was told.
private final class TwoProviders: Sendable {
  private let server: Upstream

  init() throws {
    let counts = Mutex<[String: Int]>([:])
    server = try Upstream { request, exchange in
      let name = String(request.path.split(separator: "/").first ?? "")
      let number = counts.withLock { counts in
        counts[name, default: 0] += 1
        return counts[name] ?? 0
      }
      try exchange.streamChat([name, " answers", " \(number)"], model: "test-model")
    }
  }

  var config: JSONValue {
    func provider(_ name: String) -> JSONValue {
      [
        "api": "openai-completions", "baseURL": .string("\(server.url)/\(name)/v1"),
        "apiKey": .string(PlantedSecret.key("test")),
        "model": "test-model",
      ]
    }
    return ["providers": ["left": provider("left"), "right": provider("right")]]
  }

  /// The texts of the messages in each request to a provider.
  func seen(by name: String) -> [[String]] {
    server.requests.filter { $0.path.hasPrefix("/\(name)/") && $0.method == "POST" }.map { request in
      (request.json?["messages"]?.array ?? []).map { text(of: $0) }
    }
  }
}

extension PatchbayProcess {
  /// Completes in a session, by its current provider unless one is named.
  fileprivate func complete(_ input: String, _ provider: String? = nil, session: String = "work") async throws {
    var params: JSONObject = ["session": .string(session), "input": .string(input)]
    params.set("provider", provider.map(JSONValue.string))
    try await call("complete", .object(params))
  }
}
