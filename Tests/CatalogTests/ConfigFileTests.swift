import Catalog
import Completion
import JSON
import Platform
import TestSupport
import Testing

@Suite("The config file")
struct ConfigFileTests {
  @Test("Every setting is read, with comments and trailing commas")
  func everySetting() throws {
    let (catalog, _) = try makeCatalog(
      """
      // mine
      {
        "defaultProvider": "box",
        "model": "box/big",
        "roles": { "small": "box/tiny", "complex": "big" },
        "limits": { "maxMessageBytes": 4096, "maxCompletions": 7 },
        "providers": {
          "box": {
            "name": "The box", "api": "openai", "baseURL": "http://box:9/v1/", "apiKey": "$BOX",
            "headers": { "X-Team": "red", "X-Other": "{env:O}" },
            "model": "big", "maxTokens": 100, "timeout": 1.5, "enabled": true,
            "models": { "big": { "contextWindow": 1000, "cost": { "input": 1, "output": 2 }, "quirks": { "a": 1 } } },
            "extra": { "top_k": 5 }, "quirks": { "supportsStore": true }, "roles": { "small": "own" },
          },
        },
      }
      """)
    #expect(catalog.limits.maxMessageBytes == 4096)
    #expect(catalog.limits.maxCompletions == 7)
    let box = try catalog.provider(named: "box")
    #expect(box.name == "The box")
    #expect(box.api == "openai-completions")
    #expect(box.baseURL == "http://box:9/v1")
    #expect(box.apiKey?.text == "$BOX")
    #expect(box.headers.map(\.name) == ["X-Team", "X-Other"])
    #expect(box.headers.map(\.value.text) == ["red", "{env:O}"])
    #expect(box.defaultModel == "big")
    #expect(box.maxTokens == 100)
    #expect(box.timeouts.firstTokenMs == 1500)
    #expect(box.timeouts.idleMs == 1500)
    #expect(box.timeouts.connectMs == nil)
    #expect(box.extra == ["top_k": 5])
    #expect(box.quirks == ["supportsStore": true])
    #expect(box.roles == [.small: "own"])
    #expect(box.modelList == ModelList(paths: ["/models"]))
    let big = try catalog.model("big", of: box)
    #expect(big.contextWindow == 1000)
    #expect(big.cost == ModelCost(input: 1, output: 2))
    #expect(big.quirks == ["a": 1])
  }

  @Test("How often to try and whom else to ask: a provider's own settings before those of all")
  func resilience() throws {
    let (catalog, _) = try makeCatalog(
      """
      {
        "retry": { "attempts": 5, "maxDelayMs": 1000, "afterOutput": true },
        "fallbacks": { "box/big": ["xai/x", "other/y"] },
        "providers": {
          "box": {
            "api": "openai", "baseURL": "http://box", "retry": { "attempts": 1 }, "fallbacks": ["other/z"],
            "maxConcurrent": 2
          },
          "other": { "api": "openai", "baseURL": "http://other" }
        }
      }
      """)
    let (box, other) = (try catalog.provider(named: "box"), try catalog.provider(named: "other"))
    var options = catalog.retry(of: box)
    #expect((options.attempts, options.maxDelayMs, options.afterOutput) == (1, 1000, true))
    options = catalog.retry(of: other)
    #expect((options.attempts, options.maxDelayMs, options.afterOutput) == (5, 1000, true))
    #expect(box.maxConcurrent == 2 && other.maxConcurrent == nil)
    #expect(catalog.fallbacks(of: "big", at: box) == ["xai/x", "other/y"])
    #expect(catalog.fallbacks(of: "small", at: box) == ["other/z"])
    #expect(catalog.fallbacks(of: "y", at: other).isEmpty)
    let settings = Dictionary(uniqueKeysWithValues: catalog.settings().map { ($0.key, $0) })
    #expect(settings["retry"]?.value == ["attempts": 5, "maxDelayMs": 1000, "afterOutput": true])
    #expect(settings["fallbacks.box/big"]?.value == ["xai/x", "other/y"])
    #expect(settings["providers.box.retry"]?.value == ["attempts": 1])
    #expect(settings["providers.box.fallbacks"]?.value == ["other/z"])
    #expect(settings["providers.box.maxConcurrent"]?.value == 2)
  }

