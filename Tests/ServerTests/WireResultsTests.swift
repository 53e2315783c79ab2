import Completion
import JSON
import TestSupport
import Testing
import WireProtocol

@Suite("What the server sends")
struct WireResultsTests {
  static let at = "2026-01-31T09:30:00.250Z"
  private static let choice = ModelChoice(provider: "echo", model: "echo")
  private static let usage = Usage(input: 1, output: 2, cacheRead: 3, cacheWrite: 4, reasoning: 1)
  static let cost = Cost(input: 0.1, output: 1e-7)

  /// An error with everything an error can have.
  private static func error(_ kind: ErrorKind) -> ProviderError {
    var error = ProviderError(kind, "it went wrong", hint: "try again", path: "tools[0].name")
    error.provider = "p"
    error.model = "m"
    error.status = 529
    error.upstreamCode = "overloaded_error"
    error.retryAfterMs = 100
    error.upstreamRequestId = "req_1"
    error.phase = .firstToken
    error.completionId = "c1"
    error.attempts = [
      Attempt(provider: "p", model: "m", error: ProviderError(.overloaded, "no")), Attempt(provider: "q", model: "n"),
    ]
    return error
  }

  private static var fullModel: ModelInfo {
    var model = ModelInfo(id: "a/b", name: "B")
    model.contextWindow = 1000
    model.maxOutputTokens = 100
    model.input = ["text", "image"]
    model.reasoning = true
    model.cost = ModelCost(input: 1, output: 2, cacheRead: 0.1, cacheWrite: 0.2)
    model.released = "2026-01-31"
    model.status = "beta"
    return model
  }

  private static let session = SessionInfo(
    id: "s1", name: "notes", provider: "echo", model: "echo", system: "be brief", budgetUSD: 0.5, createdAt: at,
    updatedAt: at,
    threads: [
      ThreadInfo(provider: "echo", model: "echo", messageCount: 2, usage: usage, cost: cost),
      ThreadInfo(provider: "p", model: "m", messageCount: 0, usage: Usage(), cost: nil),
    ], activeCompletion: "c1")
  private static let bareSession = SessionInfo(id: "s1", provider: "echo", model: "echo", createdAt: at, updatedAt: at)

  private static let stored = [
    StoredMessage(id: "m1", message: Message(.user, "hi"), provider: "echo", model: "echo", at: at),
    StoredMessage(
      id: "m2", message: Message(.assistant, "hi"), provider: "echo", model: "echo", api: "echo", at: at,
      usage: usage, stopReason: .end, completionId: "c1", copied: true),
  ]

  private static let everyPart = Message(
    role: .assistant,
    content: [
      .text("a"), .image(Media(mediaType: "image/png", source: .data("AAAA"))),
      .file(Media(mediaType: "application/pdf", source: .path("/a.pdf")), name: "a.pdf"),
      .reasoning(Reasoning(text: "b", signature: "s", redacted: true, opaque: [1])),
      .toolCall(ToolCall(id: "1", name: "f", arguments: ["x": 1])),
      .toolCall(.invalid(id: "2", name: "f", argumentsText: "{")),
      .toolResult(ToolResult(toolCallId: "1", content: [.text("c")], isError: true)),
    ])

  private static let completions: [JSONValue] = [
    CompleteResult(
      completionId: "c1", provider: "echo", model: "echo", message: Message(role: .assistant, content: []),
      stopReason: .cancelled, usage: Usage(), cost: nil,
      timing: CompletionTiming(queuedMs: 0, firstTokenMs: nil, totalMs: 0), attempts: []
    ).json,
    CompleteResult(
      completionId: "c1", session: "s1", provider: "echo", model: "echo", message: everyPart, stopReason: .toolUse,
      usage: usage, cost: cost, timing: CompletionTiming(queuedMs: 1, firstTokenMs: 2, totalMs: 3),
      attempts: [
        Attempt(provider: "p", model: "m", error: error(.overloaded)),
        Attempt(provider: "echo", model: "echo"),
      ], structured: .null, dropped: [DroppedItem(what: "seed", why: "not known")], warnings: ["odd"],
      serviceTier: "flex", upstreamId: "u1", upstreamModel: "echo-1"
    ).json,
  ]

