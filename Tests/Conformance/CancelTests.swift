internal import JSON
internal import TestSupport
internal import Testing

@Suite("Cancelling (protocol §4)", .timeLimit(.minutes(1)))
struct CancelTests {
  @Test("$/cancelRequest ends a running completion with -32800", arguments: Framing.allCases)
  func cancelRequest(framing: Framing) async throws {
    try await withPatchbay(framing: framing) { patchbay in
      let id = await patchbay.request("complete", echo(endless, model: "slow"))
      try await patchbay.firstText(of: id)
      await patchbay.notify("$/cancelRequest", ["id": id])
      let error = try await patchbay.error(of: id)
      #expect(error.code == -32800)
      #expect(error.kind == "cancelled")
    }
  }

  @Test("after the response to a cancelled completion no delta of it follows")
  func silence() async throws {
    try await withPatchbay { patchbay in
      let id = await patchbay.request("complete", echo(endless, model: "slow"))
      let completion = try await patchbay.firstText(of: id)
      await patchbay.notify("$/cancelRequest", ["id": id])
      _ = try await patchbay.response(to: id)
      try await patchbay.call("complete", echo("hello there"))
      let messages = patchbay.messages
      let response = try #require(messages.firstIndex { $0["id"] == id })
      #expect(!messages[response...].contains { $0["params"]?["completionId"] == completion })
    }
  }

  @Test("a cancellation right behind its request is not lost")
  func immediately() async throws {
    try await withPatchbay { patchbay in
      let (id, request) = patchbay.makeRequest("complete", echo(endless, model: "slow"))
      await patchbay.sendTogether([
        request, ["jsonrpc": "2.0", "method": "$/cancelRequest", "params": ["id": id]],
      ])
      let error = try await patchbay.error(of: id)
      #expect(error.code == -32800)
    }
  }

  @Test("who waits for another's result under the same requestKey can stop waiting")
  func waitingForKey() async throws {
    try await withPatchbay { patchbay in
      let first = await patchbay.request("complete", echo(endless, model: "slow", ["requestKey": "once"]))
      try await patchbay.firstText(of: first)
      let second = await patchbay.request("complete", echo(endless, model: "slow", ["requestKey": "once"]))
      await patchbay.notify("$/cancelRequest", ["id": second])
      #expect(try await patchbay.error(of: second).code == -32800)
      await patchbay.notify("$/cancelRequest", ["id": first])
      #expect(try await patchbay.error(of: first).code == -32800)
    }
  }

  @Test("cancelling what is unknown or done is silent")
  func unknown() async throws {
    try await withPatchbay { patchbay in
      let id = await patchbay.request("ping")
      _ = try await patchbay.result(of: id)
      await patchbay.notify("$/cancelRequest", ["id": id])
      await patchbay.notify("$/cancelRequest", ["id": "never used"])
      try await patchbay.call("ping")
      #expect(patchbay.messages.count == 3)
    }
  }

  @Test("cancel by completion id ends the completion, once")
  func cancelMethod() async throws {
    try await withPatchbay { patchbay in
      let id = await patchbay.request("complete", echo(endless, model: "slow"))
      let completion = try await patchbay.firstText(of: id)
      let first = try await patchbay.call("cancel", ["completionId": completion])
      #expect(first["cancelled"] == true)
      let error = try await patchbay.error(of: id)
      #expect(error.code == -32800)
      let second = try await patchbay.call("cancel", ["completionId": completion])
      #expect(second["cancelled"] == false)
    }
  }

  @Test("cancel of an unknown completion says that nothing was cancelled")
  func cancelUnknown() async throws {
    try await withPatchbay { patchbay in
      let answer = try await patchbay.call("cancel", ["completionId": "no-such-completion"])
      #expect(answer["cancelled"] == false)
    }
  }

  @Test("what had arrived is kept in the session as a cancelled message, and the thread is free again")
  func partialIsKept() async throws {
    try await withPatchbay { patchbay in
      let id = await patchbay.request("complete", echo(endless, model: "slow", ["session": "cut"]))
      let completion = try await patchbay.firstText(of: id)
      await patchbay.notify("$/cancelRequest", ["id": id])
      _ = try await patchbay.error(of: id)
      let thread = try await patchbay.thread("cut")
      #expect(thread.map { $0["role"] } == ["user", "assistant"])
      #expect(thread.last?["stopReason"] == "cancelled")
      #expect(text(of: thread.last) == joined(patchbay.deltas(of: completion)))
      let next = try await patchbay.call("complete", echo("hello again", ["session": "cut"]))
      #expect(text(of: next["message"]) == "hello again")
    }
  }

  @Test("one cancellation leaves the other completions alone")
  func othersGoOn() async throws {
    try await withPatchbay { patchbay in
      let doomed = await patchbay.request("complete", echo(endless, model: "slow"))
      let other = await patchbay.request("complete", echo(words(8), model: "slow"))
      try await patchbay.firstText(of: doomed)
      await patchbay.notify("$/cancelRequest", ["id": doomed])
      let error = try await patchbay.error(of: doomed)
      #expect(error.code == -32800)
      let result = try await patchbay.result(of: other)
      #expect(text(of: result["message"]) == words(8))
    }
  }
}
