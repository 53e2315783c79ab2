internal import JSON
internal import TestSupport
internal import Testing

@Suite("The built-in provider echo (protocol §4)", .timeLimit(.minutes(1)))
struct EchoTests {
  @Test("maxTokens cuts an answer short, and the answer says so", arguments: ["echo", "slow"])
  func length(model: String) async throws {
    try await withPatchbay { patchbay in
      let cut = try await patchbay.call("complete", echo("one two three", model: model, ["maxTokens": 2]))
      #expect(text(of: cut["message"]) == "one two")
      #expect(cut["stopReason"] == "length")
      #expect(cut["usage"]?["output"] == 2)
      let whole = try await patchbay.call("complete", echo("one two", model: model, ["maxTokens": 2]))
      #expect(whole["stopReason"] == "end")
    }
  }

  @Test(
    "echo streams the input back, whatever it is",
    arguments: [
      "hello there", "one", "  two  spaces ", "tabs\tand\nlines\n", "日本語 🦙 e\u{301}", "\u{0} \u{1b}[31m",
      "\"quoted\" \\",
    ])
  func echoes(input: String) async throws {
    try await withPatchbay { patchbay in
      let id = await patchbay.request("complete", echo(input))
      let result = try await patchbay.result(of: id)
      #expect(text(of: result["message"]) == input)
      #expect(result["stopReason"] == "end")
      #expect(result["provider"] == "echo")
      #expect(result["message"]?["role"] == "assistant")
      expectSoundDeltas(patchbay, of: id, result: result)
    }
  }

  @Test("a long input costs a few times its size in memory, however many words it has")
  func longInput() async throws {
    try await withPatchbay { patchbay in
      let before = try peakMemory(of: patchbay.child.id)
      let input = String(repeating: "word ", count: 800_000)
      // Nothing but the result comes back: what is measured is the program, not how fast the test reads.
      let result = try await patchbay.call("complete", echo(input, ["stream": false]))
      #expect(text(of: result["message"]).utf8.count == input.utf8.count)
      #expect(result["usage"]?["output"] == 800_000)
      let growth = try peakMemory(of: patchbay.child.id) - before
      #expect(growth < 10 * input.utf8.count, "\(input.utf8.count >> 10) kB took \(growth >> 10) kB")
    }
  }

  @Test("echo sends a delta a word")
  func wordByWord() async throws {
    try await withPatchbay { patchbay in
      let id = await patchbay.request("complete", echo(words(5), model: "slow"))
      let result = try await patchbay.result(of: id)
      let deltas = expectSoundDeltas(patchbay, of: id, result: result)
      #expect(deltas.filter { $0["delta"]?["type"] == "text" }.count == 5)
    }
  }

  @Test(
    "a model may be named in every way the catalogue allows",
    arguments: [
      ["provider": "echo"], ["model": "echo/echo"], ["provider": "echo", "model": "echo"],
    ] as [JSONObject])
  func names(choice: JSONObject) async throws {
    try await withPatchbay { patchbay in
      var params: JSONObject = ["input": "hello there"]
      params.merge(choice)
      let result = try await patchbay.call("complete", .object(params))
      #expect(result["model"] == "echo" || result["model"] == "echo/echo")
      #expect(text(of: result["message"]) == "hello there")
    }
  }

  @Test(
    "input may be a string, a message, or messages",
    arguments: [
      "hello there",
      ["role": "user", "content": "hello there"],
      ["role": "user", "content": [["type": "text", "text": "hello there"]]],
      [
        ["role": "user", "content": "first"], ["role": "assistant", "content": "first"],
        ["role": "user", "content": "hello there"],
      ],
    ] as [JSONValue])
  func inputs(input: JSONValue) async throws {
    try await withPatchbay { patchbay in
      let result = try await patchbay.call("complete", ["provider": "echo", "input": input])
      #expect(text(of: result["message"]) == "hello there")
    }
  }

