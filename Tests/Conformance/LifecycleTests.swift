internal import JSON
internal import TestSupport
internal import Testing

@Suite("Lifecycle (protocol §2)", .timeLimit(.minutes(1)))
struct LifecycleTests {
  @Test("initialize says what the server is and can do", arguments: Framing.allCases)
  func initialize(framing: Framing) async throws {
    try await withPatchbay(framing: framing, initialized: false) { patchbay in
      let result = try await patchbay.initialize([
        "protocolVersion": 1, "clientInfo": ["name": "tests", "version": "1"], "capabilities": ["prompt": false],
        "trace": "off",
      ])
      #expect(result["protocolVersion"] == 1)
      #expect(result["serverInfo"]?["name"] == "patchbay")
      #expect(result["serverInfo"]?["version"]?.string?.isEmpty == false)
      #expect(result["engine"]?["pid"]?.int == Int(patchbay.child.id))
      #expect(result["limits"]?["maxMessageBytes"] == 67_108_864)
      let methods = result["capabilities"]?["methods"]?.array ?? []
      #expect(methods.contains("complete") && methods.contains("createSession") && methods.contains("ping"))
      #expect(result["capabilities"]?["notifications"]?.array?.contains("streamDelta") == true)
      #expect(result["capabilities"]?["apis"]?.array?.contains("openai-completions") == true)
    }
  }

  @Test("the configured provider is the default that initialize names")
  func defaultModel() async throws {
    try await withPatchbay(config: ["defaultProvider": "echo"], initialized: false) { patchbay in
      let result = try await patchbay.initialize()
      #expect(result["default"]?["provider"] == "echo")
      #expect(result["default"]?["model"]?.string?.isEmpty == false)
    }
  }

  @Test("before initialize a request is refused, and initialize still works afterwards")
  func notInitialized() async throws {
    try await withPatchbay(initialized: false) { patchbay in
      let error = try await patchbay.callForError("ping")
      #expect(error.code == -32002)
      #expect(error.kind == "notInitialized")
      try await patchbay.initialize()
      #expect(try await patchbay.call("ping") == [:])
    }
  }

  @Test("before initialize a notification is not answered")
  func earlyNotification() async throws {
    try await withPatchbay(initialized: false) { patchbay in
      await patchbay.sendUnchecked(["jsonrpc": "2.0", "method": "ping"])
      try await patchbay.initialize()
      #expect(patchbay.messages.count == 1)
    }
  }

  @Test("a second initialize is an invalid request")
  func initializeTwice() async throws {
    try await withPatchbay { patchbay in
      let error = try await patchbay.callForError("initialize")
      #expect(error.code == -32600)
    }
  }

  @Test("an unsupported protocol version is refused with the supported ones")
  func version() async throws {
    try await withPatchbay(initialized: false) { patchbay in
      let error = try await patchbay.callForError("initialize", ["protocolVersion": 99])
      #expect(error.code == -32602)
      #expect(error.data?["supported"] == [1])
    }
  }

  @Test("after shutdown only exit is served, and it ends with status 0")
  func shutdownThenExit() async throws {
    let home = try TemporaryFolder()
    let patchbay = try PatchbayProcess(home: home)
    try await patchbay.initialize()
    #expect(try await patchbay.call("shutdown") == .null)
    #expect(try await patchbay.callForError("ping").code == -32600)
    await patchbay.notify("exit")
    #expect(try await patchbay.waitForExit() == .status(0))
    expectNoProblems(patchbay)
  }

  @Test("exit without shutdown ends with status 1", arguments: [true, false])
  func exitWithoutShutdown(initialized: Bool) async throws {
    let home = try TemporaryFolder()
    let patchbay = try PatchbayProcess(home: home)
    if initialized { try await patchbay.initialize() }
    await patchbay.notify("exit")
    #expect(try await patchbay.waitForExit() == .status(1))
    expectNoProblems(patchbay)
  }

  @Test("a program without a single request ends with status 0 when its input ends")
  func nothing() async throws {
    try await withPatchbay(initialized: false) { _ in }
  }

  @Test("initialized and unknown notifications are taken in silence")
  func notifications() async throws {
    try await withPatchbay { patchbay in
      await patchbay.notify("initialized")
      await patchbay.sendUnchecked(["jsonrpc": "2.0", "method": "no/suchNotification", "params": ["a": 1]])
      let pong = try await patchbay.call("ping")
      #expect(pong == [:])
      #expect(patchbay.messages.count == 2)
    }
  }

  @Test("an unknown method is -32601 and names the method")
  func unknownMethod() async throws {
    try await withPatchbay { patchbay in
      let error = try await patchbay.callForError("listProvider")
      #expect(error.code == -32601)
      #expect(error.kind == "methodNotFound")
      #expect(error.message.contains("listProvider"))
    }
  }
}
