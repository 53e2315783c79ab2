import Completion
import JSON
import TestSupport
import Testing
import WireProtocol

@Suite("The parameters of methods")
struct WireParamsTests {
  /// The type that reads the parameters of each method.
  private static func type(of method: WireProtocol.Method) -> any WireParams.Type {
    switch method {
    case .initialize: InitializeParams.self
    case .initialized, .shutdown, .exit, .ping, .listProviders, .getConfig, .reloadConfig: EmptyParams.self
    case .cancelRequest: CancelRequestParams.self
    case .setTrace: SetTraceParams.self
    case .listModels: ListModelsParams.self
    case .complete: CompleteParams.self
    case .cancel: CancelParams.self
    case .completeInline: CompleteInlineParams.self
    case .embed: EmbedParams.self
    case .countTokens: CountTokensParams.self
    case .createSession: CreateSessionParams.self
    case .listSessions: ListSessionsParams.self
    case .getSession: GetSessionParams.self
    case .renameSession: RenameSessionParams.self
    case .setBudget: SetBudgetParams.self
    case .deleteSession: SessionParams.self
    case .switchProvider: SwitchProviderParams.self
    case .login: LoginParams.self
    case .loginInput: LoginInputParams.self
    case .logout: LogoutParams.self
    case .loginStatus: LoginStatusParams.self
    case .getUsage: GetUsageParams.self
    case .getLimits: GetLimitsParams.self
    case .getRequestLog: GetRequestLogParams.self
    }
  }

  private func failure(_ method: WireProtocol.Method, _ params: JSONValue?) -> ProviderError? {
    do {
      _ = try Self.type(of: method).decode(params)
      return nil
    } catch {
      return error
    }
  }

  private func described(_ method: WireProtocol.Method) throws -> OpenRPCDocument.Method {
    try #require(try OpenRPCDocument.load().methods[method.rawValue])
  }

  @Test("The documented examples are accepted", arguments: WireProtocol.Method.allCases)
  func examples(method: WireProtocol.Method) throws {
    for example in try described(method).examples { #expect(failure(method, example.params) == nil) }
  }

  @Test("Every documented field is known", arguments: WireProtocol.Method.allCases)
  func documentedFields(method: WireProtocol.Method) throws {
    for name in try #require(try described(method).params["properties"]?.object).keys {
      var params = try #require(try described(method).examples.first?.params.object)
      params[name] = ["no": "field takes this object"]
      let error = failure(method, .object(params))
      #expect(error?.message.contains("\(name): is not a known field") != true, "\(name)")
    }
  }

  @Test("A field that is not documented is refused by name", arguments: WireProtocol.Method.allCases)
  func unknownField(method: WireProtocol.Method) throws {
    var params = try #require(try described(method).examples.first?.params.object)
    params["undocumented"] = true
    let error = try #require(failure(method, .object(params)))
    #expect(error.kind == .invalidParams)
    #expect(error.path == "undocumented")
    #expect(error.message.hasPrefix("undocumented: is not a known field"))
  }

