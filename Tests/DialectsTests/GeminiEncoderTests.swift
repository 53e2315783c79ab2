import Completion
import Dialects
import HTTP
import JSON
import Testing

@Suite("Gemini: requests")
struct GeminiEncoderTests {
  let dialect = GoogleGenerativeAI()
  static let gemini2 = ModelInfo.with { $0.id = "gemini-2.5-flash" }
  static let gemini3 = ModelInfo.with { $0.id = "gemini-3-flash-preview" }

  // MARK: - The whole

  @Test("the smallest request")
  func smallest() throws {
    let written = try dialect.write()
    #expect(written.url == "https://host.test/v1/models/model-1:generateContent")
    #expect(written.body.text == #"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#)
    #expect(written.headers["accept"] == "application/json")
  }

  @Test(
    "the model's id is one segment of the path, with or without its folder",
    arguments: [
      ("gemini-2.5-flash", "gemini-2.5-flash"), ("models/gemini-2.5-flash", "gemini-2.5-flash"),
      ("a/b c?", "a%2Fb%20c%3F"),
    ])
  func address(_ id: String, _ segment: String) throws {
    var endpoint = Endpoint.test(baseURL: "https://host.test/v1beta")
    endpoint.model.upstreamID = id
    endpoint.apiKey = Secret("k")
    endpoint.authHeader = "x-goog-api-key"
    let written = try dialect.write(CompletionRequest(messages: [Message(.user, "hi")]), at: endpoint)
    #expect(written.url == "https://host.test/v1beta/models/\(segment):streamGenerateContent?alt=sse")
    #expect(written.headers["accept"] == "text/event-stream")
    #expect(written.headers["x-goog-api-key"] == "k")
    #expect(written.headers["authorization"] == nil)
  }

