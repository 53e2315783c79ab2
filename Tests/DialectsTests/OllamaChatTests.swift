import Completion
import Dialects
import JSON
import Testing

@Suite("Ollama's chat")
struct OllamaChatTests {
  let dialect = OllamaChat()

  @Test("a full request, byte for byte")
  func golden() throws {
    let messages: [Message] = [
      Message(role: .user, content: [.text("look"), .png]),
      Message(
        role: .assistant,
        content: [.reasoning(Reasoning(text: "hm")), .text("A"), .call("c1", "weather", ["city": "Rome"])]),
      Message(role: .tool, content: [.result("c1", "broken", isError: true)]),
      Message(.user, "go on"),
    ]
    let written = try dialect.write(
      ["numCtx": 8192, "keepAlive": -1, "body": ["x": 1]], messages: messages, stream: true,
      model: .with {
        $0.input = ["text", "image"]
        $0.reasoning = true
      }
    ) {
      $0.system = "S"
      $0.instructions = "I"
      $0.maxTokens = 9
      $0.temperature = 0.5
      $0.topP = 0.9
      $0.stop = ["a"]
      $0.seed = 7
      $0.reasoning = .level(.high)
      $0.tools = [.weather]
      $0.output = OutputFormat(schema: ["type": "object"])
      $0.extra = ["options": ["top_k": 3]]
    }
    let parameters = #"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#
    #expect(
      written.body.text == """
        {"model":"model-1","messages":[{"role":"system","content":"S\\n\\nI"},\
        {"role":"user","content":"look","images":["iVBO"]},\
        {"role":"assistant","content":"A","thinking":"hm","tool_calls":[{"id":"c1",\
        "function":{"name":"weather","arguments":{"city":"Rome"}}}]},\
        {"role":"tool","content":"Error: broken","tool_name":"weather","tool_call_id":"c1"},\
        {"role":"user","content":"go on"}],\
        "tools":[{"type":"function","function":{"name":"weather","description":"Tells it",\
        "parameters":\(parameters)}}],"stream":true,"think":true,"format":{"type":"object"},\
        "options":{"num_ctx":8192,"num_predict":9,"temperature":0.5,"top_p":0.9,"seed":7,"stop":["a"],"top_k":3},\
        "keep_alive":-1,"x":1}
        """)
    #expect(written.dropped == [])
  }

  @Test("the smallest request says that it wants no stream")
  func smallest() throws {
    let written = try dialect.write()
    #expect(written.body.text == #"{"model":"model-1","messages":[{"role":"user","content":"hi"}],"stream":false}"#)
    #expect(written.headers["accept"] == "application/json")
  }

  @Test(
    "the address may be that of the other API",
    arguments: ["http://localhost:11434", "http://localhost:11434/v1", "http://localhost:11434/api"])
  func address(_ baseURL: String) throws {
    let request = CompletionRequest(messages: [Message(.user, "hi")])
    let written = try dialect.write(request, at: .test(baseURL: baseURL))
    #expect(written.url == "http://localhost:11434/api/chat")
    #expect(written.headers["accept"] == "application/x-ndjson")
  }

  @Test("thinking is on, off or a level")
  func think() throws {
    func think(_ option: ReasoningOption, _ quirks: JSONObject = [:]) throws -> JSONValue? {
      try dialect.write(quirks, model: .with { $0.reasoning = true }) { $0.reasoning = option }.body["think"]
    }
    #expect(try think(.level(.off)) == false)
    #expect(try think(.level(.minimal)) == true)
    #expect(try think(.level(.max), ["thinkLevels": true]) == "high")
    #expect(try think(.level(.max), ["thinkLevels": true, "reasoningEfforts": ["max": "max"]]) == "max")
    #expect(try dialect.write { $0.reasoning = .level(.low) }.losses == ["reasoning"])
    #expect(try dialect.write { $0.reasoning = .level(.off) }.body["think"] == nil)
    let budget = try dialect.write(model: .with { $0.reasoning = true }) { $0.reasoning = .budget(500) }
    #expect(budget.losses == ["reasoning.budgetTokens"])
  }

  @Test("what it cannot do is reported, or refused where that changes the meaning")
  func losses() throws {
    let written = try dialect.write(messages: [Message(role: .user, content: [.png, .pdf])]) {
      $0.tools = [.weather]
      $0.parallelTools = true
      $0.cache = .long
      $0.serviceTier = .priority
    }
    #expect(
      written.losses == ["messages[0].content[0]", "messages[0].content[1]", "parallelTools", "cache", "serviceTier"])
    #expect(dialect.refusal(["supportsTools": false]) { $0.tools = [.weather] }?.path == "tools")
    for choice in [ToolChoice.required, .tool("weather")] {
      let error = dialect.refusal {
        $0.tools = [.weather]
        $0.toolChoice = choice
      }
      #expect(error?.kind == .unsupported)
      #expect(error?.path == "toolChoice")
    }
    let none = try dialect.write {
      $0.tools = [.weather]
      $0.toolChoice = ToolChoice.none
    }
    #expect(none.body["tools"] == nil)
    let link = Part.image(Media(mediaType: "image/png", source: .url("https://a/b")))
    #expect(
      try dialect.write(["supportsImages": true], messages: [Message(role: .user, content: [link])]).losses
        == ["messages[0].content[0]"])
  }

  // MARK: - Answers

  static let end =
    #"{"model":"m","message":{"content":""},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":2}"#
  func line(_ message: String) -> String { "{\"model\":\"m\",\"message\":\(message),\"done\":false}\n" }

  @Test("calls without ids get some, one after the other")
  func calls() {
    let call = #"{"content":"","tool_calls":[{"function":{"name":"f","arguments":{"x":1}}}]}"#
    let answer = dialect.decode(line(#"{"content":"","thinking":"hm"}"#) + line(call) + line(call) + Self.end)
    #expect(answer.reasoning == "hm")
    #expect(answer.calls.map(\.id) == ["call_0", "call_1"])
    #expect(answer.calls.map(\.arguments) == [#"{"x":1}"#, #"{"x":1}"#])
    #expect(answer.stop == .toolUse)
    #expect(answer.rawStop == "stop")
    #expect(answer.usage == Usage(input: 3, output: 2))
  }

  @Test("ends")
  func ends() {
    let hi = line(#"{"content":"hi"}"#)
    #expect(dialect.decode(hi + #"{"done":true,"done_reason":"length"}"#).stop == .length)
    #expect(dialect.decode(hi + #"{"done":true}"#).stop == .end)
    #expect(dialect.decode(hi + #"{"done":true}"#).usage == nil)
    #expect(dialect.decode(hi + #"{"done":true,"done_reason":"unload"}"#).warnings.count == 1)
    #expect(dialect.decode(hi).error?.kind == .upstreamInvalid)
    #expect(dialect.decode(hi).error?.message.contains("cut off") == true)
    #expect(dialect.decode("").error?.kind == .upstreamInvalid)
    #expect(dialect.decode(#"{"done":true,"done_reason":"load"}"#).error?.kind == .upstreamInvalid)
    #expect(
      dialect.decode("\n\r\n" + hi + "\n" + Self.end + "\n\n" + hi).warnings == [
        "the provider went on after the end of its answer"
      ])
  }

  @Test("errors in the middle, and what is no JSON")
  func errors() {
    let answer = dialect.decode(
      line(#"{"content":"hi"}"#) + #"{"error":"an error was encountered while running the model"}"#)
    #expect(answer.text == "hi")
    #expect(answer.error?.kind == .upstreamError)
    #expect(answer.error?.message == "an error was encountered while running the model")
    #expect(dialect.decode("{oops\n").error?.kind == .upstreamInvalid)
    #expect(dialect.decode("[]\n").error?.kind == .upstreamInvalid)
    #expect(dialect.decodeWhole(["error": "model 'x' not found"]).error?.kind == .modelNotFound)
  }
}
