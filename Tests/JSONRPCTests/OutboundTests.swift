import JSON
import JSONRPC
import Platform
import Synchronization
import TestSupport
import Testing

@Suite("Clients that read slowly or not at all", .timeLimit(.minutes(1)))
struct OutboundTests {
  private static let text = JSONValue.string(String(repeating: "x", count: 1000))

  @Test("A producer that waits while the client lags holds a bounded queue", arguments: RPCPair.Kind.allCases)
  func bounded(_ kind: RPCPair.Kind) async throws {
    let limits = RPCLimits()
    try await withConnection(kind) { pair, connection, _ in
      let count = 3000
      let hasLagged = Gate()
      let producer = Task {
        var highest = 0
        for number in 0..<count {
          connection.notify("delta", [.int(number), Self.text])
          highest = max(highest, connection.outboundBytes)
          if connection.isLagging {
            hasLagged.open()
            await connection.drained()
          }
        }
        return highest
      }
      // Nothing is read until the producer had to wait.
      await hasLagged.wait()
      #expect(connection.isLagging)
      // Meanwhile another client is served.
      try await withConnection(kind) { other, _, _ in
        for id in 0..<100 {
          try await other.write(line: ConnectionTests.call(id, "echo"))
          #expect(try await other.next()?["id"]?.int == id)
        }
      }
      for number in 0..<count {
        try #require(try await pair.next()?["params"]?[0]?.int == number)
      }
      let highest = await producer.value
      #expect(highest > limits.softOutboundBytes)
      #expect(highest < limits.softOutboundBytes + 2000)
    }
  }

  /// Makes `connection` lag. The client must not be reading.
  private func clog(_ connection: RPCConnection) {
    while !connection.isLagging { connection.notify("delta", Self.text) }
  }

  @Test("Waiting for a client ends when it is gone, when the task is cancelled, and at once when it does not lag")
  func waits() async throws {
    try await withConnection { pair, connection, _ in
      await connection.drained()
      let calls = Mutex(0)
      connection.onDrained { calls.withLock { $0 += 1 } }
      #expect(calls.withLock { $0 } == 1)

      clog(connection)
      let waiting = Task { await connection.drained() }
      waiting.cancel()
      await waiting.value
      #expect(connection.isLagging)

      let gone = Gate()
      connection.onDrained { gone.open() }
      async let drained: Void = connection.drained()
      pair.hangUp()
      await gone.wait()
      await drained
      #expect(await connection.finished() == .outputClosed)
      #expect(!connection.isLagging)
      // Nothing is left to fill.
      connection.send { _ in Issue.record("filled for nobody") }
    }
  }

  @Test("onDrained is called once the client has caught up")
  func caughtUp() async throws {
    try await withConnection { pair, connection, _ in
      clog(connection)
      let caughtUp = Gate()
      connection.onDrained { caughtUp.open() }
      let reading = Task { while try await pair.nextLine() != nil {} }
      await caughtUp.wait()
      #expect(!connection.isLagging)
      connection.close()
      try await reading.value
    }
  }

