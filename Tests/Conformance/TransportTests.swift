internal import JSON
internal import TestSupport
internal import Testing

@Suite("Messages and framing (protocol §1)", .timeLimit(.minutes(1)))
struct TransportTests {
  private static let ping = #"{"jsonrpc":"2.0","id":"p","method":"ping"}"#

  @Test("a message that cannot be parsed is -32700 without id, and the connection goes on", arguments: Framing.allCases)
  func unparsable(framing: Framing) async throws {
    try await withPatchbay(framing: framing) { patchbay in
      await patchbay.sendRaw(framing.frame(Array(#"{"jsonrpc":"2.0","id":7,"method""#.utf8)))
      let error = try await patchbay.errorWithoutId()
      #expect(error.code == -32700)
      #expect(error.kind == "parse")
      let pong = try await patchbay.call("ping")
      #expect(pong == [:])
    }
  }

  @Test(
    "what is JSON but no request is -32600, with the id where there is one",
    arguments: [
      (#"{"id":"x","method":"ping"}"#, "x"),
      (#"{"jsonrpc":"1.0","id":"x","method":"ping"}"#, "x"),
      (#"{"jsonrpc":"2.0","id":"x","method":5}"#, "x"),
      (#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, nil),
      (#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, nil),
      (#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, nil),
      (#"{"jsonrpc":"2.0"}"#, nil),
      ("42", nil), ("\"ping\"", nil), ("null", nil),
    ] as [(String, String?)])
  func noRequest(line: String, id: String?) async throws {
    try await withPatchbay(initialized: false) { patchbay in
      await patchbay.sendRaw("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\"}\n\(line)\n")
      let message = try await patchbay.receive("an error") { $0["error"] != nil }
      #expect(message["error"]?["code"] == -32600)
      #expect(message["id"] == id.map(JSONValue.string) ?? .null)
    }
  }

  @Test("params that are neither object nor array are refused", arguments: ["5", "\"x\"", "true"])
  func paramsOfWrongKind(params: String) async throws {
    try await withPatchbay { patchbay in
      await patchbay.sendRaw(#"{"jsonrpc":"2.0","id":"p","method":"ping","params":\#(params)}"# + "\n")
      let error = try await patchbay.error(of: "p")
      #expect(error.code == -32600 || error.code == -32602)
    }
  }

  @Test(
    "an id may be a string or an integer and comes back as it was",
    arguments: ["\"a\"", "\"\"", "0", "-7", "9007199254740993"])
  func ids(id: String) async throws {
    try await withPatchbay { patchbay in
      await patchbay.sendRaw("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"ping\"}\n")
      let response = try await patchbay.receive(from: 1) { $0["id"]?.text == id }
      #expect(response["result"] == [:])
    }
  }

  @Test("CRLF line ends, blank lines and spaces around a message do not matter")
  func lineEnds() async throws {
    try await withPatchbay(initialized: false) { patchbay in
      await patchbay.sendRaw(
        "\n  \r\n {\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\"} \r\n\r\n\n\t\(Self.ping)\r\n")
      let pong = try await patchbay.result(of: "p")
      #expect(pong == [:])
      #expect(patchbay.messages.count == 2)
    }
  }

  @Test("a raw line separator in a string is data, not a line end", arguments: ["\u{2028}", "\u{2029}", "\u{85}"])
  func unicodeLineEnds(separator: String) async throws {
    try await withPatchbay { patchbay in
      let params = echo("one\(separator)two")
      let id = await patchbay.request("complete", params)
      let result = try await patchbay.result(of: id)
      #expect(text(of: result["message"]) == "one\(separator)two")
    }
  }

  @Test("messages come whole when they arrive one byte at a time", arguments: Framing.allCases)
  func byteByByte(framing: Framing) async throws {
    try await withPatchbay(framing: framing) { patchbay in
      for byte in framing.frame(Array(Self.ping.utf8)) { await patchbay.sendRaw([byte]) }
      let pong = try await patchbay.result(of: "p")
      #expect(pong == [:])
    }
  }

  @Test("header names in any case and further headers are accepted")
  func headers() async throws {
    try await withPatchbay(framing: .headers) { patchbay in
      await patchbay.sendRaw(
        "content-length: \(Self.ping.utf8.count)\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n\(Self.ping)"
      )
      let pong = try await patchbay.result(of: "p")
      #expect(pong == [:])
    }
  }

  @Test(
    "after a broken header block the reader finds the next message",
    arguments: [
      "Content-Length: abc\r\n\r\n", "Content-Type: text/plain\r\n\r\n", "nonsense\r\n\r\n",
      "Content-Length: -5\r\n\r\n",
      "Content-Length: 99999999999999999999999\r\n\r\n", "Content-Length\r\n\r\n",
    ])
  func brokenHeaders(block: String) async throws {
    try await withPatchbay(framing: .headers) { patchbay in
      await patchbay.sendRaw(block)
      await patchbay.sendRaw(Framing.headers.frame(Array(Self.ping.utf8)))
      let error = try await patchbay.errorWithoutId()
      #expect(error.code == -32700)
      let pong = try await patchbay.result(of: "p")
      #expect(pong == [:])
    }
  }

  @Test("a reused id is refused while its first request runs, and that one goes on")
  func idInFlight() async throws {
    try await withPatchbay { patchbay in
      let request: JSONValue = [
        "jsonrpc": "2.0", "id": "same", "method": "complete", "params": echo(endless, model: "slow"),
      ]
      await patchbay.sendUnchecked(request)
      try await patchbay.firstText(of: "same")
      await patchbay.sendUnchecked(["jsonrpc": "2.0", "id": "same", "method": "ping"])
      let refused = try await patchbay.receive("a refusal") { $0["error"]?["code"] == -32600 }
      #expect(refused["id"] == "same")
      await patchbay.notify("$/cancelRequest", ["id": "same"])
      let cancelled = try await patchbay.receive("its end") { $0["error"]?["code"] == -32800 }
      #expect(cancelled["id"] == "same")
      await patchbay.sendUnchecked(["jsonrpc": "2.0", "id": "same", "method": "ping"])
      _ = try await patchbay.receive("the answer to the id used anew") { $0["result"] == [:] }
    }
  }

  @Test("a line beyond the limit is refused without being kept in memory", arguments: Framing.allCases)
  func oversize(framing: Framing) async throws {
    let config: JSONValue = ["limits": ["maxMessageBytes": .int(4 << 20)]]
    try await withPatchbay(config: config, framing: framing) { patchbay in
      let start = #"{"jsonrpc":"2.0","id":5,"method":"ping","params":{"x":""#
      let megabyte = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
      let length = start.utf8.count + (65 << 20) + 3
      await patchbay.sendRaw(framing == .headers ? "Content-Length: \(length)\r\n\r\n\(start)" : start)
      for _ in 0..<65 { await patchbay.sendRaw(megabyte) }
      await patchbay.sendRaw(framing == .headers ? "\"}}" : "\"}}\n")
      let error = try await patchbay.errorWithoutId()
      #expect(error.code == -32600)
      let pong = try await patchbay.call("ping")
      #expect(pong == [:])
      let peak = try peakMemory(of: patchbay.child.id)
      #expect(peak < 48 << 20, "it held \(peak >> 20) MB")
    }
  }
}
