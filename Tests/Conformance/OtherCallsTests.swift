internal import JSON
internal import TestSupport
internal import Testing

@Suite("countTokens, embed and completeInline (protocol §4)", .timeLimit(.minutes(1)))
struct OtherCallsTests {
  @Test("echo counts, embeds and fills holes without a network, and the answers fit the document")
  func echo() async throws {
    try await withPatchbay { patchbay in
      let count = try await patchbay.call("countTokens", ["provider": "echo", "input": "one two", "system": "three"])
      #expect(count == ["tokens": 4, "exact": true])
      let vectors = try await patchbay.call(
        "embed", ["model": "echo/echo", "input": ["a", "b", "a"], "dimensions": 3])
      let embeddings = try #require(vectors["embeddings"]?.array)
      #expect(embeddings.count == 3 && embeddings[0] == embeddings[2] && embeddings[0] != embeddings[1])
      #expect(embeddings.allSatisfy { $0.array?.count == 3 })
      let inline = try await patchbay.call(
        "completeInline", ["provider": "echo", "prefix": "let a =", "suffix": ";", "n": 2, "maxTokens": 2])
      #expect(inline["items"] == [["text": "let a"], ["text": "let a"]])
      #expect(inline["native"] == true)
      #expect(patchbay.messages.allSatisfy { $0["method"] == nil })
    }
  }

  @Test("a provider that cannot be asked is counted by an estimate that says so")
  func estimate() async throws {
    let config: JSONValue = ["providers": ["mine": ["api": "openai", "baseURL": "http://127.0.0.1:9/v1"]]]
    try await withPatchbay(config: config) { patchbay in
      let count = try await patchbay.call("countTokens", ["model": "mine/m", "input": "12345678"])
      #expect(count["exact"] == false)
      #expect(count["tokens"] == 2)
    }
  }

  @Test("completeInline ends when it is cancelled")
  func cancel() async throws {
    try await withPatchbay { patchbay in
      let id = await patchbay.request(
        "completeInline", ["model": "echo/slow", "prefix": .string(words(2000)), "maxTokens": 2000])
      await patchbay.notify("$/cancelRequest", ["id": id])
      let error = try await patchbay.error(of: id)
      #expect(error.code == -32800)
    }
  }

  @Test("only models with an endpoint for holes have the capability infill")
  func capability() async throws {
    try await withPatchbay { patchbay in
      let models = try await patchbay.call("listModels", ["capabilities": ["infill"], "limit": 1000])
      let providers = Set((models["models"]?.array ?? []).compactMap { $0["provider"]?.string })
      #expect(providers.contains("echo"))
      #expect(!providers.contains("databricks"))
    }
  }

  @Test("listProviders says where data goes, where it is known")
  func dataPolicy() async throws {
    try await withPatchbay { patchbay in
      let providers = try #require(try await patchbay.call("listProviders")["providers"]?.array)
      #expect(providers.contains { $0["dataLocation"]?.string != nil })
      #expect(
        providers.first { $0["id"] == "altimate-backend" }?["login"]?.array?.map { $0["method"] } == [
          "apiKey", "ambient",
        ])
    }
  }
}
