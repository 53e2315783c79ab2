import Catalog
import Completion
import JSON
import Platform
import TestSupport
import Testing

@Suite("What a provider needs beside a key")
struct ProviderDataTests {
  @Test("A variable may replace the base URL; the config file's goes before it")
  func baseURLVariables() throws {
    let environment = [
      "AZURE_OPENAI_BASE_URL": "https://r.openai.azure.com/openai/v1/",
      "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://vpc",
    ]
    let (catalog, _) = try makeCatalog(
      #"{"providers": {"bedrock": {"baseURL": "https://mine"}}}"#, environment: environment)
    let azure = try catalog.provider(named: "azure")
    #expect(azure.baseURL == "https://r.openai.azure.com/openai/v1")
    #expect(azure.origin(of: "baseURL") == .environment("AZURE_OPENAI_BASE_URL"))
    #expect(try catalog.provider(named: "bedrock").baseURL == "https://mine")
    #expect(try catalog.provider(named: "bedrock").modelList == nil)
  }

  @Test("Variables of the config file keep their key format; a name nobody knows is an error with the nearest")
  func variables() throws {
    let (catalog, file) = try makeCatalog(
      "{\"providers\": {\"azure\": {\n\"variables\": {\"resource\": \"$MINE\"}}}}")
    let azure = try catalog.provider(named: "azure")
    #expect(azure.variableSettings["resource"]?.text == "$MINE")
    let setting = catalog.settings().first { $0.key == "providers.azure-openai-responses.variables.resource" }
    #expect(setting?.origin == .file(file, line: 2))
    #expect(setting?.value == "•••")
    let near = try configError(#"{"providers": {"azure": {"variables": {"resorce": "x"}}}}"#)
    #expect(
      near?.message.hasSuffix(
        "providers.azure.variables.resorce: is no variable of azure-openai-responses; did you mean \"resource\"?")
        == true)
    let none = try configError(#"{"providers": {"groq": {"variables": {"x": "x"}}}}"#)
    #expect(none?.message.hasSuffix("is no variable of groq; groq has none") == true)
  }

  @Test("A provider of the person's own has the variables that its section sets")
  func ownVariables() throws {
    let (catalog, _) = try makeCatalog(
      #"{"providers": {"mine": {"api": "anthropic", "baseURL": "https://{team}.host", "variables": {"team": "red"}}}}"#)
    let mine = try catalog.provider(named: "mine")
    #expect(mine.variables == [ConnectionVariable(name: "team")])
    #expect(mine.api == "anthropic-messages")
  }

  @Test("Snowflake, Databricks and Altimate have what their credentials bring along")
  func credentials() throws {
    let (catalog, _) = try makeCatalog(nil)
    let snowflake = try catalog.provider(named: "snowflake-cortex")
    #expect(snowflake.auth.keyParts == ["account"])
    #expect(snowflake.variables.first?.hyphenated == true)
    #expect(snowflake.variables.first?.environment == ["SNOWFLAKE_ACCOUNT"])
    let databricks = try catalog.provider(named: "databricks")
    #expect(databricks.auth.keyParts == ["host"])
    #expect(databricks.variables.first?.endings.contains(".azuredatabricks.net") == true)
    let altimate = try catalog.provider(named: "altimate")
    #expect(altimate.credentialFile?.key == "altimateApiKey")
    #expect(altimate.credentialFile?.variables["instance"] == "altimateInstanceName")
    #expect(altimate.headers.first { $0.name == "x-tenant" }?.value.text == "{instance}")
    let anthropic = try catalog.provider(named: "anthropic")
    #expect(anthropic.env == ["ANTHROPIC_OAUTH_TOKEN", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"])
    #expect(anthropic.auth.tokenPrefixes == ["sk-ant-oat"])
    #expect(try catalog.provider(named: "bedrock").auth.scheme == .aws)
  }

  @Test("A provider is configured by a key's variable, by AWS's own variables, or by another program's file")
  func configured() throws {
    func isConfigured(_ id: String, _ environment: [String: String]) throws -> Bool {
      try makeCatalog(nil, environment: environment).catalog.provider(named: id).isConfigured
    }
    #expect(try !isConfigured("bedrock", [:]))
    #expect(try isConfigured("bedrock", ["AWS_PROFILE": "dev"]))
    #expect(try isConfigured("bedrock", ["AWS_BEARER_TOKEN_BEDROCK": "x"]))
    #expect(try !isConfigured("bedrock", ["AWS_REGION": "eu-west-1"]))
    let home = try TemporaryFolder()
    #expect(try !isConfigured("altimate", ["HOME": home.path]))
    try home.write(".altimate/altimate.json", "{}")
    #expect(try isConfigured("altimate", ["HOME": home.path]))
  }

  @Test("A preferred provider is the default as soon as it is configured; else the order of the list decides")
  func defaults() throws {
    let home = try TemporaryFolder()
    try home.write(".altimate/altimate.json", "{}")
    let environment = ["HOME": home.path, "OPENAI_API_KEY": "k", "GROQ_API_KEY": "k"]
    #expect(
      try makeCatalog(nil, environment: environment).catalog.defaultSelection().name
        == "altimate-backend/altimate-default")
    #expect(
      try makeCatalog(#"{"defaultProvider": "groq"}"#, environment: environment).catalog.defaultSelection().provider.id
        == "groq")
    let without = ["OPENAI_API_KEY": "k", "GROQ_API_KEY": "k"]
    #expect(try makeCatalog(nil, environment: without).catalog.defaultSelection().name == "openai/gpt-5.5")
  }

  @Test("Where data goes is said of what ships, and not of a server somebody else runs")
  func dataPolicy() throws {
    let (catalog, _) = try makeCatalog(
      #"{"providers": {"vllm": {"baseURL": "https://gpu.example:8443/v1"}, "openai": {"baseURL": "http://127.0.0.1:1/v1"}}}"#
    )
    #expect(try catalog.provider(named: "ollama").dataPolicy.offline)
    #expect(try catalog.provider(named: "vllm").dataPolicy.dataLocation == "gpu.example")
    #expect(try !catalog.provider(named: "vllm").dataPolicy.offline)
    #expect(try catalog.provider(named: "openai").dataPolicy.compliance.isEmpty)
    #expect(try catalog.provider(named: "openai").dataPolicy.dataLocation == "this machine")
    #expect(try catalog.provider(named: "mistral").dataPolicy.dataLocation == "EU by default")
  }

  @Test("What the config file says about caching and fast mode is in the settings, with its place")
  func flags() throws {
    let (catalog, file) = try makeCatalog(
      "{\"cache\": {\n\"systemPrompt\": false}, \"fastMode\": {\n\"chat\": true}}")
    #expect(catalog.cacheSettings.enabled)
    #expect(!catalog.cacheSettings.systemPrompt)
    #expect(catalog.cacheSettings.projectInstructions)
    #expect(catalog.fastMode.chat)
    #expect(!catalog.fastMode.workflow)
    let settings = catalog.settings()
    #expect(settings.first { $0.key == "cache.systemPrompt" }?.origin == .file(file, line: 2))
    #expect(settings.first { $0.key == "fastMode.chat" }?.origin == .file(file, line: 3))
    #expect(settings.first { $0.key == "fastMode.workflow" }?.origin == .builtin)
    #expect(try configError(#"{"fastMode": {"chats": true}}"#)?.message.contains("did you mean \"chat\"?") == true)
  }

  @Test("A made-up provider is one entry of the list that ships, or one section of the config file")
  func madeUp() throws {
    let text = """
      {"apis": {"openai-completions": {"models": {"path": "/models"}}},
       "providers": [{"id": "acme", "name": "Acme", "kind": "api", "api": "openai-completions",
         "baseURL": "https://api.acme.example/v1", "env": ["ACME_API_KEY"], "auth": {"type": "required"},
         "quirks": {"supportsStore": true}}]}
      """
    let entry = try #require(try ShippedCatalog(parsing: text.utf8).providers.first)
    #expect(entry.env == ["ACME_API_KEY"])
    let (catalog, _) = try makeCatalog(
      """
      {"providers": {"acme": {"api": "openai", "baseURL": "https://api.acme.example/v1", "apiKey": "$ACME_API_KEY",
        "models": {"m": {"api": "responses", "efforts": ["low", "high"], "thinkingBudget": {"min": 1, "max": 9},
          "thinkingToggle": true, "temperature": false, "fastMode": true, "upstreamID": "m-1",
          "cost": {"input": 1, "output": 2, "tiers": {"priority": 2},
            "longContext": {"above": 100, "input": 2, "output": 1.5}}}}}}}
      """)
    let selection = try catalog.select(provider: nil, model: "acme/m")
    let (provider, model) = selection.provider.routed(to: selection.model)
    #expect(provider.api == "openai-responses")
    #expect(model.wireID == "m-1")
    #expect(model.efforts == ["low", "high"])
    #expect(model.thinkingBudget == ThinkingBudget(min: 1, max: 9))
    #expect(model.thinkingToggle == true && model.temperature == false && model.fastMode)
    #expect(model.cost?.tiers == ["priority": 2])
    #expect(model.cost?.longContext == .init(above: 100, input: 2, output: 1.5))
    let wrong = try configError(
      #"{"providers": {"acme": {"api": "openai", "baseURL": "https://a", "models": {"m": {"api": "reponses"}}}}}"#)
    #expect(
      wrong?.message.contains("providers.acme.models.m.api: \"reponses\" is no API family; did you mean \"responses\"?")
        == true)
  }

  @Test(
    "Every family has its short forms in the config file",
    arguments: [
      ("openai", "openai-completions"), ("responses", "openai-responses"), ("anthropic", "anthropic-messages"),
      ("gemini", "google-generative-ai"), ("mistral", "mistral"), ("bedrock", "bedrock-converse-stream"),
      ("ollama", "ollama-chat"), ("azure", "azure-openai-responses"), ("vertex", "google-vertex"),
    ])
  func shortForms(short: String, api: String) throws {
    let (catalog, _) = try makeCatalog(#"{"providers": {"mine": {"api": "\#(short)", "baseURL": "https://h"}}}"#)
    #expect(try catalog.provider(named: "mine").api == api)
  }
}