  @Test("every option has its field, and extra comes last")
  func options() throws {
    let written = try dialect.write(["body": ["cachedContent": "c", "labels": ["a": "b"]]]) {
      $0.system = "S"
      $0.instructions = "I"
      $0.maxTokens = 9
      $0.temperature = 0.5
      $0.topP = 0.9
      $0.stop = ["a"]
      $0.seed = 7
      $0.serviceTier = .flex
      $0.tools = [.weather]
      $0.toolChoice = .auto
      $0.cache = .short
      $0.extra = ["generationConfig": ["topK": 3], "safetySettings": [], "labels": ["a": "c"]]
    }
    let schema = JSONValue.object(Tool.weather.inputSchema).text
    #expect(
      written.body.text == """
        {"systemInstruction":{"parts":[{"text":"S"},{"text":"I"}]},\
        "contents":[{"role":"user","parts":[{"text":"hi"}]}],\
        "tools":[{"functionDeclarations":[{"name":"weather","description":"Tells it",\
        "parametersJsonSchema":\(schema)}]}],"toolConfig":{"functionCallingConfig":{"mode":"AUTO"}},\
        "generationConfig":{"maxOutputTokens":9,"temperature":0.5,"topP":0.9,"seed":7,"stopSequences":["a"],"topK":3},\
        "serviceTier":"flex","cachedContent":"c","labels":{"a":"c"},"safetySettings":[]}
        """)
    #expect(written.dropped == [])
  }

  @Test("what does not fit is reported")
  func losses() throws {
    let written = try dialect.write(["serviceTier": "none"], model: .with { $0.temperature = false }) {
      $0.temperature = 1
      $0.stop = ["1", "2", "3", "4", "5", "6"]
      $0.serviceTier = .priority
      $0.cache = .long
      $0.tools = [.weather]
      $0.parallelTools = false
    }
    #expect(written.losses == ["parallelTools", "temperature", "stop[5]", "serviceTier", "cache"])
    #expect(written.body["generationConfig"] == ["stopSequences": ["1", "2", "3", "4", "5"]])
    #expect(try dialect.write { $0.serviceTier = .default }.body["serviceTier"] == "standard")
  }

  // MARK: - Contents

  @Test("system messages in front join the system texts; others are the user's")
  func systemMessages() throws {
    let body = try dialect.write(messages: [
      Message(.system, "S"), Message(.user, "a"), Message(.system, "T"), Message(.assistant, "b"), Message(.user, "c"),
    ]).body
    #expect(body["systemInstruction"] == ["parts": [["text": "S"]]])
    #expect(
      body["contents"] == [
        ["role": "user", "parts": [["text": "a"], ["text": "T"]]], ["role": "model", "parts": [["text": "b"]]],
        ["role": "user", "parts": [["text": "c"]]],
      ])
    let alone = try dialect.write(messages: [Message(.system, "S")]).body
    #expect(alone["contents"]?[0]?["parts"] == [["text": "S"]])
  }

  @Test("media go along where the model takes them, as bytes or as addresses")
  func media() throws {
    let messages = [
      Message(
        role: .user,
        content: [
          .png, .pdf, .image(Media(mediaType: "image/jpeg", source: .url("https://a.test/b.jpg"))),
          .file(Media(mediaType: "audio/wav", source: .data("UklG")), name: nil),
        ])
    ]
    let model = ModelInfo.with { $0.input = ["text", "image", "pdf", "audio"] }
    let written = try dialect.write(messages: messages, model: model)
    #expect(
      written.body["contents"]?[0]?["parts"] == [
        ["inlineData": ["mimeType": "image/png", "data": "iVBO"]],
        ["inlineData": ["mimeType": "application/pdf", "data": "JVBE"]],
        ["fileData": ["mimeType": "image/jpeg", "fileUri": "https://a.test/b.jpg"]],
        ["inlineData": ["mimeType": "audio/wav", "data": "UklG"]],
      ])
    #expect(written.dropped == [])
    #expect(
      try dialect.write(["supportsURLs": false], messages: messages, model: model).losses == ["messages[0].content[2]"])
    let overridden: JSONObject = ["supportsImages": false, "supportsFiles": false]
    #expect(try dialect.write(overridden, messages: messages, model: model).losses.count == 4)
    #expect(try dialect.write(messages: messages).losses.count == 4)
  }

  // MARK: - Calls and results

  static let conversation: [Message] = [
    Message(.user, "look"),
    Message(role: .assistant, content: [.text("A"), .call("c1", "weather", ["city": "Rome"]), .call("c2", "shot")]),
    Message(
      role: .tool,
      content: [
        .toolResult(ToolResult(toolCallId: "c2", content: [.png])), .result("c1", "broken", isError: true),
      ]),
    Message(.user, "go on"),
  ]

  @Test("all results of a turn are one content, without ids, and images follow in one of their own")
  func results() throws {
    let body = try dialect.write(["supportsImages": true], messages: Self.conversation, model: Self.gemini2).body
    #expect(
      body["contents"] == [
        ["role": "user", "parts": [["text": "look"]]],
        [
          "role": "model",
          "parts": [
            ["text": "A"], ["functionCall": ["name": "weather", "args": ["city": "Rome"]]],
            ["functionCall": ["name": "shot", "args": [:]]],
          ],
        ],
        [
          "role": "user",
          "parts": [
            ["functionResponse": ["name": "shot", "response": ["output": "(see the attachment)"]]],
            ["functionResponse": ["name": "weather", "response": ["error": "broken"]]],
          ],
        ],
        [
          "role": "user",
          "parts": [
            ["text": "Attached by the tools above:"], ["inlineData": ["mimeType": "image/png", "data": "iVBO"]],
            ["text": "go on"],
          ],
        ],
      ])
  }

  @Test("Gemini 3 gets ids, images within results, and a stand-in for the first call's signature")
  func thirdGeneration() throws {
    let body = try dialect.write(["supportsImages": true], messages: Self.conversation, model: Self.gemini3).body
    #expect(
      body["contents"]?[1]?["parts"] == [
        ["text": "A"],
        [
          "functionCall": ["id": "c1", "name": "weather", "args": ["city": "Rome"]],
          "thoughtSignature": "skip_thought_signature_validator",
        ],
        ["functionCall": ["id": "c2", "name": "shot", "args": [:]]],
      ])
    #expect(
      body["contents"]?[2]?["parts"]?[0] == [
        "functionResponse": [
          "id": "c2", "name": "shot", "response": ["output": "(see the attachment)"],
          "parts": [["inlineData": ["mimeType": "image/png", "data": "iVBO"]]],
        ]
      ])
    #expect(body["contents"]?[3]?["parts"] == [["text": "go on"]])
  }

  @Test("the generation is told by a quirk, the id, or what is known of the model; each trait by a quirk of its own")
  func generation() throws {
    func signature(_ model: ModelInfo, _ quirks: JSONObject = [:]) throws -> JSONValue? {
      try dialect.write(quirks, messages: Self.conversation, model: model)
        .body["contents"]?[1]?["parts"]?[1]?["thoughtSignature"]
    }
    #expect(try signature(Self.gemini2) == nil)
    #expect(try signature(Self.gemini2, ["generation": 3]) != nil)
    #expect(try signature(Self.gemini3, ["generation": 2]) == nil)
    #expect(try signature(Self.gemini3, ["requiresThoughtSignatures": false]) == nil)
    #expect(try signature(.with { $0.id = "google/gemini-4-pro" }) != nil)
    #expect(try signature(.with { $0.id = "latest" }) == nil)
    #expect(
      try signature(
        .with {
          $0.id = "latest"
          $0.efforts = ["low", "high"]
        }) != nil)
    let quirks: JSONObject = ["sendsCallIds": false, "multimodalToolResults": false, "supportsImages": true]
    let contents = try dialect.write(quirks, messages: Self.conversation, model: Self.gemini3).body["contents"]
    #expect(contents?[2]?["parts"]?[0]?["functionResponse"]?["id"] == nil)
    #expect(contents?[2]?["parts"]?[0]?["functionResponse"]?["parts"] == nil)
    #expect(contents?[3]?["parts"]?[1]?["inlineData"] != nil)
  }

  // MARK: - Seals

  static let sealed = Message(
    role: .assistant,
    content: [
      .reasoning(Reasoning(text: "hm", signature: "c2ln")),
      .reasoning(Reasoning(text: "", opaque: ["next": ["thoughtSignature": "czE="]])), .text("A"),
      .reasoning(Reasoning(text: "", opaque: ["next": ["thoughtSignature": "cz-_"]])), .call("c1", "weather"),
      .reasoning(Reasoning(text: "", opaque: ["next": ["thoughtSignature": "czM=", "alone": true]])),
    ], origin: Origin(provider: "prov", api: "google-generative-ai", model: "gemini-3-flash-preview"))

  @Test("seals go back with the parts they came with, to the model that set them")
  func sealsToTheSame() throws {
    let messages = [Message(.user, "a"), Self.sealed, Message(role: .tool, content: [.result("c1", "ok")])]
    let same = try dialect.write(messages: messages, model: Self.gemini3)
    #expect(
      same.body["contents"]?[1]?["parts"] == [
        ["text": "hm", "thought": true, "thoughtSignature": "c2ln"], ["text": "A", "thoughtSignature": "czE="],
        ["functionCall": ["id": "c1", "name": "weather", "args": [:]], "thoughtSignature": "cz-_"],
        ["text": "", "thoughtSignature": "czM="],
      ])
    #expect(same.dropped == [])
  }

  @Test("another model gets the texts without the seals")
  func sealsToAnother() throws {
    let messages = [Message(.user, "a"), Self.sealed, Message(role: .tool, content: [.result("c1", "ok")])]
    let other = try dialect.write(messages: messages, model: .with { $0.id = "gemini-3-pro" })
    #expect(
      other.body["contents"]?[1]?["parts"] == [
        ["text": "hm"], ["text": "A"],
        [
          "functionCall": ["id": "c1", "name": "weather", "args": [:]],
          "thoughtSignature": "skip_thought_signature_validator",
        ],
      ])
    #expect(other.losses == ["messages[1].content[0]"])
  }

  @Test("what is no base64 is no signature")
  func badSeals() throws {
    var message = Self.sealed
    message.content = [
      .reasoning(Reasoning(text: "", signature: "no base64!")), .reasoning(Reasoning(text: "hm", signature: "{}")),
      .reasoning(Reasoning(text: "", opaque: ["next": ["thoughtSignature": "a b"]])), .text("A"),
      .reasoning(Reasoning(text: "", opaque: ["next": ["thoughtSignature": "a b", "alone": true]])),
    ]
    let body = try dialect.write(messages: [message], model: Self.gemini3).body
    #expect(body["contents"]?[0]?["parts"] == [["text": "hm", "thought": true], ["text": "A"]])
  }

  @Test("what an answer holds comes back as it was sent")
  func roundTrip() throws {
    let parts =
      #"{"text":"hm","thought":true},{"text":"A","thoughtSignature":"czE="},"#
      + #"{"functionCall":{"id":"c1","name":"f","args":{"x":1}},"thoughtSignature":"czI="},{"text":"","thoughtSignature":"czM="}"#
    var decoder = dialect.streamDecoder(for: CompletionRequest(messages: []), at: .test([:], Self.gemini3))
    var events: [StreamEvent] = []
    try decoder.decode(Array(GeminiDecoderTests.stream(parts).utf8)[...], into: &events)
    try decoder.finish(into: &events)
    var message = Self.sealed
    message.content = []
    for event in events {
      switch event {
      case .text(let text): message.content.append(.text(text))
      case .reasoning(let text): message.content.append(.reasoning(Reasoning(text: text)))
      case .reasoningEnd(_, let opaque?, _): message.content.append(.reasoning(Reasoning(text: "", opaque: opaque)))
      case .toolCallStart(_, let id, let name): message.content.append(.call(id, name, ["x": 1]))
      default: break
      }
    }
    let body = try dialect.write(messages: [Message(.user, "a"), message], model: Self.gemini3).body
    #expect(body["contents"]?[1]?["parts"] == (try json("[\(parts)]")))
  }
}
