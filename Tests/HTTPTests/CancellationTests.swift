import HTTP
import Platform
import Testing
import Upstream

@Suite("Giving up", .timeLimit(.minutes(1)))
struct CancellationTests {
  let client = makeClient()

  @Test("Cancelling before the head closes the connection", arguments: ["http", "https"])
  func beforeHead(_ scheme: String) async throws {
    let (arrived, gone) = (Gate(), Gate())
    let upstream = try Upstream(onConnection: { if scheme == "https" { arrived.open() } }) { _, exchange in
      arrived.open()
      exchange.waitForDisconnect()
      gone.open()
    }
    let task = Task { try await client.text(of: "\(scheme)://127.0.0.1:\(upstream.port)/") }
    try await arrived.opened()
    task.cancel()
    await #expect(throws: HTTPError.cancelled) { try await task.value }
    // A TLS greeting is no request, so there the handler never runs.
    if scheme == "http" { try await gone.opened() }
    #expect(await client.inFlightCount == 0)
  }

  @Test("Cancelling in the middle of the body wakes the reader and closes the connection")
  func inBody() async throws {
    let (arrived, gone) = (Gate(), Gate())
    let upstream = try endless(gone)
    let task = Task {
      try await client.withResponse(to: HTTPRequest(url: upstream.url)) { response in
        while try await response.body.next() != nil { arrived.open() }
      }
    }
    try await arrived.opened()
    task.cancel()
    await #expect(throws: HTTPError.cancelled) { try await task.value }
    try await gone.opened()
    #expect(await client.inFlightCount == 0)
  }

  @Test("Cancelling closes the connection even while the reader does not read")
  func whileBusy() async throws {
    let (arrived, gone) = (Gate(), Gate())
    let upstream = try endless(gone)
    let task = Task {
      try await client.withResponse(to: HTTPRequest(url: upstream.url)) { _ in
        arrived.open()
        // Returns only because the server has seen the connection end.
        await Task { try? await gone.opened() }.value
      }
    }
    try await arrived.opened()
    task.cancel()
    try await task.value
    #expect(await client.inFlightCount == 0)
  }

  @Test("Leaving the scope early closes the connection, and the exchange is over by then")
  func earlyReturn() async throws {
    let gone = Gate()
    let upstream = try endless(gone)
    let first = try await client.withResponse(to: HTTPRequest(url: upstream.url)) { response in
      try await response.body.next()
    }
    #expect(await client.inFlightCount == 0)
    #expect(first == Array("more\n".utf8))
    try await gone.opened()
  }

  @Test("An error of the reader's leaves the scope as it is, and closes the connection")
  func ownError() async throws {
    struct Own: Error {}
    let gone = Gate()
    let upstream = try endless(gone)
    await #expect(throws: Own.self) {
      try await client.withResponse(to: HTTPRequest(url: upstream.url)) { _ in throw Own() }
    }
    try await gone.opened()
  }

  @Test("A task that was cancelled before asks nobody")
  func cancelledBefore() async throws {
    let upstream = try Upstream { _, exchange in try exchange.respond() }
    let mayStart = Gate()
    let task = Task {
      try? await mayStart.opened()
      return try await client.text(of: upstream.url)
    }
    task.cancel()
    await #expect(throws: HTTPError.cancelled) { try await task.value }
    #expect(upstream.connectionCount == 0)
  }

  @Test("Cancelling during a name look-up returns at once, and others go on")
  func duringLookUp() async throws {
    let upstream = try Upstream { _, exchange in try exchange.respond(body: [65]) }
    let tasks = (0..<20).map { index in Task { try await client.text(of: "http://n\(index).invalid/") } }
    for task in tasks { task.cancel() }
    for task in tasks { _ = await task.result }
    #expect(try await client.text(of: upstream.url) == "A")
    #expect(await client.inFlightCount == 0)
  }

  @Test("A hundred at once, at any moment, leave nothing behind")
  func many() async throws {
    let upstream = try Upstream { _, exchange in
      try exchange.send()
      while true { try exchange.write("more\n") }
    }
    let tasks = (0..<100).map { index in
      Task {
        try await client.withResponse(to: HTTPRequest(url: upstream.url)) { response in
          while try await response.body.next() != nil {}
        }
      }
    }
    for task in tasks { task.cancel() }
    for task in tasks {
      await #expect(throws: HTTPError.cancelled) { try await task.value }
    }
    #expect(await client.inFlightCount == 0)
  }

  /// A server that sends a little and then waits until the client has gone, which it says by opening `gone`.
  private func endless(_ gone: Gate) throws -> Upstream {
    try Upstream { _, exchange in
      defer { gone.open() }
      try exchange.send()
      try exchange.write("more\n")
      exchange.waitForDisconnect()
    }
  }
}