  @Test("A required field is missed by name", arguments: WireProtocol.Method.allCases)
  func requiredFields(method: WireProtocol.Method) throws {
    let described = try described(method)
    for name in try #require(described.params["required"]?.array).compactMap(\.string) {
      var params = try #require(described.examples.first?.params.object)
      params[name] = nil
      #expect(failure(method, .object(params))?.path == name)
    }
  }

  @Test("Parameters by position are refused", arguments: WireProtocol.Method.allCases)
  func positional(method: WireProtocol.Method) {
    #expect(failure(method, ["hello"])?.message == "must be an object, but is an array")
  }

  @Test("null stands for an absent field", arguments: WireProtocol.Method.allCases)
  func null(method: WireProtocol.Method) throws {
    let described = try described(method)
    let required = try #require(described.params["required"]?.array)
    let example = try #require(described.examples.first?.params.object)
    let bare = JSONObject(example.filter { required.contains(.string($0.key)) }.map { ($0.key, $0.value) })
    for name in try #require(described.params["properties"]?.object).keys where bare[name] == nil {
      var params = bare
      params[name] = .null
      #expect(failure(method, .object(params)) == nil, "\(name)")
    }
  }

  static let faults: [(method: WireProtocol.Method, params: String, error: String)] = [
    (.complete, #"{"input":"hi","purpose":"fun"}"#, #"purpose: must be one of "chat", "workflow", but is "fun""#),
    (.countTokens, #"{"system":"s"}"#, "input: is required"),
    (.embed, #"{"input":["a"]}"#, "model: is required"),
    (.embed, #"{"model":"m","input":[]}"#, "input: must hold at least one text"),
    (.embed, #"{"model":"m","input":["a",1]}"#, "input: must be an array of strings, but is an array"),
    (.completeInline, #"{"suffix":"s"}"#, "prefix: is required"),
    (.completeInline, #"{"prefix":"p","n":11}"#, "n: must be a whole number from 1 to 10, but is 11"),
    (.complete, #"{"input":"hi","modle":"m"}"#, #"modle: is not a known field; did you mean "model"?"#),
    (.complete, #"{"input":[]}"#, "input: must hold at least one message"),
    (.complete, #"{"input":7}"#, "input: must be a string, a message or an array of messages, but is a number"),
    (.complete, #"{"input":[{"role":"user","content":"a"},{"role":"user"}]}"#, "input[1].content: is required"),
    (.complete, #"{"input":{"role":"user","content":[{"type":"text"}]}}"#, "input.content[0].text: is required"),
    (.complete, #"{"input":"","maxTokens":0}"#, "maxTokens: must be a whole number of at least 1, but is 0"),
    (.complete, #"{"input":"","temperature":3}"#, "temperature: must be a number from 0.0 to 2.0, but is 3"),
    (
      .complete, #"{"input":"","timeout":{"idleMS":1}}"#,
      #"timeout.idleMS: is not a known field; did you mean "idleMs"?"#
    ),
    (
      .complete, #"{"input":"","timeout":{"idleMs":0}}"#,
      "timeout.idleMs: must be a whole number from 1 to 2147483647, but is 0"
    ),
    (.complete, #"{"input":"","tools":[{"name":"f"}]}"#, "tools[0].inputSchema: is required"),
    (
      .complete, #"{"input":"","retry":{"attempts":0}}"#,
      "retry.attempts: must be a whole number from 1 to 20, but is 0"
    ),
    (
      .complete, #"{"input":"","retry":{"delay":1}}"#,
      #"retry.delay: is not a known field; there are "attempts", "maxDelayMs", "afterOutput""#
    ),
    (
      .complete, #"{"input":"","fallbacks":["a/b","c"]}"#,
      #"fallbacks[1]: must be "provider/model", but is "c""#
    ),
    (.createSession, #"{"fallbacks":["/m"]}"#, #"fallbacks[0]: must be "provider/model", but is "/m""#),
    (
      .complete, #"{"input":"","tools":[{"name":"f","inputSchema":{}},{"name":"f","inputSchema":{}}]}"#,
      #"tools[1].name: is the name of an earlier tool: "f""#
    ),
    (.complete, #"{"input":"","toolChoice":"required"}"#, #"toolChoice: is "required", but there are no tools"#),
    (.complete, #"{"input":"","toolChoice":{"name":"g"}}"#, #"toolChoice: names "g", which is none of the tools"#),
    (
      .complete, #"{"input":"","toolChoice":"any"}"#,
      #"toolChoice: must be one of "auto", "none", "required", or {"name": tool}"#
    ),
    (
      .complete, #"{"input":"","reasoning":"some"}"#,
      #"reasoning: must be one of "off", "minimal", "low", "medium", "high", "xhigh", "max", or {"budgetTokens": n}"#
    ),
    (
      .complete, #"{"input":"","reasoning":{"budgetTokens":0}}"#,
      "reasoning.budgetTokens: must be a whole number of at least 1, but is 0"
    ),
    (.complete, #"{"input":"","output":{"schema":true}}"#, "output.schema: must be an object, but is true"),
    (.complete, #"{"input":"","headers":{"a b":"c"}}"#, "headers.a b: is not a header name"),
    (
      .complete, #"{"input":"","headers":{"a":"b\r\nc: d"}}"#,
      "headers.a: must not hold line breaks or other control characters"
    ),
    (
      .complete, #"{"input":"","headers":{"a":1}}"#,
      "headers.a: must be a string, or null to remove it, but is a number"
    ),
    (
      .complete, #"{"input":"","baseURL":"file:///etc"}"#,
      #"baseURL: must be a URL that begins with http:// or https://, but is "file:///etc""#
    ),
    (.complete, #"{"input":"","apiKey":""}"#, #"apiKey: must be a string that is not empty, but is """#),
    (
      .createSession, #"{"id":"../x"}"#,
      #"id: must be 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit, but is "../x""#
    ),
    (.createSession, #"{"cwd":"here"}"#, #"cwd: must be an absolute path, but is "here""#),
    (.listSessions, #"{"limit":1001}"#, "limit: must be a whole number from 1 to 1000, but is 1001"),
    (.switchProvider, #"{"provider":"echo","carry":"all"}"#, #"carry: needs a "session""#),
    (
      .initialize, #"{"capabilities":{"optOutNotifications":["gossip"]}}"#,
      #"capabilities.optOutNotifications[0]: must be one of "streamDelta", "logMessage", "loginPrompt", "limitsChanged""#
    ),
    (.initialize, #"{"processId":0}"#, "processId: must be a whole number from 1 to 2147483647, but is 0"),
    (.cancelRequest, #"{"id":1.5}"#, "id: must be a string or a whole number, but is 1.5"),
  ]

  @Test("A fault is refused, and the error names the field", arguments: faults)
  func fault(method: WireProtocol.Method, params: String, error: String) throws {
    let failure = try #require(failure(method, try JSONValue(parsing: params)))
    #expect(failure.message == error)
    #expect(failure.kind == .invalidParams)
    #expect(error.hasPrefix(failure.path ?? "-"))
  }

  @Test("What the document gives as a default is what the program takes")
  func defaults() throws {
    func documented(_ method: WireProtocol.Method, _ name: String) throws -> JSONValue? {
      try described(method).params["properties"]?[name]?["default"]
    }
    let complete = try CompleteParams(["input": ""])
    #expect(try documented(.complete, "stream") == .bool(complete.stream))
    #expect(try documented(.complete, "queue") == .bool(complete.queue))
    let models = try ListModelsParams([:])
    #expect(try documented(.listModels, "limit") == .int(models.limit))
    #expect(try documented(.listModels, "refresh") == .bool(models.refresh))
    let sessions = try ListSessionsParams(nil)
    #expect(try documented(.listSessions, "limit") == .int(sessions.limit))
    let session = try GetSessionParams(["session": "s"])
    #expect(try documented(.getSession, "messages") == .bool(session.messages))
    let change = try SwitchProviderParams(["provider": "p"])
    #expect(try documented(.switchProvider, "carry") == .string(change.carry.rawValue))
    let initialize = try InitializeParams(nil)
    #expect(try documented(.initialize, "trace") == .string(initialize.trace.rawValue))
    #expect(try documented(.initialize, "protocolVersion") == .int(ProtocolVersion.current))
  }
}

@Suite("The parameters of complete")
struct CompleteParamsTests {
  @Test("Input is a string, a message or several")
  func input() throws {
    let message: JSONValue = ["role": "assistant", "content": "a"]
    #expect(try CompleteParams(["input": "hi"]).input == [Message(.user, "hi")])
    #expect(try CompleteParams(["input": message]).input == [Message(.assistant, "a")])
    #expect(
      try CompleteParams(["input": [message, ["role": "user", "content": "b"]]]).input
        == [Message(.assistant, "a"), Message(.user, "b")])
  }

  @Test("Every field arrives where it belongs")
  func fields() throws {
    let params = try CompleteParams([
      "input": "hi", "session": "s", "provider": "p", "model": "m", "system": "be brief", "instructions": "in Swift",
      "maxTokens": 9, "temperature": 0.5, "topP": 0.9, "stop": ["END"], "seed": -1, "reasoning": ["budgetTokens": 5],
      "tools": [["name": "f", "description": "d", "inputSchema": ["type": "object"]]], "toolChoice": ["name": "f"],
      "parallelTools": false, "output": ["schema": ["type": "object"], "strict": true], "cache": "long",
      "serviceTier": "flex", "stream": false,
      "timeout": ["connectMs": 1, "firstTokenMs": 2, "idleMs": 3, "totalMs": 4],
      "apiKey": "sk-1", "headers": ["X-B": "2", "X-A": nil], "baseURL": "HTTPS://x.example/v1", "api": "a",
      "extra": ["k": nil], "requestKey": "r", "queue": true,
    ])
    var options = CompletionOptions()
    options.system = "be brief"
    options.instructions = "in Swift"
    options.maxTokens = 9
    options.temperature = 0.5
    options.topP = 0.9
    options.stop = ["END"]
    options.seed = -1
    options.reasoning = .budget(5)
    options.tools = [Tool(name: "f", description: "d", inputSchema: ["type": "object"])]
    options.toolChoice = .tool("f")
    options.parallelTools = false
    options.output = OutputFormat(schema: ["type": "object"], name: "answer", strict: true)
    options.cache = .long
    options.serviceTier = .flex
    options.extra = ["k": nil]
    #expect(params.options == options)
    #expect(
      [params.session, params.provider, params.model, params.api, params.requestKey] == ["s", "p", "m", "a", "r"])
    #expect(params.baseURL == "HTTPS://x.example/v1")
    #expect(params.stream == false)
    #expect(params.queue)
    let timeout = params.timeout
    #expect([timeout.connectMs, timeout.firstTokenMs, timeout.idleMs, timeout.totalMs] == [1, 2, 3, 4])
    #expect(params.headers.map(\.name) == ["X-B", "X-A"])
    #expect(params.headers.map(\.value) == ["2", nil])
    #expect(params.apiKey?.revealed == "sk-1")
  }

  @Test("Reasoning is a level too, and the other choices of a tool are words")
  func words() throws {
    let tools: JSONValue = [["name": "f", "inputSchema": [:]]]
    #expect(try CompleteParams(["input": "", "reasoning": "max"]).options.reasoning == .level(.max))
    for (word, choice) in [("auto", ToolChoice.auto), ("none", .none), ("required", .required)] {
      let params = try CompleteParams(["input": "", "tools": tools, "toolChoice": .string(word)])
      #expect(params.options.toolChoice == .some(choice))
    }
  }

  @Test("A key is printed by no means")
  func hiddenKey() throws {
    let params = try CompleteParams(["input": "", "apiKey": "sk-geheim"])
    var dumped = ""
    dump(params, to: &dumped)
    for text in ["\(params)", String(reflecting: params), dumped, "\(String(describing: params.apiKey))"] {
      #expect(!text.contains("geheim"))
    }
    #expect("\(params)".contains("•••"))
  }
}
