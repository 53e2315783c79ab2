import Catalog
import Completion
import JSON
import Platform
import TestSupport
import Testing

@Suite("The files that ship")
struct ShippedFilesTests {
  private static func read(_ name: String) throws -> [UInt8] {
    let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return try #require(try FileSystem.read("/\(folder)/Sources/EmbeddedData/\(name)"))
  }

  @Test("Each fits its schema", arguments: ["providers", "models"])
  func schemas(name: String) throws {
    let schema = try JSONValue(parsing: Self.read("\(name).schema.json"))
    let validator = SchemaValidator(root: schema)
    try validator.check(schema: schema)
    try validator.validate(try JSONValue(parsing: Self.read("\(name).json")), against: schema)
  }

  static let provider: JSONObject = [
    "id": "a", "name": "A", "kind": "api", "api": "x", "baseURL": "https://a/v1", "auth": ["type": "none"],
  ]
  static let mistakes: [(String, JSONObject)] = [
    ("an id in capitals", ["id": "A"]), ("an empty name", ["name": ""]),
    ("a base URL without scheme", ["baseURL": "a"]),
    ("an unknown key", ["url": "x"]), ("a kind that is none", ["kind": "sort"]), ("no list of aliases", ["aliases": 1]),
    ("an unknown scheme", ["auth": ["type": "none", "scheme": "x"]]),
    ("a variable with an unknown key", ["variables": ["v": ["environment": []]]]),
    ("a route without its family", ["routes": [["models": []]]]),
    ("quirks for no models", ["modelQuirks": [["quirks": [:]]]]),
    ("a header at an unknown time", ["turnHeaders": [["name": "n", "value": "v", "when": "always"]]]),
    ("a file without its key", ["credentialFile": ["path": "~/x"]]),
    ("a list without a path", ["models": ["items": "data"]]), ("a list nowhere", ["models": ["path": "models"]]),
    ("paging without a parameter", ["models": ["path": "/m", "paging": ["cursor": "c"]]]),
    ("a program without a name", ["program": ["places": []]]),
    ("a program with an unknown key", ["program": ["binary": "b", "argument": "x"]]),
    ("an unknown role", ["roles": ["tiny": "m"]]), ("a page that is no page", ["docs": "docs"]),
    ("a flag that is none", ["offline": "yes"]), ("no list of words", ["compliance": "all"]),
  ]

  @Test("What the schema refuses, the reader refuses, and what one takes, the other takes", arguments: mistakes)
  func strictness(what: String, change: JSONObject) throws {
    let schema = try JSONValue(parsing: Self.read("providers.schema.json"))
    func refusals(_ provider: JSONObject) -> [Bool] {
      let file: JSONValue = ["apis": [:], "providers": [.object(provider)]]
      let reader = providerError { () throws(ProviderError) in try ShippedCatalog(parsing: file.bytes) }
      let isRefused: Bool
      do {
        try SchemaValidator(root: schema).validate(file, against: schema)
        isRefused = false
      } catch {
        isRefused = true
      }
      return [isRefused, reader != nil]
    }
    var changed = Self.provider
    for (key, value) in change { changed[key] = value }
    #expect(refusals(Self.provider) == [false, false])
    #expect(refusals(changed) == [true, true], "\(what)")
  }

  @Test("Every section of the models is found without reading the others, and is what a reader of the whole finds")
  func sections() throws {
    let whole = try #require(try JSONValue(parsing: Self.read("models.json")).object)
    let (catalog, _) = try makeCatalog(nil)
    #expect(whole.count > 30)
    var count = 0
    for (id, models) in whole {
      let found = try catalog.models(of: try catalog.provider(named: id))
      #expect(found.map(\.id) == (models.object ?? [:]).map(\.key), "\(id)")
      count += found.count
    }
    #expect(count > 1300)
    #expect(catalog.knowledge.parsedSections == Set(whole.keys))
  }

  @Test("No section of the models is read before somebody needs it, and then only that one")
  func laziness() throws {
    let clock = ContinuousClock()
    var loaded: ProviderCatalog?
    let load = try clock.measure { loaded = try makeCatalog(nil).catalog }
    let catalog = try #require(loaded)
    _ = catalog.settings()
    _ = catalog.providers.map { $0.routed(to: ModelInfo(id: "m")).provider.baseURL }
    #expect(catalog.knowledge.parsedSections.isEmpty)
    _ = try catalog.select(provider: "echo", model: "echo")
    #expect(catalog.knowledge.parsedSections == ["echo"])
    let first = try clock.measure { _ = try catalog.select(provider: "openrouter", model: "x-ai/grok-4") }
    #expect(catalog.knowledge.parsedSections == ["echo", "openrouter"])
    print("catalogue: loaded in \(load), the longest section read in \(first)")
  }

  @Test(
    "Every alias that people know leads to its provider",
    arguments: [
      ("gemini", "google"), ("grok", "xai"), ("bedrock", "amazon-bedrock"), ("azureopenai", "azure-openai-responses"),
      ("azure", "azure-openai-responses"), ("copilot", "github-copilot"), ("altimate", "altimate-backend"),
      ("vercel", "vercel-ai-gateway"), ("fireworks-ai", "fireworks"), ("togetherai", "together"),
      ("kimi-for-coding", "kimi-coding"), ("kimi", "kimi-coding"),
    ])
  func aliases(alias: String, id: String) throws {
    #expect(try makeCatalog(nil).catalog.provider(named: alias).id == id)
  }

  @Test("Every family that a route, a model or the base paths name is one there is")
  func families() throws {
    let shipped = try ShippedCatalog.load()
    let (catalog, _) = try makeCatalog(nil)
    for entry in shipped.providers {
      let provider = try catalog.provider(named: entry.id)
      let named =
        entry.routes.map(\.api) + Array(entry.basePaths.keys) + (try catalog.models(of: provider)).compactMap(\.api)
      for api in named { #expect(shipped.api(named: api)?.name == api, "\(entry.id): \(api)") }
      for model in try catalog.models(of: provider) where model.api != nil {
        #expect(provider.routed(to: model).provider.api == model.api, "\(entry.id)/\(model.id)")
        #expect(
          provider.routes.contains { $0.api == model.api } || model.api == provider.api, "\(entry.id)/\(model.id)")
      }
    }
  }

  @Test("The variables in addresses and headers are ones that the provider has")
  func variables() throws {
    for provider in try makeCatalog(nil).catalog.allProviders {
      let known = Set(provider.variables.map(\.name))
      let texts =
        [provider.baseURL ?? ""] + provider.routes.compactMap(\.baseURL) + (provider.modelList?.paths ?? [])
        + provider.headers.map(\.value.text)
      for text in texts {
        for piece in text.split(separator: "{", omittingEmptySubsequences: false).dropFirst() {
          #expect(known.contains(String(piece.prefix { $0 != "}" })), "\(provider.id): \(text)")
        }
      }
    }
  }
}
