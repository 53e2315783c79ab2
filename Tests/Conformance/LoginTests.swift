internal import JSON
internal import Platform
internal import TestSupport
internal import Testing
internal import Upstream

@Suite("Logging in (protocol §6)", .timeLimit(.minutes(1)))
struct LoginTests {
  private static let key = PlantedSecret.key("login")

  /// A configuration whose provider groq is `upstream`.
  private static func config(_ upstream: Upstream) -> JSONValue {
    ["providers": ["groq": ["baseURL": .string(upstream.url + "/v1")]]]
  }

  /// A configuration whose provider acme has logins by browser, at `upstream`, which nobody can come back from.
  private static func browserConfig(_ upstream: Upstream, _ flow: JSONObject) -> JSONValue {
    var login: JSONObject = ["clientId": "client", "tokenURL": .string(upstream.url + "/token")]
    login.merge(flow)
    return [
      "providers": [
        "acme": [
          "api": "openai-completions", "baseURL": .string(upstream.url + "/v1"), "login": .object(login),
          "models": ["m": [:]],
        ]
      ]
    ]
  }

  private static let browser: JSONObject = [
    "flow": "pkce", "authorizeURL": "http://127.0.0.1:9/authorize", "redirect": "http://localhost:0/callback",
  ]

  /// The permission bits of what is at `name`.
  private static func mode(_ home: TemporaryFolder, _ name: String) -> mode_t {
    var status = stat()
    return lstat("\(home.path)/\(name)", &status) == 0 ? status.st_mode & 0o777 : 0
  }

  @Test("a key that was stored answers completions at once, in every later process, and shows nowhere")
  func key() async throws {
    let upstream = try Upstream { request, exchange in
      guard request.header("authorization") == "Bearer \(Self.key)" else {
        return try exchange.respond(status: 401, json: ["error": ["message": "who are you?"]])
      }
      try exchange.streamChat(["fine"])
    }
    let home = try TemporaryFolder()
    let question: JSONValue = ["provider": "groq", "model": "m", "input": "hi"]
    try await withPatchbay(home: home, config: Self.config(upstream)) { patchbay in
      await patchbay.notify("$/setTrace", ["value": "verbose"])
      let before = try await patchbay.callForError("complete", question)
      #expect(before.kind == "authRequired")
      for way in ["GROQ_API_KEY", "patchbay login groq", "\(home.path)/data/auth.json"] {
        #expect(before.data?["hint"]?.string?.contains(way) == true, "\(way) is not named")
      }
      // All of it in one write: what comes behind a key can count on it.
      let login = patchbay.makeRequest("login", ["provider": "groq", "apiKey": .string(Self.key)])
      let complete = patchbay.makeRequest("complete", question)
      let status = patchbay.makeRequest("loginStatus", ["provider": "groq"])
      await patchbay.sendTogether([login.message, complete.message, status.message])
      #expect(try await patchbay.result(of: login.id) == ["provider": "groq", "method": "apiKey"])
      #expect(text(of: try await patchbay.result(of: complete.id)["message"]) == "fine")
      let entry = try await patchbay.result(of: status.id)["providers"]?.array?.first
      #expect(entry == ["provider": "groq", "status": "ready", "source": "authFile"])
      for method in ["listProviders", "getConfig", "loginStatus"] { try await patchbay.call(method) }
      #expect(!patchbay.messages.contains { $0.text.contains(Self.key) })
      #expect(!patchbay.child.errorText.contains(Self.key))
    }
    #expect(Self.mode(home, "data/auth.json") == 0o600)
    #expect(Self.mode(home, "data") == 0o700)
    try await withPatchbay(home: home) { patchbay in
      let answer = try await patchbay.call("complete", question)
      #expect(text(of: answer["message"]) == "fine")
      #expect(try await patchbay.call("logout", ["provider": "groq"]) == ["removed": true])
      #expect(try await patchbay.callForError("complete", question).kind == "authRequired")
      #expect(try await patchbay.call("logout", ["provider": "groq"]) == ["removed": false])
    }
    #expect(try !home.read("data/auth.json").contains(Self.key))
  }

