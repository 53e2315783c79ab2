import Completion
import Dialects
import HTTP
import JSON
import Testing

@Suite("Messages: subscriptions")
struct ClaudeCodeTests {
  let dialect = AnthropicMessages()
  static let sentence = "You are Claude Code, Anthropic's official CLI for Claude."

  func endpoint(_ key: String, _ header: String = "authorization", _ quirks: JSONObject = [:]) -> Endpoint {
    var endpoint = Endpoint.test(quirks, baseURL: "https://host.test")
    endpoint.apiKey = Secret(key)
    endpoint.authHeader = header
    return endpoint
  }
  func request(_ tools: [String] = [], _ messages: [Message] = [Message(.user, "hi")]) -> CompletionRequest {
    var options = CompletionOptions()
    options.system = "s"
    options.tools = tools.map { Tool(name: $0, inputSchema: [:]) }
    return CompletionRequest(messages: messages, options: options, stream: true)
  }

  @Test("a subscription's token comes with all that Claude Code sends")
  func identity() throws {
    let written = try dialect.write(request(), at: endpoint("sk-ant-oat01-x"))
    #expect(written.headers["authorization"] == "Bearer sk-ant-oat01-x")
    #expect(written.headers["x-api-key"] == nil)
    #expect(written.headers["anthropic-beta"] == "claude-code-20250219,oauth-2025-04-20")
    #expect(written.headers["user-agent"]?.hasPrefix("claude-cli/") == true)
    #expect(written.headers["x-app"] == "cli")
    #expect(written.body["system"]?.array?.compactMap { $0["text"]?.string } == [Self.sentence, "s"])
    #expect(written.body["system"]?[0]?["cache_control"] == nil)
    #expect(written.body["system"]?[1]?["cache_control"] != nil)
  }

  @Test(
    "other keys come without",
    arguments: [
      ("gateway-token", "authorization"), ("sk-ant-api03-x", "x-api-key"), ("sk-ant-oat01-x", "x-api-key"),
    ])
  func plain(_ key: String, _ header: String) throws {
    let written = try dialect.write(request(["bash"]), at: endpoint(key, header))
    #expect(written.headers[header]?.hasSuffix(key) == true)
    #expect(written.headers["anthropic-beta"] == nil)
    #expect(written.headers["x-app"] == nil)
    #expect(written.body["system"]?.array?.count == 1)
    #expect(written.body["tools"]?[0]?["name"] == "bash")
  }

  @Test("a quirk decides over the key, and configured headers over those of the identity")
  func quirk() throws {
    let off = try dialect.write(request(), at: endpoint("sk-ant-oat01-x", "authorization", ["claudeCode": false]))
    #expect(off.headers["x-app"] == nil)
    var on = endpoint("t", "authorization", ["claudeCode": true])
    on.headers = [HTTPHeader("User-Agent", "mine"), HTTPHeader("anthropic-beta", "b")]
    let written = try dialect.write(request(), at: on)
    #expect(written.headers["user-agent"] == "mine")
    #expect(written.headers["anthropic-beta"] == "claude-code-20250219,oauth-2025-04-20,b")
  }

  @Test("tools are called as Claude Code calls its own, and come back under the caller's names")
  func toolNames() throws {
    var request = request(
      ["bash", "todowrite", "weather", "glob", "Glob"],
      [Message(.user, "a"), Message(role: .assistant, content: [.call("t", "bash"), .call("u", "GREP")])])
    request.options.toolChoice = .tool("bash")
    let endpoint = endpoint("sk-ant-oat01-x")
    let written = try dialect.write(request, at: endpoint)
    #expect(
      written.body["tools"]?.array?.compactMap { $0["name"]?.string } == [
        "Bash", "TodoWrite", "weather", "glob", "Glob",
      ])
    #expect(written.body["tool_choice"]?["name"] == "Bash")
    let calls = written.body["messages"]?[1]?["content"]?.array ?? []
    #expect(calls.compactMap { $0["name"]?.string } == ["Bash", "Grep"])
    let events = MessagesDecoderTests.stream([
      MessagesDecoderTests.start, MessagesDecoderTests.block(#"{"type":"tool_use","id":"1","name":"Bash"}"#),
      MessagesDecoderTests.block(#"{"type":"tool_use","id":"2","name":"Glob"}"#, 1),
      MessagesDecoderTests.block(#"{"type":"tool_use","id":"3","name":"Unheard"}"#, 2),
      MessagesDecoderTests.end("tool_use"), MessagesDecoderTests.stop,
    ])
    var decoder = dialect.streamDecoder(for: request, at: endpoint)
    var decoded: [StreamEvent] = []
    try decoder.decode(Array(events.utf8)[...], into: &decoded)
    try decoder.finish(into: &decoded)
    #expect(DecodedAnswer(decoded).calls.map(\.name) == ["bash", "Glob", "Unheard"])
  }
}
