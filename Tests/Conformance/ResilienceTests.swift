internal import JSON
internal import Synchronization
internal import TestSupport
internal import Testing
internal import Upstream

/// A provider "acme" that is a server of the test, which refuses so many requests and then answers.
private struct Acme {
  let upstream: Upstream

  init(refusals: Int, status: Int = 429, headers: [(String, String)]) throws {
    let count = Mutex(0)
    upstream = try Upstream { _, exchange in
      let number = count.withLock { count in
        count += 1
        return count
      }
      if number > refusals { return try exchange.streamChat(["fine", " again"]) }
      try exchange.respond(status: status, headers: headers, json: ["error": ["message": "not now"]])
    }
  }

  /// The config file; `more` goes into the provider's section.
  func config(_ more: JSONObject = [:]) -> JSONValue {
    var section: JSONObject = ["api": "openai", "baseURL": .string(upstream.url + "/v1"), "model": "m"]
    section.merge(more)
    return ["providers": ["acme": .object(section)]]
  }
}

@Suite("Retries, fallbacks and pauses (protocol §4)", .timeLimit(.minutes(1)))
struct ResilienceTests {
  private func types(_ deltas: [JSONValue]) -> [String] {
    deltas.compactMap { $0["delta"]?["type"]?.string }
  }

  private func waitForRetry(_ patchbay: PatchbayProcess, _ id: JSONValue) async throws -> JSONValue {
    let message = try await patchbay.receive("a retry") {
      $0["id"] == id || $0["params"]?["delta"]?["type"] == "retry"
    }
    return try #require(message["params"]?["delta"])
  }

  @Test("a refused completion is made again; the deltas tell the pause and the reason, the result every try")
  func retry() async throws {
    let acme = try Acme(refusals: 2, headers: [("retry-after-ms", "1")])
    try await withPatchbay(config: acme.config()) { patchbay in
      let id = await patchbay.request("complete", ["provider": "acme", "input": "Hi"])
      let result = try await patchbay.result(of: id)
      let deltas = expectSoundDeltas(patchbay, of: id, result: result)
      let told = types(deltas).filter { !["text", "usage"].contains($0) }
      #expect(told == ["start", "retry", "start", "retry", "start", "end"])
      let retry = try #require(deltas.first { $0["delta"]?["type"] == "retry" }?["delta"])
      #expect(retry["attempt"] == 2 && retry["delayMs"] == 1)
      #expect(retry["error"]?["data"]?["kind"] == "rateLimited")
      #expect(result["attempts"]?.array?.map { $0["error"]?["code"] } == [-32004, -32004, nil])
    }
    #expect(acme.upstream.requests.count == 3)
  }

  @Test("a fallback answers in the place of a provider that does not; the error of one that fails, too, lists both")
  func fallback() async throws {
    let acme = try Acme(refusals: .max, status: 503, headers: [])
    let config = acme.config(["retry": ["attempts": 1], "fallbacks": ["echo/echo"]])
    try await withPatchbay(config: config) { patchbay in
      let id = await patchbay.request("complete", ["provider": "acme", "input": "Hi there", "session": "s"])
      let result = try await patchbay.result(of: id)
      let deltas = expectSoundDeltas(patchbay, of: id, result: result)
      #expect(types(deltas).filter { $0 != "text" && $0 != "usage" } == ["start", "fallback", "start", "end"])
      #expect(result["provider"] == "echo" && result["model"] == "echo")
      let thread = try await patchbay.thread("s", provider: "acme")
      #expect(thread.map { $0["provider"] } == ["acme", "echo"])
      #expect(try await patchbay.thread("s", provider: "echo").isEmpty)
      let error = try await patchbay.callForError(
        "complete", ["provider": "acme", "input": "", "fallbacks": ["echo/fail:authRejected"]])
      #expect(error.kind == "overloaded")
      #expect(error.data?["attempts"]?.array?.map { $0["provider"] } == ["acme", "echo"])
    }
    #expect(!acme.upstream.requests.isEmpty)
  }

  @Test("$/cancelRequest ends a pause at once; listProviders shows it while it lasts")
  func cancel() async throws {
    let acme = try Acme(refusals: .max, headers: [("retry-after", "50")])
    try await withPatchbay(config: acme.config()) { patchbay in
      let id = await patchbay.request("complete", ["provider": "acme", "input": "Hi"])
      #expect(try await waitForRetry(patchbay, id)["delayMs"] == 50_000)
      let providers = try await patchbay.call("listProviders")["providers"]?.array ?? []
      #expect(providers.first { $0["id"] == "acme" }?["coolDown"]?["reason"] == "rateLimited")
      await patchbay.notify("$/cancelRequest", ["id": id])
      #expect(try await patchbay.error(of: id).code == -32800)
    }
    #expect(acme.upstream.requests.count == 1)
  }

  @Test("switchProvider ends the pauses of the provider that the session goes on without")
  func switched() async throws {
    let acme = try Acme(refusals: .max, headers: [("retry-after", "50")])
    try await withPatchbay(config: acme.config()) { patchbay in
      let id = await patchbay.request("complete", ["provider": "acme", "input": "Hi", "session": "s"])
      _ = try await waitForRetry(patchbay, id)
      try await patchbay.call("switchProvider", ["session": "s", "provider": "echo"])
      let error = try await patchbay.error(of: id)
      #expect(error.kind == "rateLimited")
      #expect(error.data?["hint"]?.string?.contains("went on with echo") == true)
      #expect(try await patchbay.thread("s", provider: "acme").isEmpty)
      #expect(text(of: try await patchbay.call("complete", ["session": "s", "input": "go on"])["message"]) == "go on")
    }
    #expect(acme.upstream.requests.count == 1)
  }
}
