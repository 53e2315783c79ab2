internal import JSON
internal import TestSupport
internal import Testing

@Suite(
  "A real engine: llama-server", .serialized,
  .enabled(if: Testbed.has("bin/llama-server"), "llama-server is not installed (testbed: setup llama)"),
  .timeLimit(.minutes(2)))
struct LlamaRealTests {
  @Test("complete streams its tokens")
  func streams() async throws {
    let server = try await startLlama()
    try await withPatchbay(config: config(server)) { patchbay in
      try await expectStream(patchbay)
    }
  }

  @Test("its Responses and Messages stream too", arguments: [("openai-responses", "/v1"), ("anthropic-messages", "")])
  func otherFamilies(_ api: String, _ path: String) async throws {
    let server = try await startLlama()
    try await withPatchbay(config: config(server, api: api, path: path)) { patchbay in
      try await expectStream(patchbay)
      try await expectToolCall(patchbay)
      try await expectThought(patchbay)
    }
  }

  @Test("two sessions stay isolated")
  func isolated() async throws {
    let server = try await startLlama()
    try await withPatchbay(config: config(server)) { patchbay in
      try await expectIsolation(patchbay)
    }
  }

  @Test("cancel stops the generation on the server")
  func cancel() async throws {
    let server = try await startLlama()
    try await withPatchbay(config: config(server)) { patchbay in
      try await expectCancel(patchbay, log: server.process, "llama-server")
    }
  }

  @Test("its own refusals arrive as what they are")
  func refusals() async throws {
    let server = try await startLlama(key: "sk-right")
    try await withPatchbay(config: config(server, key: "sk-wrong")) { patchbay in
      let error = try await patchbay.callForError("complete", ["provider": "real", "input": "hello"])
      #expect(error.code == -32003)
    }
    try await withPatchbay(config: config(server, key: "sk-right")) { patchbay in
      let input = JSONValue.string(String(repeating: "far too long ", count: 60_000))
      let error = try await patchbay.callForError("complete", ["provider": "real", "input": input])
      #expect(error.code == -32007)
    }
  }
}

@Suite(
  "A real gateway: LiteLLM in front of llama-server", .serialized,
  .enabled(
    if: Testbed.has("v-litellm/bin/litellm") && Testbed.has("bin/llama-server"),
    "LiteLLM and llama-server are not both installed (testbed: setup litellm, setup llama)"), .timeLimit(.minutes(3)))
struct LiteLLMRealTests {
  @Test("complete streams, sessions stay isolated, and cancel reaches the engine behind it")
  func throughProxy() async throws {
    let (engine, proxy, _) = try await startBoth()
    try await withPatchbay(config: config(proxy, key: "sk-test-1234")) { patchbay in
      try await expectStream(patchbay)
      try await expectIsolation(patchbay)
      try await expectCancel(patchbay, log: engine.process, "llama-server behind LiteLLM")
    }
  }

  @Test("its chat completions, Responses, Messages and Gemini routes all stream, calls and thoughts included")
  func everyRoute() async throws {
    let (engine, proxy, folder) = try await startBoth()
    defer { withExtendedLifetime((engine, folder)) {} }
    let routes: [(api: String, path: String)] = [
      ("openai-completions", "/v1"), ("openai-responses", "/v1"), ("anthropic-messages", ""),
      ("google-generative-ai", "/v1beta"),
    ]
    for (api, path) in routes {
      try await withPatchbay(config: config(proxy, api: api, path: path, key: "sk-test-1234")) { patchbay in
        try await expectStream(patchbay, countsTokens: api != "google-generative-ai")
        try await expectToolCall(patchbay)
      }
    }
  }

  private func startBoth() async throws -> (engine: TestServer, proxy: TestServer, folder: TemporaryFolder) {
    let engine = try await startLlama(key: "sk-local")
    let folder = try TemporaryFolder()
    try folder.write(
      "config.yaml",
      """
      model_list:
        - model_name: tiny
          litellm_params: {model: openai/tiny, api_base: "\(engine.url)/v1", api_key: sk-local}
      general_settings: {master_key: sk-test-1234}
      litellm_settings: {telemetry: false, drop_params: true, num_retries: 0}
      """)
    let port = try TestServer.freePort()
    let proxy = try await TestServer.start(
      "\(try #require(Testbed.scripts))/start-litellm", ["\(port)", "\(folder.path)/config.yaml"], port: port,
      ready: "Uvicorn running on", environment: ["LITELLM_LOG": "INFO"], seconds: 120)
    return (engine, proxy, folder)
  }
}

// MARK: What both are held to

