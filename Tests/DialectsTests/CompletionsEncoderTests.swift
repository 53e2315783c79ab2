import Completion
import Dialects
import HTTP
import JSON
import Testing

@Suite("Chat completions: requests")
struct CompletionsEncoderTests {
  let dialect = OpenAICompletions()

  /// The quirks of a server that takes all that OpenAI does.
  static let openAI: JSONObject = [
    "supportsStore": true, "supportsDeveloperRole": true, "supportsReasoningEffort": true,
    "maxTokensField": "max_completion_tokens", "supportsStrictMode": true, "supportsServiceTier": true,
    "promptCacheKey": "always", "supportsLongCacheRetention": true, "fileInput": "data", "maxStopSequences": 4,
    "reasoningEfforts": ["off": "none", "minimal": "minimal", "max": "xhigh"],
  ]

  // MARK: - The whole

  @Test("a full request to OpenAI, byte for byte")
  func golden() throws {
    let written = try dialect.write(
      Self.openAI, stream: true, session: "s-1",
      model: .with {
        $0.id = "gpt"
        $0.reasoning = true
      }
    ) {
      $0.system = "Be kind."
      $0.instructions = "Use tabs."
      $0.maxTokens = 100
      $0.temperature = 0.5
      $0.topP = 1
      $0.stop = ["a", "b"]
      $0.seed = 7
      $0.reasoning = .level(.high)
      $0.tools = [.weather]
      $0.toolChoice = .required
      $0.parallelTools = false
      $0.serviceTier = .flex
      $0.cache = .long
      $0.extra = ["user": "u", "stream_options": ["x": 1], "seed": 8]
    }
    let parameters = #"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#
    #expect(
      written.body.text == """
        {"model":"gpt","messages":[{"role":"developer","content":"Be kind.\\n\\nUse tabs."},\
        {"role":"user","content":"hi"}],\
        "tools":[{"type":"function","function":{"name":"weather","description":"Tells it",\
        "parameters":\(parameters),"strict":false}}],"tool_choice":"required","parallel_tool_calls":false,\
        "stream":true,"stream_options":{"include_usage":true,"x":1},\
        "max_completion_tokens":100,"temperature":0.5,"top_p":1,"stop":["a","b"],"seed":8,\
        "store":false,"service_tier":"flex","reasoning_effort":"high",\
        "prompt_cache_key":"s-1","prompt_cache_retention":"24h","user":"u"}
        """)
    #expect(written.dropped == [])
    #expect(written.url == "https://host.test/v1/chat/completions")
    #expect(written.headers == ["content-type": "application/json", "accept": "text/event-stream"])
  }

  @Test("an unknown server gets the least, and hears of what it does not get")
  func unknownServer() throws {
    let written = try dialect.write(model: .with { $0.reasoning = true }) {
      $0.system = "S"
      $0.maxTokens = 5
      $0.tools = [.weather]
      $0.reasoning = .level(.low)
      $0.serviceTier = .priority
      $0.cache = .long
    }
    #expect(written.body["max_tokens"] == 5)
    #expect(written.body["messages"]?[0]?["role"] == "system")
    #expect(written.body["tools"]?[0]?["function"]?["strict"] == nil)
    for field in ["store", "stream", "reasoning_effort", "service_tier", "prompt_cache_key", "parallel_tool_calls"] {
      #expect(written.body[field] == nil, "\(field)")
    }
    #expect(written.losses == ["serviceTier", "reasoning", "cache"])
    #expect(written.headers["accept"] == "application/json")
  }

  @Test("the key goes where the endpoint says, and headers of the same name replace each other")
  func headers() throws {
    var endpoint = Endpoint.test()
    endpoint.apiKey = Secret("k")
    let request = CompletionRequest(messages: [Message(.user, "hi")])
    #expect(try dialect.write(request, at: endpoint).headers["authorization"] == "Bearer k")
    endpoint.authHeader = "cf-aig-authorization"
    #expect(try dialect.write(request, at: endpoint).headers["cf-aig-authorization"] == "Bearer k")
    endpoint.authHeader = "api-key"
    endpoint.headers = [HTTPHeader("X-A", "1"), HTTPHeader("x-a", "2"), HTTPHeader("Accept", "")]
    let headers = try dialect.write(request, at: endpoint).headers
    #expect(headers == ["content-type": "application/json", "api-key": "k", "x-a": "2"])
  }

  // MARK: - Messages

  @Test("a conversation with tools, images and reasoning")
  func conversation() throws {
    let origin = Origin(provider: "prov", api: "openai-completions", model: "model-1")
    let opaque: JSONValue = ["field": "reasoning", "details": [["type": "reasoning.text", "text": "hm", "index": 0]]]
    let messages: [Message] = [
      Message(
        role: .user,
        content: [.text("look"), .png, .image(Media(mediaType: "image/png", source: .url("https://a/b.png")))]),
      Message(
        role: .assistant,
        content: [
          .reasoning(Reasoning(text: "hm", opaque: opaque)), .text("Calling."),
          .call("c1", "weather", ["city": "Rome"]),
          .call("c2", "weather"),
        ], origin: origin),
      Message(role: .tool, content: [.toolResult(ToolResult(toolCallId: "c1", content: [.png]))]),
      Message(role: .tool, content: [.result("c2", "no city", isError: true)]),
      Message(.user, "and?"),
    ]
    let written = try dialect.write(
      ["requiresToolResultName": true], messages: messages, model: .with { $0.input = ["text", "image"] })
    let image = #"{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO"}}"#
    let expected = try json(
      """
      [{"role":"user","content":[{"type":"text","text":"look"},\(image),
        {"type":"image_url","image_url":{"url":"https://a/b.png"}}]},
       {"role":"assistant","content":"Calling.","reasoning":"hm",
        "reasoning_details":[{"type":"reasoning.text","text":"hm","index":0}],
        "tool_calls":[
          {"id":"c1","type":"function","function":{"name":"weather","arguments":"{\\"city\\":\\"Rome\\"}"}},
          {"id":"c2","type":"function","function":{"name":"weather","arguments":"{}"}}]},
       {"role":"tool","tool_call_id":"c1","content":"(see the attachment below)","name":"weather"},
       {"role":"tool","tool_call_id":"c2","content":"Error: no city","name":"weather"},
       {"role":"user","content":[{"type":"text","text":"Attached by the tools above:"},\(image)]},
       {"role":"user","content":"and?"}]
      """)
    #expect(written.body["messages"] == expected)
    #expect(written.dropped == [])
  }

  @Test("a call without text has null content, or an empty one where a server wants it, and a bridge after its result")
  func bridges() throws {
    let messages: [Message] = [
      Message(.user, "hi"), Message(role: .assistant, content: [.call("c1", "f")]),
      Message(role: .tool, content: [.result("c1", "")]), Message(.user, "go on"),
    ]
    let plain = try dialect.write(messages: messages).body["messages"]?.array ?? []
    #expect(plain.count == 4)
    #expect(plain[1]["content"] == .null)
    #expect(plain[2]["content"] == "(no output)")
    #expect(plain[2]["name"] == nil)
    let bridged =
      try dialect.write(["requiresAssistantAfterToolResult": true], messages: messages).body["messages"]?.array ?? []
    #expect(bridged.map { $0["role"]?.string } == ["user", "assistant", "tool", "assistant", "user"])
    #expect(bridged[1]["content"] == "")
  }

  @Test("earlier reasoning goes back in its field, as text, or into a field that must be there")
  func reasoningReplay() throws {
    func assistant(_ quirks: JSONObject, _ reasoning: Reasoning) throws -> JSONValue? {
      let message = Message(role: .assistant, content: [.reasoning(reasoning), .text("A")])
      return try dialect.write(quirks, messages: [Message(.user, "hi"), message, Message(.user, "go on")])
        .body["messages"]?[1]
    }
    let named = Reasoning(text: "R", opaque: ["field": "reasoning_text"])
    #expect(try assistant([:], named) == ["role": "assistant", "content": "A", "reasoning_text": "R"])
    #expect(try assistant([:], Reasoning(text: "R")) == ["role": "assistant", "content": "A"])
    #expect(
      try assistant([:], Reasoning(text: "R", opaque: ["field": "role"])) == ["role": "assistant", "content": "A"])
    let field: JSONObject = ["reasoningField": "reasoning_content"]
    #expect(try assistant(field, Reasoning(text: "R"))?["reasoning_content"] == "R")
    #expect(try assistant(field, named) == ["role": "assistant", "content": "A", "reasoning_content": "R"])
    #expect(try assistant(["requiresThinkingAsText": true], named) == ["role": "assistant", "content": "R\n\nA"])
    let required: JSONObject = ["requiresReasoningReplay": true]
    #expect(try assistant(required, Reasoning(text: ""))?["reasoning_content"] == "")
  }

  @Test("files go as file parts where the server takes them")
  func files() throws {
    let message = Message(role: .user, content: [.pdf, .text("sum up")])
    let taken = try dialect.write(["fileInput": "data"], messages: [message])
    #expect(
      taken.body["messages"]?[0]?["content"]?[0]
        == ["type": "file", "file": ["filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"]])
    let refused = try dialect.write(messages: [message])
    #expect(
      refused.body["messages"]?[0]?["content"] == "[the file a.pdf was left out: this model cannot read it]\nsum up")
    #expect(refused.losses == ["messages[0].content[0]"])
    let link = Message(
      role: .user, content: [.file(Media(mediaType: "application/pdf", source: .url("https://a/b")), name: nil)])
    #expect(try dialect.write(["fileInput": "data"], messages: [link]).losses == ["messages[0].content[0]"])
    #expect(
      try dialect.write(["fileInput": "dataOrURL"], messages: [link]).body["messages"]?[0]?["content"]?[0]?["file"]
        == ["filename": "file.pdf", "file_data": "https://a/b"])
  }

  @Test("images for a model that cannot see become a note")
  func images() throws {
    let message = Message(role: .user, content: [.png])
    let written = try dialect.write(messages: [message])
    #expect(written.body["messages"]?[0]?["content"] == "[an image was left out: this model cannot see it]")
    let why =
      "prov/model-1 takes no images as far as is known; if it does, add \"image\" to "
      + "providers.prov.models.model-1.input in the config file"
    #expect(written.dropped == [Dropped("messages[0].content[0]", why)])
    #expect(try dialect.write(["supportsImages": true], messages: [message]).dropped == [])
    #expect(
      try dialect.write(["supportsImages": false], messages: [message], model: .with { $0.input = ["image"] }).losses
        .count
        == 1)
  }

  // MARK: - Options

  @Test("options that a model refuses are dropped by name")
  func refusedOptions() throws {
    let written = try dialect.write(["refuses": ["temperature", "topP", "stop", "seed"], "maxTokensField": "none"]) {
      $0.temperature = 0
      $0.topP = 0.5
      $0.stop = ["a"]
      $0.seed = 1
      $0.maxTokens = 9
    }
    #expect(written.losses == ["maxTokens", "temperature", "topP", "stop", "seed"])
    #expect(written.body.object?.keys.map { $0 } == ["model", "messages"])
  }

  @Test("surplus stop sequences, seeds of another name and fixed fields")
  func smallQuirks() throws {
    let quirks: JSONObject = [
      "maxStopSequences": 2, "seedField": "random_seed", "body": ["safe_prompt": false, "a": 1],
    ]
    let written = try dialect.write(quirks) {
      $0.stop = ["a", "b", "c"]
      $0.seed = 3
      $0.extra = ["a": 2]
    }
    #expect(written.body["stop"] == ["a", "b"])
    #expect(written.body["random_seed"] == 3)
    #expect(written.body["safe_prompt"] == false)
    #expect(written.body["a"] == 2)
    #expect(written.losses == ["stop[2]"])
  }

  @Test("usage in streams is asked for unless the server chokes on it")
  func usageInStreaming() throws {
    #expect(try dialect.write(stream: true).body["stream_options"] == ["include_usage": true])
    #expect(try dialect.write(["supportsUsageInStreaming": false], stream: true).body["stream_options"] == nil)
    #expect(try dialect.write().body["stream"] == nil)
  }
}
