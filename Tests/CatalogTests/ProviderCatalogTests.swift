import Catalog
import Completion
import JSON
import Platform
import TestSupport
import Testing

@Suite("Providers")
struct ProviderCatalogTests {
  @Test("A subscription is found by the name of its program")
  func programNames() throws {
    #expect(try makeCatalog(nil).catalog.provider(named: "codex").id == "openai-codex")
    #expect(try makeCatalog(nil).catalog.provider(named: "copilot").id == "github-copilot")
  }

  @Test("An alias is as good as an id", arguments: ["llamacpp", "llama.cpp", "llama-server"])
  func aliases(name: String) throws {
    #expect(try makeCatalog(nil).catalog.provider(named: name).id == "llamacpp")
  }

  @Test("A name nobody has is an error with the nearest one")
  func unknown() throws {
    let (catalog, file) = try makeCatalog(nil)
    let near = providerError { () throws(ProviderError) in try catalog.provider(named: "olama") }
    #expect(near?.kind == .providerNotFound)
    #expect(near?.message == "there is no provider \"olama\"")
    #expect(near?.hint == "Did you mean \"ollama\"?")
    let far = providerError { () throws(ProviderError) in try catalog.provider(named: "something-else") }
    #expect(far?.hint == "listProviders shows those there are; others go into \(file).")
  }

  @Test("A provider that is switched off is not listed, and asking for it says where that was said")
  func disabled() throws {
    let (catalog, file) = try makeCatalog("{\"providers\": {\"vllm\": {\n\"enabled\": false}}}")
    #expect(!catalog.providers.contains { $0.id == "vllm" })
    #expect(catalog.allProviders.contains { $0.id == "vllm" })
    let error = providerError { () throws(ProviderError) in try catalog.provider(named: "vllm") }
    #expect(error?.kind == .providerNotFound)
    #expect(error?.message == "provider \"vllm\" is switched off at \(file):2")
  }

  @Test("A section under an alias is about the provider itself")
  func sectionUnderAlias() throws {
    let (catalog, file) = try makeCatalog("{\"providers\": {\"llama.cpp\": {\"baseURL\": \"http://box:1\"}}}")
    let provider = try catalog.provider(named: "llamacpp")
    #expect(provider.baseURL == "http://box:1/v1")
    #expect(provider.origin(of: "baseURL") == .file(file, line: 1))
    #expect(provider.origin(of: "api") == .builtin)
    #expect(provider.isConfigured)
  }

  @Test(
    "Only what stands before the first slash, and only a known name, is a provider",
    arguments: [
      ("ollama/llama3", "ollama", "llama3"), ("llama.cpp/a/b:c", "llamacpp", "a/b:c"),
      ("meta/llama3", nil, "meta/llama3"), ("llama3", nil, "llama3"), ("ollama", nil, "ollama"),
      ("/ollama/x", nil, "/ollama/x"), ("ollama/", "ollama", ""), ("", nil, ""),
    ] as [(String, String?, String)])
  func split(name: String, provider: String?, model: String) throws {
    let split = try makeCatalog(nil).catalog.splitModel(name)
    #expect(split.provider == provider)
    #expect(split.model == model)
  }

  @Test(
    "A base URL may be given with or without what the API family adds to it",
    arguments: [
      ("ollama", "", "http://localhost:11434"),
      ("ollama", "\"baseURL\": \"http://b:1/v1/\"", "http://b:1"),
      ("ollama", "\"api\": \"openai\"", "http://localhost:11434/v1"),
      ("ollama", "\"api\": \"openai\", \"baseURL\": \"http://b:1\"", "http://b:1/v1"),
      ("vllm", "\"baseURL\": \"https://b/gpu\"", "https://b/gpu/v1"),
      ("lmstudio", "", "http://localhost:1234/v1"),
      ("mine", "\"api\": \"completions\", \"baseURL\": \"https://b/x/\"", "https://b/x"),
    ])
  func baseURL(provider: String, section: String, expected: String) throws {
    let (catalog, _) = try makeCatalog("{\"providers\": {\"\(provider)\": {\(section)}}}")
    #expect(try catalog.provider(named: provider).baseURL == expected)
  }

  @Test("With another API family comes its model list")
  func otherFamily() throws {
    let native = try makeCatalog(nil).catalog.provider(named: "ollama")
    #expect(native.modelList?.paths == ["/api/tags"])
    let other = try makeCatalog("{\"providers\": {\"ollama\": {\"api\": \"openai\"}}}").catalog.provider(
      named: "ollama")
    #expect(other.modelList?.paths == ["/models"])
  }

  @Test("Quirks belong to the family they were written for")
  func quirks() throws {
    #expect(try !makeCatalog(nil).catalog.provider(named: "vllm").quirks.isEmpty)
    let section = "\"api\": \"ollama\", \"quirks\": {\"a\": 1}"
    let (catalog, _) = try makeCatalog("{\"providers\": {\"vllm\": {\(section)}}}")
    #expect(try catalog.provider(named: "vllm").quirks == ["a": 1])
  }

