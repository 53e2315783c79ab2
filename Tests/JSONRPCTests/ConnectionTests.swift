import JSON
import JSONRPC
import Synchronization
import TestSupport
import Testing

@Suite("The life of a connection", .timeLimit(.minutes(1)))
struct ConnectionTests {
  static func call(_ id: Int, _ method: String, _ params: JSONValue? = nil) -> String {
    var message: JSONObject = ["jsonrpc": "2.0", "id": .int(id), "method": .string(method)]
    message.set("params", params)
    return JSONValue.object(message).text
  }

  static func cancel(_ id: Int) -> String {
    #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":\#(id)}}"#
  }

  @Test("A cancelled call ends with -32800, at once and alone", arguments: RPCPair.Kind.allCases)
  func cancel(_ kind: RPCPair.Kind) async throws {
    try await withConnection(kind) { pair, _, service in
      try await pair.write(line: Self.call(1, "hang") + "\n" + Self.call(2, "hold") + "\n" + Self.cancel(1))
      let answer = try #require(try await pair.next())
      #expect(MessageTests.essence(answer) == MessageTests.error(1, -32800))
      #expect(answer["error"]?["data"]?["kind"] == "cancelled")
      service.gate.open()
      #expect(try await pair.next()?["result"] == "held")
    }
  }

  @Test("A result that was there in spite of the cancellation is sent")
  func cancelledButFinished() async throws {
    try await withConnection { pair, _, _ in
      try await pair.write(line: Self.call(1, "finishAnyway") + "\n" + Self.cancel(1))
      #expect(try await pair.next()?["result"] == "finished")
    }
  }

  @Test("A call in a batch can be cancelled, even by the batch itself")
  func cancelInBatch() async throws {
    try await withConnection { pair, _, _ in
      try await pair.write(
        line: "[" + [Self.call(1, "hang"), Self.call(2, "echo"), Self.cancel(1)].joined(separator: ",") + "]")
      let answer = try #require(try await pair.next())
      #expect(MessageTests.essence(answer) == [MessageTests.error(1, -32800), MessageTests.result(2, nil)])
    }
  }

  @Test("cancelAll cancels what is in flight and the connection goes on")
  func cancelAll() async throws {
    try await withConnection { pair, connection, service in
      try await pair.write(line: Self.call(1, "hang"))
      await service.isHanging.wait()
      connection.cancelAll()
      #expect(MessageTests.essence(try #require(try await pair.next())) == MessageTests.error(1, -32800))
      try await pair.write(line: Self.call(1, "echo"))
      #expect(try await pair.next()?["result"] == .null)
    }
  }

  @Test("Calls are prepared in the order they were sent, and each is answered once")
  func order() async throws {
    try await withConnection { pair, _, service in
      let count = 10_000
      let text = (0..<count).map { Self.call($0, "echo", [.int($0)]) + "\n" }.joined()
      async let writing: Void = pair.write(Array(text.utf8))
      var ids: Set<Int> = []
      for _ in 0..<count {
        let answer = try #require(try await pair.next())
        let id = try #require(answer["id"]?.int)
        try #require(answer["result"] == [.int(id)])
        ids.insert(id)
      }
      try await writing
      #expect(ids.count == count)
      #expect(service.prepared == (0..<count).map { [.int($0)] })
    }
  }

  @Test("The end of input lets calls finish, and nothing is lost", arguments: RPCPair.Kind.allCases)
  func drain(_ kind: RPCPair.Kind) async throws {
    try await withConnection(kind) { pair, connection, service in
      // The last line has no end.
      try await pair.write(Array((Self.call(1, "hold") + "\n" + Self.call(2, "hold")).utf8))
      pair.endWriting()
      async let reason = connection.finished()
      service.gate.open()
      let answers = [try await pair.next(), try await pair.next()]
      #expect(answers.map { $0?["result"] } == ["held", "held"])
      #expect(await reason == .inputEnded)
      #expect(connection.isOver)
      await service.isClosed.wait()
    }
  }

  @Test("A client that no longer reads cancels everything", arguments: RPCPair.Kind.allCases)
  func hangUp(_ kind: RPCPair.Kind) async throws {
    try await withConnection(kind) { pair, connection, service in
      try await pair.write(line: Self.call(1, "hang"))
      await service.isHanging.wait()
      pair.hangUp()
      await service.wasCancelled.wait()
      #expect(await connection.finished() == .outputClosed)
      await service.isClosed.wait()
    }
  }