  private static let providers: [JSONValue] = [
    ListProvidersResult(providers: [
      ProviderInfo(id: "echo", name: "Echo", kind: "builtin", api: "echo", status: .ready),
      ProviderInfo(
        id: "p", name: "P", kind: "api", api: "openai-completions", baseURL: "https://p.example", aliases: ["q"],
        login: [.init(method: "apiKey", env: ["P_KEY"])], status: .missing,
        credential: .init(source: .authFile, detail: "auth.json"), defaultModel: "m", dataLocation: "EU",
        compliance: ["SOC 2"], offline: true,
        coolDown: .init(until: "2026-01-31T09:30:00.250Z", reason: .rateLimited, account: "work")),
    ]).json
  ]

  static let results: [(WireProtocol.Method, [JSONValue])] = [
    (
      .initialize,
      [
        InitializeResult(serverVersion: "1", apis: ["echo"], enginePid: 1, defaultChoice: nil, maxMessageBytes: 9).json,
        InitializeResult(
          serverVersion: "1", apis: [], enginePid: 1, isShared: true, defaultChoice: choice, maxMessageBytes: 9
        ).json,
      ]
    ),
    (.shutdown, [.null]), (.ping, [EmptyResult().json]), (.deleteSession, [EmptyResult().json]),
    (.listProviders, providers),
    (
      .listModels,
      [
        ListModelsResult(models: []).json,
        ListModelsResult(
          models: [
            ModelEntry(provider: "p", model: fullModel, available: true, source: .live),
            ModelEntry(provider: "p", model: ModelInfo(id: "m"), available: false, source: .config),
          ], nextCursor: "2", failures: [("q", error(.network))]
        ).json,
      ]
    ),
    (.complete, completions),
    (.cancel, [CancelResult(cancelled: true).json]),
    (
      .countTokens,
      [
        CountTokensResult(tokens: 0, exact: true), .init(tokens: 1, exact: false, warnings: ["w"]),
        .init(tokens: 1, exact: true, dropped: [DroppedItem(what: "a", why: "b")]),
      ].map(\.json)
    ),
    (.embed, [EmbedResult(provider: "p", model: "m", embeddings: [[0.5, -1], []], usage: usage).json]),
    (
      .completeInline,
      [
        CompleteInlineResult(provider: "p", model: "m", texts: ["", "a"], usage: usage, cost: cost, native: true).json,
        CompleteInlineResult(
          provider: "p", model: "m", texts: ["a"], usage: usage, cost: nil, native: false,
          dropped: [DroppedItem(what: "a", why: "b")]
        ).json,
      ]
    ),
    (.createSession, [bareSession.json, session.json]), (.renameSession, [session.json]),
    (.setBudget, [session.json, bareSession.json]),
    (
      .listSessions,
      [
        ListSessionsResult(sessions: []).json,
        ListSessionsResult(sessions: [session, bareSession], nextCursor: "2").json,
      ]
    ),
    (
      .getSession, [GetSessionResult(session: session).json, GetSessionResult(session: session, messages: stored).json]
    ),
    (
      .switchProvider,
      [
        SwitchProviderResult(provider: "echo", model: "echo", messageCount: 0, previous: nil).json,
        SwitchProviderResult(session: "s1", provider: "p", model: "m", messageCount: 2, previous: choice).json,
      ]
    ),
    (
      .login,
      [
        LoginResult(provider: "p", method: .apiKey).json,
        LoginResult(provider: "p", method: .device, account: "work", expiresAt: at).json,
      ]
    ),
    (.loginInput, [EmptyResult().json]),
    (
      .logout,
      [LogoutResult(removed: false).json, LogoutResult(removed: true, revoked: false, warnings: ["w"]).json]
    ),
    (
      .loginStatus,
      [
        LoginStatusResult(providers: [
          .init(provider: "echo", status: .ready),
          .init(provider: "p", status: .expired, source: .authFile, account: "ada", expiresAt: at),
          .init(provider: "q", status: .missing, source: .env, detail: "q refuses the key"),
        ]).json
      ]
    ),
    (.getUsage, [UsageResult(total: sum).json, fullUsage.json]),
    (
      .getLimits,
      [LimitsResult(limits: []).json, LimitsResult(limits: limits, failures: [("q", error(.network))]).json]
    ),
    (
      .getRequestLog,
      [
        RequestLogResult(exchanges: []).json,
        RequestLogResult(exchanges: [
          [
            "time": .string(at), "purpose": "credentials", "method": "POST", "url": "https://p.example/token",
            "timing": ["totalMs": 1.5], "requestBytes": 0, "responseBytes": 0,
          ]
        ]).json,
      ]
    ),
    (.getConfig, [ConfigResult(files: [], settings: []).json]),
    (
      .reloadConfig,
      [
        ConfigResult(
          files: [.init(path: "/c", exists: true)],
          settings: [.init(key: "a.b", value: [1], source: "/c:2"), .init(key: "c", value: nil, source: "default")]
        ).json
      ]
    ),
  ]

