import Catalog
import Completion
import TestSupport
import Testing

@Suite("Which model a request means")
struct SelectionTests {
  static let config = """
    {
      "defaultProvider": "box", "roles": { "small": "ollama/tiny", "complex": "deep" },
      "providers": {
        "box": { "api": "openai", "baseURL": "http://box", "model": "main" },
        "own": {
          "api": "openai", "baseURL": "http://own", "model": "o", "roles": { "small": "own-small" },
          "models": { "@fast": {} }
        }
      }
    }
    """

  static let choices: [(provider: String?, model: String?, current: CurrentModel?, expected: String)] = [
    ("box", "m", nil, "box/m"), ("box", "box/m", nil, "box/box/m"), ("box", "vllm/m", nil, "box/vllm/m"),
    ("box", nil, nil, "box/main"), ("box", nil, CurrentModel(provider: "box", model: "c"), "box/c"),
    ("box", nil, CurrentModel(provider: "own", model: "c"), "box/main"), ("box", "@complex", nil, "box/deep"),
    ("own", "@small", nil, "own/own-small"), ("ollama", "@small", nil, "ollama/tiny"),
    (nil, "vllm/a/b", nil, "vllm/a/b"), (nil, "llama.cpp/x", nil, "llamacpp/x"), (nil, "m", nil, "box/m"),
    (nil, "m", CurrentModel(provider: "own", model: "c"), "own/m"), (nil, "meta/m", nil, "box/meta/m"),
    (nil, "@small", nil, "ollama/tiny"), (nil, "@complex", nil, "box/deep"),
    (nil, "@small", CurrentModel(provider: "own", model: "c"), "own/own-small"),
    ("box", "@cf/moonshotai/kimi-k2.6", nil, "box/@cf/moonshotai/kimi-k2.6"), (nil, "@cf/a", nil, "box/@cf/a"),
    (nil, "vllm/@cf/a", nil, "vllm/@cf/a"), ("own", "@fast", nil, "own/@fast"), (nil, "own/@fast", nil, "own/@fast"),
    (nil, "@fast", CurrentModel(provider: "own", model: "c"), "own/@fast"),
    (nil, nil, CurrentModel(provider: "own", model: "c"), "own/c"), (nil, nil, nil, "box/main"),
  ]

  @Test("Provider, model, what is current and the defaults are weighed in this order", arguments: choices)
  func choice(provider: String?, model: String?, current: CurrentModel?, expected: String) throws {
    let catalog = try makeCatalog(Self.config).catalog
    #expect(try catalog.select(provider: provider, model: model, current: current).name == expected)
  }

  static let defaults: [(config: String, environment: [String: String], loggedIn: Set<String>, expected: String)] = [
    ("{\"model\": \"vllm/m\", \"defaultProvider\": \"ollama\"}", [:], [], "vllm/m"),
    ("{\"model\": \"m\", \"defaultProvider\": \"ollama\"}", [:], [], "ollama/m"),
    ("{\"model\": \"@small\", \"roles\": {\"small\": \"vllm/s\"}}", [:], [], "vllm/s"),
    ("{\"model\": \"@cf/m\", \"defaultProvider\": \"ollama\"}", [:], [], "ollama/@cf/m"),
    (
      "{\"providers\": {\"vllm\": {\"model\": \"v\"}, \"ollama\": {\"model\": \"o\"}}}", [:], [], "vllm/v"
    ),
    (
      "{\"providers\": {\"vllm\": {}, \"ollama\": {\"model\": \"o\"}}}", ["VLLM_API_KEY": "k"], [], "ollama/o"
    ),
    ("{\"providers\": {\"vllm\": {\"models\": {\"only\": {}}}}}", [:], [], "vllm/only"),
    ("{}", [:], ["echo"], "echo/echo"),
  ]

  @Test("Without a word, the config file decides, then the first provider that is configured", arguments: defaults)
  func fallback(config: String, environment: [String: String], loggedIn: Set<String>, expected: String) throws {
    let catalog = try makeCatalog(config, environment: environment).catalog
    #expect(try catalog.defaultSelection(loggedIn: loggedIn).name == expected)
  }

  @Test("Nothing configured is an error that says what to do")
  func nothing() throws {
    let (catalog, file) = try makeCatalog(nil)
    let error = providerError { () throws(ProviderError) in try catalog.select(provider: nil, model: nil) }
    #expect(error?.kind == .providerNotFound)
    #expect(error?.message == "no provider is configured")
    #expect(error?.hint?.contains(file) == true)
  }

  static let mistakes: [(provider: String?, model: String?, message: String)] = [
    ("vllm", nil, "provider \"vllm\" has no default model"),
    (nil, "@smal", "there is no role \"@smal\""), ("box", "@fast", "there is no role \"@fast\""),
    ("box", "@small", "provider \"box\" has no model for the role @small"),
  ]

  @Test("What cannot be decided is an error about the field", arguments: mistakes)
  func mistake(provider: String?, model: String?, message: String) throws {
    let catalog = try makeCatalog(Self.config).catalog
    let error = providerError { () throws(ProviderError) in try catalog.select(provider: provider, model: model) }
    #expect(error?.kind == .invalidParams)
    #expect(error?.path == "model")
    #expect(error?.message == message)
    #expect(error?.hint != nil)
  }
}