  @Test(
    "OLLAMA_HOST takes every form that Ollama takes",
    arguments: [
      ("gpu", "http://gpu:11434"), ("gpu:80", "http://gpu:80"), (":7", "http://127.0.0.1:7"),
      ("0.0.0.0", "http://127.0.0.1:11434"), ("0.0.0.0:5", "http://127.0.0.1:5"), ("https://gpu", "https://gpu:443"),
      ("http://gpu", "http://gpu:80"), ("http://gpu:1/p/", "http://gpu:1/p"), (" gpu ", "http://gpu:11434"),
      ("[::1]:9", "http://[::1]:9"), ("[::]", "http://[::1]:11434"), ("::1", "http://[::1]:11434"),
      ("gpu:nonsense", "http://gpu:11434"), ("gpu:70000", "http://gpu:11434"), ("  ", "http://localhost:11434"),
    ])
  func ollamaHost(value: String, expected: String) throws {
    let (catalog, _) = try makeCatalog(nil, environment: ["OLLAMA_HOST": value])
    #expect(try catalog.provider(named: "ollama").baseURL == expected)
  }

  @Test("The config file's base URL goes before the variable's")
  func configBeforeVariable() throws {
    let (catalog, _) = try makeCatalog(
      "{\"providers\": {\"ollama\": {\"baseURL\": \"http://b:1\"}}}", environment: ["OLLAMA_HOST": "gpu"])
    #expect(try catalog.provider(named: "ollama").baseURL == "http://b:1")
  }

  @Test("The config file's models are laid over the catalogue's, and new ones follow")
  func models() throws {
    let (catalog, _) = try makeCatalog(
      "{\"providers\": {\"echo\": {\"models\": {\"new\": {\"name\": \"N\"}, \"slow\": {\"contextWindow\": 9}}}}}")
    let echo = try catalog.provider(named: "echo")
    let models = try catalog.models(of: echo)
    #expect(Array(models.prefix(4).map(\.id)) == ["echo", "slow", "think", "tool"])
    #expect(models.last?.id == "new")
    #expect(models.last?.name == "N")
    #expect(models[1].contextWindow == 9)
    #expect(models[1].name == "As echo, one word every 50 ms")
    #expect(try catalog.model("slow", of: echo) == models[1])
    #expect(try catalog.model("think", of: echo).reasoning)
  }

  @Test("A model that no list has is taken on trust, but not by a provider that has no others")
  func unlistedModels() throws {
    let (catalog, _) = try makeCatalog(nil)
    #expect(try catalog.model("x/y", of: try catalog.provider(named: "vllm")) == ModelInfo(id: "x/y"))
    let echo = try catalog.provider(named: "echo")
    let error = providerError { () throws(ProviderError) in try catalog.model("slwo", of: echo) }
    #expect(error?.kind == .modelNotFound)
    #expect(error?.message == "provider \"echo\" has no model \"slwo\"")
    #expect(error?.hint == "Did you mean \"slow\"?")
  }
}

@Suite("What ships")
struct ShippedCatalogTests {
  @Test("Every provider has a known API family, its own names, and what its kind needs")
  func providers() throws {
    let shipped = try ShippedCatalog.load()
    var names: Set<String> = []
    for entry in shipped.providers {
      #expect(shipped.api(named: entry.api)?.name == entry.api, "\(entry.id)")
      for name in [entry.id] + entry.aliases { #expect(names.insert(name).inserted, "\(name) is taken") }
      #expect((entry.baseURL == nil) == [.builtin, .cli].contains(entry.kind), "\(entry.id)")
      #expect((entry.program != nil) == (entry.kind == .cli), "\(entry.id)")
      #expect(entry.auth.need != .required || entry.loginHint != nil, "\(entry.id)")
      for family in entry.basePaths.keys { #expect(shipped.api(named: family)?.name == family, "\(entry.id)") }
    }
  }

  @Test("Every entry of the models is sound")
  func models() throws {
    let (catalog, _) = try makeCatalog(nil)
    for provider in catalog.allProviders {
      let ids = try catalog.models(of: provider).map(\.id)
      #expect(Set(ids).count == ids.count, "\(provider.id)")
      if let model = provider.defaultModel { #expect(ids.contains(model) || provider.anyModel, "\(provider.id)") }
      #expect(provider.anyModel || !ids.isEmpty, "\(provider.id)")
    }
  }

  @Test("Every failure that echo offers is a kind of error")
  func failures() throws {
    let (catalog, _) = try makeCatalog(nil)
    let models = try catalog.models(of: try catalog.provider(named: "echo"))
    let failures = models.map(\.id).filter { $0.hasPrefix("fail:") }
    #expect(failures.count > 10)
    for id in failures { #expect(ErrorKind(rawValue: String(id.dropFirst("fail:".count))) != nil, "\(id)") }
  }

  @Test("The protocol's schema is embedded where there is one")
  func schema() throws {
    let path = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let schema = try FileSystem.read("/\(path)/protocol/openrpc.json")
    #expect(ShippedCatalog.schema == schema ?? [])
  }

  static let strangers = [
    "{\"apis\": {}, \"provider\": []}", "{\"apis\": {\"a\": {\"alias\": []}}}",
    "{\"providers\": [{\"id\": \"a\", \"name\": \"A\", \"kind\": \"api\", \"api\": \"x\", \"auth\": {\"type\": \"none\"}, \"url\": \"\"}]}",
    "{\"providers\": [{\"id\": \"a\", \"name\": \"A\", \"kind\": \"sort\", \"api\": \"x\", \"auth\": {\"type\": \"none\"}}]}",
    "{\"providers\": [{\"id\": \"a\", \"name\": \"A\", \"kind\": \"api\", \"api\": \"x\", \"auth\": {\"type\": \"none\", \"x\": 1}}]}",
    "{\"providers\": [{\"id\": \"a\"}]}",
  ]

  @Test("A key that means nothing, or one that is missing, is an error", arguments: strangers)
  func strange(text: String) {
    #expect(providerError { () throws(ProviderError) in try ShippedCatalog(parsing: text.utf8) }?.kind == .internal)
  }
}