  @Test("think reasons before it answers")
  func think() async throws {
    try await withPatchbay { patchbay in
      let id = await patchbay.request("complete", echo("hello there", model: "think"))
      let result = try await patchbay.result(of: id)
      let types = expectSoundDeltas(patchbay, of: id, result: result).map { $0["delta"]?["type"]?.string ?? "" }
      let reasoning = try #require(types.lastIndex(of: "reasoning"))
      let answer = try #require(types.firstIndex(of: "text"))
      #expect(reasoning < answer)
      #expect(parts(of: result["message"], "reasoning").count == 1)
    }
  }

  @Test(
    "tool calls the first offered tool, with the input as arguments when that is an object",
    arguments: [(#"{"city":"Paris"}"#, ["city": "Paris"]), ("no object", [:])] as [(String, JSONValue)])
  func tool(input: String, arguments: JSONValue) async throws {
    try await withPatchbay { patchbay in
      let tools: JSONValue = [
        ["name": "get_weather", "description": "The weather", "inputSchema": ["type": "object"]],
        ["name": "other", "inputSchema": ["type": "object"]],
      ]
      let id = await patchbay.request("complete", echo(input, model: "tool", ["tools": tools]))
      let result = try await patchbay.result(of: id)
      #expect(result["stopReason"] == "toolUse")
      let call = try #require(parts(of: result["message"], "toolCall").first)
      #expect(call["name"] == "get_weather")
      #expect(call["arguments"] == arguments)
      #expect(call["id"]?.string?.isEmpty == false)
      let deltas = patchbay.deltas(of: result["completionId"]).compactMap { $0["delta"] }
      #expect(deltas.first { $0["type"] == "toolCall" }?["name"] == "get_weather")
      #expect(deltas.first { $0["type"] == "toolCallEnd" }?["arguments"] == arguments)
      let streamed = try JSONValue(
        parsing: deltas.filter { $0["type"] == "toolArguments" }.map { $0["text"]?.string ?? "" }.joined())
      #expect(streamed == arguments)
    }
  }

  /// The table of protocol §8 from `authRequired` on: what a completion can end with.
  static let failures = [
    ("authRequired", -32001), ("authRejected", -32003), ("rateLimited", -32004), ("overloaded", -32005),
    ("quotaExceeded", -32006), ("contextOverflow", -32007), ("modelNotFound", -32008), ("providerNotFound", -32009),
    ("sessionNotFound", -32010), ("contentFiltered", -32011), ("upstreamInvalid", -32012), ("upstreamError", -32013),
    ("timeout", -32014), ("network", -32015), ("busy", -32016), ("storage", -32017), ("unsupported", -32018),
    ("engineBusy", -32019), ("budgetExceeded", -32020), ("loginFailed", -32021),
  ]

  @Test("fail:<kind> ends with that error", arguments: failures)
  func fails(kind: String, code: Int) async throws {
    try await withPatchbay { patchbay in
      let error = try await patchbay.callForError("complete", echo("one two three four", model: "fail:\(kind)"))
      #expect(error.code == code)
      #expect(error.kind == kind)
      #expect(!error.message.isEmpty)
      #expect(error.data?["completionId"]?.string?.isEmpty == false)
      let deltas = patchbay.deltas(of: error.data?["completionId"])
      #expect(joined(deltas).split(separator: " ") == ["one", "two"])
    }
  }

  @Test("an unknown kind of failure is no model")
  func unknownFailure() async throws {
    try await withPatchbay { patchbay in
      let error = try await patchbay.callForError("complete", echo("one two", model: "fail:nonsense"))
      #expect(error.code == -32008)
    }
  }

  @Test("an unknown model and an unknown provider are named, with the nearest known one")
  func unknownNames() async throws {
    try await withPatchbay { patchbay in
      let model = try await patchbay.callForError("complete", echo("hello", model: "ecko"))
      #expect(model.code == -32008)
      #expect(model.message.contains("ecko"))
      let provider = try await patchbay.callForError("complete", ["provider": "ecko", "input": "hello"])
      #expect(provider.code == -32009)
      #expect(provider.message.contains("ecko"))
    }
  }
}