  @Test("It is noticed after the end of input too")
  func hangUpAfterEnd() async throws {
    try await withConnection { pair, connection, service in
      try await pair.write(line: Self.call(1, "hang"))
      await service.isHanging.wait()
      pair.endWriting()
      pair.hangUp()
      #expect(await connection.finished() == .outputClosed)
    }
  }

  @Test("close cancels, answers and ends, though the input is open")
  func close() async throws {
    try await withConnection { pair, connection, service in
      try await pair.write(line: Self.call(1, "hang"))
      await service.isHanging.wait()
      connection.close()
      #expect(MessageTests.essence(try #require(try await pair.next())) == MessageTests.error(1, -32800))
      #expect(await connection.finished() == .closed)
    }
  }

  @Test("Notifications arrive in order and are not answered")
  func notifications() async throws {
    try await withConnection { pair, _, service in
      let methods = (0..<100).map { "note\($0)" }
      for method in methods { try await pair.write(line: #"{"jsonrpc":"2.0","method":"\#(method)"}"#) }
      try await pair.write(line: Self.call(1, "echo"))
      #expect(try await pair.next()?["id"] == 1)
      #expect(service.notified == methods)
    }
  }

  @Test("Too many calls in flight stop the reading, not the connection")
  func flood() async throws {
    var limits = RPCLimits()
    limits.maxInFlight = 10
    try await withConnection(limits: limits) { pair, _, service in
      // Nine wait; the tenth place serves all that follow, one by one, and the last of them lets the nine go.
      let echoes = (9..<200).map { Self.call($0, "echo") }
      let lines = (0..<9).map { Self.call($0, "hold") } + echoes + [#"{"jsonrpc":"2.0","method":"release"}"#]
      try await pair.write(line: lines.joined(separator: "\n"))
      var ids: [Int] = []
      for _ in 0..<200 { ids.append(try #require(try await pair.next()?["id"]?.int)) }
      #expect(ids.sorted() == Array(0..<200))
      #expect(Set(ids.suffix(9)) == Set(0..<9))
      #expect(service.prepared.count == 200)
    }
  }
}

@Suite("Asking the client", .timeLimit(.minutes(1)))
struct OutgoingRequestTests {
  @Test("The client's result and error come back to who asked")
  func roundTrip() async throws {
    try await withConnection { pair, _, _ in
      try await pair.write(line: ConnectionTests.call(1, "ask", ["a"]))
      let question = try #require(try await pair.next())
      #expect(question["method"] == "question")
      #expect(question["params"] == ["about": ["a"]])
      let id = try #require(question["id"])
      try await pair.write(line: JSONValue.object(["jsonrpc": "2.0", "id": id, "result": "yes"]).text)
      #expect(MessageTests.essence(try #require(try await pair.next())) == MessageTests.result(1, "yes"))

      try await pair.write(line: ConnectionTests.call(2, "ask"))
      let second = try #require(try await pair.next()?["id"])
      #expect(second != id)
      let error: JSONValue = ["code": -5, "message": "no", "data": [1]]
      try await pair.write(line: JSONValue.object(["jsonrpc": "2.0", "id": second, "error": error]).text)
      #expect(try await pair.next()?["error"] == error)
    }
  }

  @Test("Cancelling who asked cancels the question")
  func cancelled() async throws {
    try await withConnection { pair, _, _ in
      try await pair.write(line: ConnectionTests.call(1, "ask"))
      let id = try #require(try await pair.next()?["id"])
      try await pair.write(line: ConnectionTests.cancel(1))
      let cancellation = try #require(try await pair.next())
      #expect(cancellation["method"] == "$/cancelRequest")
      #expect(cancellation["params"] == ["id": id])
      #expect(MessageTests.essence(try #require(try await pair.next())) == MessageTests.error(1, -32800))
      // The late answer is nobody's any more.
      try await pair.write(line: JSONValue.object(["jsonrpc": "2.0", "id": id, "result": 1]).text)
      try await pair.write(line: ConnectionTests.call(1, "echo"))
      #expect(MessageTests.essence(try #require(try await pair.next())) == MessageTests.result(1, nil))
    }
  }

  @Test("A question that nobody can answer any more fails")
  func ended() async throws {
    try await withConnection { pair, connection, _ in
      try await pair.write(line: ConnectionTests.call(1, "ask"))
      #expect(try await pair.next()?["method"] == "question")
      pair.endWriting()
      #expect(MessageTests.essence(try #require(try await pair.next())) == MessageTests.error(1, -32800))
      #expect(await connection.finished() == .inputEnded)
      await #expect(throws: JSONRPC.RPCError.self) { try await connection.request("question", nil) }
    }
  }
}
