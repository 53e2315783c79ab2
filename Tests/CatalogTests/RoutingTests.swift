import Catalog
import Completion
import JSON
import TestSupport
import Testing

@Suite("Routes")
struct RoutingTests {
  private static let expectations: [(model: String, api: String, baseURL: String, wireID: String)] = [
    (
      "cloudflare-ai-gateway/gpt-5.5", "openai-responses",
      "https://gateway.ai.cloudflare.com/v1/{account}/{gateway}/openai", "gpt-5.5"
    ),
    (
      "cloudflare-ai-gateway/openai/gpt-6", "openai-responses",
      "https://gateway.ai.cloudflare.com/v1/{account}/{gateway}/openai", "gpt-6"
    ),
    (
      "cloudflare-ai-gateway/anthropic/claude-6", "anthropic-messages",
      "https://gateway.ai.cloudflare.com/v1/{account}/{gateway}/anthropic", "claude-6"
    ),
    (
      "cloudflare-ai-gateway/workers-ai/@cf/moonshotai/kimi-k2.6", "openai-completions",
      "https://gateway.ai.cloudflare.com/v1/{account}/{gateway}/compat", "workers-ai/@cf/moonshotai/kimi-k2.6"
    ),
    ("copilot/claude-sonnet-4.6", "anthropic-messages", "https://api.githubcopilot.com", "claude-sonnet-4.6"),
    ("copilot/gpt-5.4", "openai-responses", "https://api.githubcopilot.com", "gpt-5.4"),
    ("copilot/gpt-4.1", "openai-completions", "https://api.githubcopilot.com", "gpt-4.1"),
    ("copilot/gemini-2.5-pro", "openai-completions", "https://api.githubcopilot.com", "gemini-2.5-pro"),
    ("opencode/claude-opus-9", "anthropic-messages", "https://opencode.ai/zen", "claude-opus-9"),
    ("opencode/gpt-5.5", "openai-responses", "https://opencode.ai/zen/v1", "gpt-5.5"),
    ("opencode/gemini-3-flash", "google-generative-ai", "https://opencode.ai/zen/v1", "gemini-3-flash"),
    ("opencode/kimi-k2.6", "openai-completions", "https://opencode.ai/zen/v1", "kimi-k2.6"),
    ("opencode-go/minimax-m2.7", "openai-completions", "https://opencode.ai/zen/go/v1", "minimax-m2.7"),
    ("opencode-go/qwen3.6-plus", "openai-completions", "https://opencode.ai/zen/go/v1", "qwen3.6-plus"),
    ("opencode-go/minimax-m3", "anthropic-messages", "https://opencode.ai/zen/go", "minimax-m3"),
    (
      "fireworks/accounts/fireworks/models/glm-5p2", "openai-completions", "https://api.fireworks.ai/inference/v1",
      "accounts/fireworks/models/glm-5p2"
    ),
    (
      "fireworks/accounts/fireworks/models/kimi-k2p6", "anthropic-messages", "https://api.fireworks.ai/inference",
      "accounts/fireworks/models/kimi-k2p6"
    ),
    (
      "google-vertex/claude-sonnet-4-6", "vertex-anthropic", "https://aiplatform.googleapis.com", "claude-sonnet-4-6"
    ),
    ("google-vertex/gemini-2.5-pro", "google-vertex", "https://aiplatform.googleapis.com", "gemini-2.5-pro"),
    ("azure/gpt-5.4", "azure-openai-responses", "https://{resource}.openai.azure.com/openai/v1", "gpt-5.4"),
    (
      "azure/claude-sonnet-4-6", "anthropic-messages", "https://{resource}.services.ai.azure.com/anthropic",
      "claude-sonnet-4-6"
    ),
    ("altimate/auto", "openai-completions", "{url}/agents/v1", "altimate-default"),
    ("kimi/k2p6", "anthropic-messages", "https://api.kimi.com/coding", "kimi-for-coding"),
  ]

  @Test(
    "A model is reached by its own family, at that family's address, under the id wanted there", arguments: expectations
  )
  func routes(model: String, api: String, baseURL: String, wireID: String) throws {
    let (catalog, _) = try makeCatalog(nil)
    let selection = try catalog.select(provider: nil, model: model)
    let (provider, routed) = selection.provider.routed(to: selection.model)
    #expect(provider.api == api)
    #expect(provider.baseURL == baseURL)
    #expect(routed.wireID == wireID)
  }