  @Test("verify asks the provider, and says unknown where it cannot")
  func verify() async throws {
    let upstream = try Upstream { request, exchange in
      let isGood = request.header("authorization") == "Bearer \(Self.key)"
      try exchange.respond(
        status: isGood ? 200 : 401, json: isGood ? ["data": []] : ["error": ["message": "wrong key"]])
    }
    let home = try TemporaryFolder()
    try await withPatchbay(home: home, config: Self.config(upstream)) { patchbay in
      let params: JSONValue = ["provider": "groq", "verify": true]
      for (key, status) in [(Self.key, "ready"), ("sk-wrong", "missing")] {
        try await patchbay.call("login", ["provider": "groq", "apiKey": .string(key)])
        let entry = try await patchbay.call("loginStatus", params)["providers"]?.array?.first
        #expect(entry?["status"] == .string(status))
        let detail = entry?["detail"]?.string
        #expect((detail == nil) == (status == "ready"))
        #expect(detail?.contains("groq refuses the key from \(home.path)/data/auth.json") ?? true)
      }
      try await patchbay.call("login", ["provider": "groq", "apiKey": .string(Self.key), "account": "work"])
      let entries = try await patchbay.call("loginStatus", params)["providers"]?.array ?? []
      #expect(entries.map { $0["account"]?.string } == [nil, "work"])
      #expect(entries.map { $0["status"]?.string } == ["missing", "ready"])
    }
  }

  @Test("a list of models that anybody gets says nothing about a key")
  func publicList() async throws {
    let upstream = try Upstream { _, exchange in try exchange.respond(json: ["data": []]) }
    try await withPatchbay(config: Self.config(upstream), environment: ["GROQ_API_KEY": Self.key]) { patchbay in
      let params: JSONValue = ["provider": "groq", "verify": true]
      let entry = try await patchbay.call("loginStatus", params)["providers"]?.array?.first
      #expect(entry?["status"] == "unknown" && entry?["source"] == "env")
      #expect(entry?["detail"]?.string?.contains("anybody") == true)
      #expect(upstream.requests.last?.header("authorization") == nil)
    }
  }

  @Test("who logs out hears of a key that stays")
  func remaining() async throws {
    try await withPatchbay(environment: ["GROQ_API_KEY": Self.key]) { patchbay in
      try await patchbay.call("login", ["provider": "groq", "apiKey": "other"])
      let outcome = try await patchbay.call("logout", ["provider": "groq"])
      #expect(outcome["removed"] == true)
      #expect(outcome["warnings"]?.array?.first?.string?.contains("GROQ_API_KEY") == true)
    }
  }

  @Test("a client that can ask is asked, and what the person answers is stored")
  func prompt() async throws {
    let home = try TemporaryFolder()
    try await withPatchbay(home: home, initialized: false) { patchbay in
      try await patchbay.initialize(["capabilities": ["prompt": true]])
      let id = await patchbay.request("login", ["provider": "groq"])
      let question = try await patchbay.serverRequest("prompt")
      #expect(question["params"]?["secret"] == true)
      // A login that waits for a person holds nobody up.
      try await patchbay.call("ping")
      try await patchbay.call("createSession", ["provider": "echo"])
      await patchbay.answer(question, ["text": .string(Self.key)])
      #expect(try await patchbay.result(of: id) == ["provider": "groq", "method": "apiKey"])
    }
    #expect(try home.read("data/auth.json").contains(Self.key))
  }