  @Test("Results fit the document", arguments: results)
  func result(method: WireProtocol.Method, results: [JSONValue]) throws {
    let document = try OpenRPCDocument.load()
    for result in results { try document.validate(result: result, of: method.rawValue) }
  }

  @Test("There is a sample of every result")
  func complete() {
    #expect(Set(Self.results.map(\.0)) == Set(WireProtocol.Method.allCases.filter { !$0.isNotification }))
  }

  @Test("Errors fit the document", arguments: ErrorKind.allCases)
  func error(kind: ErrorKind) throws {
    let document = try OpenRPCDocument.load()
    try document.validate(error: WireError(ProviderError(kind, "it went wrong")).json)
    let error = WireError(Self.error(kind))
    try document.validate(error: error.json)
    #expect(error.code == kind.code)
    #expect(error.kind == kind)
    #expect(try WireError(json: error.json) == error)
    let data = try #require(document.json["components"]?["schemas"]?["ErrorData"]?["properties"]?.object)
    #expect(Set(error.data.keys) == Set(data.keys).subtracting(["supported", "budget"]))
  }

  @Test("An unsupported version is answered with those that are supported")
  func version() throws {
    let error = WireError(ProtocolVersion.unsupported(7))
    try OpenRPCDocument.load().validate(error: error.json, of: "initialize")
    #expect(error.code == -32602)
    #expect(error.data["supported"] == [1])
    #expect(error.data["path"] == "protocolVersion")
  }

  @Test("A result leaves out what is absent and keeps a null that means unknown")
  func absent() {
    #expect(
      Self.completions[0].text
        == #"{"completionId":"c1","provider":"echo","model":"echo","message":{"role":"assistant","content":[]},"#
        + #""stopReason":"cancelled","usage":{"input":0,"output":0,"cacheRead":0,"cacheWrite":0,"reasoning":0,"#
        + #""total":0,"estimated":false},"cost":null,"timing":{"queuedMs":0,"totalMs":0},"attempts":[]}"#)
  }

  @Test("The server's own request fits the document, and so does the answer it reads")
  func prompt() throws {
    let document = try OpenRPCDocument.load()
    let params = PromptParams(loginId: "l", message: "key", secret: true)
    try document.validate(params: params.json, of: ServerRequest.prompt.rawValue, from: .server)
    let answer = PromptResult(text: HiddenText("sk"))
    try document.validate(result: answer.json, of: ServerRequest.prompt.rawValue)
    #expect(try PromptResult(answer.json).text.revealed == "sk")
    #expect(throws: JSONFieldError.self) { try PromptResult(["txt": "sk"]) }
  }