  @Test("A client that does not read its answers is not read from")
  func answersPileUp() async throws {
    var limits = RPCLimits()
    limits.hardOutboundBytes = 100_000
    limits.maxInFlight = 20
    try await withConnection(limits: limits) { pair, connection, service in
      let count = 3000
      let text = (0..<count).map { ConnectionTests.call($0, "echo", [Self.text]) + "\n" }.joined()
      let writing = Task { try await pair.write(Array(text.utf8)) }
      var ids: Set<Int> = []
      var highest = 0
      for _ in 0..<count {
        highest = max(highest, connection.outboundBytes)
        ids.insert(try #require(try await pair.next()?["id"]?.int))
      }
      try await writing.value
      #expect(ids.count == count)
      #expect(service.prepared.count == count)
      // The calls that were in flight when the limit was reached come on top.
      #expect(highest < 100_000 + 21 * 1100)
    }
  }

  @Test("A client that has stopped for good is given up", arguments: RPCPair.Kind.allCases)
  func givenUp(_ kind: RPCPair.Kind) async throws {
    var limits = RPCLimits()
    limits.maximumOutboundBytes = 1 << 20
    try await withConnection(kind, limits: limits) { pair, connection, service in
      try await pair.write(line: ConnectionTests.call(1, "hang"))
      await service.isHanging.wait()
      var count = 0
      while !connection.isOver {
        connection.notify("delta", Self.text)
        count += 1
        try #require(count < 3000)
      }
      await service.wasCancelled.wait()
      #expect(await connection.finished() == .outputClosed)
    }
  }

  @Test("Files serve as input and output")
  func files() async throws {
    let folder = (Environment.process["TMPDIR"] ?? "/tmp") + "/patchbay-rpc-\(randomHex(8))"
    try FileSystem.makeDirectory(folder)
    defer { #expect(throws: Never.self) { try FileSystem.remove(folder) } }
    let requests = (0..<500).map { ConnectionTests.call($0, "echo", [Self.text]) }.joined(separator: "\n")
    try FileSystem.replace("\(folder)/in", with: Array(requests.utf8))
    let input = open("\(folder)/in", O_RDONLY | O_CLOEXEC)
    let output = open("\(folder)/out", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    let connection = try RPCConnection(input: input, output: output, service: TestService())
    connection.start()
    #expect(await connection.finished() == .inputEnded)
    for descriptor in [input, output] { close(descriptor) }
    let lines = try #require(try FileSystem.read("\(folder)/out")).split(separator: 0x0A)
    let ids = try lines.map { try JSONValue(parsing: $0)["id"]?.int }
    #expect(ids.compactMap { $0 }.sorted() == Array(0..<500))
  }

  @Test("Descriptors that somebody made non-blocking work as well", arguments: RPCPair.Kind.allCases)
  func nonBlocking(_ kind: RPCPair.Kind) async throws {
    let (pair, service) = (try RPCPair(kind), TestService())
    for descriptor in [pair.serverInput, pair.serverOutput] { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
    let connection = try RPCConnection(input: pair.serverInput, output: pair.serverOutput, service: service)
    connection.start()
    let text = JSONValue.string(String(repeating: "z", count: 1 << 20))
    let writing = Task { try await pair.write(line: ConnectionTests.call(1, "echo", [text])) }
    #expect(try await pair.next()?["result"] == [text])
    try await writing.value
    pair.endWriting()
    #expect(await connection.finished() == .inputEnded)
  }

  @Test("Messages of one batch and of many senders arrive whole", arguments: RPCPair.Kind.allCases)
  func manySenders(_ kind: RPCPair.Kind) async throws {
    try await withConnection(kind) { pair, connection, _ in
      let (senders, rounds) = (8, 300)
      let sending = Task {
        await withTaskGroup { group in
          for sender in 0..<senders {
            group.addTask {
              for round in 0..<rounds {
                let filler = JSONValue.string(String(repeating: "y", count: round * 17 % 5000))
                connection.send { batch in
                  batch.appendNotification("first", [.int(sender), .int(round), filler])
                  batch.appendMessage { $0.append(json: ["method": "second", "params": [.int(sender), .int(round)]]) }
                }
                if connection.isLagging { await connection.drained() }
              }
            }
          }
        }
      }
      var next = Array(repeating: 0, count: senders)
      for _ in 0..<senders * rounds {
        let first = try #require(try await pair.next())
        let second = try #require(try await pair.next())
        let sender = try #require(first["params"]?[0]?.int)
        try #require(first["method"] == "first" && second["method"] == "second")
        try #require(second["params"] == [.int(sender), .int(next[sender])])
        try #require(first["params"]?[1]?.int == next[sender])
        next[sender] += 1
      }
      await sending.value
      #expect(next == Array(repeating: rounds, count: senders))
    }
  }
}
