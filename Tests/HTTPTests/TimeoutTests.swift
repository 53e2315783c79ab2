@testable import HTTP
import Synchronization
import TestSupport
import Testing
import Upstream

/// The clock stands still until a test moves it, so nothing here depends on how fast anything is.
@Suite("A phase that takes too long", .timeLimit(.minutes(1)))
struct TimeoutTests {
  let time = ManualClock()
  let client: HTTPClient

  init() { client = makeClient(clock: time.clock) }

  private func request(_ url: String, body: [UInt8]? = nil, totalMs: Int? = nil) -> HTTPRequest {
    var request = HTTPRequest(url: url, body: body)
    (request.timeouts.connectMs, request.timeouts.firstTokenMs, request.timeouts.idleMs) = (1_000, 20_000, 3_000)
    request.timeouts.totalMs = totalMs
    return request
  }

  /// Starts a request, moves the clock once `ready` is open, and returns the error.
  private func failure(
    of request: HTTPRequest, after milliseconds: Int, from ready: Gate
  ) async throws -> HTTPError? {
    async let failure = client.failure(of: request)
    try await ready.opened()
    time.advance(milliseconds: milliseconds)
    return await failure
  }

  @Test("connect: TCP stands, TLS never answers")
  func connect() async throws {
    let ready = Gate()
    let upstream = try Upstream(onConnection: ready.open) { _, _ in }
    let request = request("https://127.0.0.1:\(upstream.port)/")
    #expect(try await failure(of: request, after: 1_000, from: ready) == .timeout(.connect))
    #expect(await client.inFlightCount == 0)
  }

  @Test("firstToken: the request was read and nothing comes")
  func firstToken() async throws {
    let ready = Gate()
    let upstream = try Upstream { _, exchange in
      ready.open()
      exchange.waitForDisconnect()
    }
    let request = request(upstream.url, body: [1])
    #expect(try await failure(of: request, after: 20_000, from: ready) == .timeout(.firstToken))
    #expect(await client.inFlightCount == 0)
  }

  @Test("total: whatever else is going on")
  func total() async throws {
    let ready = Gate()
    let upstream = try Upstream { _, exchange in
      ready.open()
      exchange.waitForDisconnect()
    }
    let request = request(upstream.url, totalMs: 5_000)
    #expect(try await failure(of: request, after: 5_000, from: ready) == .timeout(.total))
  }

  @Test("A head and bytes that are no content leave the first token outstanding; content starts the idle time")
  func phases() async throws {
    let upstream = try Upstream { request, exchange in
      try exchange.startEvents()
      try exchange.write(": still here\n\n")
      exchange.waitForDisconnect()
    }
    for (makesProgress, milliseconds, phase) in [(false, 20_000, HTTPError.Phase.firstToken), (true, 3_000, .idle)] {
      let hasRead = Atomic(false)
      let isWaiting = Gate()
      // The reader runs on the libcurl thread, so at the end of the turn in which it read it is waiting again.
      client.afterEachTurn { if hasRead.load(ordering: .relaxed) { isWaiting.open() } }
      async let error = #expect(throws: HTTPError.self) {
        try await client.withResponse(to: request(upstream.url)) { response in
          while try await response.body.next() != nil {
            if makesProgress { response.body.noteProgress() }
            hasRead.store(true, ordering: .relaxed)
          }
        }
      }
      try await isWaiting.opened()
      time.advance(milliseconds: milliseconds)
      #expect(await error == .timeout(phase))
    }
    #expect(await client.inFlightCount == 0)
  }

  @Test("A reader that takes its time is not the server's fault")
  func slowReader() async throws {
    let hasSlept = Gate()
    let upstream = try Upstream { _, exchange in
      try exchange.startEvents()
      try exchange.write("one")
      hasSlept.wait()
      try exchange.write("two")
      try exchange.finish()
    }
    let text = try await client.withResponse(to: request(upstream.url)) { response in
      time.advance(milliseconds: 60_000)
      var bytes = try await response.body.next() ?? []
      response.body.noteProgress()
      time.advance(milliseconds: 60_000)
      hasSlept.open()
      while let more = try await response.body.next() { bytes += more }
      return String(decoding: bytes, as: UTF8.self)
    }
    #expect(text == "onetwo")
  }

  @Test("A response says how long its connection and its head took")
  func timing() async throws {
    let upstream = try Upstream(onConnection: { time.advance(milliseconds: 300) }) { _, exchange in
      time.advance(milliseconds: 2_000)
      try exchange.respond()
    }
    // The first connection may stand before the server's thread has moved the clock; both orders are right.
    let first = try await client.withResponse(to: request(upstream.url)) { $0.timing }
    #expect([0, 300].contains(first.connectMs))
    #expect(first.headMs == 2_300)
    let second = try await client.withResponse(to: request(upstream.url)) { $0.timing }
    #expect(second == .init(connectMs: 0, headMs: 2_000))
  }

  @Test("One of two exchanges can be late alone")
  func onlyOne() async throws {
    let ready = Gate()
    let goOn = Gate()
    let upstream = try Upstream { request, exchange in
      if request.path == "/good" {
        goOn.wait()
        try exchange.respond(body: [1])
      } else {
        ready.open()
        exchange.waitForDisconnect()
      }
    }
    var patient = request(upstream.url + "/good")
    patient.timeouts.firstTokenMs = nil
    async let good = client.text(of: patient)
    #expect(try await failure(of: request(upstream.url), after: 20_000, from: ready) == .timeout(.firstToken))
    goOn.open()
    #expect(try await good == "\u{1}")
  }

  @Test("What was under way while the machine slept fails on waking; what begins then does not")
  func suspended() async throws {
    let ready = Gate()
    let upstream = try Upstream { request, exchange in
      guard request.path == "/slow" else { return try exchange.respond(body: [1]) }
      try exchange.startEvents()
      try exchange.write("half")
      ready.open()
      exchange.waitForDisconnect()
    }
    var slow = request(upstream.url + "/slow")
    (slow.timeouts.firstTokenMs, slow.timeouts.idleMs) = (nil, nil)
    async let failure = client.failure(of: slow)
    try await ready.opened()
    // A nap harms nobody.
    time.suspend(milliseconds: 999)
    #expect(try await client.text(of: upstream.url) == "\u{1}")
    time.suspend(milliseconds: 300_000)
    #expect(await failure == .suspended(ms: 300_000))
    #expect(try await client.text(of: upstream.url) == "\u{1}")
    #expect(await client.inFlightCount == 0)
  }

  @Test("A process that was stopped finds its deadlines passed: what is late fails at once")
  func stopped() async throws {
    let ready = Gate()
    let upstream = try Upstream { _, exchange in
      ready.open()
      exchange.waitForDisconnect()
    }
    #expect(try await failure(of: request(upstream.url), after: 300_000, from: ready) == .timeout(.firstToken))
  }
}