  @Test("Notifications fit the document")
  func notifications() throws {
    let document = try OpenRPCDocument.load()
    for level in LogLevel.allCases {
      let params = LogMessageParams(level: level, logger: "http", message: "")
      try document.validate(params: params.json, of: ServerNotification.logMessage.rawValue, from: .server)
    }
    for limits in Self.limits {
      try document.validate(params: limits.json, of: ServerNotification.limitsChanged.rawValue, from: .server)
    }
    for kind in LoginPromptParams.Kind.allCases {
      let bare = LoginPromptParams(loginId: "l", provider: "p", kind: kind, message: "")
      let full = LoginPromptParams(
        loginId: "l", provider: "p", kind: kind, url: "https://p.example", userCode: "A-B", message: "m",
        expiresAt: Self.at)
      for params in [bare, full] {
        try document.validate(params: params.json, of: ServerNotification.loginPrompt.rawValue, from: .server)
      }
    }
  }
}

@Suite("Stream deltas")
struct StreamDeltaTests {
  static let deltas: [StreamDelta] = [
    .start(model: "m", attempt: 1), .text("a \"quoted\"\n\u{0}line \u{2028} é 👩‍👩‍👧"), .text(""), .reasoning("hm\\"),
    .toolCall(index: 0, id: "1", name: "f"), .toolArguments(index: 12, text: "{\"a\":"),
    .toolCallEnd(index: 0, arguments: ["a": 1]), .toolCallEnd(index: 1, arguments: [:], invalid: true),
    .retry(attempt: 2, delayMs: 500, error: ProviderError(.overloaded, "busy")),
    .fallback(from: "a/b", to: "c/d", error: ProviderError(.network, "gone")),
    .status(message: "waiting", elapsedMs: 15_000), .usage(Usage(input: 1, output: 2)), .end(.stopSequence), .reset,
  ]

  @Test("What the encoder writes is the notification, and fits the document", arguments: deltas)
  func encode(delta: StreamDelta) throws {
    let encoder = StreamDeltaEncoder(completionId: "c\"1", requestId: "r", session: "s", provider: "p")
    var bytes: [UInt8] = []
    encoder.append(delta, seq: 1_234_567_890, to: &bytes)
    let message = try JSONValue(parsing: bytes)
    #expect(
      message == [
        "jsonrpc": "2.0", "method": "streamDelta",
        "params": [
          "completionId": "c\"1", "requestId": "r", "session": "s", "provider": "p", "seq": 1_234_567_890,
          "delta": delta.json,
        ],
      ])
    try OpenRPCDocument.load().validate(notification: message)
  }

  @Test("There is a sample of every delta the document describes")
  func everyType() throws {
    let alternatives = try #require(
      try OpenRPCDocument.load().json["components"]?["schemas"]?["Delta"]?["oneOf"]?.array)
    #expect(Set(Self.deltas.map { $0.json["type"] }).count == alternatives.count)
  }

  @Test("A client that did not ask gets no requestId, a one-off has no session; nothing else is written before")
  func bare() {
    let encoder = StreamDeltaEncoder(completionId: "c1", requestId: nil, session: nil, provider: "echo")
    var bytes = Array("x".utf8)
    for seq in [0, 9, 10, 100] { encoder.append(.text("\(seq)"), seq: seq, to: &bytes) }
    let expected = [0, 9, 10, 100].map { seq in
      #"{"jsonrpc":"2.0","method":"streamDelta","params":{"completionId":"c1","provider":"echo","seq":\#(seq),"#
        + #""delta":{"type":"text","text":"\#(seq)"}}}"#
    }
    #expect(String(decoding: bytes, as: UTF8.self) == "x" + expected.joined())
  }

  @Test("An id that is a number stays one")
  func numberId() throws {
    var bytes: [UInt8] = []
    StreamDeltaEncoder(completionId: "c1", requestId: 7, session: nil, provider: "echo")
      .append(.reset, seq: 0, to: &bytes)
    #expect(try JSONValue(parsing: bytes)["params"]?["requestId"] == 7)
  }
}