  @Test(
    "A fallback that begins with no provider there is, or is no model, is an error at its line",
    arguments: [
      (#"{ "fallbacks": { "nobody/x": [] } }"#, "nobody/x"),
      (#"{ "fallbacks": { "xai/y": ["nobody/x"] } }"#, "nobody/x"),
      (#"{ "fallbacks": { "xai/y": ["x"] } }"#, "must be \"provider/model\""),
      (#"{ "providers": { "xai": { "fallbacks": ["nobody/x"] } } }"#, "nobody/x"),
      (#"{ "retry": { "attempts": 21 } }"#, "retry.attempts"),
    ])
  func wrongFallbacks(_ config: String, _ text: String) {
    let error = #expect(throws: ProviderError.self) { _ = try makeCatalog(config) }
    #expect(
      error?.message.contains(text) == true && error?.message.contains("config.json:1") == true,
      "\(error?.message ?? "")")
  }

  @Test("A login is laid over the one that ships, member by member")
  func login() throws {
    let (catalog, _) = try makeCatalog(
      """
      { "providers": { "xai": { "login": { "tokenURL": "https://login.example/token", "revokeURL": null } } } }
      """)
    let shipped = try #require(try makeCatalog(nil).catalog.provider(named: "xai").login)
    var expected = shipped
    expected["tokenURL"] = "https://login.example/token"
    expected["revokeURL"] = .null
    let provider = try catalog.provider(named: "xai")
    #expect(provider.login == expected)
    #expect(shipped["tokenURL"] != expected["tokenURL"])
    let shown = catalog.settings().filter { $0.key.hasSuffix(".login") }
    #expect(shown.map(\.key) == ["providers.xai.login"])
    #expect(try configError(#"{ "providers": { "xai": { "login": "https://login.example" } } }"#)?.kind == .storage)
  }

  @Test("No file, an empty object and a byte order mark are no error", arguments: [nil, "{}", "\u{FEFF}{}"])
  func nothingSaid(text: String?) throws {
    #expect(try makeCatalog(text).catalog.providers.map(\.id) == ShippedCatalog.load().providers.map(\.id))
  }

  @Test("The phases of a timeout are set one by one")
  func phases() throws {
    let (catalog, _) = try makeCatalog(
      """
      {"providers": {"vllm": {"timeout": {"connectMs": 1, "firstTokenMs": 2, "idleMs": 3, "totalMs": 4}}}}
      """)
    var expected = PhaseTimeouts()
    (expected.connectMs, expected.firstTokenMs, expected.idleMs, expected.totalMs) = (1, 2, 3, 4)
    #expect(try catalog.provider(named: "vllm").timeouts == expected)
  }

  static let mistakes: [(text: String, message: String)] = [
    (
      #"{"cache": {"prompts": true}}"#,
      #"config.json:1: cache.prompts: is not a known field; there are "enabled", "systemPrompt", "projectInstructions""#
    ),
    ("{\n  \"modle\": 1\n}", "config.json:2: modle: is not a known field; did you mean \"model\"?"),
    ("{\n\"model\": 5}", "config.json:2: model: must be a string, but is 5"),
    ("[]", "config.json:1: must be an object, but is an array"),
    ("{\n  \"model\": }", "config.json:2:12: unexpected '}', expected a value"),
    ("", "config.json:1:1: unexpected end of text, expected a value"),
    (
      "{\"providers\": {\n\"vllm\": {\n\"bseURL\": 1}}}",
      "config.json:3: providers.vllm.bseURL: is not a known field; did you mean \"baseURL\"?"
    ),
    (
      "{\"providers\": {\n\"vllm\": {\n\"baseURL\": \"box\"}}}",
      "config.json:3: providers.vllm.baseURL: must be an http:// or https:// URL, but is \"box\""
    ),
    (
      "{\"providers\": {\n\"box\": {\n\"baseURL\": \"http://box\"}}}",
      """
      config.json:2: providers.box: is not a provider of the catalogue, so it needs "api", as in \
      {"api": "openai", "baseURL": "https://host/v1"}
      """
    ),
    (
      "{\"providers\": {\n\"box\": {}}}",
      """
      config.json:2: providers.box: is not a provider of the catalogue, so it needs "api" and "baseURL", as in \
      {"api": "openai", "baseURL": "https://host/v1"}
      """
    ),
    (
      "{\"providers\": {\"box\": {\n\"api\": \"opnai\",\n\"baseURL\": \"http://box\"}}}",
      "config.json:2: providers.box.api: \"opnai\" is no API family; did you mean \"openai\"?"
    ),
    (
      "{\"providers\": {\n\"a/b\": {}}}",
      """
      config.json:2: providers.a/b: is no name for a provider: letters, digits, '.', '-' and '_' only, a letter or \
      digit first
      """
    ),
    (
      "{\"providers\": {\"llamacpp\": {},\n\"llama.cpp\": {}}}",
      "config.json:2: providers.llama.cpp: is the same provider as \"llamacpp\" above; put both sections into one"
    ),
    (
      "{\"providers\": {\"vllm\":\nnull}}", "config.json:1: providers.vllm: must be an object, but is null"
    ),
    (
      "{\"providers\": {\"vllm\": {\n\"headers\": {\n\"a b\": \"\"}}}}",
      "config.json:3: providers.vllm.headers.a b: is no name for an HTTP header"
    ),
    (
      "{\"providers\": {\"vllm\": {\n\"headers\": {\n\"a\": 1}}}}",
      "config.json:3: providers.vllm.headers.a: must be a string or null, but is a number"
    ),
    (
      "{\"providers\": {\"vllm\": {\n\"timeout\": 0}}}",
      "config.json:2: providers.vllm.timeout: must be a number of seconds from 0.001 to 86400, but is 0"
    ),
    (
      "{\"providers\": {\"vllm\": {\n\"timeout\": \"5s\"}}}",
      """
      config.json:2: providers.vllm.timeout: must be a number of seconds or an object like {"idleMs": 60000}, \
      but is a string
      """
    ),
    (
      "{\"providers\": {\"vllm\": {\"timeout\": {\n\"idle\": 5}}}}",
      "config.json:2: providers.vllm.timeout.idle: is not a known field; did you mean \"idleMs\"?"
    ),
    (
      "{\"providers\": {\"vllm\": {\n\"enabled\": \"no\"}}}",
      "config.json:2: providers.vllm.enabled: must be true or false, but is \"no\""
    ),
    (
      "{\"providers\": {\"vllm\": {\n\"maxTokens\": 0}}}",
      "config.json:2: providers.vllm.maxTokens: must be a whole number of at least 1, but is 0"
    ),
    (
      "{\"providers\": {\"vllm\": {\"models\": {\"m\": {\n\"cost\": {\n\"input\": 1}}}}}}",
      "config.json:2: providers.vllm.models.m.cost.output: is required"
    ),
    (
      "{\"providers\": {\"vllm\": {\"models\": {\"m\": {\n\"input\": [\"smell\"]}}}}}",
      """
      config.json:2: providers.vllm.models.m.input: "smell" is no kind of input; \
      there are text, image, pdf, audio, video
      """
    ),
    (
      "{\"roles\": {\n\"smal\": \"x\"}}", "config.json:2: roles.smal: is not a known field; did you mean \"small\"?"
    ),
    (
      "{\"roles\": {\n\"small\": \"@complex\"}}", "config.json:2: roles.small: must name a model, not another role"
    ),
    (
      "{\"roles\": {\n\"small\": \"tiny\"}}",
      """
      config.json:2: roles.small: "tiny" does not begin with a provider; write "provider/model", or set defaultProvider
      """
    ),
    (
      "{\n\"defaultProvider\": \"olama\"}",
      "config.json:2: defaultProvider: there is no provider \"olama\"; did you mean \"ollama\"?"
    ),
    (
      "{\"limits\": {\n\"maxMessageBytes\": 1}}",
      "config.json:2: limits.maxMessageBytes: must be a whole number from 1024 to 1099511627776, but is 1"
    ),
  ]

  @Test("A mistake is named with its file and line", arguments: mistakes)
  func mistake(text: String, message: String) throws {
    let error = try #require(try configError(text))
    #expect(error.kind == .storage)
    #expect(error.message == message)
    #expect(error.hint?.contains("config.json") == true)
  }

  @Test("A file that cannot be read is an error that names it")
  func unreadable() throws {
    let folder = try TemporaryFolder()
    try FileSystem.makeDirectory(folder.file("config/config.json"))
    let environment = Environment(["PATCHBAY_HOME": folder.path])
    let error = providerError { () throws(ProviderError) in
      try ProviderCatalog.load(environment: environment, directories: Directories(environment))
    }
    #expect(error?.kind == .storage)
    #expect(error?.message == "cannot read \(folder.file("config/config.json")): Is a directory")
  }

  @Test("A null header takes the header away, whatever its case")
  func headers() throws {
    let (catalog, _) = try makeCatalog(
      """
      {"providers": {"vllm": {"headers": {"X-A": "1", "x-a": "2", "X-B": "3", "x-b": null}}}}
      """)
    let headers = try catalog.provider(named: "vllm").headers
    #expect(headers.map(\.name) == ["x-a"])
    #expect(headers.map(\.value.text) == ["2"])
  }
}