  @Test("The key goes where the route wants it")
  func keys() throws {
    let (catalog, _) = try makeCatalog(nil)
    func header(_ model: String) throws -> String {
      let selection = try catalog.select(provider: nil, model: model)
      return selection.provider.routed(to: selection.model).provider.auth.header
    }
    #expect(try header("opencode/claude-opus-4-8") == "x-api-key")
    #expect(try header("opencode/gemini-3-flash") == "x-goog-api-key")
    #expect(try header("opencode/gpt-5.5") == "authorization")
    #expect(try header("copilot/claude-sonnet-4.6") == "authorization")
    #expect(try header("google-vertex/claude-sonnet-4-6") == "authorization")
    #expect(try header("google-vertex/gemini-2.5-pro") == "x-goog-api-key")
    #expect(try header("cloudflare-ai-gateway/claude-opus-4-8") == "cf-aig-authorization")
  }

  @Test(
    "Where another family's API is asked for, the key goes into that family's header",
    arguments: [
      ("openai", "authorization"), ("openai-responses", "authorization"), ("anthropic", "x-api-key"),
      ("gemini", "x-goog-api-key"), ("azure", "api-key"), ("mistral", "authorization"),
    ])
  func keyOfFamily(_ api: String, _ header: String) throws {
    let own = #"{"providers": {"acme": {"api": "\#(api)", "baseURL": "http://acme"}}}"#
    #expect(try makeCatalog(own).catalog.provider(named: "acme").auth.header == header)
    for shipped in ["groq", "minimax"] {
      let moved = #"{"providers": {"\#(shipped)": {"api": "\#(api)"}}}"#
      #expect(try makeCatalog(moved).catalog.provider(named: shipped).auth.header == header, "\(shipped)")
    }
    // This header is the gateway's, whatever is behind it.
    let gateway = #"{"providers": {"cloudflare-ai-gateway": {"api": "\#(api)"}}}"#
    let provider = try makeCatalog(gateway).catalog.provider(named: "cloudflare-ai-gateway")
    #expect(provider.auth.header == "cf-aig-authorization")
  }

  @Test("A call, or a model's entry, that asks for another family moves the key, too")
  func keyOfModel() throws {
    let (catalog, _) = try makeCatalog(
      """
      {"providers": {"acme": {"api": "openai", "baseURL": "http://acme", "models": {"claude": {"api": "anthropic"}}}}}
      """)
    func header(_ model: String, _ api: String? = nil) throws -> String {
      let selection = try catalog.select(provider: "acme", model: model)
      return selection.provider.routed(to: selection.model, api: api).provider.auth.header
    }
    #expect(try header("gpt") == "authorization")
    #expect(try header("claude") == "x-api-key")
    #expect(try header("gpt", "google-generative-ai") == "x-goog-api-key")
  }

  @Test("A base URL can call for another family")
  func classicAzure() throws {
    func provider(_ baseURL: String, api: String? = nil) throws -> Provider {
      let (catalog, _) = try makeCatalog(nil, environment: ["AZURE_OPENAI_BASE_URL": baseURL])
      let selection = try catalog.select(provider: "azure", model: "gpt-4o")
      return selection.provider.routed(to: selection.model, api: api).provider
    }
    let classic = "https://r.openai.azure.com/openai/deployments/d"
    #expect(try provider(classic).api == "openai-completions")
    #expect(try provider(classic).baseURL == classic)
    #expect(try provider(classic).auth.header == "api-key")
    #expect(try provider("https://r.openai.azure.com").api == "azure-openai-responses")
    let usual = try provider("https://r.openai.azure.com/openai/v1", api: "openai-completions")
    #expect(usual.quirks["supportsStore"] == nil && usual.quirks["query"] != nil)
  }

