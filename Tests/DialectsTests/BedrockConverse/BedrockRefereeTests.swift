import Completion
import Dialects
import HTTP
import JSON
import TestSupport
import Testing

/// Amazon's own client judges what we write and how we sign it.
@Suite(
  "Bedrock: botocore as a referee",
  .enabled(if: Testbed.has("v-moto/bin/python"), "botocore is not installed (testbed: setup moto)"),
  .timeLimit(.minutes(1)))
struct BedrockRefereeTests {
  let dialect = BedrockConverse()

  /// The referee's answers to `cases`.
  private func judge(_ cases: [JSONValue]) async throws -> [JSONValue] {
    let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    let referee = try LineServer(
      "\(Testbed.programs)/v-moto/bin/python", ["\(tests)/Referees/bedrock.py"],
      environment: ["HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"])
    return try await referee.answers(to: cases.map(\.text)).map { try JSONValue(parsing: $0) }
  }

  private func expectAccepted(_ bodies: [JSONValue], operation: JSONValue = "ConverseStream") async throws {
    let verdicts = try await judge(
      bodies.map { ["operation": operation, "modelId": "amazon.nova-lite-v1:0", "body": $0] })
    #expect(verdicts.count == bodies.count)
    for (body, verdict) in zip(bodies, verdicts) { #expect(verdict == ["ok": true], "\(body.text)") }
  }

  @Test("a body that is wrong is refused: the referee is awake")
  func isAwake() async throws {
    let bodies: [JSONValue] = [
      ["messages": [["role": "user", "content": [["txt": "a"]]]]], ["messages": "a"],
      ["messages": [["role": "user", "content": [["image": ["format": "tiff", "source": ["bytes": "AAAA"]]]]]]],
    ]
    let verdicts = try await judge(bodies.map { ["operation": "ConverseStream", "modelId": "m", "body": $0] })
    #expect(verdicts.count == 3)
    for verdict in verdicts { #expect(verdict["errors"] != nil) }
  }

  @Test("bodies of recorded conversations, written again, are accepted")
  func recorded() async throws {
    let bodies = try ConverseRecordedTests.recorded.map { test in
      let told = ConverseTelling(test.request)
      return try dialect.write(told.request, at: .test(told.quirks, told.model)).body
    }
    try await expectAccepted(bodies)
  }

  /// A conversation with everything in it.
  private static let messages: [Message] = [
    Message(.assistant, "first"), Message(role: .user, content: [.png, .pdf, .pdf]),
    Message(
      role: .assistant,
      content: [
        .reasoning(Reasoning(text: "hm", signature: "SIG")),
        .reasoning(Reasoning(text: "", redacted: true, opaque: ["redactedContent": "QUJD"])),
        .call("functions.weather:0|x", "weather", ["city": "Rome"]), .call("c2", "f"),
      ]),
    Message(role: .tool, content: [.result("functions.weather:0|x", "", isError: true)]), Message(.user, " "),
  ]

  @Test("bodies with every option, for every kind of model, are accepted")
  func options() async throws {
    let models = [
      ConverseEncoderTests.claude(), ConverseEncoderTests.adaptive(),
      ModelInfo.with {
        $0.id = "us.amazon.nova-2-lite-v1:0"
        $0.reasoning = true
      },
      .with {
        $0.id = "openai.gpt-oss-120b-1:0"
        $0.reasoning = true
        $0.structured = true
      }, .with { $0.tools = false },
    ]
    var bodies: [JSONValue] = []
    for model in models {
      for choice: ToolChoice? in [nil, .auto, ToolChoice.none, .required, .tool("weather")] {
        bodies.append(
          try dialect.write(messages: Self.messages, model: model) {
            ($0.system, $0.instructions, $0.cache) = ("S", "I", .long)
            ($0.maxTokens, $0.temperature, $0.topP, $0.stop) = (100, 0.5, 0.5, ["x"])
            ($0.reasoning, $0.serviceTier) = (.level(.high), .flex)
            if model.tools {
              ($0.tools, $0.toolChoice) = ([.weather, Tool(name: "g", description: "", inputSchema: [:])], choice)
              $0.output = OutputFormat(schema: ["type": "object"])
            }
          }.body)
      }
      bodies.append(try dialect.write(messages: Self.messages, model: model).body)
    }
    try await expectAccepted(bodies)
  }

  @Test("a request to count tokens is accepted")
  func count() async throws {
    var options = CompletionOptions()
    (options.system, options.tools, options.reasoning) = ("S", [.weather], .level(.low))
    let endpoint = Endpoint.test([:], ConverseEncoderTests.claude())
    let asked = CompletionRequest(messages: Self.messages, options: options)
    let request = try dialect.countRequest(asked, for: endpoint)?.http
    try await expectAccepted([try JSONValue(parsing: request?.body ?? [])], operation: "CountTokens")
  }

  @Test("signatures are the same for any model's id, with a session token and without")
  func signatures() async throws {
    let ids = [
      "us.anthropic.claude-sonnet-4-20250514-v1:0", "anthropic.claude-sonnet-4-6", "odd id+ä~(1)*'!",
      "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/abc123",
    ]
    var ours: [String] = []
    var cases: [JSONValue] = []
    for id in ids {
      for token in [nil, "TOKEN/EXAMPLE=="] {
        var endpoint = Endpoint.test(
          [:], baseURL: "https://bedrock-runtime.us-east-1.amazonaws.com", .with { $0.id = id })
        endpoint.aws = AWSCredentials(
          accessKeyId: "AKID", secretAccessKey: Secret("se/cr+et"), sessionToken: token.map { Secret($0) })
        let http = try dialect.encode(CompletionRequest(messages: [Message(.user, "hé")]), for: endpoint).http
        let signed = try dialect.authorize(http, at: endpoint, time: 1_767_323_045)
        ours += signed.headers.filter { $0.name == "authorization" }.map { $0.value.reveal() }
        let headers = http.headers.map { ($0.name, JSONValue.string($0.value.reveal())) }
        var request: JSONObject = [
          "method": "POST", "url": .string(http.url), "headers": .object(JSONObject(headers)),
          "body": .string(String(decoding: http.body ?? [], as: UTF8.self)), "time": "20260102T030405Z",
          "region": id.contains("us-west-2") ? "us-west-2" : "us-east-1", "key": "AKID", "secret": "se/cr+et",
        ]
        request.set("token", token.map(JSONValue.string))
        cases.append(["sign": .object(request)])
      }
    }
    #expect(try await judge(cases).map { $0["authorization"]?.string } == ours)
    #expect(ours.count == 8)
  }
}
