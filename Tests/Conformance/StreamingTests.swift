internal import JSON
internal import TestSupport
internal import Testing
internal import Upstream

@Suite("complete and streamDelta (protocol §4)", .timeLimit(.minutes(1)))
struct StreamingTests {
  @Test("deltas are numbered, precede the response and add up to its text", arguments: Framing.allCases)
  func order(framing: Framing) async throws {
    try await withPatchbay(framing: framing) { patchbay in
      let id = await patchbay.request("complete", echo(words(2_000)))
      let result = try await patchbay.result(of: id)
      let deltas = expectSoundDeltas(patchbay, of: id, result: result)
      #expect(deltas.allSatisfy { $0["requestId"] == id && $0["provider"] == "echo" })
    }
  }

  @Test("many completions at once keep their streams apart")
  func concurrent() async throws {
    try await withPatchbay { patchbay in
      var ids: [JSONValue] = []
      for number in 0..<50 { ids.append(await patchbay.request("complete", echo("\(number): \(words(40))"))) }
      for (number, id) in ids.enumerated() {
        let result = try await patchbay.result(of: id)
        #expect(text(of: result["message"]) == "\(number): \(words(40))")
        expectSoundDeltas(patchbay, of: id, result: result)
      }
    }
  }

  @Test("a slow completion does not hold up a quick one")
  func independent() async throws {
    try await withPatchbay { patchbay in
      let slow = await patchbay.request("complete", echo(endless, model: "slow"))
      try await patchbay.firstText(of: slow)
      let quick = try await patchbay.call("complete", echo("hello there"))
      #expect(text(of: quick["message"]) == "hello there")
      await patchbay.notify("$/cancelRequest", ["id": slow])
      _ = try await patchbay.error(of: slow)
    }
  }

  @Test("stream: false gives the same result without deltas")
  func notStreamed() async throws {
    try await withPatchbay { patchbay in
      let result = try await patchbay.call("complete", echo("hello there", ["stream": false]))
      #expect(text(of: result["message"]) == "hello there")
      #expect(patchbay.deltas(of: result["completionId"]).isEmpty)
    }
  }

  @Test("a client may opt out of a notification")
  func optOut() async throws {
    try await withPatchbay(initialized: false) { patchbay in
      try await patchbay.initialize(["capabilities": ["optOutNotifications": ["streamDelta"]]])
      let result = try await patchbay.call("complete", echo("hello there"))
      #expect(text(of: result["message"]) == "hello there")
      #expect(patchbay.messages.count == 2)
    }
  }

  @Test("the result carries usage that adds up, timing and the attempts")
  func resultFields() async throws {
    try await withPatchbay { patchbay in
      let result = try await patchbay.call("complete", echo("hello there"))
      let usage = try #require(result["usage"])
      let sum = ["input", "output", "cacheRead", "cacheWrite"].compactMap { usage[$0]?.int }.reduce(0, +)
      #expect(usage["total"]?.int == sum)
      #expect(result["timing"]?["queuedMs"]?.int != nil)
      #expect(result["timing"]?["totalMs"]?.int != nil)
      #expect(result["attempts"]?.array?.count == 1)
      #expect(result["attempts"]?[0]?["provider"] == "echo")
      #expect(result["session"] == nil)
    }
  }

  @Test(
    "what complete does not know or cannot take is refused, by name",
    arguments: [
      (["temprature": 1], "temprature"), (["temperature": "warm"], "temperature"), (["maxTokens": -1], "maxTokens"),
      (["input": 5], "input"), (["stop": "x"], "stop"), (["tools": [["nam": "x"]]], "tools[0]"),
      (["reasoning": "enormous"], "reasoning"), (["timeout": ["idle": 5]], "timeout.idle"),
      (["toolChoice": 7], "toolChoice"), (["stream": "yes"], "stream"),
    ] as [(JSONObject, String)])
  func invalidParams(change: JSONObject, path: String) async throws {
    try await withPatchbay { patchbay in
      var params = echo("hello").object ?? [:]
      for (key, value) in change { params[key] = value }
      let error = try await patchbay.callForError("complete", .object(params))
      #expect(error.code == -32602)
      #expect(error.kind == "invalidParams")
      #expect(error.data?["path"]?.string?.hasPrefix(path) == true, "\(error)")
    }
  }

  @Test("input is required")
  func inputMissing() async throws {
    try await withPatchbay { patchbay in
      let error = try await patchbay.callForError("complete", ["provider": "echo"])
      #expect(error.code == -32602)
      #expect(error.data?["path"] == "input")
    }
  }

  @Test(
    "every method refuses a field it does not know",
    arguments: [
      "ping", "listProviders", "listModels", "createSession", "listSessions", "getConfig", "reloadConfig",
      "loginStatus",
      "shutdown",
    ])
  func unknownField(method: String) async throws {
    try await withPatchbay { patchbay in
      let error = try await patchbay.callForError(method, ["noSuchField": 1])
      #expect(error.code == -32602)
      #expect(error.data?["path"] == "noSuchField")
    }
  }

  @Test("the same request key returns the first result instead of completing again")
  func requestKey() async throws {
    try await withPatchbay { patchbay in
      let first = try await patchbay.call("complete", echo("hello there", ["requestKey": "once"]))
      let second = try await patchbay.call("complete", echo("hello there", ["requestKey": "once"]))
      #expect(first["completionId"] == second["completionId"])
      #expect(text(of: second["message"]) == "hello there")
    }
  }

  @Test("an answer that is complete ends its completion, whatever the server does with the connection")
  func lingeringServer() async throws {
    for isAbrupt in [false, true] {
      let upstream = try Upstream { _, exchange in
        try exchange.startEvents()
        try exchange.writeChatChunk(["role": "assistant", "content": "done"])
        try exchange.writeChatChunk([:], finishReason: "stop")
        try exchange.writeEvent("[DONE]")
        if isAbrupt { exchange.close() } else { exchange.waitForDisconnect() }
      }
      let config: JSONValue = [
        "providers": ["mock": ["api": "openai-completions", "baseURL": .string("\(upstream.url)/v1"), "model": "m"]]
      ]
      try await withPatchbay(config: config) { patchbay in
        let result = try await patchbay.call("complete", ["provider": "mock", "input": "hello"])
        #expect(result["message"]?["content"] == [["type": "text", "text": "done"]])
        #expect((result["warnings"] != nil) == isAbrupt)
      }
    }
  }

  @Test("a server that streams although it was asked not to is understood all the same")
  func unaskedStream() async throws {
    let upstream = try Upstream { _, exchange in try exchange.streamChat(["hello", " there"]) }
    let config: JSONValue = [
      "providers": ["mock": ["api": "openai-completions", "baseURL": .string("\(upstream.url)/v1"), "model": "m"]]
    ]
    try await withPatchbay(config: config) { patchbay in
      let result = try await patchbay.call("complete", ["provider": "mock", "input": "hello", "stream": false])
      #expect(result["message"]?["content"] == [["type": "text", "text": "hello there"]])
      #expect(!patchbay.messages.contains { $0["method"] == "streamDelta" })
    }
  }
}