  @Test(
    "A model is known under the names that mean it",
    arguments: [
      ("cloudflare-ai-gateway/openai/gpt-5.5", "cloudflare-ai-gateway/gpt-5.5"),
      ("cloudflare-ai-gateway/anthropic/claude-opus-4-8", "cloudflare-ai-gateway/claude-opus-4-8"),
      ("huggingface/moonshotai/Kimi-K2.6:fastest", "huggingface/moonshotai/Kimi-K2.6"),
      ("zai-coding-cn/glm-5.2", "zai/glm-5.2"),
    ])
  func otherNames(_ name: String, _ known: String) throws {
    let (catalog, _) = try makeCatalog(nil)
    let (model, same) = (
      try catalog.select(provider: nil, model: name), try catalog.select(provider: nil, model: known)
    )
    #expect(model.name == name)
    #expect(model.model.contextWindow != nil && model.model.contextWindow == same.model.contextWindow)
    #expect(model.model.reasoning && model.model.efforts == same.model.efforts)
  }

  @Test("A call may ask for another family; then what is known of the model's own deviations does not hold")
  func otherFamily() throws {
    let (catalog, _) = try makeCatalog(nil)
    let selection = try catalog.select(provider: nil, model: "openrouter/anthropic/claude-sonnet-4.6")
    #expect(!selection.provider.routed(to: selection.model).model.quirks.isEmpty)
    let (provider, model) = selection.provider.routed(to: selection.model, api: "anthropic-messages")
    #expect(provider.api == "anthropic-messages")
    #expect(provider.baseURL == "https://openrouter.ai/api")
    #expect(provider.quirks["thinkingFormat"] == nil)
    #expect(model.quirks.isEmpty)
    #expect(selection.provider.routed(to: selection.model, api: "mistral").provider.quirks.isEmpty)
  }

  @Test("The quirks of every pattern that fits are laid over one another, and the model's own over them")
  func modelQuirks() throws {
    let (catalog, _) = try makeCatalog(
      #"{"providers": {"zai": {"models": {"glm-4.5-air": {"quirks": {"supportsStrictMode": false}}}}}}"#)
    let selection = try catalog.select(provider: "zai", model: "glm-4.5-air")
    let quirks = selection.provider.routed(to: selection.model).model.quirks
    #expect(quirks["toolStream"] == false)
    #expect(quirks["supportsStrictMode"] == false)
  }

  @Test("A family that the config file names for a provider holds for all its models")
  func configuredFamily() throws {
    let (catalog, _) = try makeCatalog(#"{"providers": {"opencode": {"api": "anthropic"}}}"#)
    for model in ["gpt-5.5", "kimi-k2.6", "gemini-3-flash", "claude-opus-4-8"] {
      let selection = try catalog.select(provider: "opencode", model: model)
      let (provider, routed) = selection.provider.routed(to: selection.model)
      #expect(provider.api == "anthropic-messages", "\(model)")
      #expect(provider.baseURL == "https://opencode.ai/zen", "\(model)")
      #expect(provider.auth.header == "x-api-key", "\(model)")
      #expect(routed.quirks.isEmpty, "\(model)")
    }
  }

  @Test("Whoever moves a provider to another server has all its families moved, and no list is asked elsewhere")
  func moved() throws {
    let (catalog, _) = try makeCatalog(
      """
      {"providers": {"opencode": {"baseURL": "https://proxy/zen/v1"}, "azure": {"baseURL": "https://proxy"},
       "cloudflare-workers-ai": {"baseURL": "https://proxy/ai"}}}
      """)
    func baseURL(_ model: String) throws -> String? {
      let selection = try catalog.select(provider: nil, model: model)
      return selection.provider.routed(to: selection.model).provider.baseURL
    }
    #expect(try baseURL("opencode/claude-opus-4-8") == "https://proxy/zen")
    #expect(try baseURL("opencode/gpt-5.5") == "https://proxy/zen/v1")
    #expect(try baseURL("azure/claude-sonnet-4-6") == "https://proxy")
    #expect(try catalog.provider(named: "cloudflare-workers-ai").modelList == nil)
    #expect(try catalog.provider(named: "opencode").modelList?.paths == ["/models"])
  }

  @Test(
    "Patterns",
    arguments: [
      ("gpt-5.5", "gpt-*", true), ("GPT-5", "gpt-5", true), ("a-maas", "*-maas", true),
      ("x/glm-5p2-fast", "*glm-5p2*", true),
      ("gpt-4", "gpt-5*", false), ("ab", "ab*b", false), ("abcbd", "a*b*d", true), ("", "*", true), ("x", "", false),
    ])
  func globs(text: String, pattern: String, matches: Bool) {
    #expect(Glob.matches(text, pattern) == matches)
  }
}
