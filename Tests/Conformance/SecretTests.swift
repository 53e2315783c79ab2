internal import JSON
internal import TestSupport
internal import Testing
internal import Upstream

@Suite("Secrets stay secret (protocol §3, §6)", .timeLimit(.minutes(1)))
struct SecretTests {
  private static let secret = PlantedSecret.key("do-not-show")
  private static let sources = ["config", "environment", "param", "command", "header"]

  @Test("a key that an upstream repeats in an error reaches nobody, wherever it came from", arguments: sources)
  func echoedInError(source: String) async throws {
    let upstream = try Upstream { request, exchange in
      let sent = request.header("authorization") ?? request.header("x-key") ?? "nothing"
      try exchange.respond(status: 401, json: ["error": ["message": .string("Incorrect key provided: \(sent)")]])
    }
    try await withKey(source, upstream) { patchbay, params in
      let error = try await patchbay.callForError("complete", params)
      #expect(error.code == -32003)
      #expect(error.kind == "authRejected")
      #expect(error.data?["status"] == 401)
      let sent = upstream.requests.flatMap { $0.headers.map(\.1) }
      #expect(sent.contains { $0.contains(Self.secret) }, "the key was not sent at all")
    }
  }

  @Test("a key that an upstream repeats in the middle of a stream reaches nobody")
  func echoedInStream() async throws {
    let upstream = try Upstream { request, exchange in
      try exchange.startEvents()
      try exchange.writeChatChunk(["role": "assistant", "content": "so far "])
      let error: JSONValue = ["error": ["message": .string("cannot use \(request.header("authorization") ?? "")")]]
      try exchange.writeEvent(error.text)
      try exchange.finish()
    }
    try await withKey("config", upstream) { patchbay, params in
      let error = try await patchbay.callForError("complete", params)
      #expect(error.code == -32013)
    }
  }

  @Test(
    "no method shows a key, and the log does not either", arguments: ["config", "environment", "command", "header"])
  func inspected(source: String) async throws {
    let upstream = try Upstream { _, exchange in try exchange.streamChat(["fine"]) }
    try await withKey(source, upstream) { patchbay, params in
      await patchbay.notify("$/setTrace", ["value": "verbose"])
      try await patchbay.call("complete", params)
      try await patchbay.call("listProviders")
      try await patchbay.call("loginStatus")
      try await patchbay.call("getConfig")
      try await patchbay.call("reloadConfig")
      _ = try await patchbay.callForError(
        "complete", ["provider": "mock", "input": "x", "apiKeyy": .string(Self.secret)])
    }
  }

  @Test(
    "the command line shows no key",
    arguments: [["doctor"], ["doctor", "--json"], ["providers"], ["call", "getConfig"]])
  func commandLine(arguments: [String]) async throws {
    let home = try TemporaryFolder()
    try home.write(config: [
      "providers": [
        "mock": ["api": "openai-completions", "baseURL": "http://127.0.0.1:9/v1", "apiKey": .string(Self.secret)]
      ]
    ])
    let child = try ChildProcess(
      PatchbayProcess.binary(), arguments, environment: PatchbayProcess.environment(home: home))
    child.closeInput()
    _ = try await child.waitForExit()
    #expect(!contains(child.output + child.errors, Array(Self.secret.utf8)))
    #expect(child.outputText.contains("mock"))
  }

  @Test("getConfig keeps the setting in view and masks its value")
  func masked() async throws {
    try await withPatchbay(config: [
      "providers": [
        "mock": ["api": "openai-completions", "baseURL": "http://127.0.0.1:9/v1", "apiKey": .string(Self.secret)]
      ]
    ]) { patchbay in
      let settings = try await patchbay.call("getConfig")["settings"]?.array ?? []
      let key = try #require(settings.first { $0["key"]?.string?.hasSuffix("apiKey") == true })
      #expect(key["value"]?.string?.isEmpty == false)
      #expect(key["source"]?.string?.contains("config/config.json:") == true)
      #expect(settings.contains { $0["value"] == "http://127.0.0.1:9/v1" })
    }
  }

  /// Runs `body` with a provider whose key comes from `source`, and then looks for the key in all that was said and
  /// in all that was stored (but for the configuration itself).
  private func withKey(
    _ source: String, _ upstream: Upstream, _ body: (PatchbayProcess, JSONValue) async throws -> Void
  ) async throws {
    let home = try TemporaryFolder()
    var provider: JSONObject = [
      "api": "openai-completions", "baseURL": .string(upstream.url + "/v1"), "model": "test-model",
    ]
    var params: JSONObject = ["provider": "mock", "input": "hello", "session": "work"]
    switch source {
    case "config": provider["apiKey"] = .string(Self.secret)
    case "environment": provider["apiKey"] = "$MOCK_KEY"
    case "command": provider["apiKey"] = "!printf %s \"$MOCK_KEY\""
    case "header": provider["headers"] = ["x-key": .string(Self.secret)]
    default: params["apiKey"] = .string(Self.secret)
    }
    try home.write(config: ["providers": ["mock": .object(provider)]])
    let patchbay = try PatchbayProcess(home: home, environment: ["MOCK_KEY": Self.secret])
    try await patchbay.initialize(["trace": "verbose"])
    try await body(patchbay, .object(params))
    patchbay.closeInput()
    #expect(try await patchbay.waitForExit() == .status(0))
    expectNoProblems(patchbay)
    let said = patchbay.child.output + patchbay.child.errors
    #expect(!contains(said, Array(Self.secret.utf8)), "the key was shown")
    for file in try home.files() where file != "config/config.json" {
      #expect(try !home.read(file).contains(Self.secret), "the key is in \(file)")
    }
  }
}