/// A server of the small model whose answers are known. Its context is large enough for a generation that is still
/// running when it is cancelled.
private func startLlama(key: String? = nil) async throws -> TestServer {
  let port = try TestServer.freePort()
  return try await TestServer.start(
    "\(try #require(Testbed.scripts))/start-llama",
    ["tiny-scripted", "\(port)"] + (key.map { ["--api-key", $0] } ?? []),
    port: port, ready: "listening on http", environment: ["LLAMA_CTX": "262144"])
}

private func config(
  _ server: TestServer, api: String = "openai-completions", path: String = "/v1", key: String = "sk-none"
) -> JSONValue {
  [
    "providers": [
      "real": [
        "api": .string(api), "baseURL": .string(server.url + path), "apiKey": .string(key), "model": "tiny",
      ]
    ]
  ]
}

/// The greeting comes in pieces. LiteLLM's Gemini route counts no tokens.
private func expectStream(_ patchbay: PatchbayProcess, countsTokens: Bool = true) async throws {
  let id = await patchbay.request("complete", ["provider": "real", "input": "hello", "temperature": 0])
  let result = try await patchbay.result(of: id)
  let deltas = expectSoundDeltas(patchbay, of: id, result: result)
  #expect(text(of: result["message"]) == "Hello! I am a tiny real engine on your CPU.")
  #expect(result["stopReason"] == "end")
  if countsTokens {
    #expect(result["usage"]?["estimated"] == false)
    #expect((result["usage"]?["output"]?.int ?? 0) > 5)
  }
  #expect(deltas.count { $0["delta"]?["type"] == "text" } > 1, "it came in one piece")
}

/// A tool is called, and its result answered.
private func expectToolCall(_ patchbay: PatchbayProcess) async throws {
  let tools: JSONValue = [
    ["name": "get_weather", "inputSchema": ["type": "object", "properties": ["city": ["type": "string"]]]]
  ]
  var messages: [JSONValue] = [["role": "user", "content": "#weather"]]
  let id = await patchbay.request(
    "complete", ["provider": "real", "input": .array(messages), "tools": tools, "temperature": 0])
  let result = try await patchbay.result(of: id)
  expectSoundDeltas(patchbay, of: id, result: result)
  #expect(result["stopReason"] == "toolUse")
  let message = try #require(result["message"])
  let call = try #require(message["content"]?.array?.first { $0["type"] == "toolCall" })
  #expect(call["name"] == "get_weather")
  #expect(call["arguments"] == ["city": "Paris"])
  let answer: JSONValue = ["type": "toolResult", "toolCallId": call["id"] ?? .null, "content": "Sunny"]
  messages += [message, ["role": "tool", "content": [answer]]]
  let second = try await patchbay.call(
    "complete", ["provider": "real", "input": .array(messages), "tools": tools, "temperature": 0])
  #expect(second["stopReason"] == "end")
  #expect(!text(of: second["message"]).isEmpty)
}

private func expectThought(_ patchbay: PatchbayProcess) async throws {
  let id = await patchbay.request("complete", ["provider": "real", "input": "#think", "temperature": 0])
  let result = try await patchbay.result(of: id)
  expectSoundDeltas(patchbay, of: id, result: result)
  let thought = result["message"]?["content"]?.array?.first { $0["type"] == "reasoning" }
  #expect(thought?["text"]?.string?.isEmpty == false)
  #expect(!text(of: result["message"]).isEmpty)
}

/// What the engine was sent shows in how many tokens it counted.
private func expectIsolation(_ patchbay: PatchbayProcess) async throws {
  func promptTokens(_ session: String, _ input: String) async throws -> Int {
    let result = try await patchbay.call(
      "complete", ["provider": "real", "session": .string(session), "input": .string(input)])
    let usage = result["usage"]
    return (usage?["input"]?.int ?? 0) + (usage?["cacheRead"]?.int ?? 0)
  }
  let alone = try await promptTokens("one", "hello")
  let longer = try await promptTokens("one", "hello")
  let other = try await promptTokens("two", "hello")
  #expect(alone > 0)
  #expect(longer > alone, "the session's own messages were not sent")
  #expect(other == alone, "another session's messages were sent")
}

private func expectCancel(_ patchbay: PatchbayProcess, log: ChildProcess, _ name: String) async throws {
  let params: JSONValue = ["provider": "real", "input": "#long", "maxTokens": 100_000]
  let id = await patchbay.request("complete", params)
  try await patchbay.firstText(of: id)
  #expect(!log.errorText.contains("cancel task") && !log.outputText.contains("cancel task"))
  let started = ContinuousClock.now
  await patchbay.notify("$/cancelRequest", ["id": id])
  let error = try await patchbay.error(of: id)
  let answered = ContinuousClock.now - started
  try await log.waitForText("cancel task")
  print(
    "figure: \(name): cancel answered after \(answered), stopped on the server after \(ContinuousClock.now - started)")
  #expect(error.code == -32800)
}
