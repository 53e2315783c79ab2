internal import JSON
internal import TestSupport
internal import Testing

@Suite("Configuration and catalogue (protocol §3, §7)", .timeLimit(.minutes(1)))
struct ConfigTests {
  @Test("the configuration may hold comments and trailing commas")
  func comments() async throws {
    let home = try TemporaryFolder()
    try home.write(
      "config/config.json",
      """
      // where to go
      {
        "defaultProvider": "echo", /* the one
        without network */
        "roles": { "small": "echo/think", },
      }
      """)
    try await withPatchbay(home: home) { patchbay in
      let result = try await patchbay.call("complete", ["input": "hello there"])
      #expect(result["provider"] == "echo")
      let small = try await patchbay.call("complete", ["input": "hello there", "model": "@small"])
      #expect(small["model"] == "think")
    }
  }

  @Test("reloadConfig takes up a change")
  func reload() async throws {
    let home = try TemporaryFolder()
    try home.write(config: ["roles": ["small": "echo/echo"]])
    try await withPatchbay(home: home) { patchbay in
      try home.write(config: ["roles": ["small": "echo/think"]])
      try await patchbay.call("reloadConfig")
      let result = try await patchbay.call("complete", ["input": "hello there", "model": "@small"])
      #expect(result["model"] == "think")
    }
  }

  @Test("an unknown key is an error with file, line and the nearest key, and what was in force stays so")
  func unknownKey() async throws {
    let home = try TemporaryFolder()
    try home.write(config: ["defaultProvider": "echo"])
    try await withPatchbay(home: home) { patchbay in
      try home.write("config/config.json", "{\n\n  \"defaultProvidr\": \"echo\"\n}")
      let error = try await patchbay.callForError("reloadConfig")
      #expect(error.message.contains("config.json"))
      #expect(error.message.contains("3"))
      #expect(error.message.contains("defaultProvidr"))
      #expect(error.message.contains("defaultProvider\""))
      let result = try await patchbay.call("complete", ["input": "hello there"])
      #expect(result["provider"] == "echo")
    }
  }

  @Test("with a broken configuration the handshake works and what needs it names the file and the line")
  func brokenAtStart() async throws {
    let home = try TemporaryFolder()
    try home.write("config/config.json", "{\n  \"defaultProvider\" \"echo\"\n}")
    try await withPatchbay(home: home) { patchbay in
      let error = try await patchbay.callForError("complete", ["input": "hello there", "model": "@small"])
      #expect(error.message.contains("config.json"))
      #expect(error.message.contains("2"))
    }
  }

  @Test("getConfig names the file each value comes from")
  func origins() async throws {
    try await withPatchbay(config: ["defaultProvider": "echo"]) { patchbay in
      let config = try await patchbay.call("getConfig")
      let setting = try #require(config["settings"]?.array?.first { $0["key"] == "defaultProvider" })
      #expect(setting["value"] == "echo")
      #expect(setting["source"]?.string?.contains("config/config.json:") == true)
      #expect(config["files"]?[0]?["exists"] == true)
    }
  }

  @Test("listProviders names the built-in provider and what the configuration adds")
  func providers() async throws {
    try await withPatchbay(config: [
      "providers": ["mine": ["api": "openai-completions", "baseURL": "http://127.0.0.1:9/v1", "model": "m"]]
    ]) { patchbay in
      let providers = try await patchbay.call("listProviders")["providers"]?.array ?? []
      let echo = try #require(providers.first { $0["id"] == "echo" })
      #expect(echo["kind"] == "builtin")
      #expect(echo["status"] == "ready")
      let mine = try #require(providers.first { $0["id"] == "mine" })
      #expect(mine["api"] == "openai-completions")
      #expect(mine["baseURL"] == "http://127.0.0.1:9/v1")
      for id in ["ollama", "lmstudio", "vllm"] { #expect(providers.contains { $0["id"] == .string(id) }, "\(id)") }
    }
  }

  @Test("listModels filters by provider, by text and by page")
  func models() async throws {
    try await withPatchbay { patchbay in
      let echo = try await patchbay.call("listModels", ["provider": "echo"])["models"]?.array ?? []
      let names = echo.compactMap { $0["model"]?.string }
      #expect(Set(names).isSuperset(of: ["echo", "slow", "think", "tool"]))
      #expect(echo.allSatisfy { $0["provider"] == "echo" && $0["available"] == true })
      #expect(echo.allSatisfy { $0["id"]?.string == "echo/\($0["model"]?.string ?? "")" })
      let think = try await patchbay.call("listModels", ["provider": "echo", "query": "thin"])["models"]?.array ?? []
      #expect(think.map { $0["model"] } == ["think"])
      let page = try await patchbay.call("listModels", ["provider": "echo", "limit": 1])
      #expect(page["models"]?.array?.count == 1)
      #expect(page["nextCursor"] != nil)
    }
  }

  @Test("a model that only the configuration knows is listed and used")
  func configuredModel() async throws {
    try await withPatchbay(config: [
      "providers": [
        "mine": [
          "api": "openai-completions", "baseURL": "http://127.0.0.1:9/v1", "model": "m",
          "models": ["m": ["contextWindow": 4096]],
        ]
      ]
    ]) { patchbay in
      let models = try await patchbay.call("listModels", ["provider": "mine"])["models"]?.array ?? []
      let model = try #require(models.first { $0["id"] == "mine/m" })
      #expect(model["contextWindow"] == 4096)
      #expect(model["source"] == "config")
    }
  }

  @Test("a provider that nobody serves ends in a network error that says where it looked")
  func refused() async throws {
    try await withPatchbay(config: [
      "providers": ["mine": ["api": "openai-completions", "baseURL": "http://127.0.0.1:9/v1", "model": "m"]]
    ]) { patchbay in
      let error = try await patchbay.callForError("complete", ["provider": "mine", "input": "hello"])
      #expect(error.code == -32015)
      #expect(error.message.contains("127.0.0.1"))
      #expect(error.data?["provider"] == "mine")
    }
  }

  @Test("getConfig masks what looks like a secret in a request body's extras")
  func extras() async throws {
    let config: JSONValue = [
      "providers": [
        "mock": [
          "api": "openai-completions", "baseURL": "http://127.0.0.1:9/v1",
          "extra": ["token": "S3CRET-extra", "user": "me", "nested": ["api_key": "S3CRET-extra"]],
        ]
      ]
    ]
    try await withPatchbay(config: config) { patchbay in
      let settings = try await patchbay.call("getConfig")["settings"]
      let extra = try #require(settings?.array?.first { $0["key"] == "providers.mock.extra" })
      #expect(extra["value"] == ["token": "•••", "user": "me", "nested": ["api_key": "•••"]])
    }
  }
}
