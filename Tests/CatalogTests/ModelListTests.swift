import Catalog
import Completion
import JSON
import TestSupport
import Testing

@Suite("Lists of models")
struct ModelListTests {
  private func page(_ provider: String, _ text: String) throws -> ModelListReader.Page {
    let list = try #require(try makeCatalog(nil).catalog.provider(named: provider).modelList)
    return try ModelListReader(list).page(try JSONValue(parsing: text.utf8))
  }

  /// The recorded answer of a host, read as its provider's list.
  private func recorded(_ host: String, as provider: String) throws -> ModelListReader.Page? {
    let exchanges = try SharedMaterial.exchanges("models")
    guard let exchange = exchanges.first(where: { $0.name.hasPrefix("\(host)/list") }) else { return nil }
    return try page(provider, exchange.response.text)
  }

  @Test(
    "The recorded lists are read whole",
    .enabled(if: SharedMaterial.recordings != nil, "there are no recordings beside this checkout"),
    arguments: [
      ("anthropic", "anthropic", 9, "claude-opus-4-7"), ("deepseek", "deepseek", 2, "deepseek-v4-flash"),
      ("groq", "groq", 15, "whisper-large-v3-turbo"),
      ("llamacpp", "llamacpp", 1, "/REDACTED_PATH/Qwen3-1.7B-Q4_K_M.gguf"),
      ("ollama", "ollama", 5, "all-minilm:latest"), ("openai", "openai", 126, "text-embedding-ada-002"),
    ])
  func recordings(host: String, provider: String, count: Int, first: String) throws {
    let page = try #require(try recorded(host, as: provider))
    #expect(page.models.count == count)
    #expect(page.models.first?.id == first)
    #expect(page.next == nil)
  }

  @Test(
    "What the recorded lists say of a model is understood",
    .enabled(if: SharedMaterial.recordings != nil, "there are no recordings beside this checkout"))
  func recordedFacts() throws {
    let claude = try #require(try recorded("anthropic", as: "anthropic")?.models.first)
    #expect(claude.name == "Claude Opus 4.7")
    #expect(claude.contextWindow == 1_000_000)
    #expect(claude.maxOutputTokens == 128_000)
    #expect(claude.input == ["text", "image", "pdf"])
    #expect(claude.efforts == ["low", "medium", "high", "max"])
    #expect(claude.reasoning && claude.structured == true)
    let groq = try #require(try recorded("groq", as: "groq")?.models.first)
    #expect(groq.contextWindow == 448)
    #expect(groq.input == ["audio"])
    let mistral = try #require(try recorded("mistral", as: "mistral")?.models.first { $0.id == "mistral-medium-2505" })
    #expect(mistral.contextWindow == 131_072)
    #expect(mistral.tools && mistral.input == ["text", "image"])
    #expect(mistral.status == "deprecated")
    #expect(try recorded("llamacpp", as: "llamacpp")?.models.first?.contextWindow == 4096)
  }

  @Test(
    "Copilot's list has the models that may be picked, and of Mistral's those that chat",
    .enabled(if: SharedMaterial.recordings != nil, "there are no recordings beside this checkout"))
  func recordedRules() throws {
    let exchange = try #require(try SharedMaterial.exchanges("models").first { $0.name.hasPrefix("copilot/") })
    let entries = try #require(exchange.response["data"]?.array)
    let wanted = entries.filter { entry in
      entry["model_picker_enabled"]?.bool == true && entry["policy"]?["state"]?.string != "disabled"
        && entry["capabilities"]?["supports"]?["tool_calls"]?.bool != false
        && entry["capabilities"]?["type"]?.string == "chat"
    }
    let copilot = try #require(try recorded("copilot", as: "copilot"))
    #expect(copilot.models.map(\.id) == wanted.compactMap { $0["id"]?.string })
    #expect((1..<entries.count).contains(copilot.models.count))
    let mistral = try #require(try recorded("mistral", as: "mistral"))
    #expect(mistral.models.contains { $0.id == "mistral-medium-2505" })
    #expect(!mistral.models.contains { $0.id.contains("embed") || $0.id.contains("moderation") })
  }

  @Test("Gemini's ids lose their folder, models that generate nothing are left out, and the list goes on")
  func gemini() throws {
    let page = try page(
      "google",
      """
      {"models": [
        {"name": "models/gemini-x", "displayName": "Gemini X", "inputTokenLimit": 1048576, "outputTokenLimit": 65536,
         "supportedGenerationMethods": ["generateContent", "countTokens"], "thinking": true},
        {"name": "models/embedding-y", "supportedGenerationMethods": ["embedContent"]}],
       "nextPageToken": "a+b"}
      """)
    #expect(page.models.map(\.id) == ["gemini-x"])
    #expect(page.models.first?.contextWindow == 1_048_576)
    #expect(page.models.first?.reasoning == true)
    #expect(page.next?.name == "pageToken" && page.next?.value == "a+b")
  }

