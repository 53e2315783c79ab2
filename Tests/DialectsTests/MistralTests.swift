import Completion
import Dialects
import JSON
import Testing

@Suite("Mistral")
struct MistralTests {
  let dialect = Mistral()
  static let origin = Origin(provider: "prov", api: "mistral", model: "model-1")

  // MARK: - Requests

  @Test("a full request, byte for byte")
  func golden() throws {
    let messages: [Message] = [
      Message(.user, "hi"), Message(role: .assistant, content: [.call("call_0123456789", "weather", ["city": "Rome"])]),
      Message(role: .tool, content: [.result("call_0123456789", "sunny")]),
    ]
    let written = try dialect.write(messages: messages, stream: true, session: "s-1") {
      $0.system = "Be kind."
      $0.maxTokens = 100
      $0.temperature = 0.5
      $0.stop = ["a"]
      $0.seed = 7
      $0.tools = [.weather]
      $0.toolChoice = .required
      $0.parallelTools = false
      $0.output = OutputFormat(schema: ["type": "object"])
    }
    let id = try #require(written.body["messages"]?[2]?["tool_calls"]?[0]?["id"]?.string)
    #expect(
      id.utf8.count == 9 && id.utf8.allSatisfy { Character(Unicode.Scalar($0)).isLetter || (48...57).contains($0) })
    let parameters = #"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#
    #expect(
      written.body.text == """
        {"model":"model-1","messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"hi"},\
        {"role":"assistant","content":null,"tool_calls":[{"id":"\(id)","type":"function",\
        "function":{"name":"weather","arguments":"{\\"city\\":\\"Rome\\"}"}}]},\
        {"role":"tool","tool_call_id":"\(id)","content":"sunny","name":"weather"}],\
        "tools":[{"type":"function","function":{"name":"weather","description":"Tells it",\
        "parameters":\(parameters),"strict":false}}],"tool_choice":"any","parallel_tool_calls":false,\
        "stream":true,"max_tokens":100,"temperature":0.5,"stop":["a"],"random_seed":7,\
        "response_format":{"type":"json_schema","json_schema":{"name":"answer","strict":false,\
        "schema":{"type":"object"}}},"prompt_cache_key":"s-1"}
        """)
    #expect(written.dropped == [])
    #expect(written.url == "https://host.test/v1/chat/completions")
    #expect(written.headers["x-affinity"] == "s-1")
  }

  @Test("nothing of a session goes out when caching is off")
  func noCache() throws {
    let written = try dialect.write(session: "s-1") { $0.cache = .off }
    #expect(written.headers["x-affinity"] == nil)
    #expect(written.body["prompt_cache_key"] == nil)
  }

  @Test("a provider's own quirks stand over the family's")
  func override() throws {
    let written = try dialect.write(["seedField": "seed", "sessionHeaders": []], session: "s") { $0.seed = 1 }
    #expect(written.body["seed"] == 1)
    #expect(written.headers["x-affinity"] == nil)
    #expect(throws: JSONFieldError.self) { try dialect.validate(quirks: ["seedfield": "x"]) }
  }

  @Test("a forced tool is named, some tool is \"any\"")
  func toolChoice() throws {
    let some = try dialect.write {
      $0.tools = [.weather]
      $0.toolChoice = .required
    }
    #expect(some.body["tool_choice"] == "any")
    let one = try dialect.write {
      $0.tools = [.weather]
      $0.toolChoice = .tool("weather")
    }
    #expect(one.body["tool_choice"] == ["type": "function", "function": ["name": "weather"]])
  }

  @Test("documents go as document_url parts")
  func documents() throws {
    let link = Media(mediaType: "application/pdf", source: .url("https://a/b.pdf"))
    let written = try dialect.write(messages: [Message(role: .user, content: [.pdf, .file(link, name: nil)])])
    let expected = try json(
      """
      [{"type":"document_url","document_url":"data:application/pdf;base64,JVBE","document_name":"a.pdf"},
       {"type":"document_url","document_url":"https://a/b.pdf","document_name":"file.pdf"}]
      """)
    #expect(written.body["messages"]?[0]?["content"] == expected)
    #expect(written.dropped == [])
  }

  @Test("what the assistant began is marked as a prefix, and only at the end")
  func prefix() throws {
    let messages = [Message(.user, "a"), Message(.assistant, "b"), Message(.user, "c"), Message(.assistant, "d")]
    let written = try dialect.write(messages: messages).body["messages"]?.array ?? []
    #expect(written[1]["prefix"] == nil)
    #expect(written[3] == ["role": "assistant", "content": "d", "prefix": true])
  }

  // MARK: - Thinking

  @Test("Magistral is switched by its prompt mode, later models by their effort")
  func thinking() throws {
    let magistral = ModelInfo.with { $0.reasoning = true }
    let on = try dialect.write(model: magistral) { $0.reasoning = .level(.low) }
    #expect(on.body["prompt_mode"] == "reasoning")
    #expect(on.body["reasoning_effort"] == nil)
    #expect(on.dropped == [])
    let off = try dialect.write(model: magistral) { $0.reasoning = .level(.off) }
    #expect(off.body["prompt_mode"] == nil)
    #expect(off.losses == ["reasoning"])
    let small = ModelInfo.with {
      $0.reasoning = true
      $0.efforts = ["none", "high"]
    }
    for (level, word) in [(ReasoningLevel.off, "none"), (.minimal, "high"), (.high, "high"), (.max, "high")] {
      let written = try dialect.write(model: small) { $0.reasoning = .level(level) }
      #expect(written.body["reasoning_effort"] == .string(word), "\(level)")
      #expect(written.body["prompt_mode"] == nil)
    }
  }

  @Test("thoughts go back as parts to the model that had them, and as text to any other")
  func replay() throws {
    let thought = Reasoning(text: "hm", opaque: ["field": "thinking"])
    func content(_ origin: Origin?, _ parts: [Part]) throws -> JSONValue? {
      let message = Message(role: .assistant, content: parts, origin: origin)
      return try dialect.write(messages: [Message(.user, "a"), message, Message(.user, "b")])
        .body["messages"]?[1]?["content"]
    }
    let parts = try json(
      #"[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"A"}]"#)
    #expect(try content(Self.origin, [.reasoning(thought), .text("A")]) == parts)
    #expect(try content(nil, [.reasoning(Reasoning(text: "hm")), .text("A")]) == parts)
    var other = Self.origin
    other.model = "model-2"
    #expect(try content(other, [.reasoning(thought), .text("A")]) == "hm\n\nA")
    let call = try dialect.write(messages: [
      Message(.user, "a"), Message(role: .assistant, content: [.reasoning(thought), .call("abcdefgh9", "f")]),
      Message(role: .tool, content: [.result("abcdefgh9", "r")]),
    ])
    #expect(call.body["messages"]?[1]?["content"]?.array?.count == 1)
    #expect(call.body["messages"]?[1]?["tool_calls"]?[0]?["id"] == "abcdefgh9")
  }

  // MARK: - Answers

  static func chunk(_ delta: String, _ finish: String = "null", _ more: String = "") -> String {
    #"data: {"id":"i","model":"m","choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(finish)}]\#(more)}"#
      + "\n\n"
  }
  static let usage =
    #","usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"num_cached_tokens":5,"service_tier":"standard"}"#
  static let pieces = [
    chunk(#"{"role":"assistant","content":""}"#),
    chunk(#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"h"}]}]}"#),
    chunk(
      #"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"m"},{"type":"reference","reference_ids":[1]}]}]}"#
    ),
    chunk(#"{"content":[{"type":"text","text":"A"},{"type":"reference","reference_ids":[1]}]}"#),
    chunk(#"{"content":"B"}"#),
    chunk(
      #"{"tool_calls":[{"id":"abcdefgh9","index":0,"function":{"name":"f","arguments":{"x":1}}}]}"#, #""tool_calls""#,
      usage),
  ]

  @Test("thoughts, text as text and as parts, calls with arguments that are no text, counts")
  func answer() throws {
    let answer = dialect.decode(Self.pieces.joined() + "data: [DONE]\n\n")
    #expect(answer.error == nil)
    #expect(answer.reasoning == "hm")
    #expect(answer.text == "AB")
    #expect(answer.opaque == ["field": "thinking"])
    #expect(answer.calls.map(\.arguments) == [#"{"x":1}"#])
    #expect(answer.stop == .toolUse)
    #expect(answer.usage == Usage(input: 4, output: 4, cacheRead: 5))
    #expect(answer.tier == "standard")
    #expect(answer.warnings == [])
  }

  @Test("a stream that ends too early is an error, wherever it ends")
  func truncation() {
    for count in 0..<Self.pieces.count {
      let answer = dialect.decode(Self.pieces.prefix(count).joined())
      #expect(answer.error?.kind == .upstreamInvalid, "\(count)")
      #expect(answer.stop == nil)
    }
    #expect(dialect.decode(Self.pieces.joined()).error == nil)
  }

  @Test(
    "the ends that Mistral has words for",
    arguments: [
      ("model_length", .length, nil), ("length", .length, nil), ("stop", .end, nil), ("error", nil, .upstreamError),
    ] as [(String, StopReason?, ErrorKind?)])
  func ends(_ raw: String, _ stop: StopReason?, _ kind: ErrorKind?) {
    let answer = dialect.decode(Self.chunk(#"{"content":"A"}"#, "\"\(raw)\"") + "data: [DONE]\n\n")
    #expect(answer.stop == stop)
    #expect(answer.error?.kind == kind)
  }

  @Test("an error in the middle of a stream")
  func midStream() {
    let error =
      #"data: {"object":"error","message":"Service tier capacity exceeded","type":"service_tier_capacity_exceeded","code":"3505"}"#
    let answer = dialect.decode(Self.pieces[0] + Self.pieces[3] + error + "\n\n")
    #expect(answer.text == "A")
    #expect(answer.error?.message == "Service tier capacity exceeded")
    #expect(answer.error?.upstreamCode == "3505")
    #expect(answer.error?.kind == .rateLimited)
  }
}
