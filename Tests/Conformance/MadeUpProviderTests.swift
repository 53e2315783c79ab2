internal import JSON
internal import TestSupport
internal import Testing
internal import Upstream

/// A provider that nobody has heard of is one entry in the config file, whichever of the usual APIs it speaks.
@Suite("A provider of one's own", .timeLimit(.minutes(1)))
struct MadeUpProviderTests {
  /// An API, the path below the base URL at which it is asked, and the header that carries the key.
  struct Family: Sendable, CustomTestStringConvertible {
    var api: String
    var base: String
    var path: String
    var header: String
    var answer: String
    var testDescription: String { api }
  }

  static let families = [
    Family(
      api: "openai", base: "/v1", path: "/v1/chat/completions", header: "authorization",
      answer: #"{"id":"1","model":"acme-1","choices":[{"index":0,"message":{"content":"Hi!"},"finish_reason":"stop"}]}"#
    ),
    Family(
      api: "openai-responses", base: "/v1", path: "/v1/responses", header: "authorization",
      answer: """
        {"id":"1","object":"response","model":"acme-1","status":"completed","output":[{"type":"message","id":"m",\
        "role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hi!","annotations":[]}]}]}
        """),
    Family(
      api: "anthropic", base: "", path: "/v1/messages", header: "x-api-key",
      answer: """
        {"id":"1","type":"message","role":"assistant","model":"acme-1","content":[{"type":"text","text":"Hi!"}],\
        "stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}
        """),
    Family(
      api: "gemini", base: "/v1beta", path: "/v1beta/models/acme-1:generateContent", header: "x-goog-api-key",
      answer: #"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi!"}]},"finishReason":"STOP"}]}"#),
  ]

  @Test("is in every list, answers, and the doctor knows it", arguments: families)
  func oneEntry(_ family: Family) async throws {
    let upstream = try Upstream { _, exchange in
      try exchange.respond(headers: [("content-type", "application/json")], body: Array(family.answer.utf8))
    }
    let home = try TemporaryFolder()
    try home.write(config: [
      "providers": [
        "acme": [
          "api": .string(family.api), "baseURL": .string(upstream.url + family.base),
          "apiKey": .string(PlantedSecret.key("acme")),
          "models": ["acme-1": ["name": "Acme One", "contextWindow": 9000]],
        ]
      ]
    ])
    try await withPatchbay(home: home) { patchbay in
      let providers = try await patchbay.call("listProviders")["providers"]?.array ?? []
      let listed = try #require(providers.first { $0["id"] == "acme" })
      #expect(listed["status"] == "ready")
      #expect(listed["defaultModel"] == "acme-1")
      let models = try await patchbay.call("listModels", ["provider": "acme"])["models"]?.array ?? []
      #expect(models.map { $0["id"] } == ["acme/acme-1"])
      #expect(models.first?["contextWindow"] == 9000)
      let result = try await patchbay.call("complete", ["model": "acme/acme-1", "input": "hello", "stream": false])
      #expect(text(of: result["message"]) == "Hi!")
    }
    let request = try #require(upstream.requests.last)
    #expect(request.path == family.path)
    #expect(request.header(family.header)?.hasSuffix(PlantedSecret.key("acme")) == true)
    let doctor = try ChildProcess(
      PatchbayProcess.binary(), ["doctor"], environment: PatchbayProcess.environment(home: home))
    doctor.closeInput()
    _ = try await doctor.waitForExit()
    #expect(doctor.outputText.contains("acme"))
  }
}