  @Test("Anthropic's list goes on while it says so")
  func anthropicPages() throws {
    let more = #"{"data": [{"id": "a"}], "has_more": true, "last_id": "a"}"#
    #expect(try page("anthropic", more).next?.value == "a")
    #expect(try page("anthropic", more).next?.name == "after_id")
    #expect(try page("anthropic", more.replacing("true", with: "false")).next == nil)
  }

  @Test("OpenRouter's prices are per token, and -1 is none")
  func openRouter() throws {
    let page = try page(
      "openrouter",
      """
      {"data": [
        {"id": "a/b", "name": "A: B", "context_length": 200000,
         "architecture": {"input_modalities": ["text", "image", "file"]},
         "pricing": {"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003"},
         "top_provider": {"max_completion_tokens": 64000}, "supported_parameters": ["tools", "reasoning"]},
        {"id": "auto", "pricing": {"prompt": "-1", "completion": "-1"}, "supported_parameters": ["temperature"]}]}
      """)
    let model = try #require(page.models.first)
    #expect(model.cost == ModelCost(input: 3, output: 15, cacheRead: 0.3))
    #expect(model.input == ["text", "image", "pdf"])
    #expect(model.maxOutputTokens == 64_000)
    #expect(model.tools && model.reasoning && model.structured == false)
    #expect(page.models.last?.cost == nil)
    #expect(page.models.last?.tools == false)
  }

  @Test("Lists of other shapes: bare, per token, in hundredths of cents, wrapped, numbered, at AWS")
  func others() throws {
    #expect(
      try page("together", #"[{"id": "a", "type": "chat"}, {"id": "b", "type": "image"}]"#).models.map(\.id) == ["a"])
    let vercel = try page(
      "vercel",
      #"{"data": [{"id": "x/y", "type": "language", "context_window": 9, "max_tokens": 8, "tags": ["tool-use", "vision"], "pricing": {"input": "0.000001", "output": "0.000002"}}, {"id": "e", "type": "embedding"}]}"#
    )
    #expect(vercel.models.map(\.id) == ["x/y"])
    #expect(vercel.models.first?.cost == ModelCost(input: 1, output: 2))
    #expect(vercel.models.first?.input == ["text", "image"])
    let xai = try page(
      "xai",
      #"{"models": [{"id": "grok", "input_modalities": ["text"], "prompt_text_token_price": 30000, "completion_text_token_price": 150000, "max_prompt_length": 5}]}"#
    )
    #expect(xai.models.first?.cost == ModelCost(input: 3, output: 15))
    #expect(xai.models.first?.contextWindow == 5)
    let cloudflare = try page(
      "cloudflare-workers-ai",
      #"{"result": {"data": [{"id": "meta/llama"}, {"id": "@cf/x/y"}]}, "result_info": {"page": 1, "total_pages": 2}}"#)
    #expect(cloudflare.models.map(\.id) == ["@cf/meta/llama", "@cf/x/y"])
    #expect(cloudflare.next?.name == "page" && cloudflare.next?.value == "2")
    let aws = try page(
      "bedrock",
      #"{"modelSummaries": [{"modelId": "amazon.nova", "modelName": "Nova", "inputModalities": ["TEXT", "IMAGE"], "modelLifecycle": {"status": "LEGACY"}}]}"#
    )
    #expect(aws.models.first?.input == ["text", "image"])
    #expect(aws.models.first?.status == "deprecated")
    let profiles = try page(
      "bedrock", #"{"inferenceProfileSummaries": [{"inferenceProfileId": "us.nova", "models": []}], "nextToken": "t"}"#)
    #expect(profiles.models.map(\.id) == ["us.nova"])
    #expect(profiles.next?.value == "t")
    let databricks = try page(
      "databricks",
      #"{"endpoints": [{"name": "a", "task": "llm/v1/chat"}, {"name": "b", "task": "llm/v1/embeddings"}]}"#)
    #expect(databricks.models.map(\.id) == ["a"])
    let vertex = try page("google-vertex", #"{"publisherModels": [{"name": "publishers/google/models/gemini-z"}]}"#)
    #expect(vertex.models.map(\.id) == ["gemini-z"])
  }

  @Test("What is no list is an error; entries without an id are left out")
  func strange() throws {
    #expect(throws: ProviderError.self) { try page("openai", #"{"error": "no"}"#) }
    #expect(try page("openai", #"{"data": [{"name": "x"}, 7, {"id": ""}, {"id": "m"}]}"#).models.map(\.id) == ["m"])
  }
}
