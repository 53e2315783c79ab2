import Catalog
import Completion
@testable import Import
import JSON
import Platform
import TestSupport
import Testing

@Suite("Reading other programs' settings")
struct ConfigImportTests {
  /// Holds the settings to what our own strict reader takes.
  private func load(_ draft: ConfigDraft, _ user: User) throws -> ProviderCatalog {
    try .reading(JSONValue.object(draft.config).bytes, path: "config.json", environment: user.environment)
  }

  @Test("Atmos: every setting of a provider has its place, or is listed", arguments: ["ai", "settings.ai"])
  func atmos(root: String) throws {
    let ai = """
      ai:
        enabled: true
        default_provider: "anthropic"
        timeout_seconds: 60
        providers:
          anthropic:
            model: "claude-sonnet-4-6"
            api_key: !env "ANTHROPIC_API_KEY"
            max_tokens: 4096
            cache:
              enabled: true
              cache_system_prompt: false
          grok:
            api_key: !env "XAI_API_KEY fallback"
            base_url: "https://api.x.ai/v1"
            timeout_seconds: 5
          bedrock:
            model: "anthropic.claude-sonnet-4-6"
            base_url: "us-east-1"  # AWS region
          azureopenai:
            model: "gpt-4o"
            api_key: !env "AZURE_OPENAI_API_KEY"
            base_url: "https://res.openai.azure.com"
            api_version: "2025-04-01-preview"
          ollama-remote:
            model: "llama4"
            base_url: "http://10.0.0.2:11434/v1"
          codex-cli:
            full_auto: true
      """
    let nested = "settings:\n" + ai.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
    let user = try User()
    let draft = try user.settings(.atmos, "base_path: .\n" + (root == "ai" ? ai : nested) + "\n")
    let expected: JSONValue = [
      "providers": [
        "anthropic": [
          "apiKey": "$ANTHROPIC_API_KEY", "model": "claude-sonnet-4-6", "maxTokens": 4096, "timeout": 60,
        ],
        "xai": ["timeout": 5],
        "amazon-bedrock": [
          "model": "anthropic.claude-sonnet-4-6", "variables": ["region": "us-east-1"], "timeout": 60,
        ],
        "azure-openai-responses": [
          "model": "gpt-4o", "apiKey": "$AZURE_OPENAI_API_KEY", "baseURL": "https://res.openai.azure.com",
          "variables": ["apiVersion": "2025-04-01-preview"], "timeout": 60,
        ],
        "ollama-remote": [
          "api": "openai-completions", "baseURL": "http://10.0.0.2:11434/v1", "model": "llama4", "timeout": 60,
        ],
        "codex-cli": ["fullAuto": true, "timeoutSeconds": 60],
      ],
      "defaultProvider": "anthropic", "cache": ["enabled": true, "systemPrompt": false],
    ]
    #expect(.object(draft.config) == expected, "\(JSONValue.object(draft.config).prettyText)")
    _ = try load(draft, user)
    let left = draft.left.map { $0.setting }.sorted()
    let names = ["enabled", "providers.grok.api_key", "providers.grok.base_url"]
    #expect(left == names.map { "\(root).\($0)" })
  }

  @Test("Omega: providers that are on, the model for complex work, the default")
  func omega() throws {
    let text = """
      [omega]
      name = "Omega"
      data_dir = "~/.omega"

      [provider]
      default = "ollama"

      [provider.claude-code]
      enabled = true
      allowed_tools = []  # empty = full tool access
      timeout_secs = 3600
      model = "claude-sonnet-4-6"

      [provider.anthropic]
      enabled = true
      api_key = "sk-$x"
      model = "claude-sonnet-4-20250514"
      model_complex = "claude-opus-4-6"
      max_tokens = 8192

      [provider.openai]
      enabled = false
      api_key = ""

      [provider.ollama]
      enabled = true
      base_url = "http://10.0.0.3:11434"
      model = "llama3"

      [channel.telegram]
      bot_token = "t"
      """
    let user = try User()
    let draft = try user.settings(.omega, text)
    let expected: JSONValue = [
      "providers": [
        "claude-code": ["model": "claude-sonnet-4-6", "allowedTools": [], "timeoutSeconds": 3600],
        "anthropic": [
          "apiKey": "sk-$$x", "model": "claude-sonnet-4-20250514", "roles": ["complex": "claude-opus-4-6"],
          "maxTokens": 8192,
        ],
        "ollama": ["baseURL": "http://10.0.0.3:11434", "model": "llama3"],
      ],
      "defaultProvider": "ollama",
    ]
    #expect(.object(draft.config) == expected, "\(JSONValue.object(draft.config).prettyText)")
    #expect(draft.left.map(\.setting) == ["provider.openai", "omega", "channel"])
    #expect(!draft.shown.text.contains("sk-"))
    _ = try load(draft, user)
  }

  private static let opencode = """
    {
      // what I use
      "$schema": "https://opencode.ai/config.json",
      "model": "corp/big", "small_model": "anthropic/claude-haiku-4-5", "theme": "dark",
      "disabled_providers": ["gemini"],
      "provider": {
        "corp": {
          "npm": "@ai-sdk/openai-compatible", "name": "Corp",
          "options": {
            "baseURL": "https://llm.corp.example/v1", "apiKey": "{env:CORP_KEY}", "timeout": 600000,
            "chunkTimeout": false, "setCacheKey": true, "headers": {"x-team": "a$b", "x-key": "{file:./k}"},
          },
          "models": {
            "big": {
              "name": "Big", "id": "vendor/big", "tool_call": true, "reasoning": true,
              "limit": {"context": 200000, "output": 8192}, "modalities": {"input": ["text", "image"]},
              "cost": {"input": 1, "output": 2.5, "cache_read": 0.1}, "options": {"x": 1},
            },
          },
        },
        "anthropic": {"options": {"apiKey": "sk-ant-literal", "baseURL": "https://api.anthropic.com/v1"}},
        "amazon-bedrock": {"options": {"region": "eu-west-1", "profile": "work"}},
        "openai": {"options": {"baseURL": "{env:SOME_URL}", "apiKey": "sk-for-some-url"}},
      },
    }
    """

