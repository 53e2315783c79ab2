import HTTP
import Synchronization
import Testing
import Upstream

@Suite("Streams", .timeLimit(.minutes(1)))
struct StreamTests {
  let client = makeClient()

  @Test("A reader that does not read stops the server, and gets everything afterwards")
  func backpressure() async throws {
    let size = 64 << 20
    let blocked = Gate()
    let sentWhenBlocked = Mutex(0)
    let upstream = try Upstream { _, exchange in
      exchange.whenBlocked {
        sentWhenBlocked.withLock { $0 = exchange.sentCount }
        blocked.open()
      }
      try exchange.send(headers: [("content-length", "\(size)")])
      let piece = [UInt8](repeating: 7, count: 1 << 16)
      for _ in 0..<(size >> 16) { try exchange.write(piece) }
      try exchange.finish()
    }
    let count = try await client.withResponse(to: HTTPRequest(url: upstream.url)) { response in
      try await blocked.opened()
      var count = 0
      while let bytes = try await response.body.next() { count += bytes.count }
      return count
    }
    #expect(count == size)
    // What is on its way lies in two socket buffers and one buffer of ours.
    #expect(sentWhenBlocked.withLock { $0 } < size / 4)
  }

  @Test("A reader that does not read does not hold up another")
  func independence() async throws {
    let (blocked, done) = (Gate(), Gate())
    let upstream = try Upstream { request, exchange in
      guard request.path == "/slow" else { return try exchange.respond(body: [65]) }
      exchange.whenBlocked { blocked.open() }
      try exchange.send()
      while true { try exchange.write([UInt8](repeating: 7, count: 1 << 16)) }
    }
    async let slow: Void = client.withResponse(to: HTTPRequest(url: upstream.url + "/slow")) { _ in
      try await done.opened()
    }
    try await blocked.opened()
    #expect(try await client.text(of: upstream.url) == "A")
    done.open()
    try await slow
    #expect(await client.inFlightCount == 0)
  }

  @Test("500 at once, each whole and in order")
  func fiveHundred() async throws {
    let (streams, chunks) = (500, 20)
    let arrived = Atomic(0)
    let all = Gate()
    let upstream = try Upstream { request, exchange in
      try exchange.startEvents()
      if arrived.add(1, ordering: .relaxed).newValue == streams { all.open() }
      all.wait()
      for index in 0..<chunks { try exchange.write("\(request.path) \(index)\n") }
      try exchange.finish()
    }
    let good = try await withThrowingTaskGroup(of: Bool.self) { group in
      for stream in 0..<streams {
        group.addTask {
          let expected = (0..<chunks).map { "/\(stream) \($0)\n" }.joined()
          return try await client.text(of: "\(upstream.url)/\(stream)") == expected
        }
      }
      var good = 0
      for try await isGood in group where isGood { good += 1 }
      return good
    }
    #expect(good == streams)
    #expect(await client.inFlightCount == 0)
  }
}
