internal import JSON
internal import TestSupport
internal import Testing

/// Amazon Bedrock as botocore knows it: the stand-in checks each signature with botocore and answers in real frames.
@Suite(
  "Bedrock as botocore checks it", .serialized,
  .enabled(if: Testbed.has("v-moto/bin/python"), "botocore is not installed (testbed: setup moto)"),
  .timeLimit(.minutes(2)))
struct BedrockRealTests {
  static let claude = "anthropic.claude-3-haiku-20240307-v1:0"
  static let profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123"

  @Test(
    "an id with a colon and an ARN with a slash are signed and stream", arguments: [claude, profile], ["", "TOKEN/+=="])
  func streams(_ model: String, _ token: String) async throws {
    try await withBedrock(token: token) { patchbay in
      let id = await patchbay.request("complete", params(model))
      let result = try await patchbay.result(of: id)
      let deltas = expectSoundDeltas(patchbay, of: id, result: result)
      #expect(text(of: result["message"]) == "Hello from \(model)")
      #expect(deltas.count { $0["delta"]?["type"] == "text" } > 1, "it came in one piece")
      #expect(result["stopReason"] == "end")
      #expect(result["usage"]?["input"] == 1)
      #expect(result["usage"]?["output"] == 2)
    }
  }

  @Test("an answer in one piece")
  func whole() async throws {
    try await withBedrock { patchbay in
      var params = params(Self.claude).object ?? JSONObject()
      params["stream"] = false
      let result = try await patchbay.call("complete", .object(params))
      #expect(text(of: result["message"]) == "Hello from \(Self.claude)")
    }
  }

  @Test("a refusal, a failure half-way and a wrong secret are what they are")
  func failures() async throws {
    try await withBedrock { patchbay in
      let refused = try await patchbay.callForError("complete", params("throttle"))
      #expect(refused.kind == "rateLimited")
      let broken = try await patchbay.callForError("complete", params("midfail"))
      #expect(broken.kind == "upstreamError")
      #expect(broken.message.contains("half-way"))
    }
    try await withBedrock(secret: "wrong") { patchbay in
      let error = try await patchbay.callForError("complete", params(Self.claude))
      #expect(error.kind == "authRejected")
    }
  }

  private func params(_ model: String) -> JSONValue {
    ["provider": "amazon-bedrock", "model": .string(model), "input": "hello"]
  }

  private func withBedrock(
    secret: String = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token: String = "",
    _ body: (PatchbayProcess) async throws -> Void
  ) async throws {
    let port = try TestServer.freePort()
    // The stand-in says nothing when it is ready.
    let program = """
      import bedrock_mock as mock
      server = mock.ThreadingHTTPServer(("127.0.0.1", \(port)), mock.H)
      print("listening", flush=True)
      server.serve_forever()
      """
    let server = try await TestServer.start(
      "\(Testbed.programs)/v-moto/bin/python", ["-c", program], port: port, ready: "listening",
      environment: ["PYTHONPATH": "\(try #require(Testbed.scripts))/aws", "PYTHONDONTWRITEBYTECODE": "1"])
    let environment = [
      "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token,
      "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": server.url,
    ]
    try await withPatchbay(environment: environment.filter { !$0.value.isEmpty }, body)
  }
}
