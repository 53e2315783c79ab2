internal import JSON
internal import TestSupport
internal import Testing

@Suite("Batches (protocol §1, JSON-RPC 2.0 §6)", .timeLimit(.minutes(1)))
struct BatchTests {
  @Test("an empty batch is one error, not a batch")
  func empty() async throws {
    try await withPatchbay { patchbay in
      await patchbay.sendRaw("[]\n")
      let error = try await patchbay.errorWithoutId()
      #expect(error.code == -32600)
    }
  }

  @Test("what is no request in a batch is answered one by one")
  func invalidMembers() async throws {
    try await withPatchbay { patchbay in
      await patchbay.sendRaw("[1,2,3]\n")
      let batch = try await batchResponse(patchbay)
      #expect(batch.count == 3)
      #expect(batch.allSatisfy { $0["error"]?["code"] == -32600 && $0["id"] == .null })
    }
  }

  @Test("requests, a notification and rubbish in one batch: each request is answered, in one array")
  func mixed() async throws {
    try await withPatchbay { patchbay in
      await patchbay.sendRaw(
        #"[{"jsonrpc":"2.0","id":"a","method":"ping"},{"jsonrpc":"2.0","method":"initialized"},{"foo":1},"#
          + #"{"jsonrpc":"2.0","id":"b","method":"noSuch"},{"jsonrpc":"2.0","id":"c","method":"ping"}]"# + "\n")
      let batch = try await batchResponse(patchbay)
      let byId = Dictionary(batch.map { ($0["id"] ?? .null, $0) }) { first, _ in first }
      #expect(batch.count == 4)
      #expect(byId["a"]?["result"] == [:])
      #expect(byId["b"]?["error"]?["code"] == -32601)
      #expect(byId["c"]?["result"] == [:])
      #expect(byId[.null]?["error"]?["code"] == -32600)
    }
  }

  @Test("a batch of notifications is not answered")
  func notificationsOnly() async throws {
    try await withPatchbay { patchbay in
      await patchbay.sendRaw(
        #"[{"jsonrpc":"2.0","method":"initialized"},{"jsonrpc":"2.0","method":"noSuch"}]"# + "\n")
      try await patchbay.call("ping")
      #expect(patchbay.messages.count == 2)
    }
  }

  @Test("a completion in a batch streams before the batch is answered")
  func streaming() async throws {
    try await withPatchbay { patchbay in
      let params = echo("hello there").text
      await patchbay.sendRaw(#"[{"jsonrpc":"2.0","id":"c","method":"complete","params":\#(params)}]"# + "\n")
      let batch = try await batchResponse(patchbay)
      let result = batch.first?["result"] ?? .null
      #expect(text(of: result["message"]) == "hello there")
      #expect(joined(patchbay.deltas(of: result["completionId"])) == "hello there")
      let last = patchbay.messages.last
      #expect(last?.array != nil, "a delta after the batch's response")
    }
  }

  @Test("the handshake may come in a batch together with the first requests")
  func handshake() async throws {
    try await withPatchbay(initialized: false) { patchbay in
      await patchbay.sendRaw(
        #"[{"jsonrpc":"2.0","id":"i","method":"initialize"},{"jsonrpc":"2.0","id":"p","method":"ping"}]"# + "\n")
      let batch = try await batchResponse(patchbay)
      #expect(batch.count == 2)
      #expect(batch.allSatisfy { $0["result"] != nil })
    }
  }

  private func batchResponse(_ patchbay: PatchbayProcess) async throws -> [JSONValue] {
    try await patchbay.receive("a batch of responses") { $0.array != nil }.array ?? []
  }
}
