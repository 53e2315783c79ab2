internal import JSON
internal import Platform
internal import TestSupport
internal import Testing

@Suite("MCP servers for programs, as doubles", .timeLimit(.minutes(2)))
struct ProgramServersTests {
  private static let key = "sk-very-secret-0123456789"
  private static let servers: JSONValue = [
    "env": ["COMMON": "for-all"], "identityCommand": ["wrap", "-i", "{identity}", "--"],
    "servers": [
      "here": [
        "command": "serve-it", "args": ["--fast"], "env": ["SERVER_KEY": .string(key)], "cwd": "/tmp",
        "identity": "ada",
      ],
      "there": ["url": "https://mcp.example/mcp", "headers": ["Authorization": .string("Bearer \(key)")]],
    ],
  ]

  @Test(
    "a key reaches the server by a file for this user alone, and stands in no argument",
    arguments: ["claude-code", "gemini-cli", "copilot-cli"])
  func byFile(_ provider: String) async throws {
    try await withPatchbay(home: try Doubles.home(mcp: Self.servers)) { patchbay in
      let told = try account(
        of: try await patchbay.call("complete", ["provider": .string(provider), "input": "hello"]))
      #expect(told["words"]?.text.contains(Self.key) == false)
      let file = try #require(told["files"])
      #expect(file["mode"] == "0o600")
      let servers = try JSONValue(parsing: Array((file["text"]?.string ?? "").utf8))["mcpServers"]
      #expect(servers?["here"]?["command"] == "wrap")
      #expect(servers?["here"]?["args"] == ["-i", "ada", "--", "serve-it", "--fast"])
      #expect(servers?["here"]?["env"]?["SERVER_KEY"] == .string(Self.key))
      #expect(servers?["here"]?["env"]?["COMMON"] == "for-all")
      #expect(servers?["here"]?["env"]?["PATH"]?.string?.isEmpty == false)
      #expect(servers?["there"]?["headers"]?["Authorization"] == .string("Bearer \(Self.key)"))
      let path = file["path"]?.string ?? ""
      #expect(access(path, F_OK) != 0, "the file is gone with the program")
      #expect(
        access(String(path.prefix { $0 != " " }.split(separator: "/").dropLast().joined(separator: "/")), F_OK) != 0)
    }
  }

  @Test("codex without a server of its own gets overrides, and the key by variables")
  func byVariables() async throws {
    try await withPatchbay(home: try Doubles.home(mcp: Self.servers)) { patchbay in
      let told = try account(of: try await patchbay.call("complete", ["provider": "codex-cli", "input": "hello"]))
      let words = (told["words"]?.array ?? []).compactMap(\.string)
      #expect(!words.contains { $0.contains(Self.key) })
      #expect(words.contains(#"mcp_servers.here.command="wrap""#))
      #expect(words.contains(#"mcp_servers.here.env_vars=["COMMON","PATH","SERVER_KEY"]"#))
      #expect(words.contains(#"mcp_servers.there.env_http_headers.Authorization="PATCHBAY_MCP_THERE_0""#))
      #expect(words.contains("--dangerously-bypass-approvals-and-sandbox"))
      #expect(told["environment"]?["SERVER_KEY"] == .string(Self.key))
      #expect(told["environment"]?["PATCHBAY_MCP_THERE_0"] == .string("Bearer \(Self.key)"))
    }
  }

  @Test("what the settings show of a server holds no key, and a provider may go without servers")
  func shown() async throws {
    try await withPatchbay(home: try Doubles.home(["mcp": false], mcp: Self.servers)) { patchbay in
      let config = try await patchbay.call("getConfig")
      #expect(!config.text.contains(Self.key))
      #expect(config.text.contains("mcp.servers.here"))
      let told = try account(of: try await patchbay.call("complete", ["provider": "claude-code", "input": "hello"]))
      #expect(told["files"]?.isNull == true)
    }
  }
}