  @Test("a client that cannot be asked hears what is wanted and sends it")
  func loginInput() async throws {
    let home = try TemporaryFolder()
    try await withPatchbay(home: home) { patchbay in
      let id = await patchbay.request("login", ["provider": "groq", "account": "work"])
      let prompt = try await patchbay.receive { $0["method"] == "loginPrompt" }
      #expect(prompt["params"]?["kind"] == "pasteCode")
      #expect(prompt["params"]?["provider"] == "groq")
      let busy = try await patchbay.callForError(
        "login", ["provider": "groq", "account": "work", "apiKey": "other"])
      #expect(busy.kind == "busy")
      #expect(
        try await patchbay.callForError("loginInput", ["loginId": "nobody", "text": "x"]).kind == "invalidParams")
      let loginId = prompt["params"]?["loginId"] ?? .null
      try await patchbay.call("loginInput", ["loginId": loginId, "text": .string(Self.key)])
      #expect(try await patchbay.result(of: id)["account"] == "work")
      #expect(try await patchbay.callForError("loginInput", ["loginId": loginId, "text": "x"]).kind == "invalidParams")
    }
    let stored = try JSONValue(parsing: Array(try home.read("data/auth.json").utf8))
    #expect(stored.object.map { Array($0.keys) } == ["groq#work"])
  }

  @Test("a client that can neither be asked nor told is told at once")
  func deaf() async throws {
    try await withPatchbay(initialized: false) { patchbay in
      try await patchbay.initialize(["capabilities": ["optOutNotifications": ["loginPrompt"]]])
      let error = try await patchbay.callForError("login", ["provider": "groq"])
      #expect(error.kind == "unsupported")
      #expect(!patchbay.messages.contains { $0["method"] == "loginPrompt" })
    }
  }

  private static let endings = ["cancelRequest", "end of input", "lost client"]

  @Test("a login that is given up stores nothing", arguments: endings)
  func givenUp(how: String) async throws {
    let home = try TemporaryFolder()
    let patchbay = try PatchbayProcess(home: home)
    try await patchbay.initialize(["capabilities": ["prompt": true]])
    let id = await patchbay.request("login", ["provider": "groq"])
    let question = try await patchbay.serverRequest("prompt")
    switch how {
    case "cancelRequest":
      await patchbay.notify("$/cancelRequest", ["id": id])
      #expect(try await patchbay.error(of: id).kind == "cancelled")
      // The question is taken back.
      _ = try await patchbay.receive { $0["method"] == "$/cancelRequest" && $0["params"]?["id"] == question["id"] }
      await patchbay.answer(question, ["text": .string(Self.key)])
      try await patchbay.call("ping")
      patchbay.closeInput()
    case "end of input":
      patchbay.closeInput()
      #expect(try await patchbay.error(of: id).kind == "cancelled")
    default: patchbay.child.closeOutput()
    }
    #expect(try await patchbay.waitForExit() == .status(0))
    expectNoProblems(patchbay)
    #expect(try home.read("data/auth.json").isEmpty)
  }

  @Test(
    "what a login is given that it cannot use is refused by name",
    arguments: [
      (["provider": "gork", "apiKey": "k"], "providerNotFound", nil),
      (["provider": "echo"], "unsupported", "provider"),
      (["provider": "ollama"], "unsupported", "provider"),
      (["provider": "groq", "method": "device"], "unsupported", "method"),
      (["provider": "groq", "apiKey": " \n"], "invalidParams", "apiKey"),
      (["provider": "groq", "apiKey": "k", "method": "oauth"], "invalidParams", "apiKey"),
      (["provider": "groq", "apiKey": "k", "domain": "x"], "invalidParams", "domain"),
      (["provider": "groq", "apiKey": "k", "account": "a#b"], "invalidParams", "account"),
    ] as [(JSONValue, String, String?)])
  func refused(params: JSONValue, kind: String, path: String?) async throws {
    let home = try TemporaryFolder()
    try await withPatchbay(home: home) { patchbay in
      let error = try await patchbay.callForError("login", params)
      #expect(error.kind == kind)
      #expect(error.data?["path"]?.string == path)
    }
    #expect(try home.read("data/auth.json").isEmpty)
  }

  @Test("a damaged file is named, and left as it is", arguments: ["login", "logout", "loginStatus"])
  func damaged(method: String) async throws {
    let home = try TemporaryFolder()
    let text = "{\"openai\": {\"type\": \"api_key\", \"key\": \"kept\"},\n oops"
    try home.write("data/auth.json", text)
    try await withPatchbay(home: home) { patchbay in
      var params: JSONObject = ["provider": "groq"]
      if method == "login" { params["apiKey"] = .string(Self.key) }
      let error = try await patchbay.callForError(method, .object(params))
      #expect(error.kind == "storage")
      #expect(error.message.contains("\(home.path)/data/auth.json:2"))
    }
    #expect(try home.read("data/auth.json") == text)
  }

  @Test("a login in the browser: the address is shown, the pasted code is redeemed, the token is used")
  func browser() async throws {
    let upstream = try Upstream { request, exchange in
      if request.target.hasPrefix("/token") {
        return try exchange.respond(
          json: ["access_token": "tok-1", "refresh_token": "ref-1", "expires_in": 3600, "token_type": "Bearer"])
      }
      guard request.header("authorization") == "Bearer tok-1" else {
        return try exchange.respond(status: 401, json: ["error": ["message": "who are you?"]])
      }
      try exchange.streamChat(["fine"])
    }
    let home = try TemporaryFolder()
    try await withPatchbay(home: home, config: Self.browserConfig(upstream, Self.browser)) { patchbay in
      let id = await patchbay.request("login", ["provider": "acme"])
      let first = try await patchbay.receive { $0["method"] == "loginPrompt" && $0["params"]?["kind"] == "openURL" }
      let url = try #require(first["params"]?["url"]?.string)
      let state = try #require(url.split(separator: "&").first { $0.hasPrefix("state=") }?.dropFirst(6))
      let second = try await patchbay.receive { $0["method"] == "loginPrompt" && $0["params"]?["kind"] == "pasteCode" }
      #expect(second["params"]?["loginId"] == first["params"]?["loginId"])
      try await patchbay.call(
        "loginInput", ["loginId": second["params"]?["loginId"] ?? .null, "text": .string("c0de#\(state)")])
      let result = try await patchbay.result(of: id)
      #expect(result["method"] == "oauth")
      #expect(result["expiresAt"]?.string != nil)
      let answer = try await patchbay.call("complete", ["provider": "acme", "model": "m", "input": "hi"])
      #expect(text(of: answer["message"]) == "fine")
      #expect(!patchbay.messages.contains { $0.text.contains("tok-1") || $0.text.contains("ref-1") })
      #expect(try await patchbay.call("logout", ["provider": "acme"])["removed"] == true)
    }
  }

  @Test("a login by code that is cancelled while it waits stores nothing")
  func device() async throws {
    let upstream = try Upstream { request, exchange in
      guard request.target.hasPrefix("/device") else {
        return try exchange.respond(status: 400, json: ["error": "authorization_pending"])
      }
      try exchange.respond(json: [
        "device_code": "dev", "user_code": "WDJB-MJHT", "verification_uri": "https://acme.example/device",
        "interval": 1, "expires_in": 900,
      ])
    }
    let home = try TemporaryFolder()
    let flow: JSONObject = ["flow": "device", "deviceURL": .string(upstream.url + "/device")]
    try await withPatchbay(home: home, config: Self.browserConfig(upstream, flow)) { patchbay in
      let id = await patchbay.request("login", ["provider": "acme"])
      let prompt = try await patchbay.receive { $0["method"] == "loginPrompt" }["params"]
      #expect(prompt?["kind"] == "deviceCode")
      #expect(prompt?["userCode"] == "WDJB-MJHT")
      #expect(prompt?["url"] == "https://acme.example/device")
      await patchbay.notify("$/cancelRequest", ["id": id])
      #expect(try await patchbay.error(of: id).kind == "cancelled")
    }
    #expect(try home.read("data/auth.json").isEmpty)
  }
}
