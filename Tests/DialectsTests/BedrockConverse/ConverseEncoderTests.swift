import Completion
import Dialects
import HTTP
import JSON
import Testing

@Suite("Bedrock: requests")
struct ConverseEncoderTests {
  let dialect = BedrockConverse()

  static func claude(_ id: String = "us.anthropic.claude-sonnet-4-5-20250929-v1:0") -> ModelInfo {
    .with {
      $0.id = id
      $0.reasoning = true
      $0.input = ["text", "image", "pdf"]
      $0.thinkingBudget = ThinkingBudget(min: 1024)
    }
  }

  static func adaptive(_ id: String = "anthropic.claude-opus-4-7") -> ModelInfo {
    .with {
      $0.id = id
      $0.reasoning = true
      $0.efforts = ["low", "medium", "high", "xhigh", "max"]
      $0.temperature = false
    }
  }

  @Test("a full request, byte for byte")
  func golden() throws {
    let messages: [Message] = [
      Message(role: .user, content: [.text("look"), .png, .pdf]),
      Message(
        role: .assistant,
        content: [
          .reasoning(Reasoning(text: "hm", signature: "SIG")), .text("A"), .call("c1", "weather", ["city": "Rome"]),
          .call("c2", "weather"),
        ]),
      Message(role: .tool, content: [.result("c1", "sunny")]),
      Message(role: .tool, content: [.result("c2", "broken", isError: true)]),
      Message(.user, "go on"),
    ]
    let written = try dialect.write(messages: messages, stream: true, session: "s", model: Self.claude()) {
      $0.system = "S"
      $0.instructions = "I"
      $0.maxTokens = 500
      $0.stop = ["END"]
      $0.reasoning = .level(.low)
      $0.tools = [.weather]
      $0.serviceTier = .priority
      $0.cache = .long
      $0.extra = ["requestMetadata": ["a": "b"]]
    }
    let schema = #"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#
    #expect(
      written.body.text
        == (try json(
          """
          {"system":[{"text":"S"},{"cachePoint":{"type":"default","ttl":"1h"}},{"text":"I"},
            {"cachePoint":{"type":"default","ttl":"1h"}}],
          "messages":[
            {"role":"user","content":[{"text":"look"},{"image":{"format":"png","source":{"bytes":"iVBO"}}},
              {"document":{"format":"pdf","name":"a pdf","source":{"bytes":"JVBE"}}}]},
            {"role":"assistant","content":[
              {"reasoningContent":{"reasoningText":{"text":"hm","signature":"SIG"}}},{"text":"A"},
              {"toolUse":{"toolUseId":"c1","name":"weather","input":{"city":"Rome"}}},
              {"toolUse":{"toolUseId":"c2","name":"weather","input":{}}}]},
            {"role":"user","content":[
              {"toolResult":{"toolUseId":"c1","content":[{"text":"sunny"}]}},
              {"toolResult":{"toolUseId":"c2","content":[{"text":"broken"}],"status":"error"}},
              {"text":"go on"},{"cachePoint":{"type":"default","ttl":"1h"}}]}],
          "toolConfig":{"tools":[{"toolSpec":{"name":"weather","description":"Tells it",
            "inputSchema":{"json":\(schema)}}}]},
          "inferenceConfig":{"maxTokens":2548,"stopSequences":["END"]},
          "additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":2048},
            "anthropic_beta":["interleaved-thinking-2025-05-14"]},
          "additionalModelResponseFieldPaths":["/stop_sequence"],
          "serviceTier":{"type":"priority"},
          "requestMetadata":{"a":"b"}}
          """)).text)
    #expect(written.dropped == [])
    #expect(written.headers["accept"] == "application/vnd.amazon.eventstream")
    #expect(
      written.url
        == "https://host.test/v1/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream")
  }

  @Test("a request that asks for nothing holds the messages alone")
  func minimal() throws {
    let written = try dialect.write()
    #expect(written.body == (try json(#"{"messages":[{"role":"user","content":[{"text":"hi"}]}]}"#)))
    #expect(written.url == "https://host.test/v1/model/model-1/converse")
    #expect(written.headers["accept"] == "application/json")
  }

  // MARK: - Messages

  private func messages(_ messages: [Message], model: ModelInfo = .with { _ in }) throws -> JSONValue? {
    try dialect.write(messages: messages, model: model) { $0.cache = .off }.body["messages"]
  }

  @Test("blank texts are left out, and a block stands where one must be")
  func blankTexts() throws {
    #expect(try messages([Message(.user, " \n")]) == json(#"[{"role":"user","content":[{"text":"<empty>"}]}]"#))
    let toolTurn: [Message] = [
      Message(.user, "a"), Message(role: .assistant, content: [.call("c", "f")]),
      Message(role: .tool, content: [.result("c", "")]),
    ]
    #expect(try messages(toolTurn)?[2]?["content"]?[0]?["toolResult"]?["content"] == json(#"[{"text":"<empty>"}]"#))
    let document = try messages([Message(role: .user, content: [.pdf])], model: Self.claude())
    #expect(document?[0]?["content"]?[0]?["document"] != nil)
    #expect(document?[0]?["content"]?[1] == ["text": "<empty>"])
  }

  @Test("the user speaks first, roles alternate, and system messages become what there is")
  func roles() throws {
    let written = try dialect.write(messages: [
      Message(.system, "first"), Message(.assistant, "hello"), Message(.user, "a"), Message(.system, "later"),
      Message(.user, "b"),
    ]) { $0.system = "S" }
    #expect(written.body["system"] == (try json(#"[{"text":"S"},{"text":"first"}]"#)))
    #expect(
      written.body["messages"]
        == (try json(
          """
          [{"role":"user","content":[{"text":"<empty>"}]},{"role":"assistant","content":[{"text":"hello"}]},
           {"role":"user","content":[{"text":"a"},{"text":"later"},{"text":"b"}]}]
          """)))
  }

  @Test("names of documents are what AWS takes, and each stands once")
  func documentNames() throws {
    func name(_ name: String?) -> Part {
      .file(Media(mediaType: "application/pdf", source: .data("JVBE")), name: name)
    }
    let parts = [
      "a.b__c  d.pdf", "Größe (1) [x]-y", nil, nil, "…", "a b c d pdf", String(repeating: "x", count: 300),
    ].map(name)
    let content = try messages([Message(role: .user, content: parts + [.text("?")])], model: Self.claude())?[0]?[
      "content"]
    let names = (content?.array ?? []).compactMap { $0["document"]?["name"]?.string }
    #expect(
      names == [
        "a b c d pdf", "Gr e (1) [x]-y", "document", "document (2)", "document (3)", "a b c d pdf (2)",
        String(repeating: "x", count: 192),
      ])
  }

  @Test("media in a format that AWS lacks are said to be missing")
  func unknownMedia() throws {
    let parts: [Part] = [
      .image(Media(mediaType: "image/tiff", source: .data("AAAA"))),
      .file(Media(mediaType: "application/zip", source: .data("AAAA")), name: "a.zip"), .text("?"),
    ]
    let written = try dialect.write(messages: [Message(role: .user, content: parts)], model: Self.claude())
    #expect(written.losses == ["image", "file"])
    #expect(!written.body.text.contains("AAAA"))
    let image = Part.image(Media(mediaType: "image/png", source: .url("https://a.test/b.png")))
    let remote = try dialect.write(messages: [Message(role: .user, content: [image])], model: Self.claude())
    #expect(remote.losses == ["messages[0].content[0]"])
  }

  @Test("images in tool results go along")
  func imageResult() throws {
    let turn: [Message] = [
      Message(.user, "a"), Message(role: .assistant, content: [.call("c", "f")]),
      Message(role: .tool, content: [.toolResult(ToolResult(toolCallId: "c", content: [.text("see"), .png]))]),
    ]
    #expect(
      try messages(turn, model: Self.claude())?[2]?["content"]?[0]?["toolResult"]?["content"]
        == json(#"[{"text":"see"},{"image":{"format":"png","source":{"bytes":"iVBO"}}}]"#))
  }

  @Test("ids of calls that AWS refuses are replaced on both sides")
  func callIds() throws {
    let id = String(repeating: "call|1", count: 20)
    let turn: [Message] = [
      Message(.user, "a"), Message(role: .assistant, content: [.call(id, "f")]),
      Message(role: .tool, content: [.result(id, "r")]),
    ]
    let written = try messages(turn)
    let sent = try #require(written?[1]?["content"]?[0]?["toolUse"]?["toolUseId"]?.string)
    #expect(sent.utf8.count <= 64 && !sent.contains("|"))
    #expect(written?[2]?["content"]?[0]?["toolResult"]?["toolUseId"]?.string == sent)
  }

  // MARK: - Reasoning that goes back

  private func replay(_ reasoning: Reasoning, to model: ModelInfo, by origin: Origin? = nil) throws -> [JSONValue] {
    let answer = Message(role: .assistant, content: [.reasoning(reasoning), .text("A")], origin: origin)
    let written = try messages([Message(.user, "a"), answer, Message(.user, "b")], model: model)
    return written?[1]?["content"]?.array ?? []
  }

  @Test("thoughts go back to the same model as they came")
  func replaySame() throws {
    let claude = Self.claude()
    #expect(
      try replay(Reasoning(text: "", signature: "SIG"), to: claude).first
        == json(#"{"reasoningContent":{"reasoningText":{"text":"","signature":"SIG"}}}"#))
    let sealed = Reasoning(text: "", redacted: true, opaque: ["redactedContent": "QUJD"])
    #expect(try replay(sealed, to: claude).first == json(#"{"reasoningContent":{"redactedContent":"QUJD"}}"#))
    // Without a seal, Claude would not believe it.
    #expect(try replay(Reasoning(text: "hm"), to: claude).first == ["text": "hm"])
  }

  @Test("models without seals get the thought without")
  func replayUnsealed() throws {
    let model = ModelInfo.with { $0.id = "deepseek.r1-v1:0" }
    let expected = try json(#"{"reasoningContent":{"reasoningText":{"text":"hm"}}}"#)
    #expect(try replay(Reasoning(text: "hm"), to: model).first == expected)
    #expect(try replay(Reasoning(text: "hm", signature: "SIG"), to: model).first == expected)
    #expect(try replay(Reasoning(text: " "), to: model) == [["text": "A"]])
  }

  @Test("another model gets the words alone")
  func replayForeign() throws {
    let other = Origin(provider: "prov", api: dialect.api, model: "other")
    let blocks = try replay(Reasoning(text: "hm", signature: "SIG"), to: Self.claude(), by: other)
    #expect(blocks == [["text": "hm"], ["text": "A"]])
    let sealed = Reasoning(text: "", redacted: true, opaque: ["redactedContent": "QUJD"])
    #expect(try replay(sealed, to: Self.claude(), by: other) == [["text": "A"]])
  }

  // MARK: - Caching

  @Test("cache points stand where a model takes them, and only there")
  func cachePoints() throws {
    func points(
      _ id: String, quirks: JSONObject = [:], variables: [String: String] = [:],
      _ change: (inout CompletionOptions) -> Void = { _ in }
    ) throws -> (count: Int, losses: [String]) {
      var options = CompletionOptions()
      (options.system, options.instructions) = ("S", "I")
      change(&options)
      var endpoint = Endpoint.test(quirks, .with { $0.id = id })
      endpoint.variables = variables
      let request = CompletionRequest(messages: [Message(.user, "a")], options: options)
      let written = try dialect.write(request, at: endpoint)
      return (
        written.body.text.split(separator: "cachePoint\"", omittingEmptySubsequences: false).count - 1, written.losses
      )
    }
    for id in [
      "anthropic.claude-3-5-haiku-20241022-v1:0", "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
      "eu.anthropic.claude-sonnet-4-20250514-v1:0", "anthropic.claude-opus-5", "global.anthropic.claude-sonnet-5-v1",
    ] { #expect(try points(id).count == 3, "\(id)") }
    for id in ["anthropic.claude-3-haiku-20240307-v1:0", "amazon.nova-pro-v1:0", "arn:aws:bedrock:eu-west-1:1:x/y"] {
      #expect(try points(id).count == 0, "\(id)")
      #expect(try points(id, variables: ["forceCache": "1"]).count == 3)
      #expect(try points(id, quirks: ["supportsCachePoints": true]).count == 3)
      #expect(try points(id) { $0.cache = .long }.losses == ["cache"])
    }
    let claude = "us.anthropic.claude-sonnet-4-20250514-v1:0"
    #expect(try points(claude) { $0.cache = .off }.count == 0)
    #expect(try points(claude) { $0.cachesSystem = false }.count == 2)
    #expect(
      try points(claude) {
        $0.cachesSystem = false
        $0.cachesInstructions = false
      }.count == 1)
    // Before 4.5 there is no longer time.
    #expect(try points(claude) { $0.cache = .long }.losses == ["cache"])
  }

  // MARK: - Options

  @Test("what there is no field for is dropped and said")
  func dropped() throws {
    let written = try dialect.write {
      $0.seed = 7
      $0.serviceTier = .default
      $0.tools = [.weather]
      $0.parallelTools = false
    }
    #expect(written.losses == ["parallelTools", "seed"])
    #expect(written.body["serviceTier"] == nil)
  }

  @Test("sampling options go along, except to models that refuse them")
  func sampling() throws {
    func config(_ model: ModelInfo, quirks: JSONObject = [:]) throws -> Written {
      try dialect.write(quirks, model: model) {
        $0.temperature = 0.5
        $0.topP = 0.25
        $0.maxTokens = 9
        $0.stop = ["x"]
      }
    }
    #expect(
      try config(.with { _ in }).body["inferenceConfig"]
        == json(#"{"maxTokens":9,"temperature":0.5,"topP":0.25,"stopSequences":["x"]}"#))
    let strict = try config(Self.adaptive())
    #expect(strict.losses == ["temperature", "topP"])
    #expect(strict.body["inferenceConfig"] == (try json(#"{"maxTokens":9,"stopSequences":["x"]}"#)))
    #expect(try config(.with { _ in }, quirks: ["refuses": ["stop", "maxTokens"]]).losses == ["maxTokens", "stop"])
  }

  @Test("fields of the quirk and of the call come last")
  func extra() throws {
    let written = try dialect.write(["body": ["guardrailConfig": ["trace": "enabled"], "x": 1]]) {
      $0.extra = ["x": 2, "inferenceConfig": ["topK": 3]]
      $0.maxTokens = 5
    }
    #expect(written.body["x"] == 2)
    #expect(written.body["guardrailConfig"] == ["trace": "enabled"])
    #expect(written.body["inferenceConfig"] == ["maxTokens": 5, "topK": 3])
  }

  @Test("a quirk that is not known, or not for this model, is named")
  func quirks() throws {
    #expect(throws: JSONFieldError.self) { try dialect.validate(quirks: ["thinking": "budget"]) }
    #expect(throws: JSONFieldError.self) { try dialect.validate(quirks: ["thinkingFormat": "loud"]) }
    #expect(throws: JSONFieldError.self) { try dialect.validate(quirks: ["models": ["x": ["y": 1]]]) }
    #expect(throws: JSONFieldError.self) { try dialect.validate(quirks: ["models": ["x": ["models": [:]]]]) }
    try dialect.validate(quirks: ["models": ["abc": ["supportsSignature": true]], "refuses": ["stop"]])
    let quirks: JSONObject = ["models": ["model-": ["supportsCachePoints": true], "other": ["refuses": ["topP"]]]]
    let written = try dialect.write(quirks) { $0.topP = 0.5 }
    #expect(written.losses == [])
    #expect(written.body.text.contains("cachePoint"))
    #expect(dialect.refusal(["models": ["zzz": ["embedding": "loud"]]])?.path == "quirks.models.zzz.embedding")
  }
}
