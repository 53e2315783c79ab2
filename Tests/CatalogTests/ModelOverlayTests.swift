import Catalog
import Completion
import JSON
import Platform
import TestSupport
import Testing

@Suite("A person's own list of models")
struct ModelOverlayTests {
  private static let list: JSONValue = [
    "anthropic": [
      "id": "anthropic", "name": "Anthropic", "env": ["ANTHROPIC_API_KEY"], "npm": "@ai-sdk/anthropic",
      "models": [
        "claude-next": [
          "id": "claude-next", "name": "Claude Next", "attachment": true, "reasoning": true, "tool_call": true,
          "temperature": false, "modalities": ["input": ["text", "image", "smell"], "output": ["text"]],
          "limit": ["context": 2_000_000, "output": 0], "release_date": "2027-01", "status": "beta",
          "cost": [
            "input": 5, "output": 25, "cache_read": 0.5, "context_over_200k": ["input": 10, "output": 37.5],
          ],
        ],
        "claude-opus-4-8": ["name": "Renamed", "cost": ["input": 1, "output": 2]],
      ],
    ],
    "azure": ["models": ["gpt-next": ["name": "N"]]],
    "zai": ["models": ["glm": [:]]],
    "cloudflare-ai-gateway": ["models": ["openai/gpt-next": [:]]],
    "opencode": ["models": ["minimax-next": ["provider": ["npm": "@ai-sdk/anthropic"]]]],
    "perplexity": ["models": ["sonar": [:]]],
  ]

  /// A catalogue over a data folder that holds `text` as the person's list.
  private func catalog(_ text: String) throws -> (catalog: ProviderCatalog, file: String) {
    let folder = try TemporaryFolder()
    try folder.write("data/models.json", text)
    let environment = Environment(["PATCHBAY_HOME": folder.path])
    let catalog = try ProviderCatalog.load(environment: environment, directories: Directories(environment))
    return (catalog, folder.file("data/models.json"))
  }

  @Test("A list of models.dev is taken provider by provider, under our names")
  func conversion() throws {
    let list = try ModelsDev(Self.list, shipped: try .load())
    #expect(list.sections.map(\.key) == ["anthropic", "azure-openai-responses", "cloudflare-ai-gateway", "opencode"])
    // models.dev calls the plan that our "zai" is "zai-coding-plan"; its "zai" is another one.
    #expect(list.unknown == ["zai", "perplexity"])
    #expect(
      list.sections["anthropic"]?["claude-next"] == [
        "name": "Claude Next", "contextWindow": 2_000_000, "input": ["text", "image"], "reasoning": true, "tools": true,
        "temperature": false,
        "cost": [
          "input": 5, "output": 25, "cacheRead": 0.5, "longContext": ["above": 200_000, "input": 2, "output": 1.5],
        ],
        "released": "2027-01", "status": "beta",
      ])
    #expect(list.sections["cloudflare-ai-gateway"] == ["gpt-next": ["api": "openai-responses"]])
    #expect(list.sections["opencode"] == ["minimax-next": ["api": "anthropic-messages"]])
  }

  @Test("It is laid over what ships, and lies under the config file; its file is nobody else's to read")
  func layers() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "config/config.json", #"{"providers": {"anthropic": {"models": {"claude-next": {"maxOutputTokens": 7}}}}}"#)
    let environment = Environment(["PATCHBAY_HOME": folder.path])
    let directories = Directories(environment)
    try ModelOverlay.write(try ModelsDev(Self.list, shipped: try .load()).sections, in: directories)
    var status = stat()
    #expect(stat(ModelOverlay.path(in: directories), &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    let catalog = try ProviderCatalog.load(environment: environment, directories: directories)
    let anthropic = try catalog.provider(named: "anthropic")
    let next = try catalog.model("claude-next", of: anthropic)
    #expect(next.contextWindow == 2_000_000)
    #expect(next.maxOutputTokens == 7)
    let opus = try catalog.model("claude-opus-4-8", of: anthropic)
    #expect(opus.name == "Renamed")
    #expect(opus.cost == ModelCost(input: 1, output: 2))
    #expect(opus.contextWindow == 1_000_000)
    let ids = try catalog.models(of: anthropic).map(\.id)
    #expect(ids.contains("claude-next") && Set(ids).count == ids.count)
    #expect(try ModelOverlay.remove(in: directories))
    #expect(try !ModelOverlay.remove(in: directories))
  }

  @Test(
    "A damaged list is named with its remedy, and what needs no list works all the same",
    arguments: ["{", "[]", #"{"anthropic": 5}"#, #"{"anthropic": {"m": {"contextWindow": -1}}}"#])
  func damaged(text: String) throws {
    let (catalog, file) = try catalog(text)
    let error = providerError { () throws(ProviderError) in
      try catalog.models(of: try catalog.provider(named: "anthropic"))
    }
    #expect(error?.kind == .storage)
    #expect(error?.message.hasPrefix(file) == true)
    #expect(error?.hint?.contains("patchbay catalog reset") == true)
    #expect(try catalog.select(provider: "echo", model: nil).name == "echo/echo")
  }

  @Test(
    "What is no such list is refused",
    arguments: ["[]", "{}", #"{"anthropic": {"m": {}}}"#, #"{"nobody": {"models": {"m": {}}}}"#])
  func strangers(text: String) throws {
    let value = try JSONValue(parsing: text.utf8)
    let shipped = try ShippedCatalog.load()
    let error = providerError { () throws(ProviderError) in try ModelsDev(value, shipped: shipped) }
    #expect(error?.kind == .invalidParams)
  }
}