  @Test("opencode: options, headers, models, roles")
  func opencode() throws {
    let user = try User()
    let draft = try user.settings(.opencode, Self.opencode)
    let expected: JSONValue = [
      "model": "corp/big", "roles": ["small": "anthropic/claude-haiku-4-5"],
      "providers": [
        "corp": [
          "name": "Corp", "api": "openai-completions", "baseURL": "https://llm.corp.example/v1",
          "apiKey": "${CORP_KEY}",
          "headers": ["x-team": "a$$b", "x-key": .string("{file:\(user.folder.path)/./k}")],
          "timeout": ["totalMs": 600_000],
          "models": [
            "big": [
              "name": "Big", "upstreamID": "vendor/big", "tools": true, "reasoning": true, "contextWindow": 200_000,
              "maxOutputTokens": 8192, "input": ["text", "image"],
              "cost": ["input": 1, "output": 2.5, "cacheRead": 0.1],
            ]
          ],
        ],
        "anthropic": ["apiKey": "sk-ant-literal"], "amazon-bedrock": ["variables": ["region": "eu-west-1"]],
        "google": ["enabled": false],
      ],
    ]
    #expect(.object(draft.config) == expected, "\(JSONValue.object(draft.config).prettyText)")
    let left = Set(draft.left.map(\.setting))
    for setting in [
      "theme", "provider.corp.options.chunkTimeout", "provider.corp.options.setCacheKey",
      "provider.corp.models.big.options", "provider.amazon-bedrock.options.profile", "provider openai",
    ] { #expect(left.contains(setting), "\(setting)") }
    #expect(!draft.shown.text.contains("sk-") && !draft.shown.text.contains("a$$b"))
    #expect(draft.shown.text.contains("${CORP_KEY}"))
    _ = try load(draft, user)
  }

  @Test("Altimate: shorthand options, and variables in its own form")
  func altimate() throws {
    let user = try User()
    let draft = try user.settings(
      .altimate,
      """
      {"model": "altimate/auto", "provider": {
        "google-vertex": {"project": "p", "location": "europe-west1"},
        "mine": {"api": "openai", "baseURL": "http://h:1/v1", "apiKey": "${KEY}", "headers": {"a": "$${X}"}},
        "odd": {"api": "openai", "baseURL": "http://h:2/v1", "apiKey": "${KEY:-none}"}}}
      """)
    let providers = draft.config["providers"]
    #expect(providers?["google-vertex"]?["variables"] == ["project": "p", "location": "europe-west1"])
    #expect(providers?["mine"]?["apiKey"] == "${KEY}" && providers?["mine"]?["headers"] == ["a": "$${X}"])
    #expect(draft.config["model"] == "altimate-backend/auto")
    #expect(draft.left.map(\.setting) == ["provider.odd.apiKey"])
    _ = try load(draft, user)
  }

  @Test("pi: models, overrides, flags; a header without a value takes one away")
  func pi() throws {
    let user = try User(environment: ["corp_key": "x"])
    let draft = try user.settings(
      .pi,
      """
      {"providers": {
        "corp": {
          "baseUrl": "https://llm.corp.example/v1", "api": "openai-completions", "apiKey": "corp_key",
          "authHeader": true, "headers": {"x-a": "$A", "x-b": null},
          "compat": {"supportsStore": false, "maxTokensField": "max_tokens", "thinkingFormat": "qwen"},
          "models": [
            {"id": "m1", "name": "M 1", "reasoning": true, "input": ["text"], "contextWindow": 1000, "maxTokens": 100,
             "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0}, "thinkingLevelMap": {"off": null}},
            {"id": "m2", "compat": {"supportsDeveloperRole": false}}]},
        "anthropic": {"modelOverrides": {"claude-opus-4-8": {"contextWindow": 500}}},
        "broken": {"models": [{"id": "x"}]}}}
      """)
    let expected: JSONValue = [
      "providers": [
        "corp": [
          "api": "openai-completions", "baseURL": "https://llm.corp.example/v1", "apiKey": "$corp_key", "model": "m1",
          "headers": ["x-a": "$A", "x-b": nil], "quirks": ["supportsStore": false, "maxTokensField": "max_tokens"],
          "models": [
            "m1": [
              "name": "M 1", "reasoning": true, "input": ["text"], "contextWindow": 1000, "maxOutputTokens": 100,
              "cost": ["input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0],
            ], "m2": ["quirks": ["supportsDeveloperRole": false]],
          ],
        ],
        "anthropic": ["models": ["claude-opus-4-8": ["contextWindow": 500]]],
      ]
    ]
    #expect(.object(draft.config) == expected, "\(JSONValue.object(draft.config).prettyText)")
    let left = Set(draft.left.map(\.setting))
    #expect(left.contains("providers.corp.compat.thinkingFormat") && left.contains("provider broken"))
    #expect(left.contains("providers.corp.models.0.thinkingLevelMap"))
    _ = try load(draft, user)
  }

  @Test("a file that is not understood is named with its line")
  func damaged() throws {
    let user = try User()
    for (program, text) in [(Program.atmos, "ai:\n  x: *y\n"), (.omega, "a = 1\nb\n"), (.pi, "{\n\"a\" 1}")] {
      #expect {
        try user.settings(program, text)
      } throws: { error in
        (error as? ProviderError)?.message.contains("/settings:2:") == true
      }
    }
  }
}
