internal import JSON
internal import TestSupport
internal import Testing

/// Shared by the tests that need a server with many fast streams.
private let mock = SharedMaterial.folder("testbed").map { "\($0)/mock_sse.py" }

@Suite(
  "500 concurrent streams", .serialized,
  .enabled(if: mock != nil, "the shared testbed with its streaming server is not beside the checkout"),
  .timeLimit(.minutes(5)))
struct ManyStreamsSlowTests {
  @Test("all finish with every delta in order, within 100 MB")
  func streams() async throws {
    let server = try await TestServer.mock(try #require(mock))
    let home = try TemporaryFolder()
    try home.write(config: [
      "providers": ["mock": ["api": "openai-completions", "baseURL": .string("\(server.url)/v1"), "model": "n50d10"]]
    ])
    // Unchecked: what the messages look like is the subject of other tests.
    let patchbay = try PatchbayProcess(home: home, check: nil)
    try await patchbay.initialize()
    let requests = (0..<500).map { _ in patchbay.makeRequest("complete", ["provider": "mock", "input": "go"]) }
    let started = ContinuousClock.now
    await patchbay.sendTogether(requests.map(\.message))
    for (id, _) in requests { _ = try await patchbay.result(of: id) }
    let duration = ContinuousClock.now - started
    let peak = try peakMemory(of: patchbay.child.id)
    print("figure: 500 concurrent streams of 50 deltas: \(duration), peak \(peak >> 20) MB resident")
    expectOrdered(patchbay, requests.map(\.id))
    #expect(peak < 100 << 20)
    patchbay.closeInput()
    let exit = try await patchbay.waitForExit()
    #expect(exit == .status(0))
    expectNoProblems(patchbay)
  }

  private func expectOrdered(_ patchbay: PatchbayProcess, _ ids: [JSONValue]) {
    let expected = (0..<50).map { " w00\($0 < 10 ? "0" : "")\($0)" }.joined()
    var deltas: [JSONValue: [JSONValue]] = [:]
    for message in patchbay.messages {
      if let id = message["id"], let result = message["result"], deltas[id] != nil {
        let own = deltas[id] ?? []
        #expect(own.map { $0["seq"]?.int } == own.indices.map { $0 })
        #expect(joined(own) == expected)
        #expect(text(of: result["message"]) == expected)
        deltas[id] = nil
      } else if message["method"] == "streamDelta", let params = message["params"] {
        deltas[params["requestId"] ?? .null, default: []].append(params)
      }
    }
    #expect(deltas.isEmpty, "a delta after its response")
  }
}
